"""Which requests a fault fires for."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import KW_ONLY, dataclass, field
from inspect import iscoroutinefunction
from random import Random
from typing import Any

from werkzeug.datastructures import Headers

from fake_server.auth.records import Token
from fake_server.core.names import matches

GUIDE = "docs/faults.md"


@dataclass(frozen=True)
class FaultRequest:
    """A request, as passed to the `where` function of a fault.

    `operation` is the name in the operation table, or method and path if no operation has them.
    `headers` ignore case. `body` is empty for forms and files. `part` is the number of the upload
    part, from the Content-Range header. `token` is the access token (at POST /auth/refresh the
    refresh token) if the fake knows it.
    """

    operation: str
    method: str
    path: str
    query: str
    headers: Headers = field(repr=False)
    body: bytes = field(repr=False)
    token: Token | None = None
    part: int | None = None

    @property
    def json(self) -> Any:
        """The body parsed as JSON, None if it is empty."""
        return json.loads(self.body) if self.body else None


@dataclass
class Matcher:
    """The conditions of a fault, how many requests met them, and why others did not.

    Creating one raises TypeError or ValueError for an invalid condition.
    """

    operation: str
    _: KW_ONLY
    nth: int | None = None
    part: int | None = None
    times: int | None = None
    probability: float | None = None
    where: Callable[[FaultRequest], object] | None = None
    optional: bool = False
    needs_token: bool = False
    random: Random = field(default_factory=Random)
    seen: int = 0
    misses: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        if not isinstance(self.operation, str):
            raise TypeError(f'an operation is a string like "GET /videos", not {self.operation!r}')
        for name in ("nth", "part", "times"):
            value = getattr(self, name)
            if value is not None and (type(value) is not int or value < 1):
                raise ValueError(_invalid(name, "an integer from 1", value))
        chance, where = self.probability, self.where
        if chance is not None and not _is_probability(chance):
            raise ValueError(_invalid("probability", "above 0 and at most 1", chance))
        if where is not None and not _is_plain_function(where):
            raise TypeError(_invalid("where", "a plain function of the request", where))
        if not isinstance(self.optional, bool):
            raise TypeError(_invalid("optional", "True or False", self.optional))

    def describe(self) -> str:
        """Return the arguments of `apivideo.on` that make this matcher."""
        values = {name: getattr(self, name) for name in ("nth", "part", "times", "probability")}
        values["optional"] = self.optional or None
        words = [f"{name}={value!r}" for name, value in values.items() if value is not None]
        if self.where is not None:
            words.append(f"where={getattr(self.where, '__name__', '…')}")
        return ", ".join([json.dumps(self.operation), *words])

    def mismatch(self, request: FaultRequest) -> str | None:
        """Return why a request does not match, None if it does, "" for another operation."""
        if not matches(self.operation, request.operation, f"{request.method} {request.path}"):
            return ""
        if self.part is not None and request.part != self.part:
            sent = "not an upload part" if request.part is None else f"part {request.part}"
            return f"it was {sent}, expected part {self.part}"
        if self.where is not None and not self.where(request):
            return "`where` returned a false value"
        if self.needs_token and request.token is None:
            return "it had no token that the fake knows"
        return None

    def reason_to_skip(self, fired: int) -> str | None:
        """Count a matching request, and return why the fault does not fire for it, if so."""
        self.seen += 1
        is_late = self.nth is not None and self.times is None and self.seen > self.nth
        if self.times is not None and fired >= self.times:
            return f"the fault had fired {fired}x already"
        if is_late or (self.nth is not None and self.seen < self.nth):
            return f"not number {self.nth}"
        if self.probability is not None and self.random.random() >= self.probability:
            return f"skipped by probability={self.probability!r}"
        return None

    def near_misses(self) -> list[str]:
        """Return one line for each reason why requests of the operation did not fire the fault."""
        return [
            f"{count} request{'' if count == 1 else 's'} of {self.operation}: {reason}"
            for reason, count in self.misses.items()
            if reason
        ]


def _is_probability(value: object) -> bool:
    return isinstance(value, int | float) and value is not True and 0 < value <= 1


def _is_plain_function(value: object) -> bool:
    return callable(value) and not iscoroutinefunction(value)


def _invalid(name: str, valid: str, value: object) -> str:
    return f"{name}= must be {valid}, not {value!r}; see {GUIDE}"
