"""The fixture `apivideo_sleeps`: nobody waits, the clock moves, and the seconds are recorded."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import freezegun.api
import pytest
from freezegun import freeze_time

from pytest_apivideo import ApiVideo, FrozenTime

REAL_SLEEP = time.sleep


class Count:
    def __index__(self) -> int:
        return 3


def test_a_sleep_takes_no_time_and_moves_the_clock(
    apivideo: ApiVideo, apivideo_sleeps: list[float]
) -> None:
    apivideo.clock.freeze("2030-01-01")
    begin = freezegun.api.real_monotonic()
    time.sleep(3600)
    time.sleep(0.25)
    assert freezegun.api.real_monotonic() - begin < 60
    assert apivideo_sleeps == [3600, 0.25]
    assert apivideo.clock.datetime() == datetime(2030, 1, 1, 1, 0, 0, 250_000, tzinfo=UTC)


def test_the_program_that_backs_off_meets_an_expired_token(
    apivideo: ApiVideo, apivideo_http: Any, apivideo_sleeps: list[float]
) -> None:
    token = apivideo.tokens.issue(expires_in=5).access
    headers = {"Authorization": f"Bearer {token}"}
    seen = []
    for seconds in (1, 2, 4):
        seen.append(apivideo_http.get("/videos", headers=headers).status_code)
        time.sleep(seconds)
    seen.append(apivideo_http.get("/videos", headers=headers).status_code)
    assert seen == [200, 200, 200, 401]
    assert apivideo_sleeps == [1, 2, 4]


def test_after_an_undo_sleeps_return_immediately(
    apivideo_sleeps: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.undo()
    time.sleep(3600)
    assert apivideo_sleeps == [3600]


def test_the_process_does_not_move_unless_it_is_frozen(
    apivideo: ApiVideo, apivideo_sleeps: list[float]
) -> None:
    before = time.time()
    time.sleep(10**6)
    assert time.time() - before < 10**5
    assert apivideo.clock.now() - before >= 10**6


def test_frozen_time_moves_the_process_as_well(
    apivideo: ApiVideo, apivideo_frozen_time: FrozenTime, apivideo_sleeps: list[float]
) -> None:
    begin = time.time()
    time.sleep(90)
    assert time.time() == pytest.approx(begin + 90)
    assert apivideo.clock.datetime() == apivideo_frozen_time.now() == datetime.now(UTC)
    assert apivideo_sleeps == [90]


def test_the_order_of_the_fixtures_does_not_matter(
    apivideo_sleeps: list[float], apivideo_frozen_time: FrozenTime
) -> None:
    begin = apivideo_frozen_time.now()
    time.sleep(1)
    assert (apivideo_frozen_time.now() - begin).total_seconds() == 1


def test_a_freeze_of_the_users_own_stays_and_the_clock_moves(
    apivideo: ApiVideo, apivideo_sleeps: list[float]
) -> None:
    with freeze_time("2030-01-01"):
        time.sleep(5)
        assert datetime.now(UTC) == datetime(2030, 1, 1, tzinfo=UTC)
        assert apivideo.clock.datetime() == datetime(2030, 1, 1, 0, 0, 5, tzinfo=UTC)


def test_sleeps_of_all_threads_are_recorded(
    apivideo: ApiVideo, apivideo_sleeps: list[float]
) -> None:
    apivideo.clock.freeze(0)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: time.sleep(number), range(100)))
    assert sorted(apivideo_sleeps) == list(range(100))
    assert apivideo.clock.now() == sum(range(100))


@pytest.mark.parametrize(
    ("asked", "recorded"), [(0, 0), (0.0, 0.0), (2, 2), (True, 1), (Count(), 3), (1e-6, 1e-6)]
)
def test_it_accepts_the_arguments_of_the_real_one(
    apivideo: ApiVideo, apivideo_sleeps: list[float], asked: Any, recorded: float
) -> None:
    apivideo.clock.freeze(0)
    time.sleep(asked)
    assert apivideo_sleeps == [recorded]
    assert apivideo.clock.now() == recorded


REFUSED = [-1, -0.001, float("nan"), "1", None, 1j]


def refused(sleep: Callable[[Any], None], asked: Any) -> type[BaseException]:
    """Return the type of the error that a sleep raises for an argument."""
    with pytest.raises((TypeError, ValueError)) as failure:
        sleep(asked)
    return failure.type


@pytest.mark.parametrize("asked", REFUSED)
def test_invalid_arguments_are_refused_and_not_recorded(
    apivideo: ApiVideo, apivideo_sleeps: list[float], asked: Any
) -> None:
    apivideo.clock.freeze(0)
    assert refused(time.sleep, asked) is refused(REAL_SLEEP, asked)
    assert apivideo_sleeps == []
    assert apivideo.clock.now() == 0


@pytest.mark.parametrize("asked", REFUSED)
def test_it_refuses_the_same_under_frozen_time(
    apivideo_frozen_time: FrozenTime, apivideo_sleeps: list[float], asked: Any
) -> None:
    before = apivideo_frozen_time.now()
    assert refused(time.sleep, asked) is refused(REAL_SLEEP, asked)
    assert apivideo_sleeps == []
    assert apivideo_frozen_time.now() == before


def test_an_endless_sleep_is_an_error_and_not_recorded(apivideo_sleeps: list[float]) -> None:
    with pytest.raises(ValueError, match="must be finite"):
        time.sleep(float("inf"))
    assert apivideo_sleeps == []


def test_waiting_by_other_means_is_left_alone(
    apivideo: ApiVideo, apivideo_sleeps: list[float]
) -> None:
    assert not threading.Event().wait(0.001)
    assert apivideo_sleeps == []


def test_the_real_sleep_is_back_after_the_test(suite: pytest.Pytester) -> None:
    suite.makepyfile(
        """
        import time

        real = time.sleep

        def test_passes(apivideo_sleeps):
            assert time.sleep is not real

        def test_fails(apivideo_sleeps):
            time.sleep(-1)

        def test_next():
            assert time.sleep is real
        """
    )
    suite.runpytest_inprocess().assert_outcomes(passed=2, failed=1)
