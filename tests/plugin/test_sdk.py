"""The official SDK on the fake's clock: renewals, several clients, and the end of a client."""

from __future__ import annotations

import gc
import sys
import threading
import time
import types
import weakref
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import apivideo as sdk
import pytest
import time_machine
import werkzeug
from apivideo import auth_api_client
from apivideo.api.videos_api import VideosApi
from freezegun import freeze_time

from fake_server import ApiVideo, FakeServer
from pytest_apivideo.clients.sdk import bridge
from tests.plugin.sdk_clients import (
    LOGIN,
    MODULE,
    PATIENCE,
    REFRESH,
    calls,
    client_of,
    enter_and_wait,
    eventually,
    no_thread_left,
    real_seconds,
    refreshes,
)

# Time moves


Move = Callable[[float], object]
Moved = Callable[[ApiVideo], AbstractContextManager[Move]]


@contextmanager
def by_the_clock(apivideo: ApiVideo) -> Iterator[Move]:
    yield apivideo.clock.advance


@contextmanager
def by_a_pinned_clock(apivideo: ApiVideo) -> Iterator[Move]:
    apivideo.clock.freeze("2001-01-01")
    yield apivideo.clock.advance


@contextmanager
def by_the_clock_of_a_frozen_process(apivideo: ApiVideo) -> Iterator[Move]:
    with freeze_time("2035-01-01"):
        yield apivideo.clock.advance


@contextmanager
def by_the_clock_of_a_traveller(apivideo: ApiVideo) -> Iterator[Move]:
    with time_machine.travel(0, tick=False):
        yield apivideo.clock.advance


MOVED: list[Moved] = [
    by_the_clock,
    by_a_pinned_clock,
    by_the_clock_of_a_frozen_process,
    by_the_clock_of_a_traveller,
]


@pytest.mark.parametrize("moved", MOVED)
def test_each_move_past_the_renewal_renews_before_it_returns(
    apivideo: ApiVideo, moved: Moved
) -> None:
    with moved(apivideo) as move, client_of(apivideo) as client:
        begin = real_seconds()
        for number in range(1, 11):
            move(3590)
            assert refreshes(apivideo) == number
            assert client.next_refresh == pytest.approx(apivideo.clock.now() + 3590, abs=20)
        assert real_seconds() - begin < 5  # without the bridge each takes a second
    assert calls(apivideo) == [LOGIN, *[REFRESH] * 10]


def test_a_move_that_follows_the_entry_at_once_renews_as_well(apivideo: ApiVideo) -> None:
    for number in range(1, 31):
        with client_of(apivideo):
            apivideo.clock.advance(3590)
            assert refreshes(apivideo) == number


def test_a_move_that_follows_a_renewal_at_once_renews_as_well(apivideo: ApiVideo) -> None:
    with client_of(apivideo):
        for number in range(1, 31):
            apivideo.clock.advance(3590)
            assert refreshes(apivideo) == number


def test_nothing_is_renewed_a_millisecond_before_it_is_due(apivideo: ApiVideo) -> None:
    apivideo.clock.freeze()
    with client_of(apivideo):
        apivideo.clock.advance(3589.999)
        assert calls(apivideo) == [LOGIN]
        apivideo.clock.advance(0.001)
        assert calls(apivideo) == [LOGIN, REFRESH]


def test_a_freeze_that_ticks_untold_is_noticed_within_a_moment(apivideo: ApiVideo) -> None:
    with freeze_time("2030-01-01") as frozen, client_of(apivideo):
        frozen.tick(3600)
        assert eventually(lambda: refreshes(apivideo) == 1)


def test_a_clock_that_goes_back_renews_nothing(apivideo: ApiVideo) -> None:
    apivideo.clock.freeze("2030-01-01")
    with client_of(apivideo):
        apivideo.clock.travel("2020-01-01")
        apivideo.clock.advance(3600)
        assert calls(apivideo) == [LOGIN]
        apivideo.clock.travel("2030-01-01T00:59:50Z")
        assert calls(apivideo) == [LOGIN, REFRESH]


