"""The clock by itself: its modes and verbs, what it takes and refuses, and how exact it is."""

import math
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from datetime import UTC, date, datetime, timedelta, timezone
from itertools import pairwise
from types import ModuleType
from typing import Any, get_args
from zoneinfo import ZoneInfo

import freezegun
import freezegun.api
import pytest
import time_machine

from fake_server import clock as clock_module
from fake_server.clock import Clock, Mode
from fake_server.process_time import process_time_ns
from fake_server.time_values import SECOND, at, duration_ns, moment_ns

NEW_YEAR_2030 = 1_893_456_000
NEW_YEAR_2001 = 978_307_200
MODES = get_args(Mode)


# hypothesis, if another test of this process has loaded it, looks at the time whenever garbage is
# collected, in whatever thread, and is not as careful as we are about freezes that end.
pytestmark = pytest.mark.filterwarnings(
    "ignore:Exception ignored in. <function gc_cumul:pytest.PytestUnraisableExceptionWarning"
)


def real_ns() -> int:
    """The real time; in a function, as freezegun replaces what a module calls by a name."""
    return freezegun.api.real_time_ns()


@pytest.fixture
def monotonic(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The real monotonic time as a clock sees it, for the test to move: one number, in ns."""
    reading = [5 * SECOND]
    monkeypatch.setattr(clock_module, "real_monotonic_ns", lambda: reading[0])
    return reading


@contextmanager
def frozen_by_freezegun() -> Iterator[None]:
    with freezegun.freeze_time("2001-01-01"):
        yield


@contextmanager
def frozen_by_time_machine() -> Iterator[None]:
    with time_machine.travel(NEW_YEAR_2001, tick=False):
        yield


@contextmanager
def frozen_by_both() -> Iterator[None]:
    with time_machine.travel(0, tick=False), freezegun.freeze_time("2001-01-01"):
        yield


FREEZES = [frozen_by_freezegun, frozen_by_time_machine, frozen_by_both]
frozen_somehow = pytest.mark.parametrize("freeze", FREEZES)


# Modes and verbs


def test_a_clock_follows_the_process_unless_told_otherwise() -> None:
    clock = Clock()
    before = real_ns()
    assert clock.mode == "follow"
    assert before // 1000 <= clock.now_ns() // 1000 <= real_ns() // 1000


@pytest.mark.parametrize("mode", MODES)
@frozen_somehow
def test_every_mode_begins_at_the_time_it_is_based_on(mode: Mode, freeze: Any) -> None:
    before = real_ns()
    with freeze():
        now = Clock(mode).now()
    if mode == "system":
        assert before / SECOND - 1e-6 <= now <= real_ns() / SECOND
    elif mode == "ticking":
        assert 0 <= now - NEW_YEAR_2001 < 60
    else:
        assert now == NEW_YEAR_2001


@pytest.mark.parametrize("mode", ["", "Manual", "frozen", None, 0])
def test_a_mode_that_does_not_exist_is_refused_with_those_that_do(mode: Any) -> None:
    with pytest.raises(ValueError, match=f"follow, system, manual, ticking, not {mode!r}"):
        Clock(mode)


@pytest.mark.parametrize("mode", MODES)
def test_advance_moves_by_exactly_that_much_and_keeps_the_mode(
    mode: Mode, monotonic: list[int]
) -> None:
    with freezegun.freeze_time("2030-01-01") as frozen:
        clock = Clock(mode)
        begin = clock.now_ns()
        for step in (3601, 0.25, timedelta(milliseconds=1), 0):
            clock.advance(step)
        gone = clock.now_ns() - begin
    if mode == "system":  # which goes on by itself
        assert 3601.251 * SECOND <= gone < 3700 * SECOND
    else:
        assert gone == 3_601_251_000_000
    assert clock.mode == mode
    assert frozen() == datetime(2030, 1, 1)


@pytest.mark.parametrize("to", ["2040-02-29T12:00:00.000001Z", "1969-07-20", "0001-01-01"])
@pytest.mark.parametrize("mode", MODES)
def test_travel_goes_to_the_past_and_the_future_and_keeps_the_mode(
    mode: Mode, to: str, monotonic: list[int]
) -> None:
    with freezegun.freeze_time("2030-01-01T00:00:00.7"):
        clock = Clock(mode)
        reached = clock.travel(to)
        beyond = clock.now_ns() - moment_ns(to)
    assert 0 <= beyond < (60 * SECOND if mode == "system" else 1)
    assert reached == pytest.approx(moment_ns(to) / SECOND, abs=60)
    assert clock.mode == mode


@pytest.mark.parametrize("mode", MODES)
def test_freeze_pins_the_clock_where_it_stands(mode: Mode) -> None:
    clock = Clock(mode)
    before = clock.now()
    pinned = clock.freeze()
    assert clock.mode == "manual"
    assert before <= pinned < before + 60
    assert [clock.now() for _ in range(3)] == [pinned] * 3


@pytest.mark.parametrize("mode", MODES)
def test_freeze_pins_the_clock_at_a_moment(mode: Mode) -> None:
    clock = Clock(mode)
    assert clock.freeze("2030-01-01") == NEW_YEAR_2030
    assert (clock.mode, clock.now()) == ("manual", NEW_YEAR_2030)


@pytest.mark.parametrize("mode", MODES)
def test_follow_forgets_every_offset(mode: Mode) -> None:
    clock = Clock(mode)
    clock.advance(1_000_000)
    with freezegun.freeze_time("2030-01-01") as frozen:
        assert clock.follow() == NEW_YEAR_2030
        frozen.tick(60)
        assert (clock.mode, clock.now()) == ("follow", NEW_YEAR_2030 + 60)


@pytest.mark.parametrize("mode", MODES)
def test_reset_returns_to_how_the_clock_began(mode: Mode, monotonic: list[int]) -> None:
    with freezegun.freeze_time("2030-01-01"):
        clock = Clock(mode)
        begin = clock.now()
        clock.advance(5000)
        clock.freeze("2050-01-01")
        clock.resume(3)
        assert clock.reset() == pytest.approx(begin, abs=60 if mode == "system" else 0)
    assert clock.mode == mode


@pytest.mark.parametrize(
    ("rate", "after_ten_seconds"), [(1, 10), (0, 0), (0.5, 5), (1000, 10_000), (0.001, 0.01)]
)
def test_a_resumed_clock_runs_at_its_rate(
    rate: float, after_ten_seconds: float, monotonic: list[int]
) -> None:
    clock = Clock("manual")
    clock.freeze("2030-01-01")
    assert clock.resume(rate) == NEW_YEAR_2030
    monotonic[0] += 10 * SECOND
    assert clock.mode == "ticking"
    assert clock.now() == NEW_YEAR_2030 + after_ten_seconds


@frozen_somehow
def test_a_ticking_clock_runs_with_real_monotonic_time(freeze: Any) -> None:
    clock, monotonic_ns = Clock("manual"), freezegun.api.real_monotonic_ns
    with freeze():
        clock.freeze("2030-01-01")
        earliest = monotonic_ns()
        clock.resume(1000)
        latest = monotonic_ns()
        while (least := monotonic_ns() - latest) < SECOND // 200:
            pass
        gone = clock.now_ns() - NEW_YEAR_2030 * SECOND
        most = monotonic_ns() - earliest
    assert least * 1000 - 1000 <= gone <= most * 1000


def test_a_ticking_clock_never_goes_back() -> None:
    clock = Clock("ticking")
    clock.resume(0.3)
    readings = [clock.now_ns() for _ in range(20_000)]
    assert all(earlier <= later for earlier, later in pairwise(readings))


def test_a_ticking_clock_keeps_its_rate_when_it_is_moved(monotonic: list[int]) -> None:
    clock = Clock("ticking")
    clock.freeze("2030-01-01")
    clock.resume(2)
    monotonic[0] += 3 * SECOND
    clock.advance(100)
    monotonic[0] += 3 * SECOND
    assert clock.now() == NEW_YEAR_2030 + 112
    clock.resume()
    monotonic[0] += SECOND
    assert clock.now() == NEW_YEAR_2030 + 113


def test_the_description_of_a_clock_says_its_mode_and_time() -> None:
    clock = Clock("manual")
    clock.freeze("2030-01-01T00:00:01.5")
    assert repr(clock) == "<Clock manual 2030-01-01T00:00:01.500+00:00>"


# System mode sees the real time


@frozen_somehow
def test_a_system_clock_ignores_frozen_time(freeze: Any) -> None:
    clock = Clock("system")
    clock.advance(1000)
    before = real_ns()
    with freeze():
        now = clock.now_ns()
    assert before - 1000 <= now - 1000 * SECOND <= real_ns()


@pytest.mark.parametrize("loaded", ["completely", "halfway", "not at all"])
def test_a_system_clock_needs_no_time_machine_that_travels(
    loaded: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if loaded == "halfway":  # as while another thread imports it
        monkeypatch.setitem(sys.modules, "time_machine", ModuleType("time_machine"))
    elif loaded == "not at all":
        monkeypatch.delitem(sys.modules, "time_machine")
    before = real_ns()
    with freezegun.freeze_time("2001-01-01"):
        now = Clock("system").now_ns()
    assert before - 1000 <= now <= real_ns()


# Expiry


def watched(*expiries: int | None, mode: Mode = "manual") -> Clock:
    """A clock at 2030-01-01 whose last token expires so many seconds after that."""
    clock = Clock(mode)
    clock.travel("2030-01-01")
    good = [NEW_YEAR_2030 + expiry for expiry in expiries if expiry is not None]
    clock.watch_expiry(lambda: max(good) * SECOND if good else None)
    return clock


@pytest.mark.parametrize(
    ("margin", "reached"),
    [(1, 3601), (0, 3600), (-0.001, 3599.999), (timedelta(minutes=1), 3660), (-3600, 0)],
)
def test_advance_to_expiry_goes_to_the_expiry_of_the_last_token(
    margin: Any, reached: float
) -> None:
    clock = watched(60, 3600)
    assert clock.advance_to_expiry(margin) == NEW_YEAR_2030 + reached
    assert clock.mode == "manual"


def test_advance_to_expiry_without_a_good_token_says_how_to_get_one() -> None:
    clock = Clock("manual")
    with pytest.raises(LookupError, match=r"no valid access token.*\(POST /auth/api-key\)"):
        clock.advance_to_expiry()


def test_advance_to_expiry_never_goes_back() -> None:
    clock = watched(3600)
    with pytest.raises(ValueError, match=r"cannot move back.*-3601 .* 2029-12-31T23:59:59.*travel"):
        clock.advance_to_expiry(-3601)
    assert clock.now() == NEW_YEAR_2030


def test_an_advance_in_another_thread_does_not_make_advance_to_expiry_go_back() -> None:
    clock = watched(3600)

    def meanwhile() -> int:
        clock.advance(10_000)
        return (NEW_YEAR_2030 + 3600) * SECOND

    clock.watch_expiry(meanwhile)
    with pytest.raises(ValueError, match="past"):
        clock.advance_to_expiry()
    assert clock.now() == NEW_YEAR_2030 + 10_000


# Until a condition holds


def test_advance_until_stops_at_the_first_step_where_the_condition_holds() -> None:
    clock = watched()
    reached = clock.advance_until(lambda: clock.now() >= NEW_YEAR_2030 + 90.5)
    assert reached == clock.now() == NEW_YEAR_2030 + 91


def test_advance_until_a_condition_that_holds_moves_nothing() -> None:
    clock = watched()
    assert clock.advance_until(lambda: True, limit=0) == NEW_YEAR_2030


@pytest.mark.parametrize(
    ("step", "limit", "gone"), [(1, 5, 5), (60, 90, 90), (timedelta(hours=1), 60, 60), (1, 0, 0)]
)
def test_advance_until_gives_up_exactly_at_its_limit(step: Any, limit: float, gone: int) -> None:
    clock = watched()
    with pytest.raises(TimeoutError, match=f"still false after a limit of {limit}"):
        clock.advance_until(lambda: False, step=step, limit=limit)
    assert clock.now() == NEW_YEAR_2030 + gone


@pytest.mark.parametrize(
    ("durations", "complaint"),
    [
        ({"step": 0}, "a step above 0 s, not 0"),
        ({"step": -1}, "a step above 0 s, not -1"),
        ({"step": 1e-12}, "a step above 0 s, not 1e-12"),
        ({"limit": -1}, "a limit of 0 s or more, not -1"),
        ({"limit": math.inf}, "finite, not inf"),
    ],
)
def test_advance_until_refuses_durations_that_make_no_sense(
    durations: dict[str, Any], complaint: str
) -> None:
    with pytest.raises(ValueError, match=complaint):
        watched().advance_until(lambda: False, **durations)


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
def test_what_is_not_a_duration_is_refused_by_every_verb(verb: Any, wrong: Any) -> None:
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
def test_what_is_not_a_moment_is_refused_with_what_is(wrong: Any) -> None:
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


# Threads


@pytest.mark.parametrize("mode", ["follow", "manual", "ticking"])
def test_sixteen_threads_lose_no_advance_and_each_is_told_its_own_time(
    mode: Mode, monotonic: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with freezegun.freeze_time("2030-01-01"), ThreadPoolExecutor(16) as pool:
            clock = Clock(mode)
            together = threading.Barrier(16)

            def advance(_: int) -> list[float]:
                together.wait()
                return [clock.advance(1) for _ in range(200)]

            told = [time for times in pool.map(advance, range(16)) for time in times]
            assert clock.now() == NEW_YEAR_2030 + 3200
    finally:
        sys.setswitchinterval(before)
    assert sorted(told) == [NEW_YEAR_2030 + gone for gone in range(1, 3201)]


def test_readers_never_see_half_of_a_move() -> None:
    clock = Clock("manual")
    clock.freeze("2090-01-01")
    pinned, begin, over = clock.now_ns(), real_ns(), threading.Event()

    def read() -> list[int]:
        strange = []
        while not over.is_set():
            now = clock.now_ns()
            if now != pinned and not begin - 1000 <= now <= real_ns():
                strange.append(now)
        return strange

    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(4) as pool:
            readers = [pool.submit(read) for _ in range(4)]
            for _ in range(3000):
                clock.follow()
                clock.freeze("2090-01-01")
            over.set()
            assert [reader.result() for reader in readers] == [[]] * 4
    finally:
        over.set()
        sys.setswitchinterval(before)


# Imports in every order


ORDERS = {
    "freezegun is never imported": """
        from fake_server.clock import Clock
        assert "freezegun" not in sys.modules
        assert abs(Clock().now() - time.time()) < 60
        assert abs(Clock("system").now() - time.time()) < 60
        """,
    "freezegun comes after the clock": """
        from fake_server.clock import Clock
        clock, ticking = Clock(), Clock("ticking")
        import freezegun
        with freezegun.freeze_time("2001-01-01"):
            assert clock.now() == FROZEN
            assert abs(ticking.now() - REAL) < 60
        assert abs(clock.now() - time.time()) < 60
        """,
    "freezegun comes before the clock": """
        import freezegun
        from fake_server.clock import Clock
        with freezegun.freeze_time("2001-01-01"):
            assert Clock().now() == FROZEN
        assert abs(Clock().now() - time.time()) < 60
        """,
    "the clock comes while time is frozen": """
        import freezegun
        with freezegun.freeze_time("2001-01-01") as frozen:
            from fake_server.clock import Clock
            clock, system, ticking = Clock(), Clock("system"), Clock("ticking")
            assert clock.now() == FROZEN
            assert abs(system.now() - REAL) < 60
            assert 0 <= ticking.now() - FROZEN < 60
            frozen.tick(5)
            assert clock.now() == FROZEN + 5
            assert 0 <= ticking.now() - FROZEN < 60
        assert abs(clock.now() - REAL) < 60
        assert abs(clock.datetime().timestamp() - REAL) < 60
        assert abs(system.now() - REAL) < 60
        assert 0 <= ticking.now() - FROZEN < 60
        assert clock.travel("2030-01-01") >= 1893456000
        """,
    "the whole server comes while time is frozen": """
        import freezegun, urllib.request
        with freezegun.freeze_time("2001-01-01"):
            from fake_server import FakeServer
            with FakeServer() as server, server.project() as apivideo:
                urllib.request.urlopen(apivideo.url + "/_fake/clock")
                grant = apivideo.tokens.issue()
                assert grant.access.issued_ns == FROZEN * 10**9
        with FakeServer() as server, server.project() as apivideo:
            answer = urllib.request.urlopen(apivideo.url + "/_fake/clock")
            assert str(time.gmtime().tm_year) in answer.headers["Date"]
            assert abs(apivideo.tokens.issue().access.issued_ns / 10**9 - REAL) < 60
        """,
    "the clock comes while time-machine travels": """
        import time_machine
        with time_machine.travel(FROZEN, tick=False) as traveller:
            from fake_server.clock import Clock
            clock, system = Clock(), Clock("system")
            assert clock.now() == FROZEN
            import freezegun
            traveller.shift(5)
            assert clock.now() == FROZEN + 5
            assert abs(system.now() - REAL) < 60
        assert abs(clock.now() - REAL) < 60
        """,
}


@pytest.mark.parametrize("order", ORDERS)
def test_imports_may_come_in_any_order(order: str) -> None:
    lines = ["import sys, time", "FROZEN, REAL = 978307200, time.time()"]
    lines += [line.removeprefix(" " * 8) for line in ORDERS[order].splitlines()]
    subprocess.run([sys.executable, "-W", "error", "-c", "\n".join(lines)], check=True, timeout=60)


def test_the_real_time_is_read_while_freezegun_is_only_half_imported(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "freezegun.api", ModuleType("freezegun.api"))
    before = real_ns()
    assert before <= process_time_ns() <= real_ns()


def test_freezes_of_every_kind_can_follow_each_other() -> None:
    clock = Clock()
    with ExitStack() as stack:
        for freeze in (frozen_by_time_machine, frozen_by_freezegun):
            stack.enter_context(freeze())
            assert clock.now() == NEW_YEAR_2001
    for freeze in FREEZES:
        with freeze():
            assert clock.now() == NEW_YEAR_2001
        assert clock.now() > NEW_YEAR_2001 + 20 * 365 * 86_400
