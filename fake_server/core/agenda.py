"""An index of the deadlines of a store's resources, in the order of time.

A resource declares its own deadlines (`Resource.deadlines`); the tables keep the agenda up to date.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Callable, Mapping
from datetime import datetime

from fake_server.clock import Due
from fake_server.time_values import moment_ns

NEVER = 2**63
"""Nanoseconds since the epoch that no clock reaches."""


class Agenda:
    """The due events of a store. Hold the store's lock to use it.

    `next_ns` is a lower bound of the first event's time, and may be read without the lock.
    """

    def __init__(self) -> None:
        self.next_ns = NEVER
        self._queues: dict[str, list[Due]] = {}  # sorted, by event name
        self._planned: dict[tuple[str, str], Due] = {}
        self._numbers: dict[tuple[str, str], int] = {}  # kept, so that order survives replanning

    def plan(self, subject: str, deadlines: Mapping[str, datetime | None]) -> None:
        """Set the times of a resource's events; None cancels an event."""
        for name, moment in deadlines.items():
            self.drop(name, subject)
            if moment is not None:
                number = self._numbers.setdefault((name, subject), len(self._numbers) + 1)
                due = Due(moment_ns(moment), number, name, subject)
                insort(self._queues.setdefault(name, []), due)
                self._planned[name, subject] = due
                self.next_ns = min(self.next_ns, due.at_ns)

    def drop(self, name: str, subject: str) -> None:
        """Cancel an event, if it is planned."""
        due = self._planned.pop((name, subject), None)
        if due is not None:
            queue = self._queues[name]
            del queue[bisect_left(queue, due)]

    def first(self, enabled: Callable[[str], bool]) -> Due | None:
        """Return the next event with an enabled name."""
        heads = [queue[0] for queue in self._queues.values() if queue]
        self.next_ns = min((due.at_ns for due in heads), default=NEVER)
        return min((due for due in heads if enabled(due.name)), default=None)

    def events(self) -> list[Due]:
        """Return all events in order."""
        return sorted(self._planned.values())

    def copy(self) -> Agenda:
        """Return a copy with the same events."""
        copy = Agenda()
        copy.next_ns, copy._numbers = self.next_ns, dict(self._numbers)
        copy._queues = {name: list(queue) for name, queue in self._queues.items()}
        copy._planned = dict(self._planned)
        return copy
