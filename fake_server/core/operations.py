"""The operation table: what the API offers, one row per method and path.

Each resource file ends with a tuple of rows, made by `GET`, `POST`, `PATCH`, `PUT` and `DELETE`.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

from werkzeug.exceptions import HTTPException, MethodNotAllowed
from werkzeug.routing import Map, Rule

from fake_server.core import problems
from fake_server.core.files import FileRule
from fake_server.core.model import Resource

Credential = Literal[
    "authorization", "api_key", "refresh_token", "upload_token", "admin", "public", "control"
]
"""What lets a caller in: an Authorization header with an API key or a token, an attribute of the
body at /auth/*, an upload token in the query, an admin key; nothing at all for assets and for the
control API."""

_PATH = re.compile(r"(/([\w.~%:@!$&'*+,;=-]|\{[A-Za-z_]\w*\})*)+")

Handler = Callable[[Any], Any]


@dataclass(frozen=True)
class Action:
    """What an operation does, and what of it our OpenAPI document tells.

    `handle` takes the call's context and returns a resource, a dict, a page or None; `body` is the
    shape of the request's JSON object; `answers` is what comes back, `lists` what comes back in
    pages (`answers` is then what stands beside them). `summary` is a line of words, by default the
    first of the handler's docstring. `query` are its parameters beside those of a list, as OpenAPI
    spells them. `reads_query`: the handler itself checks the query for others; else the setting
    `unknown_fields` may refuse them.
    """

    handle: Handler
    body: Any = None
    answers: Any = None
    lists: type[Resource] | None = None
    summary: str | None = None
    reads_query: bool = False
    query: tuple[Any, ...] = field(default=(), hash=False)


@dataclass(frozen=True)
class Operation:
    """One method and path of the API, written `"GET /videos/{videoId}"` wherever it is named.

    `takes`: the body is a form with one file of this kind, which the handler reads with
    `received_file` or, if it is large, with `received_upload`.
    """

    method: str
    path: str
    action: Action
    status: int = 200
    credential: Credential = "authorization"
    takes: FileRule | None = None

    def __post_init__(self) -> None:
        if not _PATH.fullmatch(self.path) or len(set(self.parameters)) < len(self.parameters):
            raise ValueError(
                f"{self.path!r} is no path of an operation; write it like /mine/{{mineId}}"
            )
        if self.credential not in get_args(Credential):
            raise ValueError(
                f"{self.credential!r} is no credential; it is one of "
                f"{', '.join(get_args(Credential))}"
            )

    @functools.cached_property
    def name(self) -> str:
        """`"GET /videos/{videoId}"`."""
        return f"{self.method} {self.path}"

    @property
    def is_control(self) -> bool:
        """Whether testers steer the fake by it: the API itself has no such operation."""
        return self.credential == "control"

    @functools.cached_property
    def canonical(self) -> str:
        """The name without the parameters' names, so that `{id}` finds `{videoId}`."""
        return canonical(self.name)

    @property
    def summary(self) -> str:
        """What the operation does, in a line."""
        return self.action.summary or (self.action.handle.__doc__ or "").partition("\n")[0]

    @property
    def parameters(self) -> list[str]:
        """The names in the path: `["videoId"]`."""
        return re.findall(r"\{(\w+)\}", self.path)


def _row(method: str) -> Callable[..., Operation]:
    def row(path: str, action: Action | Handler, **facts: Any) -> Operation:
        what = action if isinstance(action, Action) else Action(action)
        return Operation(method, path, what, **facts)

    return row


GET = _row("GET")
POST = _row("POST")
PUT = _row("PUT")
PATCH = _row("PATCH")
DELETE = functools.partial(_row("DELETE"), status=204)


def canonical(operation: str) -> str:
    """An operation's name with its parameters' names left out."""
    return re.sub(r"\{\w+\}", "{}", operation)


class Routes:
    """Finds the operation of a request; of two with one name, the later takes its place."""

    def __init__(self, operations: Iterable[Operation]) -> None:
        self.operations = tuple({one.canonical: one for one in operations}.values())
        rules = [
            Rule(
                re.sub(r"\{(\w+)\}", r"<\1>", operation.path),
                methods=[operation.method],
                endpoint=operation,
            )
            for operation in self.operations
        ]
        self._match = Map(rules, strict_slashes=True, merge_slashes=False).bind("").match
        self._plain = {
            (operation.method, operation.path): operation
            for operation in self.operations
            if not operation.parameters
        }

    def find(self, method: str, path: str) -> tuple[Operation, dict[str, str]]:
        """The operation and its path parameters; HEAD finds GET.

        Raises the problems 404 (unknown path) and 405 (path known, with `Allow`).
        """
        plain = self._plain.get((method, path))
        if plain is not None:
            return plain, {}
        if path.startswith("//"):  # werkzeug would strip all slashes but one
            raise problems.unrecognized_url()
        try:
            operation, parameters = self._match(path, method)
        except MethodNotAllowed as error:
            raise problems.method_not_allowed(error.valid_methods or ()) from None
        except HTTPException:
            raise problems.unrecognized_url() from None
        return operation, dict(parameters)
