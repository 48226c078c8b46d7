"""The record of calls: what was asked and answered, and the assertions on it."""

from __future__ import annotations

import difflib
import json
import re
import threading
from collections import Counter, deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, overload

from fake_server.core.names import Names, matches
from fake_server.settings import Environment

DROPPED = 0
"""The status of a call that got no answer, because a fault closed the connection."""

_MOST_SHOWN = 20


class SecretText(str):
    """A text that is compared and sent as it is, and never shown."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "'…'"


@dataclass(frozen=True, repr=False)
class Call:
    """One recorded request with its answer.

    `operation` is the name in the operation table (`"GET /videos/{videoId}"`), or method and path
    where no operation was found; `credential` is the form of the request's credential; `at` is the
    time by the project's clock at which it was judged; bodies are cut at the setting `max_body`
    (bytes); `fault` says which fault it met; `duration` is in real seconds, `clock_duration` in
    seconds of the project's clock; `status` is 0 if a fault dropped it without an answer.
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
    duration: float = 0.0
    clock_duration: float = 0.0

    def __repr__(self) -> str:
        return f"<Call {self}>"

    def __str__(self) -> str:
        return f"{self.operation} -> {'dropped' if self.status == DROPPED else self.status}"

    @property
    def ok(self) -> bool:
        """Whether the answer was a success."""
        return DROPPED < self.status < 400

    @property
    def json(self) -> Any:
        """The request's body, read as JSON; None if it was empty."""
        return json.loads(self.request_body) if self.request_body else None

    @property
    def answer(self) -> Any:
        """The answer's body, read as JSON; None if it was empty."""
        return json.loads(self.response_body) if self.response_body else None

    def is_of(self, operation: str) -> bool:
        """Whether this is a call of an operation, by its name or by a concrete method and path."""
        return matches(operation, self.operation, f"{self.method} {self.path}")


class Calls(Sequence[Call]):
    """The calls of one project in the order of their answers: a sequence, with assertions.

    Operations are written as in the table, `"GET /videos/{videoId}"`; the parameter's name does not
    matter, and a concrete path names its own calls. A name that neither the table nor any call
    knows raises LookupError, so that a misspelt assertion cannot hold by accident.
    """

    def __init__(self, names: Names, most: int) -> None:
        self.names = names
        self._calls: deque[Call] = deque(maxlen=most)
        self._lock = threading.Lock()

    @overload
    def __getitem__(self, index: int) -> Call: ...
    @overload
    def __getitem__(self, index: slice) -> list[Call]: ...
    def __getitem__(self, index: int | slice) -> Call | list[Call]:
        return self._now()[index]

    def __len__(self) -> int:
        return len(self._calls)

    def __iter__(self) -> Iterator[Call]:
        return iter(self._now())

    def __repr__(self) -> str:
        return f"<Calls {len(self)}>"

    def record(self, call: Call, most: int) -> None:
        """Add a call, and keep the newest `most` of them."""
        with self._lock:
            if self._calls.maxlen != most:
                self._calls = deque(self._calls, maxlen=most)
            self._calls.append(call)

    def clear(self) -> None:
        """Forget all calls."""
        with self._lock:
            self._calls.clear()

    def of(self, operation: str) -> list[Call]:
        """The calls of an operation, oldest first."""
        calls = self._now()
        found = [call for call in calls if call.is_of(operation)]
        if not found:
            self._check(operation)
        return found

    def count(self, operation: str) -> int:
        """How many calls of an operation there were."""
        return len(self.of(operation))

    def last(self, operation: str | None = None) -> Call:
        """The newest call, of one operation or of all; raises AssertionError if there is none."""
        found = self._now() if operation is None else self.of(operation)
        if not found:
            raise AssertionError(f"no call of {operation or 'any operation'} yet.{self._story()}")
        return found[-1]

    def assert_called(self, operation: str, times: int | None = None) -> None:
        """Fail unless the operation was called, exactly `times` times if given."""
        count = self.count(operation)
        if count == times or (times is None and count):
            return
        expected = "at least once" if times is None else f"{times} times"
        raise AssertionError(
            f"{operation} was called {count} times, not {expected}.{self._story()}"
        )

    def assert_sequence(self, *steps: str) -> None:
        """Fail unless these calls came one right after the other, somewhere in the record.

        A step is an operation, alone or with the status it had: `"GET /videos -> 401"`. `4xx`
        stands for any status of that class.
        """
        expected = [_Step.read(step) for step in steps]
        if not expected:
            raise ValueError("assert_sequence() needs at least one step")
        calls = self._now()
        for start in range(len(calls) - len(expected) + 1):
            run = calls[start : start + len(expected)]
            if all(step.matches(call) for step, call in zip(expected, run, strict=True)):
                return
        for step in expected:
            self.of(step.operation)  # a misspelt operation is told as such
        wanted = "".join(f"\n  {step}" for step in steps)
        raise AssertionError(f"these calls did not come in a row:{wanted}{self._story()}")

    def _now(self) -> list[Call]:
        with self._lock:
            return list(self._calls)

    def nearest(self, operation: str) -> list[str]:
        """The calls that are most like an operation's, each once, with how many there were."""
        found = Counter(str(call) for call in self._now())
        close = difflib.get_close_matches(operation, found, n=5, cutoff=0.0)
        return [text if found[text] == 1 else f"{text} ({found[text]}x)" for text in close]

    def _check(self, operation: str) -> None:
        if not self.names.knows(operation):
            raise self.names.misspelt(operation, ", and no call had that method and path")

    def _story(self) -> str:
        calls = self._now()
        if not calls:
            return "\nNo call was recorded."
        shown = "".join(f"\n  {call}" for call in calls[-_MOST_SHOWN:])
        cut = f" (the newest {_MOST_SHOWN} of {len(calls)})" if len(calls) > _MOST_SHOWN else ""
        return f"\nThe calls{cut}:{shown}"


@dataclass(frozen=True)
class _Step:
    operation: str
    status: str | None

    @classmethod
    def read(cls, text: str) -> _Step:
        operation, arrow, status = (part.strip() for part in text.partition("->"))
        if arrow and not re.fullmatch(r"[1-5](\d\d|xx)|dropped", status):
            raise ValueError(
                f"{text!r} has no status behind the arrow; write it like "
                '"GET /videos -> 401" or "GET /videos -> 4xx"'
            )
        return cls(operation, status if arrow else None)

    def matches(self, call: Call) -> bool:
        status = "dropped" if call.status == DROPPED else str(call.status)
        right = self.status in (None, status, f"{status[0]}xx")
        return right and call.is_of(self.operation)
