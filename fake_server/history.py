"""What happened to a project's clock and tokens, for the report of a failing test."""

from __future__ import annotations

from collections import deque
from datetime import datetime

from fake_server.clock import Clock
from fake_server.time_values import at

_MAX_EVENTS = 200


class History:
    """The newest events of one project, each with the time of its clock."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._events: deque[tuple[int, str]] = deque(maxlen=_MAX_EVENTS)

    def note(self, event: str) -> None:
        """Add an event that happens now; it must not contain a secret."""
        self._events.append((self._clock.now_ns(), event))

    def clock_moved(self) -> None:
        """Note that the clock was moved by hand."""
        self.note(f"the clock was moved; mode {self._clock.mode}")

    def clear(self) -> None:
        """Forget all events."""
        self._events.clear()

    def lines(self) -> list[str]:
        """Return a line for each event, oldest first."""
        return [f"{timestamp(at(now_ns))}  {event}" for now_ns, event in list(self._events)]


def timestamp(moment: datetime) -> str:
    """Return a UTC datetime to the millisecond, as the reports show it."""
    return moment.isoformat(sep=" ", timespec="milliseconds").removesuffix("+00:00")
