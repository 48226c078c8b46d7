"""The record of calls: what was asked and answered, and the assertions on it."""

from __future__ import annotations

import difflib
import json
import re
import threading
from collections import Counter, deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any, overload

from fake_server.core.names import Names, did_you_mean, matches
from fake_server.process_time import real_seconds
from fake_server.settings import Environment
from fake_server.time_values import Duration, in_seconds
from fake_server.waiting import in_thread

DROPPED = 0
"""The status of a call that got no answer, because a fault closed the connection."""

_MAX_SHOWN = 20
_MAX_COMPARED = 200
_MAX_JUDGED = 200
_REFRESH = "POST /auth/refresh"


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
    seconds of the project's clock, `began` is when it came, in seconds of the first; `status` is 0
    if a fault dropped it without an answer; `warnings` tell how the request misuses the API, though
    it may have been answered.
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
        return f"{self.operation} -> {'dropped' if self.status == DROPPED else self.status}"

    @property
    def ok(self) -> bool:
        """Whether the answer was a success."""
        return DROPPED < self.status < 400

    def asks_as(self, other: Call) -> bool:
        """Whether this asks the same as another call: method, path and query."""
        return (self.method, self.path, self.query) == (other.method, other.path, other.query)

    @property
    def json(self) -> Any:
        """The request's body, read as JSON; None if it was empty."""
        return json.loads(self.request_body) if self.request_body else None

    @property
    def answer(self) -> Any:
        """The answer's body, read as JSON; None if it was empty."""
        return json.loads(self.response_body) if self.response_body else None

    @property
    def problem(self) -> dict[str, Any] | None:
        """The problem that it was answered with, None if it had none."""
        try:
            found = None if self.ok else self.answer
        except ValueError:  # no JSON, or cut by the setting max_body
            return None
        return found if isinstance(found, dict) and "title" in found else None

    def is_of(self, operation: str) -> bool:
        """Whether this is a call of an operation, by its name or by a concrete method and path."""
        return matches(operation, self.operation, f"{self.method} {self.path}")


