"""What happened to a project's clock and tokens, for the report of a test that fails."""

from __future__ import annotations

from collections import deque

from fake_server.clock import Clock
from fake_server.time_values import at

_MAX = 200


class History:
    """The newest events of one project, each with the time of its clock."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._events: deque[tuple[int, str]] = deque(maxlen=_MAX)

    def note(self, event: str) -> None:
        """Add an event that happens now; it names no secret."""
        self._events.append((self._clock.now_ns(), event))

    def clock_moved(self) -> None:
        """Note where the clock is, when it was moved by hand."""
        self.note(f"the clock was moved; mode {self._clock.mode}")

    def clear(self) -> None:
        """Forget all events."""
        self._events.clear()

    def lines(self) -> list[str]:
        """The events as lines to show, oldest first."""
        return [f"{shown(moment)}  {event}" for moment, event in list(self._events)]


def shown(moment_ns: int) -> str:
    """A moment to the millisecond, as the reports show it."""
    return at(moment_ns).isoformat(sep=" ", timespec="milliseconds").removesuffix("+00:00")
