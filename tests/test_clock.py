"""The clock alone: its modes and verbs."""

from __future__ import annotations

import math
import sys
from datetime import datetime, timedelta
from itertools import pairwise
from types import ModuleType
from typing import Any

import freezegun
import freezegun.api
import pytest

from fake_server.clock import Clock, Mode
from fake_server.time_values import SECOND, moment_ns
from tests.clocks import (
    MODES,
    NEW_YEAR_2001,
    NEW_YEAR_2030,
    frozen_somehow,
    real_ns,
    watched,
)

# hypothesis, if another test of this process has loaded it, looks at the time whenever garbage is
# collected, in whatever thread, and is not as careful as we are about freezes that end.
pytestmark = pytest.mark.filterwarnings(
    "ignore:Exception ignored in. <function gc_cumul:pytest.PytestUnraisableExceptionWarning"
)


# Modes and verbs


def test_a_clock_follows_the_process_by_default() -> None:
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


def test_the_repr_of_a_clock_has_its_mode_and_time() -> None:
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


def test_advance_to_expiry_without_a_valid_token_is_an_error_with_a_hint() -> None:
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
