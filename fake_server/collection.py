"""Typed access to a project's resources: what a test holds as `apivideo.videos`."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from functools import partial
from typing import Any, Generic, TypeVar

from fake_server.core.model import Resource
from fake_server.core.store import Table
from fake_server.project import Project

R = TypeVar("R", bound=Resource)


class Collection(Generic[R]):
    """The resources of one kind, oldest first, in the project's environment.

    What a test adds or changes here is there for the next request; the values are the very models
    that the API answers with.
    """

    def __init__(self, project: Project, kind: type[R]) -> None:
        self._project = project
        self._kind = kind

    def __repr__(self) -> str:
        return f"<Collection of {len(self)} {self._kind.collection}>"

    def __len__(self) -> int:
        return len(self._table)

    def __iter__(self) -> Iterator[R]:
        return map(self._held, self._table)

    def __contains__(self, identifier: object) -> bool:
        return identifier in self._table

    def __getitem__(self, identifier: str) -> R:
        """The resource with this id; raises KeyError that says which ids there are."""
        found = self._table.get(identifier)
        if found is None:
            ids = ", ".join(one.id for one in list(self)[-5:]) or "none"
            raise KeyError(f"no {self._kind.__name__} {identifier!r}; the newest are: {ids}")
        return self._held(found)

    def __delitem__(self, identifier: str) -> None:
        """Remove the resource with this id, and all that belongs to it.

        Raises KeyError if there is none.
        """
        store = self._project.store()
        with store.lock:
            store.remove(self._kind, self[identifier].id)

    def add(self, **values: Any) -> R:
        """Add a resource; required values that are not given get an example's.

        One that belongs to another resource gets a new one of those, unless its id is given.
        Raises TypeError for a name that the resource does not have, pydantic's ValidationError (a
        ValueError) for a value that it cannot have, and KeyError for an owner that is not there.
        """
        store = self._project.store()
        chosen = {**self._examples(), **self._checked(values)}
        with store.lock:
            chosen |= self._owner(values)
            made = self._kind.new(store.new_id(self._kind), self._now, chosen)
            if made.id in self:
                raise ValueError(f"there is a {self._kind.__name__} {made.id!r} already")
            return self._held(store.table(self._kind).put(made))

    def add_many(self, count: int, **values: Any) -> list[R]:
        """Add `count` resources that are alike; `{n}` in a text becomes the number, from 1."""
        return [self.add(**_numbered(values, n)) for n in range(1, count + 1)]

    def change(self, identifier: str, **values: Any) -> R:
        """Change a resource; raises as `add` does, and KeyError for an unknown id.

        Its id cannot change.
        """
        if self._kind.id_field in values:
            raise TypeError(f"the {self._kind.id_field} of a {self._kind.__name__} cannot change")
        store = self._project.store()
        with store.lock:
            now = self[identifier]
            facts = {name: getattr(now, name) for name in self._kind.model_fields}
            checked = self._kind(**{**facts, **self._checked(values)})
            chosen = {name: getattr(checked, name) for name in values}
            return self._held(store.table(self._kind).put(now.changed(self._now, chosen)))

    @property
    def _table(self) -> Table[R]:
        self._project.run_due()
        return self._project.store().table(self._kind)

    def _held(self, resource: R) -> R:
        """The resource with its levers at hand, which go on to mean this environment."""
        environment = self._project.settings.environment
        return resource.held(partial(self._project.context, environment))

    @property
    def _now(self) -> datetime:
        return self._project.clock.datetime()

    def _checked(self, values: dict[str, Any]) -> dict[str, Any]:
        unknown = sorted(set(values) - set(self._kind.model_fields))
        if unknown:
            names = ", ".join(self._kind.model_fields)
            raise TypeError(f"{self._kind.__name__} has no {', '.join(unknown)}; it has: {names}")
        return values

    def _owner(self, values: dict[str, Any]) -> dict[str, Any]:
        """The id of the resource that a new one belongs to, if it belongs to any."""
        if self._kind.owner is None:
            return {}
        name, owners = self._kind.owner.id_field, Collection(self._project, self._kind.owner)
        return {name: (owners[values[name]] if name in values else owners.add()).id}

    def _examples(self) -> dict[str, Any]:
        fields = self._kind.model_fields.items()
        return {name: info.examples[0] for name, info in fields if info.examples}


def _numbered(values: dict[str, Any], n: int) -> dict[str, Any]:
    return {
        name: value.replace("{n}", str(n)) if isinstance(value, str) else value
        for name, value in values.items()
    }