class Calls(Sequence[Call]):
    """The calls of one project in the order of their answers: a sequence, with assertions.

    Operations are written as in the table, `"GET /videos/{videoId}"`; the parameter's name does not
    matter, and a concrete path names its own calls. A name that neither the table nor any call
    knows raises LookupError, so that a misspelt assertion cannot hold by accident. `recorded` is
    how many there ever were.
    """

    def __init__(self, names: Names, most: int) -> None:
        self.names = names
        self._calls: deque[Call] = deque(maxlen=most)
        self._judged: deque[Call] = deque(maxlen=_MAX_JUDGED)  # all that strict forbids
        self._lock = threading.Condition()
        self.recorded = 0

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
            self.recorded += 1
            if call.warnings or not self.names.knows(call.operation):
                self._judged.append(call)
            self._lock.notify_all()

    def clear(self) -> None:
        """Forget all calls; the setting `strict` still knows which were wrong."""
        with self._lock:
            self._calls.clear()

    def reset(self) -> None:
        """Forget all calls, also what is wrong with them."""
        with self._lock:
            self._calls.clear()
            self._judged.clear()

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
        expected = "at least once" if times is None else _often(times)
        raise AssertionError(
            f"{operation} was called {_often(count)}, not {expected}."
            f"{self._near(operation) if count == 0 else ''}{self._story()}"
        )

    def assert_sequence(self, *steps: str) -> None:
        """Fail unless these calls came one right after the other, somewhere in the record.

        A step is an operation, alone or with the status it had: `"GET /videos -> 401"`. `4xx`
        stands for any status of that class, `dropped` for no answer.
        """
        if not steps or not all(isinstance(step, str) for step in steps):
            raise ValueError(
                'assert_sequence() takes one step or more, each a text like "GET /videos -> 401"'
            )
        expected = [_Step.read(step) for step in steps]
        calls = self._now()
        for start in range(len(calls) - len(expected) + 1):
            run = calls[start : start + len(expected)]
            if all(step.matches(call) for step, call in zip(expected, run, strict=True)):
                return
        for step in expected:
            self.of(step.operation)  # a misspelt operation is told as such
        wanted = "".join(f"\n  {step}" for step in expected)
        raise AssertionError(
            f"these calls did not come in a row:{wanted}{_difference(expected, calls)}"
            f"{self._story()}"
        )

    def assert_refreshed(self, times: int | None = None) -> None:
        """Fail unless a refresh succeeded, exactly `times` times if given."""
        tries = self.of(_REFRESH)
        count = sum(call.ok for call in tries)
        if count == times or (times is None and count):
            return
        expected = "at least once" if times is None else _often(times)
        refused = f" {_often(len(tries) - count)} it was refused." if len(tries) > count else ""
        raise AssertionError(
            f"{_REFRESH} succeeded {_often(count)}, not {expected}.{refused}{self._story()}"
        )

    def assert_retried_after_401(self) -> None:
        """Fail unless there was a 401, and each such request was made again and then let in.

        Logins and refreshes do not count: what they refuse is not to be tried again.
        """
        calls = [call for call in self._now() if not call.path.startswith("/auth/")]
        refused = [(number, call) for number, call in enumerate(calls) if call.status == 401]
        if not refused:
            raise AssertionError(f"no call was answered 401, so none was retried.{self._story()}")
        for number, call in refused:
            later = [other for other in calls[number + 1 :] if other.asks_as(call)]
            if all(other.status in (401, DROPPED) for other in later):
                again = f"{_often(len(later))} again, and never let in" if later else "never again"
                raise AssertionError(f"{call} was tried {again}.{self._story()}")

    def assert_no_warnings(self) -> None:
        """Fail if a request misused the API; see `Call.warnings`."""
        if found := _warned(self._now()):
            raise AssertionError("these calls api_warnings the API:" + "".join(found))

    def warned(self) -> list[str]:
        """Each call with a warning and what it says, as lines to show; also those cleared."""
        return _warned(list(self._judged))

    def strays(self) -> list[str]:
        """Each call of a path or method that no operation has, and which is near, as lines."""
        return [
            f"\n  {call}.{did_you_mean(self.names.suggest(call.operation))}"
            for call in list(self._judged)
            if not self.names.knows(call.operation)
        ]

    def wait_for(self, operation: str, n: int = 1, *, timeout: Duration = 5.0) -> Call:
        """Wait until an operation was called `n` times, and return the `n`th call.

        `timeout` in seconds of real time; raises TimeoutError. Made for what calls from a thread or
        a process of its own; in an event loop use `async_wait_for`.
        """
        if type(n) is not int or n < 1:
            raise ValueError(f"wait_for(n=) is a number from 1 on, not {n!r}")
        limit = in_seconds(timeout)
        end = real_seconds() + limit
        with self._lock:
            while len(found := self.of(operation)) < n:
                left = end - real_seconds()
                if left <= 0:
                    raise TimeoutError(
                        f"{operation} was called {_often(len(found))} in {limit:g} s, "
                        f"not {_often(n)}.{self._story()}"
                    )
                self._lock.wait(left)
            return found[n - 1]

    async def async_wait_for(self, operation: str, n: int = 1, *, timeout: Duration = 5.0) -> Call:
        """As `wait_for`, for asyncio and trio: the event loop goes on."""
        return await in_thread(partial(self.wait_for, operation, n, timeout=timeout))

    def _now(self) -> list[Call]:
        with self._lock:
            return list(self._calls)

    def nearest(self, operation: str) -> list[str]:
        """The calls that are most like an operation's, each once, with how many there were."""
        found = Counter(str(call) for call in self._now())
        close = difflib.get_close_matches(operation, found, n=5, cutoff=0.0)
        return [text if found[text] == 1 else f"{text} ({found[text]}x)" for text in close]

    def _near(self, operation: str) -> str:
        close = "".join(f"\n  {one}" for one in self.nearest(operation)[:3])
        return f"\nThe nearest calls:{close}" if close else ""

    def _check(self, operation: str) -> None:
        if not self.names.knows(operation):
            raise self.names.lookup_error(operation, ", and no call had that method and path")

    def _story(self) -> str:
        calls = self._now()
        if not calls:
            return "\nNo call was recorded."
        shown = "".join(f"\n  {call}" for call in calls[-_MAX_SHOWN:])
        cut = f" (the newest {_MAX_SHOWN} of {len(calls)})" if len(calls) > _MAX_SHOWN else ""
        return f"\nThe calls{cut}:{shown}"


def _warned(calls: Iterable[Call]) -> list[str]:
    return [f"\n  {call}: {text}" for call in calls for text in call.warnings]


def _often(times: int) -> str:
    return "once" if times == 1 else f"{times} times"


def _difference(steps: Sequence[_Step], calls: Sequence[Call]) -> str:
    """The run of calls that is nearest to a sequence of steps, and where they differ."""
    wanted = [str(step) for step in steps]
    came = [_likened(call, steps) for call in calls[-_MAX_COMPARED:]]
    if not came:
        return ""
    lengths = (min(len(wanted) + more, len(came)) for more in (0, 1))  # 1: a call between them
    runs = [came[start : start + n] for n in lengths for start in range(len(came) - n + 1)]
    nearest = max(runs, key=lambda run: difflib.SequenceMatcher(None, wanted, run).ratio())
    lines = [line for line in difflib.ndiff(wanted, nearest) if line[0] != "?"]
    return "\nThe nearest run of calls (- expected, + called):" + "".join(
        f"\n  {line}" for line in lines
    )


def _likened(call: Call, steps: Iterable[_Step]) -> str:
    """A call's text, in the words of the step that it fits."""
    return next((str(step) for step in steps if step.matches(call)), str(call))


@dataclass(frozen=True)
class _Step:
    operation: str
    status: str | None

    def __str__(self) -> str:
        return self.operation if self.status is None else f"{self.operation} -> {self.status}"

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
