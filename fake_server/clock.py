"""The clock of a project: the only place that asks what time it is.

Time is kept in integers and read in whole microseconds, so deadlines are exact: a token of 3600
seconds is accepted at 3599.999 s and refused at 3600 s. The state of a clock is one immutable tuple
that writers swap and readers take as it is, without a lock.

Frozen time needs care, because freezegun swaps the functions of `time` while server threads run:
nothing here calls a function that freezegun replaces, ticks an `auto_tick` freeze, or fails when a
freeze ends in another thread.
"""

from __future__ import annotations

import math
import re
import sys
import threading
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any, Literal, NamedTuple, Protocol, get_args

Mode = Literal["follow", "system", "manual", "ticking"]
Duration = int | float | timedelta
Moment = datetime | date | str | int | float

SECOND = 1_000_000_000
"""Nanoseconds in a second: the unit inside is nanoseconds, at every surface seconds."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EARLIEST = -62_135_596_800 * SECOND  # the years 1 to 9999, all that a datetime can hold
_LATEST = 253_402_300_800 * SECOND - 1000
_FASTEST = 1_000_000


class Due(NamedTuple):
    """Something that happens when the clock reaches a moment, if nothing changes before.

    `name` says what (`"video.encoding"`), `subject` is the id of what it happens to; `at_ns` is the
    moment in nanoseconds since the epoch, and of two at one moment the lower `number` goes first.
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
    """What happens to a project as time goes by."""

    def upcoming(self) -> list[Due]:
        """What is due from now on, in order."""

    def next_ns(self) -> int | None:
        """The moment of what is due next; it may be past."""

    def run(self, until_ns: int, *, moving: bool = True) -> None:
        """Let everything happen that is due by then, in order; return when it has.

        `moving`: the clock is being moved, which some of it waits for.
        """


