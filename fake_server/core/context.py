"""The context of a call or an event: its project, environment, settings, store and time."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Generic, TypeVar

from werkzeug.wrappers import Request

from fake_server import time_values
from fake_server.core import problems
from fake_server.core.filters import Query
from fake_server.core.operations import Operation
from fake_server.core.store import Store
from fake_server.core.validation import validate_body
from fake_server.settings import Environment, Settings

P = TypeVar("P")


@dataclass
class ProjectContext(Generic[P]):
    """The context of a call, a test's action or a due event in a project."""

    project: P
    environment: Environment
    settings: Settings
    store: Store
    now_ns: int

    @property
    def now(self) -> datetime:
        """The time, in UTC."""
        return time_values.at(self.now_ns)


@dataclass
class Context(ProjectContext[P]):
    """The context of a call, for its handler. The time is read once, so an answer is consistent.

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
        # The base URL of assets; empty where they have api.video's real hosts.
        self.asset_base = self.base_url if self.settings.asset_urls == "fake" else ""

    def asset_url(self, host: str, path: str) -> str:
        """Return the URL of an asset that api.video serves at `https://<host>.api.video<path>`."""
        return (self.asset_base or f"https://{host}.api.video") + path

    def ticket(self, subject: str) -> str:
        """Create a token, a UUID, that is valid for the subject alone."""
        return self.store.ids.ticket(subject)

    def received(self, schema: Any, read_only: Collection[str] = ()) -> dict[str, Any]:
        """Return the attributes in the body, validated by a schema, under their Python names.

        Unknown attributes are ignored or refused, by the setting; `read_only` ones are ignored.
        Validators get this context as `info.context`. Raises one problem that lists all errors.
        """
        return validate_body(
            self.body, schema, refuse_unknown=self._is_strict, read_only=read_only, context=self
        )

    def check_query(self) -> None:
        """Raise the problem of unknown query parameters, if the settings refuse them.

        The control API always refuses them.
        """
        action = self.operation.action
        if self._is_strict and not action.reads_query:
            known = {parameter["name"] for parameter in action.query}
            if unexpected := [name for name in self.query if name not in known]:
                raise problems.combined(map(problems.unexpected_parameter, unexpected))

    @property
    def _is_strict(self) -> bool:
        return self.settings.unknown_fields == "refuse" or self.operation.is_control

    def rendered(self, value: Any) -> bytes:
        """Return a handler's value as JSON. Raises TypeError for an invalid value."""
        if hasattr(value, "wire"):
            rendered: bytes = value.wire(self)
            return rendered
        found = type(value).__name__
        try:
            if isinstance(value, dict | list):
                return as_json(value)
        except (TypeError, ValueError) as error:
            found += f" that is not valid JSON ({error})"
        raise TypeError(
            f"{self.operation.name}: its handler returned {found}; a handler returns a dict, "
            "a list, None, a File, or an Answer with one of these"
        )


def with_extra(value: Any, extra: Mapping[str, Any]) -> Any:
    """Return a JSON value with these fields added to every object that lacks them."""
    if isinstance(value, list):
        return [with_extra(item, extra) for item in value]
    if isinstance(value, dict):
        return {**extra, **{name: with_extra(item, extra) for name, item in value.items()}}
    return value


def as_json(value: Any) -> bytes:
    """Return a value as compact JSON."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return text.encode()


@dataclass
class Answer:
    """A handler's value with a status or headers of its own.

    The headers are pairs or a mapping.
    """

    value: Any = None
    status: int | None = None
    headers: Iterable[tuple[str, str]] = ()

    def __post_init__(self) -> None:
        if isinstance(self.headers, Mapping):
            self.headers = tuple(self.headers.items())
