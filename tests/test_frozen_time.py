"""Frozen time and the real server: what freezegun and time-machine do to threads.

Each test is about one trap, and fails without the remedy in `fake_server.clock` or in the fixture
`apivideo_frozen_time`.
"""

import asyncio
import http.client
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, date, datetime, timedelta
from email.utils import formatdate, parsedate_to_datetime
from typing import Any

import freezegun
import freezegun.api
import httpx
import jwt
import pytest
import requests
import time_machine as time_machine_module
from freezegun import freeze_time

from fake_server import ApiVideo, Clock, FakeServer
from fake_server.process_time import process_time_ns
from fake_server.time_values import SECOND, moment_ns
from pytest_apivideo.frozen_time.freeze import FrozenTime, frozen_time

NEW_YEAR_2030 = 1_893_456_000
NEW_YEAR_2001 = 978_307_200


# hypothesis, if another test of this process has loaded it, looks at the time whenever garbage is
# collected, in whatever thread, and is not as careful as we are about freezes that end.
pytestmark = pytest.mark.filterwarnings(
    "ignore:Exception ignored in. <function gc_cumul:pytest.PytestUnraisableExceptionWarning"
)


def real_ns() -> int:
    """Return the real time; called by its module, because freezegun replaces imported names."""
    return freezegun.api.real_time_ns()


def real_monotonic() -> float:
    """Return the real monotonic time, in seconds."""
    return freezegun.api.real_monotonic()


def status(apivideo: ApiVideo, token: object) -> int:
    """Return the status of a request with this access token."""
    headers = {"Authorization": f"Bearer {token}"}
    return requests.get(f"{apivideo.url}/videos", headers=headers, timeout=20).status_code


def log_in(apivideo: ApiVideo) -> dict[str, Any]:
    """Log in over HTTP and return the body of the answer."""
    answer = httpx.post(f"{apivideo.url}/auth/api-key", json={"apiKey": apivideo.api_key})
    assert answer.status_code == 200
    body: dict[str, Any] = answer.json()
    return body


def claims(token: object) -> dict[str, Any]:
    """Return the claims of an access token, without verifying its signature."""
    said: dict[str, Any] = jwt.decode(str(token), options={"verify_signature": False})
    return said


def in_a_thread(read: Callable[[], int]) -> int:
    """Return the time that a thread's first frames read: freezegun gives them the real time."""
    readings: list[int] = []

    class Reader(threading.Thread):
        def run(self) -> None:
            readings.append(read())

    reader = Reader()
    reader.start()
    reader.join()
    return readings[0]


