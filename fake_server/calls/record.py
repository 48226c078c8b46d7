"""The calls of a project, and the assertions on them."""

from __future__ import annotations

import difflib
import threading
from collections import Counter, deque
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from typing import overload

from fake_server.calls.call import DROPPED, Call
from fake_server.calls.sequence import Step, difference, occurs
from fake_server.core.names import Names, did_you_mean
from fake_server.time_values import Duration, in_seconds
from fake_server.waiting import in_thread, wait_until

_MAX_SHOWN = 20
_MAX_FLAGGED = 200
_REFRESH = "POST /auth/refresh"


class Calls(Sequence[Call]):
    """The calls of one project, in the order of their answers: a sequence with assertions.

    Operations are written as in the operation table, `"GET /videos/{videoId}"` with any parameter
    name, or with a concrete path. LookupError is raised for a name that neither the table nor a
    call has, so that a misspelt assertion cannot pass. `recorded` counts all calls, including
    those that are no longer kept.
    """

    def __init__(self, names: Names, max_calls: int) -> None:
        self.names = names
        self._calls: deque[Call] = deque(maxlen=max_calls)
        self._flagged: deque[Call] = deque(maxlen=_MAX_FLAGGED)  # what the setting strict forbids
        self._changed = threading.Condition()
        self.recorded = 0

    @overload
    def __getitem__(self, index: int) -> Call: ...
    @overload
    def __getitem__(self, index: slice) -> list[Call]: ...
    def __getitem__(self, index: int | slice) -> Call | list[Call]:
        return self._copy()[index]

    def __len__(self) -> int:
        return len(self._calls)

    def __iter__(self) -> Iterator[Call]:
        return iter(self._copy())

    def __repr__(self) -> str:
        return f"<Calls {len(self)}>"

    def record(self, call: Call, max_calls: int) -> None:
        """Add a call, and keep the newest `max_calls`."""
        with self._changed:
            if self._calls.maxlen != max_calls:
                self._calls = deque(self._calls, maxlen=max_calls)
            self._calls.append(call)
            self.recorded += 1
            if call.warnings or not self.names.knows(call.operation):
                self._flagged.append(call)
            self._changed.notify_all()

    def clear(self) -> None:
        """Forget all calls; the setting `strict` still fails the test for what was wrong."""
        with self._changed:
            self._calls.clear()

    def reset(self) -> None:
        """Forget all calls, for the setting `strict` as well."""
        with self._changed:
            self._calls.clear()
            self._flagged.clear()

    def of(self, operation: str) -> list[Call]:
        """Return the calls of an operation, oldest first."""
        found = [call for call in self._copy() if call.matches(operation)]
        if not found and not self.names.knows(operation):
            raise self.names.lookup_error(operation, ", and no call had that method and path")
        return found

    def count(self, operation: str) -> int:
        """Return the number of calls of an operation."""
        return len(self.of(operation))

    def last(self, operation: str | None = None) -> Call:
        """Return the newest call, of an operation if given. Raises AssertionError without one."""
        found = self._copy() if operation is None else self.of(operation)
        if not found:
            raise AssertionError(f"no call of {operation or 'any operation'} yet.{self._shown()}")
        return found[-1]

    def assert_called(self, operation: str, times: int | None = None) -> None:
        """Fail unless the operation was called: exactly `times` times, or at least once."""
        count = self.count(operation)
        if not _is_expected(count, times):
            nearest = "".join(f"\n  {line}" for line in self.nearest(operation)[:3])
            hint = f"\nThe nearest calls:{nearest}" if nearest and not count else ""
            raise AssertionError(
                f"{operation} was called {_times(count)}, not {_expected(times)}."
                f"{hint}{self._shown()}"
            )

    def assert_sequence(self, *steps: str) -> None:
        """Fail unless these calls came directly after each other, anywhere in the record.

        A step is an operation, optionally with its status: `"GET /videos -> 401"`. `4xx` stands for
        any status of that class, `dropped` for no answer.
        """
        if not steps or not all(isinstance(step, str) for step in steps):
            raise ValueError(
                'assert_sequence() takes one or more steps, each a string like "GET /videos -> 401"'
            )
        expected = [Step.parse(step) for step in steps]
        calls = self._copy()
        if occurs(expected, calls):
            return
        for step in expected:
            self.of(step.operation)  # raises LookupError for a misspelt one
        lines = "".join(f"\n  {step}" for step in expected)
        raise AssertionError(
            f"these calls did not come in a row:{lines}{difference(expected, calls)}{self._shown()}"
        )

    def assert_refreshed(self, times: int | None = None) -> None:
        """Fail unless refreshes succeeded: exactly `times`, or at least one."""
        attempts = self.of(_REFRESH)
        count = sum(call.ok for call in attempts)
        if not _is_expected(count, times):
            failed = len(attempts) - count
            raise AssertionError(
                f"{_REFRESH} succeeded {_times(count)}, not {_expected(times)}."
                f"{f' It was refused {_times(failed)}.' if failed else ''}{self._shown()}"
            )

    def assert_retried_after_401(self) -> None:
        """Fail unless a request got a 401, and each such request was repeated and accepted.

        Logins and refreshes do not count, as a client must not retry them.
        """
        calls = [call for call in self._copy() if not call.path.startswith("/auth/")]
        refused = [(number, call) for number, call in enumerate(calls) if call.status == 401]
        if not refused:
            raise AssertionError(f"no call was answered 401, so none was retried.{self._shown()}")
        for number, call in refused:
            retries = [other for other in calls[number + 1 :] if other.repeats(call)]
            if all(retry.status in (401, DROPPED) for retry in retries):
                result = f"retried {_times(len(retries))}, without success"
                result = result if retries else "not retried"
                raise AssertionError(f"{call} was {result}.{self._shown()}")

    def assert_no_warnings(self) -> None:
        """Fail if a request misused the API; see `Call.warnings`."""
        if lines := _warning_lines(self._copy()):
            raise AssertionError("these calls misuse the API:" + "".join(lines))

    def warnings(self) -> list[str]:
        """Return a line for each warning, including those of cleared calls."""
        return _warning_lines(list(self._flagged))

    def unknown_operations(self) -> list[str]:
        """Return a line for each call that no operation matches, including cleared ones."""
        return [
            f"\n  {call}.{did_you_mean(self.names.suggest(call.operation))}"
            for call in list(self._flagged)
            if not self.names.knows(call.operation)
        ]

    def wait_for(self, operation: str, n: int = 1, *, timeout: Duration = 5.0) -> Call:
        """Wait until an operation was called `n` times, and return the `n`th call.

        For programs that call from another thread or process; in an event loop use
        `async_wait_for`. Raises TimeoutError after `timeout` seconds of real time.
        """
        if type(n) is not int or n < 1:
            raise ValueError(f"wait_for(n=) must be an integer from 1, not {n!r}")
        limit = in_seconds(timeout)
        with self._changed:
            if not wait_until(self._changed, lambda: self.count(operation) >= n, limit):
                raise TimeoutError(
                    f"{operation} was called {_times(self.count(operation))} in {limit:g} s, "
                    f"not {_times(n)}.{self._shown()}"
                )
            return self.of(operation)[n - 1]

    async def async_wait_for(self, operation: str, n: int = 1, *, timeout: Duration = 5.0) -> Call:
        """Wait as `wait_for` does, without blocking the event loop of asyncio or trio."""
        return await in_thread(partial(self.wait_for, operation, n, timeout=timeout))

    def nearest(self, operation: str) -> list[str]:
        """Return the calls most similar to an operation, with how often each was made."""
        counts = Counter(str(call) for call in self._copy())
        close = difflib.get_close_matches(operation, counts, n=5, cutoff=0.0)
        return [text if counts[text] == 1 else f"{text} ({counts[text]}x)" for text in close]

    def _copy(self) -> list[Call]:
        with self._changed:
            return list(self._calls)

    def _shown(self) -> str:
        calls = self._copy()
        if not calls:
            return "\nNo call was recorded."
        lines = "".join(f"\n  {call}" for call in calls[-_MAX_SHOWN:])
        cut = f" (the newest {_MAX_SHOWN} of {len(calls)})" if len(calls) > _MAX_SHOWN else ""
        return f"\nThe calls{cut}:{lines}"


def _warning_lines(calls: Iterable[Call]) -> list[str]:
    return [f"\n  {call}: {text}" for call in calls for text in call.warnings]


def _is_expected(count: int, times: int | None) -> bool:
    return count > 0 if times is None else count == times


def _expected(times: int | None) -> str:
    return "at least once" if times is None else _times(times)


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"