class Clock:
    """What time it is for one project, and the verbs that move it.

    Modes: `follow` (the process's time, frozen or not, plus an offset), `system` (real time plus an
    offset), `manual` (pinned) and `ticking` (from an anchor, at a rate). Every verb returns the
    time it moved to, in seconds since the epoch. Safe to read and to move from any thread.

    >>> clock = Clock("manual")
    >>> clock.travel("2030-01-01T00:00:00Z")
    1893456000.0
    >>> clock.advance(3601)
    1893459601.0
    """

    def __init__(self, mode: Mode = "follow") -> None:
        if mode not in get_args(Mode):
            raise ValueError(f"a clock's mode is one of {', '.join(get_args(Mode))}, not {mode!r}")
        base = process_time_ns() if mode in ("manual", "ticking") else 0
        anchor = _real_monotonic_ns() if mode == "ticking" else 0
        self._initial = self._state = _State(mode, base, anchor, 1.0)
        self._moved = threading.Condition(threading.Lock())
        self._listeners: tuple[Callable[[], None], ...] = ()
        self._latest_expiry: Callable[[], int | None] = lambda: None
        self._timeline: Timeline | None = None

    def __repr__(self) -> str:
        return f"<Clock {self.mode} {self.datetime().isoformat(timespec='milliseconds')}>"

    @property
    def mode(self) -> Mode:
        """How this clock moves by itself: follow, system, manual or ticking."""
        return self._state.mode

    def now(self) -> float:
        """The time in seconds since the epoch."""
        return self.now_ns() / SECOND

    def now_ns(self) -> int:
        """The time in nanoseconds since the epoch: what deadlines are compared with.

        Always whole microseconds, as a JWT and a datetime hold no finer ones: a clock that travels
        to the `exp` of a token has reached its expiry.
        """
        return _within_years(self._state.now_ns())

    def datetime(self) -> datetime:
        """The time as an aware UTC datetime."""
        return at(self.now_ns())

    @property
    def due(self) -> list[Due]:
        """What will happen, the next first: encodings, deliveries, deletions.

        A look moves nothing: deliveries that wait for the clock to be moved go on waiting.
        """
        if self._timeline is None:
            return []
        self._timeline.run(self.now_ns(), moving=False)
        return self._timeline.upcoming()

    def advance(self, seconds: Duration) -> float:
        """Move forward by `seconds` (a number or a timedelta); the mode stays.

        What becomes due on the way happens in order, each at its own moment, before this returns.
        Raises ValueError for a negative or infinite duration.
        """
        step = duration_ns(seconds)
        if step < 0:
            raise ValueError(
                f"advance() moves forward, not by {seconds!r}; use travel() to go back in time"
            )
        return self._move_by(step)

    def travel(self, to: Moment) -> float:
        """Jump to a moment, past or future, and go on in the same mode from there.

        `to` is a datetime (naive means UTC), a date, an ISO 8601 text or seconds since the epoch.
        What becomes due on the way happens as in `advance`; what happened stays when time goes
        back.
        """
        return self._move_to(moment_ns(to))

    def freeze(self, at: Moment | None = None) -> float:
        """Pin the clock, at a moment or where it stands: mode `manual`."""
        target = None if at is None else moment_ns(at)
        if target is not None:
            self._pass(target - self._state.now_ns())
        return self._switch(lambda now: _State("manual", now if target is None else target, 0, 0.0))

    def resume(self, rate: float = 1.0) -> float:
        """Let the clock run from where it stands, `rate` clock seconds per real second."""
        if isinstance(rate, bool) or not isinstance(rate, int | float):
            raise TypeError(f"a rate is a number of clock seconds per real second, not {rate!r}")
        if not 0 <= rate <= _FASTEST:
            raise ValueError(f"a rate is from 0 (stand still) to {_FASTEST:_}, not {rate!r}")
        return self._switch(lambda now: _State("ticking", now, _real_monotonic_ns(), float(rate)))

    def follow(self) -> float:
        """Follow the process's time (frozen or not) again, without any offset."""
        return self._switch(lambda now: _State("follow", 0, 0, 1.0))

    def reset(self) -> float:
        """Return to the mode and the offset that the clock began with."""
        return self._switch(lambda now: self._initial)

    def advance_to_expiry(self, margin: Duration = 1) -> float:
        """Move to `margin` seconds past the expiry of every access token that is still good.

        A negative margin stops before the expiry. Raises LookupError if no token is good, and
        ValueError if the moment is past already.
        """
        expiry = self._latest_expiry()
        if expiry is None:
            raise LookupError(
                "no access token of this project is good now, so there is no expiry to advance to: "
                "log in first (POST /auth/api-key) or issue one with apivideo.tokens.issue()"
            )
        target = expiry + duration_ns(margin)

        if target < self._state.now_ns():
            raise ValueError(
                f"advance_to_expiry() moves forward, and a margin of {margin!r} means "
                f"{at(target).isoformat()}, which is past; use travel() to go back in time"
            )
        return self._move_to(target)

    def advance_until(
        self, condition: Callable[[], object], *, step: Duration = 1, limit: Duration = 86_400
    ) -> float:
        """Advance in steps until `condition()` is true; durations in seconds of this clock.

        Raises TimeoutError when the condition is still false after `limit` seconds.
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
        """Tell the clock how to learn when the last good access token expires."""
        self._latest_expiry = latest_expiry_ns

    def watch_due(self, timeline: Timeline) -> None:
        """Tell the clock what happens as it moves."""
        self._timeline = timeline

    def run_due(self) -> None:
        """Let what is due happen, and what waits for this clock catch up; every verb ends so.

        Call it after moving a frozen time that the clock follows: nobody tells the clock of it.
        """
        self._let_happen()
        with self._moved:
            self._moved.notify_all()
        for listener in self._listeners:
            listener()

    def wait(self, real_seconds: float) -> None:
        """Wait until the clock is moved, at most this long."""
        with self._moved:
            self._moved.wait(real_seconds)

    def tell(self, listener: Callable[[], None]) -> None:
        """Call the listener whenever the clock settles, in the thread that moved it."""
        with self._moved:
            self._listeners = (*self._listeners, listener)

    def forget(self, listener: Callable[[], None]) -> None:
        """Call the listener no more."""
        with self._moved:
            self._listeners = tuple(other for other in self._listeners if other != listener)

    def _move_by(self, step_ns: int) -> float:
        bounded_ns(self._state.now_ns() + step_ns)
        left = self._pass(step_ns)
        return self._switch(lambda now: self._shifted(left))

    def _move_to(self, target_ns: int) -> float:
        bounded_ns(target_ns)
        self._pass(target_ns - self._state.now_ns())
        return self._switch(lambda now: self._shifted(target_ns - now))

    def _pass(self, step_ns: int) -> int:
        """Go such a step, but stop at the last moment on the way when something is due.

        Returns what is left of the step. Whoever looks at the clock while something happens (the
        receiver of a webhook, say) sees the moment of it.
        """
        self._let_happen()
        while self._timeline is not None and (due := self._timeline.next_ns()) is not None:
            ahead = max(0, due - self._state.now_ns())
            if ahead >= step_ns:
                break
            self._shift(ahead)
            step_ns -= ahead
            self._let_happen()
        return step_ns

    def _let_happen(self) -> None:
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
        return _within_years(state.now_ns()) / SECOND


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
            return _real_time_ns() + self.base_ns
        if self.mode == "manual":
            return self.base_ns
        return self.base_ns + int((_real_monotonic_ns() - self.anchor_ns) * self.rate)


def at(moment_in_ns: int) -> datetime:
    """The aware UTC datetime of a moment in nanoseconds since the epoch.

    What is beyond the years 1 to 9999, such as a token's expiry, becomes their begin or end.
    """
    return _EPOCH + timedelta(microseconds=_within_years(moment_in_ns) // 1000)


def later(moment: datetime, by: timedelta) -> datetime:
    """The aware UTC datetime so much later or, below 0, earlier, in the years 1 to 9999 as `at`."""
    return at(_whole_microseconds(moment - _EPOCH) + _whole_microseconds(by))


def duration_ns(seconds: Duration) -> int:
    """A duration in seconds (a number or a timedelta) as nanoseconds."""
    if isinstance(seconds, timedelta):
        return _whole_microseconds(seconds)
    if isinstance(seconds, bool) or not isinstance(seconds, int | float):
        raise TypeError(f"a duration is a number of seconds or a timedelta, not {seconds!r}")
    return _exact_ns(seconds, "a duration")


def in_seconds(duration: Duration) -> float:
    """A duration (a number of seconds or a timedelta) as seconds; raises as `duration_ns`."""
    return duration_ns(duration) / SECOND


def moment_ns(moment: Moment) -> int:
    """A moment (datetime, date, ISO 8601 text, seconds since the epoch) as nanoseconds.

    To the microsecond, which is what a float can tell apart. Raises ValueError outside of the
    years 1 to 9999, all in UTC.
    """
    if isinstance(moment, str):
        moment = _parsed(moment)
    elif isinstance(moment, date) and not isinstance(moment, datetime):
        moment = datetime(moment.year, moment.month, moment.day, tzinfo=UTC)
    if isinstance(moment, datetime):
        aware = moment.replace(tzinfo=UTC) if moment.utcoffset() is None else moment
        return bounded_ns(_whole_microseconds(aware - _EPOCH))
    if isinstance(moment, bool) or not isinstance(moment, int | float):
        raise TypeError(
            "a moment is a datetime, a date, an ISO 8601 text or seconds since the epoch, "
            f"not {moment!r}"
        )
    return bounded_ns(round(_exact_ns(moment, "a moment"), -3))


def _whole_microseconds(delta: timedelta) -> int:
    return delta // timedelta(microseconds=1) * 1000


def _exact_ns(seconds: float, what: str) -> int:
    if not -math.inf < seconds < math.inf:
        raise ValueError(f"{what} must be finite, not {seconds!r}")
    whole = int(seconds)  # apart from the rest, so that no product is too large for a float
    return whole * SECOND + round((seconds - whole) * SECOND)


def _parsed(text: str) -> datetime:
    try:
        # fromisoformat takes the zone of "2030-01-01+05:00" for a time of day.
        if not re.match(r"\d{4}-\d\d-\d\d([Tt ]|$)", text):
            raise ValueError
        return datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(
            f"{text!r} is not a moment in ISO 8601: write a day such as 2030-01-31, or with a time "
            "2030-01-31T12:00:00Z (no zone means UTC)"
        ) from None


def bounded_ns(moment_in_ns: int) -> int:
    """The same moment; raises ValueError if no clock can show it."""
    if not _EARLIEST <= moment_in_ns <= _LATEST:
        raise ValueError("a clock cannot leave the years 1 to 9999")
    return moment_in_ns


def _within_years(moment_in_ns: int) -> int:
    return min(max(moment_in_ns, _EARLIEST), _LATEST)


def process_time_ns() -> int:
    """The process's time in nanoseconds since the epoch, frozen by freezegun, time-machine or not.

    Reads freezegun's active factory without calling it (a call would move an `auto_tick` freeze,
    and fails when the freeze ends in another thread). time-machine changes `time.time_ns` itself.
    """
    freezegun: Any = sys.modules.get("freezegun.api")
    if freezegun is None:
        return time.time_ns()
    try:
        factory = freezegun.freeze_factories[-1]
    except (IndexError, AttributeError):
        return int(getattr(freezegun, "real_time_ns", time.time_ns)())
    ticking = type(factory).__name__ == "TickingDateTimeFactory"
    return moment_ns(factory() if ticking else factory.time_to_freeze)


def real_seconds() -> float:
    """Seconds of real monotonic time, frozen or not: to wait and to measure by, and only that."""
    return _real_monotonic_ns() / SECOND


def _real_time_ns() -> int:
    try:
        return int(sys.modules["time_machine"].escape_hatch.time.time_ns())
    except (KeyError, AttributeError, ValueError):  # nobody travels
        freezegun: Any = sys.modules.get("freezegun.api")
        return int(getattr(freezegun, "real_time_ns", time.time_ns)())


def _real_monotonic_ns() -> int:
    freezegun: Any = sys.modules.get("freezegun.api")
    return int(getattr(freezegun, "real_monotonic_ns", time.monotonic_ns)())
