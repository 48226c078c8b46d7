"""The storage of resources: one table per kind, in the order of creation."""

from __future__ import annotations

import hmac
import random
import string
import threading
import uuid
from collections.abc import Iterator
from datetime import datetime
from typing import Any, Generic, NamedTuple, TypeVar

from fake_server.core import problems
from fake_server.core.agenda import Agenda
from fake_server.core.model import Resource

R = TypeVar("R", bound=Resource)

_MAX_SECRETS = 1000

_BASE62 = string.digits + string.ascii_letters
# One character for each byte; the first ones occur a little more often.
_TO_BASE62 = (_BASE62 * 5)[:256].encode()


class Ids:
    """A generator of identifiers in api.video's formats, repeatable from a seed."""

    def __init__(self, seed: str) -> None:
        self._seed = seed
        self._streams: dict[str, random.Random] = {}

    def new(self, prefix: str) -> str:
        """Return `prefix` and 128 random bits in base 62: 21 or 22 characters.

        66 published ids show this: 22 characters of which the first is at most 7, or 21. Ids with a
        word in front (`webhook_`) were only seen with 22. Each prefix has its own sequence: a
        video's id does not depend on other resources.
        """
        number, digits = self._stream(prefix).getrandbits(128), ""
        while number:
            number, digit = divmod(number, 62)
            digits = _BASE62[digit] + digits
        return prefix + digits.zfill(22 if prefix.endswith("_") else 21)

    def text(self, prefix: str, length: int) -> str:
        """Return `prefix` and `length` characters out of 0-9, A-Z, a-z."""
        random_bytes = self._stream(prefix).randbytes(length)
        return prefix + random_bytes.translate(_TO_BASE62).decode()

    def hexadecimal(self, count: int) -> str:
        """Return `count` random bytes as lower-case hexadecimal digits."""
        return self._stream("hexadecimal").randbytes(count).hex()

    def uuid(self) -> str:
        """Return a random UUID, version 4."""
        return str(uuid.UUID(bytes=self._stream("uuid").randbytes(16), version=4))

    def ticket(self, subject: str) -> str:
        """Return a UUID that is signed for the subject, so that it needs no record."""
        return self._ticket(subject, self._stream("ticket").randbytes(6))

    def is_ticket(self, subject: str, text: str) -> bool:
        """Return whether this is a ticket for the subject, in constant time."""
        try:
            nonce = uuid.UUID(text).bytes[:6]
        except ValueError:
            nonce = b""
        return hmac.compare_digest(self._ticket(subject, nonce).encode(), text.encode())

    def _ticket(self, subject: str, nonce: bytes) -> str:
        key = f"{self._seed} ticket".encode()
        signed = nonce + hmac.digest(key, nonce + subject.encode(), "sha256")
        return str(uuid.UUID(bytes=signed[:16], version=4))

    def secret(self, count: int) -> bytes:
        """Return `count` random bytes."""
        return self._stream("secret").randbytes(count)

    def _stream(self, name: str) -> random.Random:
        stream = self._streams.get(name)
        if stream is None:
            # Ids must be repeatable, not hard to guess.
            stream = random.Random(f"{self._seed} {name}")  # noqa: S311
            stream = self._streams.setdefault(name, stream)
        return stream


