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
from fake_server.origins import DESCRIPTION, Source

Credential = Literal[
    "authorization", "api_key", "refresh_token", "upload_token", "admin", "public", "control"
]
"""What a request must carry: an Authorization header with an API key or token; an API key or a
refresh token in the body (/auth/*); an upload token in the query; an admin key; or nothing (assets,
and the control API)."""

_PATH = re.compile(r"(/([\w.~%:@!$&'*+,;=-]|\{[A-Za-z_]\w*\})*)+")

Handler = Callable[[Any], Any]


@dataclass(frozen=True)
class Action:
    """What an operation does, and what our OpenAPI document says about it.

    `handle` takes the call's context and returns a resource, a dict, a page or None. `body` is the
    schema of the request's JSON object, `answers` that of the answer; `lists` is the model of a
    paginated list, to which `answers` adds fields. `summary` defaults to the first line of the
    handler's docstring. `query` lists parameters other than a list's, as in OpenAPI. With
    `reads_query`, the handler itself checks for unknown parameters; else `unknown_fields` decides.
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
    """One method and path of the API, written `"GET /videos/{videoId}"` everywhere.

    With a `file_rule`, the body is a form with one file, which the handler reads with
    `received_file` or, if it is large, with `received_upload`. `source` is where its behavior is
    known from.
    """

    method: str
    path: str
    action: Action
    status: int = 200
    credential: Credential = "authorization"
    file_rule: FileRule | None = None
    source: Source = DESCRIPTION

    def __post_init__(self) -> None:
        if not _PATH.fullmatch(self.path) or len(set(self.parameters)) < len(self.parameters):
            raise ValueError(
                f"{self.path!r} is not a valid path; write it like /mine/{{mineId}}, "
                "with different parameters"
            )
        if self.credential not in get_args(Credential):
            choices = ", ".join(get_args(Credential))
            raise ValueError(f"{self.credential!r} is not a credential; use one of {choices}")

    @functools.cached_property
    def name(self) -> str:
        """`"GET /videos/{videoId}"`."""
        return f"{self.method} {self.path}"

    @property
    def is_control(self) -> bool:
        """Whether it belongs to the control API, not to api.video's."""
        return self.credential == "control"

    @functools.cached_property
    def canonical(self) -> str:
        """The name without the parameters' names, so that `{id}` finds `{videoId}`."""
        return canonical(self.name)

    @property
    def summary(self) -> str:
        """A one-line description."""
        return self.action.summary or (self.action.handle.__doc__ or "").partition("\n")[0]

    @property
    def parameters(self) -> list[str]:
        """The names in the path: `["videoId"]`."""
        return re.findall(r"\{(\w+)\}", self.path)


def _row(method: str) -> Callable[..., Operation]:
    def row(path: str, action: Action | Handler, **options: Any) -> Operation:
        action = action if isinstance(action, Action) else Action(action)
        return Operation(method, path, action, **options)

    return row


GET = _row("GET")
POST = _row("POST")
PUT = _row("PUT")
PATCH = _row("PATCH")
DELETE = functools.partial(_row("DELETE"), status=204)


def canonical(operation: str) -> str:
    """Return an operation's name without the names of its parameters."""
    return re.sub(r"\{\w+\}", "{}", operation)


class Routes:
    """The routing table; an operation replaces an earlier one of the same name."""

    def __init__(self, operations: Iterable[Operation]) -> None:
        self.operations = tuple({one.canonical: one for one in operations}.values())
        rules = [
            Rule(re.sub(r"\{(\w+)\}", r"<\1>", one.path), methods=[one.method], endpoint=one)
            for one in self.operations
        ]
        self._match = Map(rules, strict_slashes=True, merge_slashes=False).bind("").match
        self._without_parameters = {
            (one.method, one.path): one for one in self.operations if not one.parameters
        }

    def find(self, method: str, path: str) -> tuple[Operation, dict[str, str]]:
        """Return the operation and its path parameters; HEAD finds GET.

        Raises the problems 404 (unknown path) and 405 (path known, with `Allow`).
        """
        operation = self._without_parameters.get((method, path))
        if operation is not None:
            return operation, {}
        if path.startswith("//"):  # werkzeug would strip all slashes but one
            raise problems.unrecognized_url()
        try:
            operation, parameters = self._match(path, method)
        except MethodNotAllowed as error:
            raise problems.method_not_allowed(error.valid_methods or ()) from None
        except HTTPException:
            raise problems.unrecognized_url() from None
        return operation, dict(parameters)
