"""What is at hand when something happens: which project, at what time; and, of a call, what was
asked.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Generic, TypeVar

from werkzeug.wrappers import Request

from fake_server import clock
from fake_server.core import problems
from fake_server.core.filters import Query
from fake_server.core.operations import Operation
from fake_server.core.store import Store
from fake_server.core.validation import validated
from fake_server.settings import Environment, Settings

P = TypeVar("P")


@dataclass
class ProjectContext(Generic[P]):
    """When something happens in a project: by a call, by a test, or because it was due."""

    project: P
    environment: Environment
    settings: Settings
    store: Store
    now_ns: int

    @property
    def now(self) -> datetime:
        """The time, in UTC."""
        return clock.at(self.now_ns)


@dataclass
class Context(ProjectContext[P]):
    """What a handler knows of its call. The time is read once, so an answer is consistent.

    `registry` is the `ProjectRegistry` of the server. A handler adds to `warnings` how the request
    misuses the API.
    """

    operation: Operation
    base_url: str
    registry: Any = field(repr=False)
    request: Request = field(repr=False)
    parameters: dict[str, str] = field(default_factory=dict)
    query: Query = field(default_factory=dict)
    body: bytes = field(default=b"", repr=False)
    warnings: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        # Where assets are: at the fake's own address, or nothing when api.video's hosts have them.
        self.asset_base = self.base_url if self.settings.asset_urls == "fake" else ""

    def asset_url(self, host: str, path: str) -> str:
        """The address of an asset that api.video serves from `https://<host>.api.video<path>`."""
        return (self.asset_base or f"https://{host}.api.video") + path

    def ticket(self, subject: str) -> str:
        """A token, a UUID, that tells by itself what it lets its bearer see."""
        return self.store.ids.ticket(subject)

    def received(self, shape: Any, read_only: Collection[str] = ()) -> dict[str, Any]:
        """The attributes in the body, checked against a shape; by their Python names.

        Unknown ones are ignored or refused as the setting says; `read_only` ones are ignored.
        Validators find this call in their `info.context`. Raises a problem that holds all that is
        wrong.
        """
        is_strict = self.settings.unknown_fields == "refuse" or self.operation.is_control
        return validated(
            self.body, shape, refuse_unknown=is_strict, read_only=read_only, context=self
        )

    def check_query(self) -> None:
        """Refuse parameters that the operation has not, if the setting says so.

        The control API refuses them always.
        """
        action = self.operation.action
        is_strict = self.settings.unknown_fields == "refuse" or self.operation.is_control
        if not is_strict or action.reads_query:
            return
        known = {parameter["name"] for parameter in action.query}
        if unexpected := [name for name in self.query if name not in known]:
            raise problems.combined(problems.unexpected_parameter(name) for name in unexpected)

    def rendered(self, value: Any) -> bytes:
        """A handler's value as JSON; raises TypeError for what cannot be an answer."""
        if hasattr(value, "wire"):
            rendered: bytes = value.wire(self)
            return rendered
        found = type(value).__name__
        try:
            if isinstance(value, dict | list):
                return as_json(value)
        except (TypeError, ValueError) as error:
            found += f" that is no JSON ({error})"
        raise TypeError(
            f"{self.operation.name}: its handler returned {found}; what can be answered is a dict, "
            "a list, None, a File, or an Answer with one of these"
        )


def with_extra(value: Any, extra: Mapping[str, Any]) -> Any:
    """A JSON value in which every object has these fields too, unless it has them already."""
    if isinstance(value, list):
        return [with_extra(item, extra) for item in value]
    if isinstance(value, dict):
        return {**extra, **{name: with_extra(item, extra) for name, item in value.items()}}
    return value


def as_json(value: Any) -> bytes:
    """A value as compact JSON."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return text.encode()


@dataclass
class Answer:
    """A handler's value with another status than the operation's, or with headers.

    The headers are pairs; a mapping becomes such.
    """

    value: Any = None
    status: int | None = None
    headers: Iterable[tuple[str, str]] = ()

    def __post_init__(self) -> None:
        if isinstance(self.headers, Mapping):
            self.headers = tuple(self.headers.items())
