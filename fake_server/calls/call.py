"""One recorded request with its answer."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from fake_server.core.names import matches
from fake_server.settings import Environment

DROPPED = 0
"""The status of a call without an answer, because a fault closed the connection."""


class SecretText(str):
    """A string with a masked repr."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "'…'"


@dataclass(frozen=True, repr=False)
class Call:
    """One recorded request with its answer.

    `operation` is the name in the operation table (`"GET /videos/{videoId}"`), or method and path
    if no operation has them. `status` is 0 if a fault dropped the answer; `fault` describes the
    fault. `credential` is the kind of the request's credential. `at` is when the request was
    checked, by the project's clock. Bodies are cut off after `max_body` bytes (a setting).
    `duration` is in real seconds, `clock_duration` in seconds of the project's clock; `began` is in
    real seconds of an arbitrary origin. `warnings` say how the request misuses the API, even if it
    succeeded.
    """

    operation: str
    method: str
    path: str
    query: str
    status: int
    environment: Environment
    credential: str
    at: datetime
    headers: Mapping[str, str] = field(default_factory=dict)
    request_body: bytes = b""
    response_body: bytes = b""
    project: str = ""
    fault: str | None = None
    began: float = 0.0
    duration: float = 0.0
    clock_duration: float = 0.0
    warnings: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return f"<Call {self}>"

    def __str__(self) -> str:
        return f"{self.operation} -> {self.outcome}"

    @property
    def outcome(self) -> str:
        """The status, or `dropped`."""
        return "dropped" if self.status == DROPPED else str(self.status)

    @property
    def ok(self) -> bool:
        """Whether the request succeeded."""
        return DROPPED < self.status < 400

    @property
    def json(self) -> Any:
        """The request body parsed as JSON, None if it is empty."""
        return json.loads(self.request_body) if self.request_body else None

    @property
    def answer(self) -> Any:
        """The response body parsed as JSON, None if it is empty."""
        return json.loads(self.response_body) if self.response_body else None

    @property
    def problem(self) -> dict[str, Any] | None:
        """The problem in the response, None without one."""
        try:
            found = None if self.ok else self.answer
        except ValueError:  # not JSON, or cut off
            return None
        return found if isinstance(found, dict) and "title" in found else None

    def repeats(self, other: Call) -> bool:
        """Return whether method, path and query are those of another call."""
        return (self.method, self.path, self.query) == (other.method, other.path, other.query)

    def matches(self, operation: str) -> bool:
        """Return whether this is a call of an operation, given by name or as a concrete path."""
        return matches(operation, self.operation, f"{self.method} {self.path}")