class Table(Generic[R]):
    """The resources of one kind.

    `version` grows with every change. `in_order` is true while each was created after the previous
    one, which is not so after the clock travels back. `lists` caches results per version.
    """

    def __init__(self, agenda: Agenda, secrets: dict[str, None]) -> None:
        self._agenda = agenda
        self._secrets = secrets
        self._rows: dict[str, R] = {}
        self._owned: dict[str, dict[str, None]] = {}  # by the owner's id
        self._newest: datetime | None = None
        self.version = 0
        self.in_order = True
        self.lists: dict[Any, tuple[int, list[R]]] = {}

    def __len__(self) -> int:
        return len(self._rows)

    def __iter__(self) -> Iterator[R]:
        return iter(list(self._rows.values()))

    def __contains__(self, identifier: object) -> bool:
        return identifier in self._rows

    def get(self, identifier: str) -> R | None:
        """Return the resource with this id, or None."""
        return self._rows.get(identifier)

    def put(self, resource: R) -> R:
        """Add the resource, or replace the one with its id."""
        created: datetime | None = getattr(resource, "created_at", None)
        before = self._rows.get(resource.id)
        earliest = self._newest if before is None else getattr(before, "created_at", None)
        if created is not None and earliest is not None and created != earliest:
            self.in_order = self.in_order and before is None and created > earliest
        if before is None:
            self._newest = created
            if (owner := resource.owner_id()) is not None:
                self._owned.setdefault(owner, {})[resource.id] = None
        self._rows[resource.id] = resource
        if resource.secret is not None:
            self._secrets[str(getattr(resource, resource.secret))] = None
        self.version += 1
        deadlines = resource.deadlines()
        if deadlines and (before is None or before.deadlines() != deadlines):
            self._agenda.plan(resource.id, deadlines)
        return resource

    def remove(self, identifier: str) -> R | None:
        """Remove the resource and return it, or return None if it is not in the table."""
        removed = self._rows.pop(identifier, None)
        self.version += 1  # after the change, or a list computed between them would be cached
        if removed is None:
            return None
        for name in removed.deadlines():
            self._agenda.drop(name, identifier)
        if (owner := removed.owner_id()) is not None:
            self._owned[owner].pop(identifier)
        return removed

    def owned_by(self, owner_id: str) -> list[R]:
        """Return the resources that belong to the one with this id."""
        rows = map(self._rows.get, list(self._owned.get(owner_id, ())))
        return [row for row in rows if row is not None]  # one may be removed meanwhile

    def copy(self, agenda: Agenda) -> Table[R]:
        """Return a table of the same (immutable) rows, which keeps its events in `agenda`."""
        copy: Table[R] = Table(agenda, self._secrets)
        copy._rows = dict(self._rows)
        copy._owned = {owner: dict(ids) for owner, ids in self._owned.items() if ids}
        copy.in_order, copy._newest = self.in_order, self._newest
        return copy


class Snapshot(NamedTuple):
    """An immutable copy of a store's contents."""

    tables: dict[type[Resource], Table[Any]]
    agenda: Agenda


class Store:
    """All tables of one environment of a project. Hold `lock` to read and then write."""

    def __init__(self, ids: Ids) -> None:
        self.ids = ids
        self.lock = threading.RLock()
        self.agenda = Agenda()
        self._secrets: dict[str, None] = {}
        self._tables: dict[type[Resource], Table[Any]] = {}

    def table(self, kind: type[R]) -> Table[R]:
        """Return the table of this kind of resource."""
        table = self._tables.get(kind)
        if table is None:
            table = self._tables.setdefault(kind, Table(self.agenda, self._secrets))
        return table

    def new_id(self, kind: type[Resource]) -> str:
        """Return an id for a new resource, unused in its table."""
        table = self.table(kind)
        while (identifier := self.ids.new(kind.prefix)) in table:
            pass
        return identifier

    def secrets(self) -> list[str]:
        """Return the newest secrets of the resources, also of deleted ones."""
        return list(self._secrets)[-_MAX_SECRETS:]

    def has(self, identifier: str) -> bool:
        """Return whether a resource of any kind has this id."""
        return any(identifier in table for table in list(self._tables.values()))

    def find(self, kind: type[R], identifier: str, name: str | None = None) -> R:
        """Return the resource with this id.

        Raises the 404 problem under `name`, the path parameter (by default the kind's own).
        """
        resource = self.table(kind).get(identifier)
        if resource is None:
            raise problems.resource_not_found(name or kind.path_parameter())
        return resource

    def owned(self, kind: type[R], owner_id: str) -> list[R]:
        """Return the resources of a kind that belong to the one with this id.

        `kind` may be a base class; then they are in the order of their kinds' names.
        """
        kinds = sorted((k for k in list(self._tables) if issubclass(k, kind)), key=_class_name)
        return [resource for k in kinds for resource in self.table(k).owned_by(owner_id)]

    def remove(self, kind: type[Resource], identifier: str) -> None:
        """Remove a resource and all that belongs to it."""
        with self.lock:
            self.table(kind).remove(identifier)
            for owned, table in list(self._tables.items()):
                if owned.owner is not None and issubclass(kind, owned.owner):
                    for resource in table.owned_by(identifier):
                        self.remove(owned, resource.id)

    def snapshot(self) -> Snapshot:
        """Return a copy of the tables and the agenda, for `restore`."""
        with self.lock:
            return _copied(self._tables, self.agenda)

    def restore(self, snapshot: Snapshot) -> None:
        """Return to the tables and the agenda of a snapshot, which stays usable."""
        with self.lock:
            self._tables, self.agenda = _copied(*snapshot)

    def clear(self) -> None:
        """Remove everything."""
        with self.lock:
            self._tables, self.agenda = {}, Agenda()


def _class_name(kind: type[Resource]) -> str:
    return kind.__name__


def _copied(tables: dict[type[Resource], Table[Any]], agenda: Agenda) -> Snapshot:
    agenda = agenda.copy()
    return Snapshot({kind: table.copy(agenda) for kind, table in tables.items()}, agenda)
