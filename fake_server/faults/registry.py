"""The faults of one project, and which of them a request meets."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import deque
from collections.abc import Iterator

from fake_server.calls import Calls
from fake_server.core.content_range import Bytes, read_content_range
from fake_server.faults.fault import Fault, Shared
from fake_server.faults.matcher import FaultRequest, Matcher

_MAX_UPLOADS = 1000  # and parts of each
_MAX_RECENT = 100


class Faults:
    """The faults of one project that have not ended, in the order they were made.

    `changed` guards them, and is notified of each change. `recent` holds the newest faults,
    including those that have ended.
    """

    def __init__(self, calls: Calls, seed: str) -> None:
        self._calls = calls
        self._seed = seed
        self._shared = Shared(calls)
        self.changed = self._shared.changed
        self._created = 0
        self._faults: tuple[Fault, ...] = ()
        self.recent: deque[Fault] = deque(maxlen=_MAX_RECENT)
        self._part_starts: dict[str, list[int]] = {}

    def __iter__(self) -> Iterator[Fault]:
        return (fault for fault in self._faults if not fault.removed)

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __repr__(self) -> str:
        return f"<Faults {list(self)}>"

    def add(self, matcher: Matcher, place: str) -> Fault:
        """Create a fault, made at `place`. Raises LookupError for an unknown operation."""
        if not self._calls.names.knows(matcher.operation):
            raise self._calls.names.lookup_error(matcher.operation)
        with self.changed:
            self._created += 1
            matcher.random.seed(f"{self._seed} {self._created}")
            fault = Fault(matcher, self._shared, number=self._created, place=place)
            self._faults = (*self, fault)
            self.recent.append(fault)
        return fault

    def meet(self, request: FaultRequest) -> Fault | None:
        """Return the fault that fires for a request, if one does; the others count the request.

        The lock is not held while `where` functions run, as these may send requests themselves.
        """
        candidates = [(fault, fault.matcher.mismatch(request)) for fault in self if fault.effects]
        chosen: Fault | None = None
        with self.changed:
            for fault, mismatch in candidates:
                if fault.removed:
                    continue
                reason = mismatch
                if reason is None:
                    reason = fault.matcher.reason_to_skip(fault.fired)
                if reason is None and chosen is not None:
                    reason = f"{chosen!r} came first"
                if reason is not None:
                    fault.matcher.misses[reason] += 1
                    continue
                chosen = fault
                fault.fired += 1
                self.changed.notify_all()
        return chosen

    def part_of(self, path: str, content_range: str | None) -> int | None:
        """Return the number, from 1, of the upload part that a request sends.

        `part 2/3` contains it. For `bytes 100-199/1000` it follows from the earlier parts.
        """
        piece = None if content_range is None else read_content_range(content_range)
        if not isinstance(piece, Bytes):
            return None if piece is None else piece.number
        with self.changed:
            starts = self._part_starts.setdefault(path, []) if piece.first else [0]
            self._part_starts[path] = starts
            if piece.first not in starts and len(starts) < _MAX_UPLOADS:
                insort(starts, piece.first)
            while len(self._part_starts) > _MAX_UPLOADS:
                del self._part_starts[next(iter(self._part_starts))]
            return bisect_left(starts, piece.first) + 1

    def undo(self, fault: Fault) -> None:
        """Forget the newest fault as if it had never been made; requires the lock."""
        fault.remove()
        self.recent.remove(fault)
        self._created -= 1

    def clear(self) -> None:
        """End all faults, and continue the requests that they hold."""
        with self.changed:
            for fault in self:
                fault.remove()
            self._faults = ()

    def wake(self) -> None:
        """Wake all waiting threads to check whether the server is stopping."""
        with self.changed:
            self.changed.notify_all()

    def end(self) -> str | None:
        """End all faults with their test, and return their complaints, if any."""
        complaints = [text for fault in self if (text := fault.complaint())]
        self.clear()
        complaints = [*self._shared.overdue, *complaints]
        self._shared.overdue.clear()
        return "\n".join(complaints) or None