@pytest.mark.filterwarnings("ignore:the official SDK renews:pytest_apivideo.ApiVideoSdkWarning")
@pytest.mark.parametrize("expires_in", [10, 5, 1])
def test_a_short_life_is_renewed_once_a_second_of_the_clock(
    apivideo: ApiVideo, expires_in: int
) -> None:
    apivideo.settings.expires_in = expires_in
    apivideo.clock.freeze()
    with client_of(apivideo) as client:
        for _ in range(10):
            VideosApi(client).list()
        assert refreshes(apivideo) == 0
        for number in range(1, 4):
            apivideo.clock.advance(1)
            assert refreshes(apivideo) == number
        apivideo.clock.advance(0.999)
        assert refreshes(apivideo) == 3


def test_a_clock_that_moves_inside_the_answer_to_a_refresh_does_not_wait_for_ever(
    apivideo: ApiVideo, apivideo_server: FakeServer
) -> None:
    moved: list[float] = []

    def move(request: Any) -> werkzeug.Response:
        moved.append(apivideo.clock.advance(1))
        return werkzeug.Response("{}", 500)

    apivideo_server.expect_request("/auth/refresh").respond_with_handler(move)
    with client_of(apivideo):
        apivideo.clock.advance(3590)
        assert eventually(lambda: len(moved) == 1)


# Renewals that are not waited for


