"""The clock of a project, and the verbs that move it.

Time is kept in integers and read in whole microseconds, so deadlines are exact: a token of 3600
seconds is accepted at 3599.999 s and refused at 3600 s. The state of a clock is one immutable tuple
that writers replace and readers take without a lock.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime
from typing import Literal, NamedTuple, Protocol, get_args

from fake_server.process_time import process_time_ns, real_monotonic_ns, real_time_ns
from fake_server.time_values import (
    SECOND,
    Duration,
    Moment,
    at,
    bounded_ns,
    duration_ns,
    moment_ns,
    within_years,
)

Mode = Literal["follow", "system", "manual", "ticking"]

_MAX_RATE = 1_000_000


class Due(NamedTuple):
    """An event that is due when the clock reaches a moment, unless something changes before.

    `name` is the event's (`"video.encoding"`), `subject` the id of the resource; `at_ns` is in
    nanoseconds since the epoch. Of two events at one moment, the lower `number` runs first.
    """

    at_ns: int
    number: int
    name: str
    subject: str

    @property
    def at(self) -> datetime:
        """The moment as an aware UTC datetime."""
        return at(self.at_ns)


class Timeline(Protocol):
    """The due events of a project."""

    def upcoming(self) -> list[Due]:
        """Return the events that are due from now on, in order."""

    def next_ns(self) -> int | None:
        """Return the time of the next event, which may be past."""

    def run(self, until_ns: int, *, moving: bool = True) -> None:
        """Run the events that are due by then, in order.

        `moving`: the clock is being moved, for which some events wait.
        """


class Clock:
    """The clock of one project.

    Modes: `follow` (the process's time, frozen or not, plus an offset), `system` (real time plus an
    offset), `manual` (pinned) and `ticking` (from an anchor, at a rate). Every verb returns the
    new time in seconds since the epoch. Threads may read and move the clock concurrently.

    >>> clock = Clock("manual")
    >>> clock.travel("2030-01-01T00:00:00Z")
    1893456000.0
    >>> clock.advance(3601)
    1893459601.0
    """

    def __init__(self, mode: Mode = "follow") -> None:
        if mode not in get_args(Mode):
            raise ValueError(f"the mode must be one of {', '.join(get_args(Mode))}, not {mode!r}")
        base = process_time_ns() if mode in ("manual", "ticking") else 0
        anchor = real_monotonic_ns() if mode == "ticking" else 0
        self._initial = self._state = _State(mode, base, anchor, 1.0)
        self._moved = threading.Condition(threading.Lock())
        self._listeners: tuple[Callable[[], None], ...] = ()
        self._latest_expiry: Callable[[], int | None] = lambda: None
        self._timeline: Timeline | None = None

    def __repr__(self) -> str:
        return f"<Clock {self.mode} {self.datetime().isoformat(timespec='milliseconds')}>"

    @property
    def mode(self) -> Mode:
        """How time passes: follow, system, manual or ticking."""
        return self._state.mode

    def now(self) -> float:
        """Return the time in seconds since the epoch."""
        return self.now_ns() / SECOND

    def now_ns(self) -> int:
        """Return the time in nanoseconds since the epoch, for comparison with deadlines.

        It is in whole microseconds, the precision of a datetime: a clock that travels to the `exp`
        of a token has reached its expiry.
        """
        return within_years(self._state.now_ns())

    def datetime(self) -> datetime:
        """Return the time as an aware UTC datetime."""
        return at(self.now_ns())

    @property
    def due(self) -> list[Due]:
        """The due events, the next first: encodings, deliveries, deletions.

        Deliveries that wait for the clock to be moved keep waiting.
        """
        if self._timeline is None:
            return []
        self._timeline.run(self.now_ns(), moving=False)
        return self._timeline.upcoming()

    def advance(self, seconds: Duration) -> float:
        """Move forward by `seconds` (a number or a timedelta); the mode stays.

        Events on the way run in order, each at its own moment, before this returns.
        Raises ValueError for a negative or infinite duration.
        """
        step = duration_ns(seconds)
        if step < 0:
            raise ValueError(
                f"advance() cannot move back by {seconds!r}; use travel() to go back in time"
            )
        return self._move_by(step)

    def travel(self, to: Moment) -> float:
        """Jump to a moment, past or future; the mode stays.

        `to` is a datetime (naive means UTC), a date, an ISO 8601 text or seconds since the epoch.
        Events on the way run as in `advance`; going back does not undo any.
        """
        return self._move_to(moment_ns(to))

    def freeze(self, at: Moment | None = None) -> float:
        """Pin the clock at a moment, by default the current one: mode `manual`."""
        target = None if at is None else moment_ns(at)
        if target is not None:
            self._run_events_within(target - self._state.now_ns())
        return self._switch(lambda now: _State("manual", now if target is None else target, 0, 0.0))

    def resume(self, rate: float = 1.0) -> float:
        """Run from the current time at `rate` clock seconds per real second: mode `ticking`."""
        if isinstance(rate, bool) or not isinstance(rate, int | float):
            raise TypeError(f"a rate is a number of clock seconds per real second, not {rate!r}")
        if not 0 <= rate <= _MAX_RATE:
            raise ValueError(f"a rate must be from 0 (stopped) to {_MAX_RATE:_}, not {rate!r}")
        return self._switch(lambda now: _State("ticking", now, real_monotonic_ns(), float(rate)))

    def follow(self) -> float:
        """Follow the process's time (frozen or not), without any offset."""
        return self._switch(lambda now: _State("follow", 0, 0, 1.0))

    def reset(self) -> float:
        """Restore the initial mode and offset."""
        return self._switch(lambda now: self._initial)

    def advance_to_expiry(self, margin: Duration = 1) -> float:
        """Move to `margin` seconds past the expiry of the last valid access token.

        A negative margin stops before the expiry. Raises LookupError without a valid token, and
        ValueError for a moment in the past.
        """
        expiry = self._latest_expiry()
        if expiry is None:
            raise LookupError(
                "this project has no valid access token, so there is no expiry to advance to: "
                "log in first (POST /auth/api-key) or issue one with apivideo.tokens.issue()"
            )
        target = expiry + duration_ns(margin)
        if target < self._state.now_ns():
            raise ValueError(
                f"advance_to_expiry() cannot move back, but with a margin of {margin!r} the target "
                f"{at(target).isoformat()} is in the past; use travel() to go back in time"
            )
        return self._move_to(target)

    def advance_until(
        self, condition: Callable[[], object], *, step: Duration = 1, limit: Duration = 86_400
    ) -> float:
        """Advance in steps until `condition()` is true; durations are in seconds of this clock.

        Raises TimeoutError if the condition is still false after `limit` seconds.
        """
        stride, left = duration_ns(step), duration_ns(limit)
        if stride <= 0:
            raise ValueError(f"advance_until() needs a step above 0 s, not {step!r}")
        if left < 0:
            raise ValueError(f"advance_until() needs a limit of 0 s or more, not {limit!r}")
        while not condition():
            if left == 0:
                raise TimeoutError(
                    f"the condition is still false after a limit of {limit!r} (in seconds of the "
                    f"clock), at {self.datetime().isoformat()}"
                )
            stride = min(stride, left)
            self._move_by(stride)
            left -= stride
        return self.now()

    def watch_expiry(self, latest_expiry_ns: Callable[[], int | None]) -> None:
        """Set the function that returns the expiry of the last valid access token."""
        self._latest_expiry = latest_expiry_ns

    def watch_due(self, timeline: Timeline) -> None:
        """Set the timeline with the events that run as the clock moves."""
        self._timeline = timeline

    def run_due(self) -> None:
        """Run the events that are due, and call the listeners; every verb does so at its end.

        Call it after moving a frozen time that the clock follows, as the clock cannot notice that.
        """
        self._run_timeline()
        with self._moved:
            self._moved.notify_all()
        for listener in self._listeners:
            listener()

    def wait(self, real_seconds: float) -> None:
        """Wait until the clock is moved, for `real_seconds` at most."""
        with self._moved:
            self._moved.wait(real_seconds)

    def add_listener(self, listener: Callable[[], None]) -> None:
        """Call the listener after each move of the clock, in the thread that moved it."""
        with self._moved:
            self._listeners = (*self._listeners, listener)

    def remove_listener(self, listener: Callable[[], None]) -> None:
        """Stop calling the listener."""
        with self._moved:
            self._listeners = tuple(other for other in self._listeners if other != listener)

    def _move_by(self, step_ns: int) -> float:
        bounded_ns(self._state.now_ns() + step_ns)
        left = self._run_events_within(step_ns)
        return self._switch(lambda now: self._shifted(left))

    def _move_to(self, target_ns: int) -> float:
        bounded_ns(target_ns)
        self._run_events_within(target_ns - self._state.now_ns())
        return self._switch(lambda now: self._shifted(target_ns - now))

    def _run_events_within(self, step_ns: int) -> int:
        """Move to each event within the step, run it there, and return the rest of the step.

        So code that reads the clock during an event, such as a webhook's receiver, sees its moment.
        """
        self._run_timeline()
        while self._timeline is not None and (due := self._timeline.next_ns()) is not None:
            ahead = max(0, due - self._state.now_ns())
            if ahead >= step_ns:
                break
            self._shift(ahead)
            step_ns -= ahead
            self._run_timeline()
        return step_ns

    def _run_timeline(self) -> None:
        if self._timeline is not None:
            self._timeline.run(self.now_ns())

    def _shifted(self, by_ns: int) -> _State:
        state = self._state
        return state._replace(base_ns=state.base_ns + by_ns)

    def _shift(self, by_ns: int) -> None:
        with self._moved:
            self._state = self._shifted(by_ns)

    def _switch(self, change: Callable[[int], _State]) -> float:
        with self._moved:
            state = self._state = change(self._state.now_ns())
        self.run_due()
        return within_years(state.now_ns()) / SECOND


class _State(NamedTuple):
    mode: Mode
    base_ns: int  # the offset (follow, system) or the time at the anchor (manual, ticking)
    anchor_ns: int  # real monotonic time when ticking began
    rate: float

    def now_ns(self) -> int:
        return self._unrounded_ns() // 1000 * 1000

    def _unrounded_ns(self) -> int:
        if self.mode == "follow":
            return process_time_ns() + self.base_ns
        if self.mode == "system":
            return real_time_ns() + self.base_ns
        if self.mode == "manual":
            return self.base_ns
        return self.base_ns + int((real_monotonic_ns() - self.anchor_ns) * self.rate)
