"""Moments and durations: read from many forms, kept as integers of nanoseconds."""

from __future__ import annotations

import math
import re
from datetime import UTC, date, datetime, timedelta

Duration = int | float | timedelta
Moment = datetime | date | str | int | float

SECOND = 1_000_000_000
"""Nanoseconds in a second: times are nanoseconds inside, and seconds in public interfaces."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EARLIEST = -62_135_596_800 * SECOND  # the years 1 to 9999, the range of a datetime
_LATEST = 253_402_300_800 * SECOND - 1000


def at(time_ns: int) -> datetime:
    """Return the aware UTC datetime of a time in nanoseconds since the epoch.

    A time outside of the years 1 to 9999, such as a token's expiry, becomes their start or end.
    """
    return _EPOCH + timedelta(microseconds=within_years(time_ns) // 1000)


def later(moment: datetime, by: timedelta) -> datetime:
    """Return the sum of a moment and a duration, in UTC and limited to the years 1 to 9999."""
    return at(_timedelta_ns(moment - _EPOCH) + _timedelta_ns(by))


def duration_ns(seconds: Duration) -> int:
    """Return a duration (a number of seconds or a timedelta) in nanoseconds.

    Raises TypeError for anything else, and ValueError for an infinite duration.
    """
    if isinstance(seconds, timedelta):
        return _timedelta_ns(seconds)
    if isinstance(seconds, bool) or not isinstance(seconds, int | float):
        raise TypeError(f"a duration is a number of seconds or a timedelta, not {seconds!r}")
    return _seconds_ns(seconds, "a duration")


def in_seconds(duration: Duration) -> float:
    """Return a duration (a number of seconds or a timedelta) in seconds.

    Raises as `duration_ns`.
    """
    return duration_ns(duration) / SECOND


def moment_ns(moment: Moment) -> int:
    """Return a moment (datetime, date, ISO 8601 text, seconds since the epoch) in nanoseconds.

    A naive datetime or text is UTC; the result is whole microseconds, the precision of a float.
    Raises TypeError for other types, and ValueError outside of the years 1 to 9999.
    """
    if isinstance(moment, str):
        moment = _parse(moment)
    elif isinstance(moment, date) and not isinstance(moment, datetime):
        moment = datetime(moment.year, moment.month, moment.day, tzinfo=UTC)
    if isinstance(moment, datetime):
        aware = moment.replace(tzinfo=UTC) if moment.utcoffset() is None else moment
        return bounded_ns(_timedelta_ns(aware - _EPOCH))
    if isinstance(moment, bool) or not isinstance(moment, int | float):
        raise TypeError(
            "a moment is a datetime, a date, an ISO 8601 text or seconds since the epoch, "
            f"not {moment!r}"
        )
    return bounded_ns(round(_seconds_ns(moment, "a moment"), -3))


def bounded_ns(time_ns: int) -> int:
    """Return the same time. Raises ValueError outside of the years 1 to 9999."""
    if not _EARLIEST <= time_ns <= _LATEST:
        raise ValueError("a clock cannot leave the years 1 to 9999")
    return time_ns


def within_years(time_ns: int) -> int:
    """Limit a time in nanoseconds since the epoch to the years 1 to 9999."""
    return min(max(time_ns, _EARLIEST), _LATEST)


def _timedelta_ns(delta: timedelta) -> int:
    return delta // timedelta(microseconds=1) * 1000


def _seconds_ns(seconds: float, what: str) -> int:
    if not -math.inf < seconds < math.inf:
        raise ValueError(f"{what} must be finite, not {seconds!r}")
    whole = int(seconds)  # converted separately, so that no product overflows a float
    return whole * SECOND + round((seconds - whole) * SECOND)


def _parse(text: str) -> datetime:
    try:
        # fromisoformat reads the zone of "2030-01-01+05:00" as a time of day.
        if not re.match(r"\d{4}-\d\d-\d\d([Tt ]|$)", text):
            raise ValueError
        return datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(
            f"{text!r} is not a moment in ISO 8601: write a day such as 2030-01-31, or with a time "
            "2030-01-31T12:00:00Z (no zone means UTC)"
        ) from None
