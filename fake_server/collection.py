"""Typed access to a project's resources: what a test holds as `apivideo.videos`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Generic, TypeVar, overload

from fake_server.core.model import Resource
from fake_server.core.store import Table
from fake_server.project import Project

R = TypeVar("R", bound=Resource)


class Collection(Generic[R]):
    """The resources of one kind in the project's environment, oldest first: a mapping by id that
    is a sequence too.

    What a test adds or changes here is there for the next request; the values are the models that
    the API responds with. A resource's own verbs are methods of a subclass that sets `kind`, in
    the resource's file.
    """

    kind: type[R]

    def __init__(self, project: Project, kind: type[R]) -> None:
        self._project = project
        self.kind = kind

    def __repr__(self) -> str:
        return f"<Collection of {len(self)} {self.kind.collection}>"

    def __len__(self) -> int:
        return len(self._table)

    def __iter__(self) -> Iterator[R]:
        return iter(self._table)

    def __contains__(self, item: object) -> bool:
        """Return whether a resource, or one with this id, is in the collection."""
        return (item.id if isinstance(item, Resource) else item) in self._table

    @overload
    def __getitem__(self, key: str | int) -> R: ...

    @overload
    def __getitem__(self, key: slice) -> list[R]: ...

    def __getitem__(self, key: str | int | slice) -> R | list[R]:
        """Return the resource with this id or position, or a list for a slice.

        Raises KeyError, with the newest ids, or IndexError.
        """
        if isinstance(key, str):
            return self._find(key)
        resources = list(self)
        if isinstance(key, int) and not -len(resources) <= key < len(resources):
            count = len(resources)
            raise IndexError(f"no {self.kind.__name__} at position {key}; there are {count}")
        return resources[key]

    @property
    def first(self) -> R:
        """The oldest resource; raises IndexError if the collection is empty."""
        return self[0]

    @property
    def last(self) -> R:
        """The newest resource; raises IndexError if the collection is empty."""
        return self[-1]

    def __delitem__(self, resource: R | str) -> None:
        """Remove a resource, which may be given by its id, and all that belongs to it.

        Raises KeyError for an unknown resource.
        """
        store = self._project.store()
        with store.lock:
            store.remove(self.kind, self._find(resource).id)

    def add(self, **values: Any) -> R:
        """Add a resource; required values that are not given are examples.

        An owner is added too, unless its id is given. Raises TypeError for an unknown name,
        pydantic's ValidationError (a ValueError) for an invalid value, and KeyError for an unknown
        owner.
        """
        store = self._project.store()
        fields = self.kind.model_fields.items()
        chosen = {name: info.examples[0] for name, info in fields if info.examples}
        chosen |= self._checked(values)
        with store.lock:
            chosen |= self._owner(values)
            resource = self.kind.new(
                store.new_id(self.kind), self._project.clock.datetime(), chosen
            )
            if resource.id in self:
                raise ValueError(f"there is a {self.kind.__name__} {resource.id!r} already")
            return store.table(self.kind).put(resource)

    def add_many(self, count: int, **values: Any) -> list[R]:
        """Add `count` resources; `{n}` in a text becomes the number, from 1."""
        return [self.add(**_numbered(values, n)) for n in range(1, count + 1)]

    def change(self, resource: R | str, **values: Any) -> R:
        """Change a resource, which may be given by its id, and return the new version.

        Raises TypeError for an unknown name or the id, pydantic's ValidationError (a ValueError)
        for an invalid value, and KeyError for an unknown resource.
        """
        if self.kind.id_field in values:
            raise TypeError(f"the {self.kind.id_field} of a {self.kind.__name__} cannot change")
        store = self._project.store()
        with store.lock:
            current = self._find(resource)
            facts = {name: getattr(current, name) for name in self.kind.model_fields}
            checked = self.kind(**{**facts, **self._checked(values)})
            chosen = {name: getattr(checked, name) for name in values}
            return store.table(self.kind).put(
                current.changed(self._project.clock.datetime(), chosen)
            )

    @property
    def _table(self) -> Table[R]:
        self._project.run_due()
        return self._project.store().table(self.kind)

    def _find(self, resource: R | str) -> R:
        """Return the current version of a resource; raise KeyError if it is not there."""
        identifier = resource if isinstance(resource, str) else resource.id
        table = self._table
        current = table.get(identifier)
        if current is None:
            ids = ", ".join(one.id for one in list(table)[-5:]) or "none"
            raise KeyError(f"no {self.kind.__name__} {identifier!r}; the newest are: {ids}")
        return current

    def _checked(self, values: dict[str, Any]) -> dict[str, Any]:
        unknown = sorted(set(values) - set(self.kind.model_fields))
        if unknown:
            names = ", ".join(self.kind.model_fields)
            raise TypeError(f"{self.kind.__name__} has no {', '.join(unknown)}; it has: {names}")
        return values

    def _owner(self, values: dict[str, Any]) -> dict[str, Any]:
        """Return the id of a new resource's owner, under its name; nothing without an owner."""
        if self.kind.owner is None:
            return {}
        name, owners = self.kind.owner.id_field, Collection(self._project, self.kind.owner)
        return {name: (owners[values[name]] if name in values else owners.add()).id}


def _numbered(values: dict[str, Any], n: int) -> dict[str, Any]:
    return {
        name: value.replace("{n}", str(n)) if isinstance(value, str) else value
        for name, value in values.items()
    }