@pytest.fixture
def endless_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a move wait so long for a renewal that a needless wait cannot be taken for slowness."""
    monkeypatch.setattr("pytest_apivideo.clients.sdk._MAX_WAITS", 30_000)


# Several clients


def test_each_client_follows_the_clock_of_its_project(
    apivideo: ApiVideo, apivideo_server: FakeServer
) -> None:
    with (
        apivideo_server.project() as second,
        client_of(apivideo),
        client_of(second),
        client_of(second),
    ):
        apivideo.clock.advance(3600)
        assert (refreshes(apivideo), refreshes(second)) == (1, 0)
        second.clock.advance(3600)
        assert (refreshes(apivideo), refreshes(second)) == (1, 2)


def test_no_clock_waits_for_the_renewals_of_another_project(
    endless_patience: None, apivideo: ApiVideo, apivideo_server: FakeServer
) -> None:
    asked, go_on = threading.Event(), threading.Event()

    def hold(request: Any) -> werkzeug.Response:
        asked.set()
        assert go_on.wait(PATIENCE)
        return werkzeug.Response("{}", 500)

    apivideo_server.expect_oneshot_request("/auth/refresh").respond_with_handler(hold)
    with apivideo_server.project() as second, client_of(apivideo), client_of(second):
        mover = threading.Thread(target=second.clock.advance, args=(3600,))
        mover.start()
        assert asked.wait(PATIENCE)
        begin = real_seconds()
        for _ in range(5):
            apivideo.clock.advance(3600)
        assert real_seconds() - begin < 30
        assert refreshes(apivideo) == 5
        go_on.set()
        mover.join()


def test_a_client_whose_key_is_removed_keeps_its_clock_and_ends_quickly(apivideo: ApiVideo) -> None:
    begin = real_seconds()
    for _ in range(5):
        key = apivideo.keys.add()
        client = client_of(apivideo)
        client.api_key = key
        with client:
            apivideo.keys.remove(key)
    assert real_seconds() - begin < 4  # the SDK alone takes a second each
    assert calls(apivideo) == [LOGIN] * 5


def test_a_client_of_someone_else_keeps_real_time(
    apivideo: ApiVideo, apivideo_server: FakeServer
) -> None:
    token = {"access_token": "a", "refresh_token": "b", "token_type": "Bearer", "expires_in": 3600}
    apivideo_server.expect_request("/foreign/auth/api-key").respond_with_json(token)
    client = auth_api_client.AuthenticatedApiClient("a key of nobody")
    client.configuration.host = f"{apivideo.url}/foreign"
    apivideo.clock.advance(10**9)
    client.connect()
    assert client.next_refresh == pytest.approx(time.time() + 3590, abs=60)
    client.close()
    client.rest_client.pool_manager.clear()


def test_a_client_that_is_forgotten_can_be_collected(apivideo: ApiVideo) -> None:
    client = client_of(apivideo)
    client.connect()
    client.rest_client.pool_manager.clear()
    gone = weakref.ref(client)
    del client
    gc.collect()
    assert gone() is None
    apivideo.clock.advance(3600)


# The end of a client


def test_leaving_the_block_is_quick_and_sends_nothing(apivideo: ApiVideo) -> None:
    with no_thread_left():
        begin = real_seconds()
        for _ in range(10):
            with client_of(apivideo) as client:
                VideosApi(client).list()
        assert real_seconds() - begin < 8  # the SDK alone takes a second each
    assert calls(apivideo) == [LOGIN, "GET /videos -> 200"] * 10


def test_leaving_the_block_while_the_clock_moves_sends_at_most_the_renewal(
    apivideo: ApiVideo,
) -> None:
    for _ in range(10):
        before = refreshes(apivideo)
        with client_of(apivideo):
            mover = threading.Thread(target=apivideo.clock.advance, args=(3600,))
            mover.start()
        mover.join()
        assert refreshes(apivideo) - before <= 1


@pytest.mark.parametrize("enter", [True, False])
def test_an_unclosed_client_ends_with_its_project(server: FakeServer, enter: bool) -> None:
    with no_thread_left():
        with bridge(server.clock_of), server.project() as account:
            client = client_of(account)
            client.__enter__() if enter else client.connect()
            assert len(client.rest_client.pool_manager.pools) == 1
        assert client._pool is None
        assert len(client.rest_client.pool_manager.pools) == 0
        assert calls(account) == [LOGIN]


def test_a_renewal_that_began_before_the_bridge_and_fails_is_waited_for_once(
    server: FakeServer,
) -> None:
    with server.project() as wide:
        client = client_of(wide)
        client.__enter__()
        with bridge(server.clock_of):
            renewals = auth_api_client.time._renewals
            assert eventually(lambda: client in renewals and renewals[client].thread)
            wide.tokens.revoke_all()
            wide.clock.advance(3600)
            begin = real_seconds()
            for _ in range(5):
                wide.clock.advance(3600)
            assert real_seconds() - begin < 5
            assert calls(wide) == [LOGIN, "POST /auth/refresh -> 401"]
            client.__exit__(None, None, None)
        client.rest_client.pool_manager.clear()


def test_a_client_that_was_closed_for_its_user_can_be_entered_in_the_next_test(
    server: FakeServer,
) -> None:
    client = None
    for _ in range(2):
        with bridge(server.clock_of), server.project() as account:
            client = client or client_of(account)
            client.api_key = account.api_key
            client.__enter__()
            account.clock.advance(3600)
            assert calls(account) == [LOGIN, REFRESH]


def test_a_client_of_a_wider_scope_stays_on_its_clock_from_test_to_test(
    server: FakeServer,
) -> None:
    with no_thread_left(), server.project() as wide:
        with bridge(server.clock_of):
            client = client_of(wide)
            enter_and_wait(client)
            wide.clock.travel("2001-01-01")  # far from real time, which must not count
        with bridge(server.clock_of):
            assert calls(wide) == [LOGIN]
            wide.clock.travel(client.next_refresh)
            assert calls(wide) == [LOGIN, REFRESH]
            wide.clock.advance(3600)
            assert calls(wide) == [LOGIN, REFRESH, REFRESH]
            client.__exit__(None, None, None)
        assert calls(wide) == [LOGIN, REFRESH, REFRESH]
        client.rest_client.pool_manager.clear()


def test_an_unclosed_client_of_a_wider_scope_ends_with_its_project(
    server: FakeServer,
) -> None:
    with server.project() as wide:
        with bridge(server.clock_of):
            client = client_of(wide)
            enter_and_wait(client)
        assert client._pool is not None
    client.close()  # joins the thread, for ever if it would not end
    client.rest_client.pool_manager.clear()
    assert calls(wide) == [LOGIN]


@pytest.mark.parametrize("status", [400, 401, 500])
def test_a_failed_refresh_ends_the_renewal_without_a_wait(
    endless_patience: None, apivideo: ApiVideo, apivideo_server: FakeServer, status: int
) -> None:
    failures: list[None] = []

    def fail(request: Any) -> werkzeug.Response:
        failures.append(None)
        return werkzeug.Response("{}", status)

    apivideo_server.expect_request("/auth/refresh").respond_with_handler(fail)
    with client_of(apivideo) as client:
        begin = real_seconds()
        for _ in range(10):
            apivideo.clock.advance(3600)
        assert real_seconds() - begin < 30
        assert len(failures) == 1
        with pytest.raises(sdk.exceptions.UnauthorizedException):
            VideosApi(client).list()


def test_a_pool_of_two_threads_serves_async_requests_and_renewals(apivideo: ApiVideo) -> None:
    with client_of(apivideo, pool_threads=2) as client:
        assert VideosApi(client).list(async_req=True).get(PATIENCE).data == []
        apivideo.clock.advance(3600)
        assert VideosApi(client).list(async_req=True).get(PATIENCE).data == []
    listed = "GET /videos -> 200"
    assert calls(apivideo) == [LOGIN, listed, REFRESH, listed]


def test_a_renewal_that_another_thread_took_up_meanwhile_is_still_waited_for(
    apivideo: ApiVideo, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = client_of(apivideo)
    client.connect()
    renewals = sys.modules[MODULE].time._renewals

    def renewed_and_taken_up() -> None:
        assert renewals[client].thread == threading.get_ident()
        renewals[client].thread = -1

    apivideo.clock.advance(3600)
    monkeypatch.setattr(client, "refresh_token", renewed_and_taken_up)
    monkeypatch.setattr(client, "_pool", types.SimpleNamespace(apply_async=lambda work: None))
    client._refresh()
    assert renewals[client].thread == -1


def test_a_closed_client_is_not_waited_for_whatever_is_left_of_its_renewal(
    endless_patience: None,
    apivideo: ApiVideo,
) -> None:
    client = client_of(apivideo)
    enter_and_wait(client)
    apivideo.tokens.revoke_all()
    apivideo.clock.advance(3600)  # its refresh fails
    client.close()
    sys.modules[MODULE].time._renewals[client].expected = True
    begin = real_seconds()
    for _ in range(5):
        apivideo.clock.advance(1)
    assert real_seconds() - begin < 30


def test_a_program_may_take_the_renewal_out_of_the_sdk_in_a_test(server: FakeServer) -> None:
    client = auth_api_client.AuthenticatedApiClient
    kept = client._refresh
    try:
        with bridge(server.clock_of):
            del client._refresh
        assert auth_api_client.time is time
    finally:
        client._refresh = kept


def test_recorded_sleeps_are_not_those_of_the_sdk(
    apivideo: ApiVideo, apivideo_sleeps: list[float], apivideo_server: FakeServer
) -> None:
    token = {"access_token": "a", "refresh_token": "b", "token_type": "Bearer", "expires_in": 3600}
    apivideo_server.expect_request("/foreign/auth/api-key").respond_with_json(token)
    apivideo_server.expect_request("/foreign/auth/refresh").respond_with_json(token)
    foreign = auth_api_client.AuthenticatedApiClient("a key of nobody")
    foreign.configuration.host = f"{apivideo.url}/foreign"
    before = apivideo.clock.now()
    with client_of(apivideo), foreign:
        apivideo.clock.advance(3600)
    foreign.rest_client.pool_manager.clear()
    assert apivideo_sleeps == []
    assert apivideo.clock.now() - before < 3660
