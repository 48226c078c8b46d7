"""All faults of one project: which one a request meets, and all that waits for them."""

from __future__ import annotations

import json
import random
import threading
from bisect import bisect_left, insort
from collections import deque
from collections.abc import Callable, Iterator
from inspect import iscoroutinefunction

from fake_server.calls import Calls
from fake_server.core.content_range import Bytes, read_content_range
from fake_server.faults.choice import FaultRequest, Matcher
from fake_server.faults.fault import GUIDE, Fault
from fake_server.process_time import real_seconds

_MAX_UPLOADS = 1000  # and pieces of each that are remembered
_MAX_TOLD = 100


class Faults:
    """The faults of one project, in the order they were made.

    `changed` guards them and wakes whatever waits; `overdue` tells of holds that nobody released,
    `made` has the newest of all, also of those that have ended.
    """

    def __init__(self, calls: Calls, seed: str) -> None:
        self.changed = threading.Condition()
        self._calls = calls
        self._seed = seed
        self._made = 0
        self._faults: tuple[Fault, ...] = ()
        self.made: deque[Fault] = deque(maxlen=_MAX_TOLD)
        self.overdue: list[str] = []
        self._starts: dict[str, list[int]] = {}

    def __iter__(self) -> Iterator[Fault]:
        return iter(self._faults)

    def __len__(self) -> int:
        return len(self._faults)

    def __repr__(self) -> str:
        return f"<Faults {list(self._faults)}>"

    def add(
        self,
        operation: str,
        *,
        nth: int | None = None,
        part: int | None = None,
        times: int | None = None,
        probability: float | None = None,
        where: Callable[[FaultRequest], object] | None = None,
        optional: bool = False,
        place: str = "",
    ) -> Fault:
        """Make a fault; see `ApiVideo.on`. Raises LookupError, TypeError and ValueError."""
        if not isinstance(operation, str):
            raise TypeError(f'an operation is a text like "GET /videos", not {operation!r}')
        if not self._calls.names.knows(operation):
            raise self._calls.names.lookup_error(operation)
        counts = {"nth": nth, "part": part, "times": times}
        for name, count in counts.items():
            if count is not None and not _is_count(count):
                raise ValueError(f"{name}= is a number from 1 on, not {count!r}; see {GUIDE}")
        if probability is not None and not _is_chance(probability):
            raise ValueError(
                f"probability= is above 0 and up to 1, not {probability!r}; see {GUIDE}"
            )
        if where is not None and not _is_plain_function(where):
            raise TypeError(
                f"where= is a plain function of the request, not {where!r}; see {GUIDE}"
            )
        if not isinstance(optional, bool):
            raise TypeError(f"optional= is True or False, not {optional!r}; see {GUIDE}")
        self._made += 1
        chance = random.Random(f"{self._seed} {self._made}")  # noqa: S311 - it must repeat
        choice = Matcher(operation, nth, part, times, probability, where, optional, chance)
        said = {**counts, "probability": probability, "optional": optional or None}
        words = [f"{name}={value!r}" for name, value in said.items() if value is not None]
        words += [] if where is None else [f"where={getattr(where, '__name__', '…')}"]
        fault = Fault(
            self, ", ".join([json.dumps(operation), *words]), choice, number=self._made, place=place
        )
        with self.changed:
            self._faults = (*self._faults, fault)
            self.made.append(fault)
        return fault

    def meet(self, asked: FaultRequest) -> Fault | None:
        """The fault that fires for a request, if any does; the others count it.

        What a test says in `where` may itself send requests, so it is asked without the lock.
        """
        asking = [(fault, fault.unlike(asked)) for fault in self._faults if fault.is_complete]
        with self.changed:
            chosen: Fault | None = None
            for fault, unlike in asking:
                if fault not in self._faults or not fault.takes(unlike):
                    continue
                if chosen is None:
                    chosen = fault
                    fault.fired += 1
                else:
                    fault.shadowed(chosen)
            if chosen is not None:
                self.changed.notify_all()
            return chosen

    def part_of(self, path: str, content_range: str | None) -> int | None:
        """The number of the part of an upload that a request brings, counted from 1.

        `part 2/3` says it. Of `bytes 100-199/1000` it is known by the parts that began before.
        """
        piece = None if content_range is None else read_content_range(content_range)
        if not isinstance(piece, Bytes):
            return None if piece is None else piece.number
        with self.changed:
            starts = self._starts.setdefault(path, []) if piece.first else [0]
            self._starts[path] = starts
            if piece.first not in starts and len(starts) < _MAX_UPLOADS:
                insort(starts, piece.first)
            while len(self._starts) > _MAX_UPLOADS:
                del self._starts[next(iter(self._starts))]
            return bisect_left(starts, piece.first) + 1

    def undo(self, fault: Fault) -> None:
        """Forget the newest fault as if it had never been made; for who holds the lock."""
        self.remove(fault)
        self.made.remove(fault)
        self._made -= 1

    def remove(self, *faults: Fault) -> None:
        """End some faults, and let go what they hold."""
        with self.changed:
            self._faults = tuple(one for one in self._faults if one not in faults)
            self.changed.notify_all()

    def clear(self) -> None:
        """End all faults, and let go what they hold."""
        self.remove(*self._faults)

    def wake(self) -> None:
        """Let all that wait look whether they still have to."""
        with self.changed:
            self.changed.notify_all()

    def wait(self, condition: Callable[[], bool], seconds: float) -> bool:
        """Wait in real time for a condition, and tell whether it came; each change wakes it up."""
        end = real_seconds() + seconds
        with self.changed:
            while not condition():
                left = end - real_seconds()
                if left <= 0:
                    return False
                self.changed.wait(left)
            return True

    def end(self) -> str | None:
        """End all faults with their test; what there is to complain of, if anything."""
        complaints = [text for fault in self._faults if (text := self.complaint(fault))]
        self.clear()
        complaints, self.overdue = [*self.overdue, *complaints], []
        return "\n".join(complaints) or None

    def complaint(self, fault: Fault) -> str | None:
        """What to say of a fault that never fired; None if there is nothing to say."""
        if fault not in self._faults or fault.content:
            return None
        if not fault.is_complete:
            return (
                f"{fault!r}, made at {fault.place}, does nothing: chain what it does, such as "
                f".respond(503), .delay(2) or .drop(). See {GUIDE}"
            )
        return (
            f"{fault!r}, made at {fault.place}, never fired.{self.near(fault)}\n"
            f"  If the test may pass without it, say optional=True. See {GUIDE}"
        )

    def near(self, fault: Fault) -> str:
        """What came close to making a fault fire."""
        lines = fault.missed() or self._calls.nearest(fault.operation)
        if not lines:
            return "\n  No request reached this project."
        return "\n  What came close:" + "".join(f"\n    {line}" for line in lines)


def _is_plain_function(value: object) -> bool:
    return callable(value) and not iscoroutinefunction(value)


def _is_chance(value: object) -> bool:
    return isinstance(value, int | float) and value is not True and 0 < value <= 1


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 1
