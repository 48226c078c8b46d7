"""What a clock accepts as a duration, a rate or a moment, and how exact it is."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo

import freezegun
import freezegun.api
import pytest

from fake_server.clock import Clock, Mode
from fake_server.time_values import SECOND, at, duration_ns, moment_ns
from tests.clocks import (
    MODES,
    NEW_YEAR_2030,
    watched,
)

# hypothesis, if another test of this process has loaded it, looks at the time whenever garbage is
# collected, in whatever thread, and is not as careful as we are about freezes that end.
pytestmark = pytest.mark.filterwarnings(
    "ignore:Exception ignored in. <function gc_cumul:pytest.PytestUnraisableExceptionWarning"
)


# What a duration, a rate and a moment may be


@pytest.mark.parametrize(
    ("duration", "nanoseconds"),
    [
        (0, 0),
        (3600, 3600 * SECOND),
        (0.001, 1_000_000),
        (3599.999, 3_599_999_000_000),
        (-1.5, -1_500_000_000),
        (1e-9, 1),
        (timedelta(days=1, microseconds=1), 86_400_000_001_000),
        (timedelta(microseconds=-1), -1000),
        (10**30, 10**39),
        (1e300, int(1e300) * SECOND),
    ],
)
def test_a_duration_is_exact(duration: Any, nanoseconds: int) -> None:
    assert duration_ns(duration) == nanoseconds


DURATIONS: list[Callable[[Clock], Callable[[Any], object]]] = [
    lambda clock: clock.advance,
    lambda clock: clock.advance_to_expiry,
    lambda clock: lambda wrong: clock.advance_until(lambda: False, step=wrong),
    lambda clock: lambda wrong: clock.advance_until(lambda: False, limit=wrong),
]


@pytest.mark.parametrize("verb", DURATIONS)
@pytest.mark.parametrize("wrong", [True, False, "60", None, [], 1j, datetime(2030, 1, 1)])
def test_an_invalid_duration_is_refused_by_every_verb(verb: Any, wrong: Any) -> None:
    clock = watched(3600)
    with pytest.raises(TypeError, match="a duration is a number of seconds or a timedelta, not "):
        verb(clock)(wrong)
    assert clock.now() == NEW_YEAR_2030


@pytest.mark.parametrize("verb", DURATIONS)
@pytest.mark.parametrize("wrong", [math.nan, math.inf, -math.inf])
def test_a_duration_must_be_finite(verb: Any, wrong: float) -> None:
    clock = watched(3600)
    with pytest.raises(ValueError, match=f"a duration must be finite, not {wrong}"):
        verb(clock)(wrong)
    assert clock.now() == NEW_YEAR_2030


@pytest.mark.parametrize("back", [-1, -1e-9, timedelta(microseconds=-1), -(10**400)])
def test_advance_refuses_to_go_back_and_names_travel(back: Any) -> None:
    clock = watched()
    with pytest.raises(ValueError, match=r"advance\(\) cannot move back by .*; use travel\(\)"):
        clock.advance(back)
    assert clock.now() == NEW_YEAR_2030


@pytest.mark.parametrize("rate", [-1, -0.001, math.nan, math.inf, 1e300, 10**400, 1_000_001])
def test_a_rate_out_of_range_is_refused_with_the_range(rate: float) -> None:
    with pytest.raises(ValueError, match=r"a rate must be from 0 \(stopped\) to 1_000_000, not "):
        Clock("manual").resume(rate)


@pytest.mark.parametrize("rate", [True, "2", None, timedelta(seconds=2)])
def test_a_rate_must_be_a_number(rate: Any) -> None:
    with pytest.raises(TypeError, match="a rate is a number of clock seconds per real second, not"):
        Clock("manual").resume(rate)


@pytest.mark.parametrize(
    ("moment", "seconds"),
    [
        (NEW_YEAR_2030, NEW_YEAR_2030),
        (NEW_YEAR_2030 + 0.5, NEW_YEAR_2030 + 0.5),
        (-1.5, -1.5),
        (datetime(2030, 1, 1), NEW_YEAR_2030),
        (datetime(2030, 1, 1, tzinfo=UTC), NEW_YEAR_2030),
        (datetime(2030, 1, 1, 5, tzinfo=timezone(timedelta(hours=5))), NEW_YEAR_2030),
        (datetime(2029, 12, 31, 19, tzinfo=ZoneInfo("America/New_York")), NEW_YEAR_2030),
        (datetime(1969, 12, 31, 23, 59, 59, 500_000), -0.5),
        (date(2030, 1, 1), NEW_YEAR_2030),
        ("2030-01-01", NEW_YEAR_2030),
        ("2030-01-01T00:00:00", NEW_YEAR_2030),
        ("2030-01-01T00:00:00Z", NEW_YEAR_2030),
        ("2030-01-01 00:00:00+00:00", NEW_YEAR_2030),
        ("2030-01-01t05:00:00+05:00", NEW_YEAR_2030),
        ("2029-12-31T20:00-04:00", NEW_YEAR_2030),
        ("2030-01-01T00:00:00.250Z", NEW_YEAR_2030 + 0.25),
        ("1970-01-01", 0),
        ("0001-01-01", -62_135_596_800),
        ("9999-12-31T23:59:59", 253_402_300_799),
    ],
)
def test_a_moment_may_be_a_datetime_a_date_a_text_or_seconds(moment: Any, seconds: float) -> None:
    assert moment_ns(moment) == int(seconds * 1000) * 1_000_000
    clock = Clock("manual")
    assert clock.travel(moment) == clock.now() == clock.freeze(moment) == seconds


@pytest.mark.parametrize("tz_offset", [0, -4])
def test_a_moment_may_be_a_datetime_or_date_of_freezegun(tz_offset: int) -> None:
    with freezegun.freeze_time("2030-01-01", tz_offset=tz_offset):
        fake_datetime, fake_date = freezegun.api.FakeDatetime, freezegun.api.FakeDate
        assert moment_ns(fake_datetime(2030, 1, 1)) == NEW_YEAR_2030 * SECOND
        assert moment_ns(fake_datetime(2030, 1, 1, tzinfo=UTC)) == NEW_YEAR_2030 * SECOND
        assert moment_ns(fake_date(2030, 1, 1)) == NEW_YEAR_2030 * SECOND
        left_over = fake_datetime(2030, 1, 1)
    assert moment_ns(left_over) == NEW_YEAR_2030 * SECOND


@pytest.mark.parametrize(
    "text",
    [
        "",
        "soon",
        "1893456000",
        "2030-13-01",
        "2030-02-30",
        "2030-01-01+05:00",  # Python would take the zone for a time of day
        "2030-01-01x12:00",
        "2030-01-01T",
        "2030-01-01T25:00",
        "2030-01-01T12:00Zulu",
        "2030W01+05",
        "20300101T000000Z",
        " 2030-01-01",
        "2030-01-01\n",
    ],
)
def test_a_text_that_is_no_moment_is_refused_with_an_example(text: str) -> None:
    clock = watched()
    for verb in (clock.travel, clock.freeze):
        with pytest.raises(
            ValueError, match=r"is not a moment in ISO 8601: .*2030-01-31T12:00:00Z"
        ):
            verb(text)
    assert clock.now() == NEW_YEAR_2030


@pytest.mark.parametrize("wrong", [True, False, None, [], 1j, timedelta(1), b"2030-01-01"])
def test_an_invalid_moment_is_an_error_with_the_valid_types(wrong: Any) -> None:
    with pytest.raises(TypeError, match="a moment is a datetime, a date, an ISO 8601 text or sec"):
        Clock("manual").travel(wrong)


@pytest.mark.parametrize("wrong", [math.nan, math.inf, -math.inf])
def test_a_moment_must_be_finite(wrong: float) -> None:
    clock = Clock("manual")
    for verb in (clock.travel, clock.freeze):
        with pytest.raises(ValueError, match=f"a moment must be finite, not {wrong}"):
            verb(wrong)


@pytest.mark.parametrize(
    "verb",
    [
        lambda clock: clock.travel(1e12),
        lambda clock: clock.travel(-1e12),
        lambda clock: clock.travel(10**400),
        lambda clock: clock.freeze(1e300),
        lambda clock: clock.travel("0001-01-01T00:00:00+05:00"),
        lambda clock: clock.travel("9999-12-31T23:59:59-05:00"),
        lambda clock: clock.advance(1e12),
        lambda clock: clock.advance(1e300),
        lambda clock: clock.advance(timedelta.max),
        lambda clock: clock.advance_to_expiry(1e12),
        lambda clock: clock.advance_until(lambda: False, step=1e12, limit=1e13),
    ],
)
@pytest.mark.parametrize("mode", MODES)
def test_a_clock_cannot_leave_the_years_of_a_datetime(mode: Mode, verb: Any) -> None:
    clock = watched(3600, mode=mode)
    with pytest.raises(ValueError, match="a clock cannot leave the years 1 to 9999"):
        verb(clock)
    assert clock.datetime().year == 2030


def test_a_clock_that_runs_to_the_end_of_the_years_stands_there(monotonic: list[int]) -> None:
    clock = Clock("ticking")
    clock.travel("9999-12-31T23:59:59")
    monotonic[0] += 3600 * SECOND
    assert clock.datetime() == datetime.max.replace(tzinfo=UTC)
    assert clock.now_ns() == moment_ns(datetime.max)
    assert clock.travel("2030-01-01") == NEW_YEAR_2030


def test_an_expiry_beyond_the_years_is_shown_as_their_end() -> None:
    assert at(10**21) == datetime.max.replace(tzinfo=UTC)
    assert at(-(10**21)) == datetime.min.replace(tzinfo=UTC)


# Exactness


@pytest.mark.parametrize("mode", ["manual", "follow"])
def test_a_clock_that_travels_to_its_own_time_stays(mode: Mode) -> None:
    clock = Clock(mode)
    with freezegun.freeze_time("2030-01-01T00:00:00.123457"):
        for hop in range(200):
            clock.advance(hop * 0.0123)
            now = clock.now_ns()
            for same in (clock.now(), clock.datetime(), clock.datetime().isoformat()):
                clock.travel(same)
                assert clock.now_ns() == now


@pytest.mark.parametrize("mode", MODES)
def test_a_reading_is_whole_microseconds_and_all_readings_agree(mode: Mode) -> None:
    clock = Clock(mode)
    assert clock.now_ns() % 1000 == 0
    clock.freeze()
    assert at(clock.now_ns()) == clock.datetime()
    assert moment_ns(clock.datetime()) == moment_ns(clock.now()) == clock.now_ns()


def test_a_thousand_small_steps_make_a_whole_one() -> None:
    clock = watched()
    for _ in range(1000):
        clock.advance(0.001)
    assert clock.now_ns() == (NEW_YEAR_2030 + 1) * SECOND


def test_steps_below_a_microsecond_add_up() -> None:
    clock = watched()
    for _ in range(10):
        clock.advance(1e-7)
    assert clock.now_ns() == NEW_YEAR_2030 * SECOND + 1000