@contextmanager
def restless_threads() -> Iterator[None]:
    """Let threads take turns far more often than they do by default."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        yield
    finally:
        sys.setswitchinterval(before)


# Expiry is exact however the time is moved

Moves = AbstractContextManager[Callable[[float], object]]


@contextmanager
def moved_by_the_clock(apivideo: ApiVideo) -> Iterator[Callable[[float], object]]:
    apivideo.clock.freeze("2030-01-01T00:00:00.123457Z")
    yield apivideo.clock.advance


@contextmanager
def moved_by_the_clock_from_now(apivideo: ApiVideo) -> Iterator[Callable[[float], object]]:
    apivideo.clock.freeze()
    yield apivideo.clock.advance


@contextmanager
def moved_by_freezegun(apivideo: ApiVideo) -> Iterator[Callable[[float], object]]:
    with freeze_time("2030-01-01T00:00:00.123457Z") as frozen:
        yield frozen.tick


@contextmanager
def moved_by_time_machine(apivideo: ApiVideo) -> Iterator[Callable[[float], object]]:
    begin = datetime(2030, 1, 1, 0, 0, 0, 123457, tzinfo=UTC)
    with time_machine_module.travel(begin, tick=False) as traveller:
        yield traveller.shift


@contextmanager
def moved_by_frozen_time(apivideo: ApiVideo) -> Iterator[Callable[[float], object]]:
    with frozen_time(apivideo) as frozen:
        yield frozen.tick


MOVES = [
    moved_by_the_clock,
    moved_by_the_clock_from_now,
    moved_by_freezegun,
    moved_by_time_machine,
    moved_by_frozen_time,
]


@pytest.mark.parametrize("moved", MOVES)
def test_a_token_is_good_to_the_last_millisecond_and_not_at_its_expiry(
    apivideo: ApiVideo, moved: Callable[[ApiVideo], Moves]
) -> None:
    with moved(apivideo) as move:
        token = log_in(apivideo)["access_token"]
        move(3599.999)
        assert status(apivideo, token) == 200
        move(0.001)
        assert status(apivideo, token) == 401


@pytest.mark.parametrize("moved", MOVES)
def test_a_clock_at_the_tokens_exp_has_reached_its_expiry(
    apivideo: ApiVideo, moved: Callable[[ApiVideo], Moves]
) -> None:
    with moved(apivideo):
        for _ in range(20):
            token = apivideo.tokens.issue(expires_in=60)
            said = claims(token.access)
            assert said["iat"] == said["nbf"] == apivideo.clock.now()
            apivideo.clock.travel(said["exp"] - 0.001)
            assert token.access in apivideo.tokens.active
            apivideo.clock.travel(said["exp"])
            assert token.access not in apivideo.tokens.active


# freezegun in the server's threads


def test_a_thread_near_its_root_sees_the_frozen_time() -> None:
    clock = Clock()
    with freeze_time("2001-01-01"):
        assert in_a_thread(clock.now_ns) == clock.now_ns() == NEW_YEAR_2001 * SECOND
        assert in_a_thread(process_time_ns) == NEW_YEAR_2001 * SECOND


def test_a_reading_while_a_freeze_ends_in_another_thread_is_the_real_time() -> None:
    clock = Clock()
    with freeze_time("2001-01-01"), pytest.MonkeyPatch.context() as ending:
        # stop() empties this list while the functions of `time` are still the frozen ones.
        ending.setattr(freezegun.api, "freeze_factories", [])
        before = real_ns()
        readings = process_time_ns(), clock.now_ns(), moment_ns(clock.datetime())
        after = real_ns()
    assert all(before - 1000 <= reading <= after for reading in readings)


def test_readers_survive_freezes_that_begin_and_end() -> None:
    clock, begin, over = Clock(), real_ns(), threading.Event()

    def read() -> list[int]:
        strange = []
        while not over.is_set():
            now = clock.now_ns()
            assert clock.datetime().year >= 2001
            if now != NEW_YEAR_2001 * SECOND and not begin - 1000 <= now <= real_ns():
                strange.append(now)
        return strange

    with restless_threads(), ThreadPoolExecutor(4) as pool:
        try:
            readers = [pool.submit(read) for _ in range(4)]
            for _ in range(25):
                with freeze_time("2001-01-01"):
                    pass
        finally:
            over.set()
        assert [reader.result() for reader in readers] == [[]] * 4


@contextmanager
def timeless_client(apivideo: ApiVideo) -> Iterator[Callable[[], int]]:
    """Request after request by http.client, for requests and httpx ask freezegun for the time."""
    headers = {"Authorization": f"Bearer {apivideo.tokens.issue(expires_in=10**9).access}"}
    connection = http.client.HTTPConnection(apivideo.url.removeprefix("http://"), timeout=20)

    def ask() -> int:
        connection.request("GET", "/videos", headers=headers)
        with connection.getresponse() as answer:
            answer.read()
            return answer.status

    try:
        yield ask
    finally:
        connection.close()


def test_the_server_answers_while_a_freeze_ends_in_another_thread(apivideo: ApiVideo) -> None:
    with (
        timeless_client(apivideo) as ask,
        freeze_time("2001-01-01"),
        pytest.MonkeyPatch.context() as ending,
    ):
        ending.setattr(freezegun.api, "freeze_factories", [])
        answers = [ask(), ask()]
    assert answers == [200, 200]
    apivideo.check()


def test_the_server_answers_while_freezes_begin_and_end(apivideo: ApiVideo) -> None:
    over = threading.Event()

    def ask_on() -> set[int]:
        answers = set()
        with timeless_client(apivideo) as ask:
            while not over.is_set():
                answers.add(ask())
        return answers

    with restless_threads(), ThreadPoolExecutor(3) as pool:
        try:
            clients = [pool.submit(ask_on) for _ in range(3)]
            for _ in range(15):
                with freeze_time("2001-01-01"):
                    pass
        finally:
            over.set()
        assert [client.result() for client in clients] == [{200}] * 3


def test_requests_do_not_move_the_time_of_an_auto_ticking_client(
    apivideo: ApiVideo,
) -> None:
    with (
        timeless_client(apivideo) as ask,
        freeze_time("2030-01-01", auto_tick_seconds=15) as frozen,
    ):
        before = frozen.time_to_freeze
        assert [apivideo.clock.now() for _ in range(20)] == [NEW_YEAR_2030] * 20
        assert [ask() for _ in range(5)] == [200] * 5
        # Less than a tick for each request: a thread of another test may look at the time as well.
        assert frozen.time_to_freeze - before < timedelta(seconds=5 * 15)


@pytest.mark.parametrize("tz_offset", [-4, 5, timedelta(hours=-9, minutes=-30)])
def test_a_token_under_a_time_zone_is_valid_and_in_utc(apivideo: ApiVideo, tz_offset: Any) -> None:
    with freeze_time("2030-01-01", tz_offset=tz_offset):
        token = log_in(apivideo)["access_token"]
        assert status(apivideo, token) == 200
        assert claims(token)["iat"] == claims(token)["nbf"] == NEW_YEAR_2030
        assert claims(token)["exp"] == NEW_YEAR_2030 + 3600
        assert apivideo.clock.datetime() == datetime(2030, 1, 1, tzinfo=UTC)


def test_a_token_of_a_future_that_is_over_stays_good_and_hurts_nothing(apivideo: ApiVideo) -> None:
    with freeze_time("2035-01-01"):
        future = log_in(apivideo)
        assert status(apivideo, future["access_token"]) == 200
    assert status(apivideo, future["access_token"]) == 200
    present = log_in(apivideo)
    assert claims(present["access_token"])["iat"] == pytest.approx(real_ns() / SECOND, abs=60)
    assert status(apivideo, present["access_token"]) == 200
    body = {"refreshToken": future["refresh_token"]}
    assert httpx.post(f"{apivideo.url}/auth/refresh", json=body).status_code == 200
    apivideo.clock.advance_to_expiry()
    assert apivideo.clock.datetime() >= datetime(2035, 1, 1, 1, 0, 1, tzinfo=UTC)
    assert status(apivideo, future["access_token"]) == 401
    apivideo.check()


def test_a_token_of_a_past_that_is_over_has_expired(apivideo: ApiVideo) -> None:
    with freeze_time("2001-01-01"):
        token = log_in(apivideo)["access_token"]
        assert status(apivideo, token) == 200
    assert status(apivideo, token) == 401


def test_the_date_of_an_answer_is_that_of_the_projects_clock(apivideo: ApiVideo) -> None:
    token = apivideo.tokens.issue(expires_in=10**10).access
    headers = {"Authorization": f"Bearer {token}"}

    def dated() -> datetime:
        answer = httpx.get(f"{apivideo.url}/videos", headers=headers)
        assert answer.status_code == 200
        assert len(answer.headers.get_list("Date")) == 1
        return parsedate_to_datetime(answer.headers["Date"])

    with freeze_time("2030-01-01T00:00:00.9") as frozen:
        assert dated() == datetime(2030, 1, 1, tzinfo=UTC)
        frozen.tick(0.1)
        assert dated() == datetime(2030, 1, 1, 0, 0, 1, tzinfo=UTC)
        apivideo.clock.freeze("2040-05-05")
        assert dated() == datetime(2040, 5, 5, tzinfo=UTC)
    assert dated() == datetime(2040, 5, 5, tzinfo=UTC)
    apivideo.clock.follow()
    assert dated().timestamp() == pytest.approx(real_ns() / SECOND, abs=60)


def test_the_date_of_a_rules_answer_is_the_frozen_one(
    apivideo: ApiVideo, apivideo_server: FakeServer
) -> None:
    apivideo_server.expect_request("/rule").respond_with_data("by a rule")
    with freeze_time("2030-01-01") as frozen:
        for _ in range(2):
            answer = httpx.get(f"{apivideo.url}/rule")
            assert answer.headers["Date"] == formatdate(process_time_ns() / SECOND, usegmt=True)
            assert parsedate_to_datetime(answer.headers["Date"]).year == 2030
            frozen.tick(100)


def test_waiting_for_a_rule_takes_real_time_under_a_freeze(
    apivideo: ApiVideo, apivideo_server: FakeServer
) -> None:
    with freeze_time("2030-01-01"):
        apivideo_server.expect_oneshot_request("/once").respond_with_data("once")
        with apivideo_server.wait(timeout=20) as waiting:
            assert httpx.get(f"{apivideo.url}/once").text == "once"
        assert waiting.result
        apivideo_server.expect_oneshot_request("/never").respond_with_data("never")
        before = real_monotonic()
        with apivideo_server.wait(timeout=0.05, raise_assertions=False) as waiting:
            pass
        assert not waiting.result
        assert 0.04 <= real_monotonic() - before < 20


def test_a_server_starts_serves_and_stops_under_a_freeze() -> None:
    with freeze_time("2001-01-01") as frozen:
        with FakeServer() as server, server.project() as apivideo:
            token = log_in(apivideo)["access_token"]
            frozen.tick(3600)
            assert status(apivideo, token) == 401
        assert not server.is_running()


# Every kind of freeze


def test_an_auto_ticking_freeze_is_followed(apivideo: ApiVideo) -> None:
    with freeze_time("2030-01-01", tick=True) as frozen:
        token = log_in(apivideo)["access_token"]
        first = apivideo.clock.now_ns()
        assert 0 <= first - NEW_YEAR_2030 * SECOND < 60 * SECOND
        while apivideo.clock.now_ns() == first:
            pass
        frozen.tick(3700)  # from where the freeze began
        assert status(apivideo, token) == 401
        frozen.move_to("2030-01-01")
        assert status(apivideo, token) == 200
        assert 0 <= apivideo.clock.now() - NEW_YEAR_2030 < 60


def test_freezes_inside_freezes_are_followed_in_and_out(apivideo: ApiVideo) -> None:
    with freeze_time("2030-01-01") as outer:
        token = log_in(apivideo)["access_token"]
        with freeze_time("2031-01-01", auto_tick_seconds=1):
            assert status(apivideo, token) == 401
            with freeze_time("2030-01-01T00:59:59", tick=True, tz_offset=3):
                assert apivideo.clock.datetime().year == 2030
            assert apivideo.clock.datetime().year == 2031
        assert status(apivideo, token) == 200
        outer.tick(3600)
        assert status(apivideo, token) == 401
        outer.move_to("2029-12-31")
        assert status(apivideo, token) == 200


@freeze_time("2030-01-01")
def frozen_function(apivideo: ApiVideo) -> float:
    token = log_in(apivideo)["access_token"]
    assert status(apivideo, token) == 200
    return float(claims(token)["iat"])


@freeze_time("2030-01-01")
class FrozenClass:
    def method(self, apivideo: ApiVideo) -> float:
        return float(claims(log_in(apivideo)["access_token"])["iat"])


def frozen_coroutine(apivideo: ApiVideo) -> float:
    @freeze_time("2030-01-01", real_asyncio=True)
    async def inside() -> float:
        async with httpx.AsyncClient(base_url=apivideo.url) as client:
            answer = await client.post("/auth/api-key", json={"apiKey": apivideo.api_key})
        return float(claims(answer.json()["access_token"])["iat"])

    async def run() -> float:
        return float(await inside())

    return asyncio.run(run())


def frozen_generator(apivideo: ApiVideo) -> float:
    with freeze_time(moment for moment in [datetime(2030, 1, 1)]):
        return float(claims(log_in(apivideo)["access_token"])["iat"])


def frozen_lambda(apivideo: ApiVideo) -> float:
    with freeze_time(lambda: date(2030, 1, 1)):
        return float(claims(log_in(apivideo)["access_token"])["iat"])


@pytest.mark.parametrize(
    "issue",
    [
        frozen_function,
        lambda apivideo: FrozenClass().method(apivideo),
        frozen_coroutine,
        frozen_generator,
        frozen_lambda,
    ],
    ids=["function", "class", "coroutine", "generator", "lambda"],
)
def test_every_way_to_write_a_freeze_is_followed(
    apivideo: ApiVideo, issue: Callable[[ApiVideo], float]
) -> None:
    assert issue(apivideo) == NEW_YEAR_2030
    assert apivideo.clock.now() == pytest.approx(real_ns() / SECOND, abs=60)


@freeze_time("2030-01-01")
def test_a_decorated_test_is_followed(apivideo: ApiVideo) -> None:
    assert claims(log_in(apivideo)["access_token"])["iat"] == NEW_YEAR_2030


@pytest.mark.parametrize("moment", ["1969-07-20T20:17:40", "0001-01-01", "9999-12-31T23:59:59"])
def test_a_freeze_far_from_the_present_is_served(apivideo: ApiVideo, moment: str) -> None:
    with freeze_time(moment):
        apivideo.clock.advance(0)
        token = log_in(apivideo)["access_token"]
        assert status(apivideo, token) == 200
        assert apivideo.clock.datetime().isoformat()[:10] == moment[:10]
        control = httpx.get(f"{apivideo.url}/_fake/tokens")
        assert control.status_code == 200
        assert len(control.json()["tokens"]) == 1
    apivideo.check()


# pytest-freezer


def test_the_freezer_may_come_before_the_fake(freezer: Any, apivideo: ApiVideo) -> None:
    freezer.move_to("2030-01-01")
    token = log_in(apivideo)["access_token"]
    freezer.tick(3599)
    assert status(apivideo, token) == 200
    freezer.tick()
    assert status(apivideo, token) == 401
    freezer.move_to("2029-01-01")
    assert status(apivideo, token) == 200


def test_the_freezer_may_come_after_the_fake(apivideo: ApiVideo, freezer: Any) -> None:
    freezer.move_to("2030-01-01")
    token = log_in(apivideo)["access_token"]
    assert claims(token)["iat"] == NEW_YEAR_2030
    freezer.tick(3600)
    assert status(apivideo, token) == 401


@pytest.mark.freeze_time("2030-01-01", auto_tick_seconds=1)
def test_the_marker_of_the_freezer_is_followed(apivideo: ApiVideo, freezer: Any) -> None:
    freezer.move_to("2031-01-01")
    at_first = freezer.time_to_freeze
    assert apivideo.clock.datetime().replace(tzinfo=None) == at_first == freezer.time_to_freeze


def test_the_freezer_and_frozen_time_agree(
    freezer: Any, apivideo: ApiVideo, apivideo_frozen_time: FrozenTime
) -> None:
    freezer.move_to("2040-01-01")  # the outer freeze: the inner one rules
    assert apivideo_frozen_time.now() == apivideo.clock.datetime()
    assert apivideo_frozen_time.move_to("2030-01-01").timestamp() == apivideo.clock.now()


# time-machine


def test_time_machine_may_come_before_the_fake(time_machine: Any, apivideo: ApiVideo) -> None:
    time_machine.move_to(datetime(2030, 1, 1, tzinfo=UTC), tick=False)
    token = log_in(apivideo)["access_token"]
    assert claims(token)["iat"] == NEW_YEAR_2030
    time_machine.shift(3599.999)
    assert status(apivideo, token) == 200
    time_machine.shift(0.001)
    assert status(apivideo, token) == 401
    time_machine.move_to(datetime(2029, 1, 1, tzinfo=UTC))
    assert status(apivideo, token) == 200


def test_time_machine_may_come_after_the_fake(apivideo: ApiVideo, time_machine: Any) -> None:
    token = log_in(apivideo)["access_token"]
    time_machine.move_to(datetime.now(UTC) + timedelta(seconds=3601))
    assert status(apivideo, token) == 401


@pytest.mark.time_machine(datetime(2030, 1, 1, tzinfo=UTC), tick=False)
def test_the_marker_of_time_machine_is_followed(apivideo: ApiVideo) -> None:
    assert claims(log_in(apivideo)["access_token"])["iat"] == NEW_YEAR_2030
    assert in_a_thread(apivideo.clock.now_ns) == NEW_YEAR_2030 * SECOND


@pytest.mark.filterwarnings("ignore::pytest_apivideo.warnings.FrozenTimeWarning")
def test_freezegun_rules_inside_time_machine(apivideo: ApiVideo) -> None:
    with time_machine_module.travel(0, tick=False):
        assert apivideo.clock.now() == 0
        with freeze_time("2030-01-01"):
            assert status(apivideo, log_in(apivideo)["access_token"]) == 200
            assert in_a_thread(apivideo.clock.now_ns) == NEW_YEAR_2030 * SECOND
        assert apivideo.clock.now() == 0


@pytest.mark.parametrize("mode", ["follow", "system"])
def test_readers_survive_travels_that_begin_and_end(mode: Any) -> None:
    clock, over = Clock(mode), threading.Event()

    def read() -> int:
        readings = 0
        while not over.is_set():
            clock.now_ns()
            readings += 1
        return readings

    with restless_threads(), ThreadPoolExecutor(4) as pool:
        try:
            readers = [pool.submit(read) for _ in range(4)]
            for _ in range(2000):
                with time_machine_module.travel(0, tick=False):
                    pass
        finally:
            over.set()
        assert all(reader.result() for reader in readers)


# The fixture apivideo_frozen_time


def test_frozen_time_begins_at_the_present_and_never_before_it(apivideo: ApiVideo) -> None:
    earlier = apivideo.clock.now()
    with frozen_time(apivideo) as frozen:
        assert earlier <= frozen.now().timestamp() < earlier + 60
        assert frozen.now() == datetime.now(UTC) == apivideo.clock.datetime()


def test_frozen_time_moves_the_process_the_clock_and_the_server(
    apivideo: ApiVideo, apivideo_frozen_time: FrozenTime
) -> None:
    token = log_in(apivideo)["access_token"]
    begin = datetime.now(UTC)
    assert apivideo_frozen_time.tick(3600) == begin + timedelta(hours=1)
    assert datetime.now(UTC) == apivideo.clock.datetime() == begin + timedelta(hours=1)
    assert status(apivideo, token) == 401
    assert apivideo_frozen_time.tick(-1) == datetime.now(UTC) == begin + timedelta(seconds=3599)
    assert status(apivideo, token) == 200


@pytest.mark.parametrize("begin", ["2030-01-01", "1969-12-31T23:59:59", "3500-01-01T00:00:00.7"])
def test_small_steps_of_frozen_time_are_exact(apivideo_frozen_time: FrozenTime, begin: str) -> None:
    first = apivideo_frozen_time.move_to(begin)
    for step in range(1, 1001):
        assert apivideo_frozen_time.tick(0.001) == first + timedelta(milliseconds=step)
    assert apivideo_frozen_time.tick(timedelta(microseconds=1)).microsecond == (
        first.microsecond + 1
    )


@pytest.mark.parametrize(
    "moment",
    [
        "2030-01-01T05:00:00+05:00",
        datetime(2030, 1, 1),
        datetime(2030, 1, 1, tzinfo=UTC),
        date(2030, 1, 1),
        NEW_YEAR_2030,
        float(NEW_YEAR_2030),
    ],
)
def test_frozen_time_moves_to_every_kind_of_moment(
    apivideo: ApiVideo, apivideo_frozen_time: FrozenTime, moment: Any
) -> None:
    assert apivideo_frozen_time.move_to("2050-01-01").year == 2050
    assert apivideo_frozen_time.move_to(moment) == datetime(2030, 1, 1, tzinfo=UTC)
    assert apivideo.clock.now() == NEW_YEAR_2030
    assert repr(apivideo_frozen_time) == "<FrozenTime 2030-01-01T00:00:00+00:00>"


@pytest.mark.parametrize(
    ("move", "error", "complaint"),
    [
        (lambda frozen: frozen.tick(True), TypeError, "a duration is a number of seconds"),
        (lambda frozen: frozen.tick("60"), TypeError, "a duration is a number of seconds"),
        (lambda frozen: frozen.tick(float("nan")), ValueError, "must be finite, not nan"),
        (lambda frozen: frozen.tick(1e12), ValueError, "years 1 to 9999"),
        (lambda frozen: frozen.tick(timedelta.min), ValueError, "years 1 to 9999"),
        (lambda frozen: frozen.move_to(-1e300), ValueError, "years 1 to 9999"),
        (lambda frozen: frozen.move_to("tomorrow"), ValueError, "'tomorrow' is not a moment in"),
        (lambda frozen: frozen.move_to(True), TypeError, "a moment is a datetime, a date,"),
    ],
)
def test_an_invalid_move_is_an_error_and_changes_nothing(
    apivideo_frozen_time: FrozenTime, move: Any, error: type[Exception], complaint: str
) -> None:
    before = apivideo_frozen_time.now()
    with pytest.raises(error, match=complaint):
        move(apivideo_frozen_time)
    assert apivideo_frozen_time.now() == before


def test_frozen_time_moves_its_own_freeze_inside_another(
    apivideo: ApiVideo, apivideo_frozen_time: FrozenTime
) -> None:
    begin = apivideo_frozen_time.move_to("2030-01-01")
    with freeze_time("2001-01-01"):
        assert apivideo_frozen_time.tick(5) == begin + timedelta(seconds=5)
        assert apivideo.clock.now() == NEW_YEAR_2001
    assert apivideo.clock.datetime() == begin + timedelta(seconds=5)


def test_frozen_time_ends_the_offset_that_the_clock_had(apivideo: ApiVideo) -> None:
    apivideo.clock.advance(1000)
    with frozen_time(apivideo) as frozen:
        assert apivideo.clock.datetime() == frozen.now()
    assert apivideo.clock.now() == pytest.approx(real_ns() / SECOND, abs=60)


def test_an_event_loop_keeps_real_time_under_frozen_time(apivideo: ApiVideo) -> None:
    async def ask() -> None:
        async with asyncio.timeout(30), httpx.AsyncClient(base_url=apivideo.url) as client:
            loop = asyncio.get_running_loop()
            with frozen_time(apivideo) as frozen:
                for answer in (200, 401):
                    before = real_monotonic()
                    assert before <= loop.time() <= real_monotonic()
                    await asyncio.sleep(0)
                    login = await client.post("/auth/api-key", json={"apiKey": apivideo.api_key})
                    token = login.json()["access_token"]
                    frozen.tick(0 if answer == 200 else 3600)
                    headers = {"Authorization": f"Bearer {token}"}
                    assert (await client.get("/videos", headers=headers)).status_code == answer

    asyncio.run(ask())
