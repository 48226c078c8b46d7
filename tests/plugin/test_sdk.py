"""The official SDK on the fake's clock: what the bridge promises, and that it leaves no trace."""

from __future__ import annotations

import gc
import importlib
import inspect
import re
import sys
import threading
import time
import types
import weakref
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import apivideo as sdk
import freezegun.api
import pytest
import time_machine
import werkzeug
from apivideo import auth_api_client
from apivideo.api.videos_api import VideosApi
from freezegun import freeze_time

from fake_server import ApiVideo, FakeServer
from pytest_apivideo.clients.sdk import Bridge, bridge

MODULE = "apivideo.auth_api_client"
PATIENCE = 20.0  # real seconds after which a test that waits fails
LOGIN = "POST /auth/api-key -> 200"
REFRESH = "POST /auth/refresh -> 200"
GUIDE = Path(__file__).parents[2] / "docs" / "sdk.md"


def real_seconds() -> float:
    return freezegun.api.real_monotonic()


@pytest.fixture
def server(apivideo_server: FakeServer) -> FakeServer:
    """The server for tests that make bridges and projects of their own; no rule is left in it."""
    apivideo_server.clear()
    return apivideo_server


def client_of(account: ApiVideo, **options: Any) -> Any:
    """A client as the code under test would make it; its module is looked up as it is now."""
    module = sys.modules[MODULE]
    client = module.AuthenticatedApiClient(account.api_key, production=False, **options)
    client.configuration.host = account.url
    return client


def calls(account: ApiVideo) -> list[str]:
    return [str(call) for call in account.calls]


def refreshes(account: ApiVideo) -> int:
    return account.calls.count("POST /auth/refresh")


def eventually(condition: Callable[[], object]) -> bool:
    """Whether it becomes true soon; for what happens in another thread by its own will."""
    for _ in range(int(PATIENCE / 0.005)):
        if condition():
            return True
        threading.Event().wait(0.005)
    return False


@contextmanager
def no_thread_left() -> Iterator[None]:
    """Fail if the block leaves a thread behind, but for those of the server."""
    before = set(threading.enumerate())
    yield

    def gone() -> bool:
        new = set(threading.enumerate()) - before
        return not [thread for thread in new if not thread.name.startswith("fake-server")]

    assert eventually(gone), threading.enumerate()


def enter_and_wait(client: Any) -> None:
    """Enter a client, and wait until its renewal thread asks the bridge for the time."""
    client.__enter__()
    renewals = sys.modules[MODULE].time._renewals  # type: ignore[attr-defined]
    assert eventually(lambda: renewals[client].thread)


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
def test_a_client_that_nobody_closes_ends_with_its_project(server: FakeServer, enter: bool) -> None:
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
            assert calls(wide) == [LOGIN, "POST /auth/refresh -> 400"]
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


def test_a_client_of_a_wider_scope_that_nobody_closes_ends_when_its_project_does(
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
def test_a_failed_refresh_ends_the_renewal_and_nobody_waits_for_it(
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
    renewals = sys.modules[MODULE].time._renewals  # type: ignore[attr-defined]

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
    sys.modules[MODULE].time._renewals[client].expected = True  # type: ignore[attr-defined]
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


# How the SDK comes in


@pytest.fixture
def unimported() -> Iterator[None]:
    """The SDK as if it had never been imported."""

    def loaded() -> list[str]:
        return [name for name in sys.modules if name.split(".")[0] == "apivideo"]

    kept = {name: sys.modules.pop(name) for name in loaded()}
    yield
    for name in loaded():
        del sys.modules[name]
    sys.modules.update(kept)


def in_this_thread(work: Callable[[], object]) -> None:
    work()


def in_another_thread(work: Callable[[], object]) -> None:
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()


@pytest.mark.parametrize("run", [in_this_thread, in_another_thread])
def test_the_sdk_may_be_imported_in_the_middle_of_a_test(
    unimported: None, apivideo: ApiVideo, run: Callable[[Callable[[], object]], None]
) -> None:
    run(lambda: importlib.import_module(MODULE))
    assert sys.modules[MODULE] is not auth_api_client
    with client_of(apivideo):
        apivideo.clock.advance(3600)
        assert calls(apivideo) == [LOGIN, REFRESH]


def test_the_sdk_may_be_imported_twice_and_both_are_put_back(
    server: FakeServer,
) -> None:
    with bridge(server.clock_of):
        assert isinstance(auth_api_client.time, Bridge)
        kept = sys.modules.pop(MODULE)
        try:
            second = importlib.import_module(MODULE)
        finally:
            sys.modules[MODULE] = kept
        assert second is not auth_api_client
        assert second.time is auth_api_client.time
    assert second.time is auth_api_client.time is time


def test_a_late_import_looks_as_any_other(unimported: None, apivideo: ApiVideo) -> None:
    assert importlib.util.find_spec("apivideo.rest") is not None
    spec = importlib.util.find_spec(MODULE)
    assert spec is not None
    assert "class AuthenticatedApiClient" in spec.loader.get_source(MODULE)  # type: ignore[union-attr]
    module = importlib.import_module(MODULE)
    assert "class AuthenticatedApiClient" in inspect.getsource(module)
    assert module.__loader__ is module.__spec__.loader
    assert "exec_module" not in vars(module.__loader__)
    assert "pytest_apivideo" not in type(module.__loader__).__module__
    assert "pytest_apivideo" not in type(module.__spec__.loader).__module__
    assert importlib.reload(module) is module
    with client_of(apivideo):
        apivideo.clock.advance(3600)
        assert calls(apivideo) == [LOGIN, REFRESH]


def test_a_reload_stays_on_the_clock_and_is_undone(server: FakeServer) -> None:
    with bridge(server.clock_of), server.project() as account:
        kept = dict(vars(auth_api_client))
        try:
            importlib.reload(auth_api_client)
            with client_of(account):
                account.clock.advance(3600)
                assert calls(account) == [LOGIN, REFRESH]
        finally:
            vars(auth_api_client).update(
                {name: kept[name] for name in ("AuthenticatedApiClient", "HOST_ENVIRONMENT")}
            )
    assert auth_api_client.time is time


class Broken:
    """An importer that fails, or waits before it goes on, where the SDK's module is executed."""

    def __init__(self, execute: Callable[[types.ModuleType], None]) -> None:
        self.exec_module = execute

    def find_spec(self, name: str, path: Any, target: Any = None) -> Any:
        if name != MODULE:
            return None
        return importlib.machinery.ModuleSpec(name, self)  # type: ignore[arg-type]

    def create_module(self, spec: Any) -> None:
        return None


def test_an_import_that_fails_leaves_nothing_behind(
    unimported: None, server: FakeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(module: types.ModuleType) -> None:
        raise OSError("no disk")

    monkeypatch.setattr(sys, "meta_path", [Broken(fail), *sys.meta_path])
    finders = list(sys.meta_path)
    with bridge(server.clock_of), pytest.raises(OSError, match="no disk"):
        importlib.import_module(MODULE)
    assert sys.meta_path == finders
    assert MODULE not in sys.modules


def test_an_importer_of_the_old_kind_is_passed_over(
    unimported: None, server: FakeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "meta_path", [*sys.meta_path[:-1], object(), sys.meta_path[-1]])
    with bridge(server.clock_of):
        finder = sys.meta_path[0]
        assert finder.find_spec(MODULE, None) is None
        path = list(importlib.import_module("apivideo").__path__)
        assert finder.find_spec(MODULE, path) is not None


@pytest.mark.parametrize("over", [False, True])
def test_an_import_under_way_in_another_thread_is_waited_for(
    unimported: None, server: FakeServer, monkeypatch: pytest.MonkeyPatch, over: bool
) -> None:
    """Begun before the bridge it must be bridged; ended after it, it must not."""
    begun, go_on = threading.Event(), threading.Event()

    def wait(module: types.ModuleType) -> None:
        begun.set()
        assert go_on.wait(PATIENCE)
        vars(module).update(vars(auth_api_client))

    monkeypatch.setattr(sys, "meta_path", [Broken(wait), *sys.meta_path])
    importer = threading.Thread(target=importlib.import_module, args=[MODULE])
    if over:
        with bridge(server.clock_of):
            importer.start()
            assert begun.wait(PATIENCE)
        go_on.set()
        importer.join()
        assert sys.modules[MODULE].time is time  # type: ignore[attr-defined]
        return
    importer.start()
    assert begun.wait(PATIENCE)
    threading.Timer(0.05, go_on.set).start()
    with bridge(server.clock_of):
        assert isinstance(sys.modules[MODULE].time, Bridge)  # type: ignore[attr-defined]
    importer.join()
    assert sys.modules[MODULE].time is time  # type: ignore[attr-defined]


def test_a_suite_inside_a_test_imports_the_sdk_late_as_well(
    unimported: None, apivideo: ApiVideo, suite: pytest.Pytester
) -> None:
    suite.makepyfile(
        f"""
        import importlib

        def test_it(apivideo):
            module = importlib.import_module({MODULE!r})
            client = module.AuthenticatedApiClient(apivideo.api_key)
            client.configuration.host = apivideo.url
            with client:
                apivideo.clock.advance(3600)
                apivideo.calls.assert_sequence({LOGIN!r}, {REFRESH!r})
        """
    )
    suite.runpytest_inprocess().assert_outcomes(passed=1)
    with bridge(lambda key: None):
        importlib.import_module(MODULE)
        assert isinstance(sys.modules[MODULE].time, Bridge)  # type: ignore[attr-defined]
    assert sys.modules[MODULE].time is not time  # type: ignore[attr-defined]  # the outer bridge's


def test_the_bridge_is_undone_when_the_test_fails(suite: pytest.Pytester) -> None:
    suite.makepyfile(
        """
        import sys, time
        from apivideo import auth_api_client
        import pytest

        finders = list(sys.meta_path)

        def untouched():
            return auth_api_client.time is time and sys.meta_path == finders

        @pytest.fixture(autouse=True)
        def around(request):
            assert untouched()
            yield
            assert untouched()

        def test_passes(apivideo):
            assert not untouched()

        def test_fails(apivideo):
            raise AssertionError

        def test_needs_no_fake():
            assert untouched()

        @pytest.mark.apivideo(expires_in="a")
        def test_fails_at_set_up(apivideo): ...

        def test_ends_untouched():
            assert untouched()

        def test_loses_the_importers(apivideo):
            sys.meta_path[:] = finders
        """
    )
    # The block of the real hosts watches imports too, from before the fixtures to after them.
    result = suite.runpytest_inprocess("-o", "apivideo_real_hosts=allow")
    result.assert_outcomes(passed=4, failed=1, errors=1)


def test_a_leaky_program_leaks_no_thread_and_no_socket(suite: pytest.Pytester) -> None:
    suite.makeconftest(
        """
        import gc, threading
        import pytest

        @pytest.hookimpl(wrapper=True)
        def pytest_runtest_teardown(item):
            yield
            gc.collect()
            left = [t for t in threading.enumerate() if "worker" in t.name or "_handle" in t.name]
            assert not left, left
        """
    )
    suite.makepyfile(
        """
        from apivideo.auth_api_client import AuthenticatedApiClient
        import apivideo as sdk
        import pytest

        kept = []

        @pytest.mark.parametrize("number", range(3))
        def test_it(apivideo, apivideo_client, number):
            for way in ("connect", "__enter__"):
                client = AuthenticatedApiClient(apivideo.api_key, pool_threads=3)
                client.configuration.host = apivideo.url
                getattr(client, way)()
                if number:
                    kept.append(client)
            assert len(apivideo.calls) == 3
        """
    )
    result = suite.run(
        sys.executable, "-X", "dev", "-m", "pytest", "-p", "no:cacheprovider", timeout=90
    )
    result.assert_outcomes(passed=3)
    assert "ResourceWarning" not in result.stdout.str() + result.stderr.str()


# Warnings


def warned(suite: pytest.Pytester) -> list[str]:
    """The lines that tell of the plugin's warnings, of a run in which all tests pass."""
    result = suite.runpytest_inprocess("-W", "default")
    assert result.parseoutcomes().keys() <= {"passed", "warnings", "warning"}
    return [line.strip() for line in result.outlines if "Warning: " in line]


ENTER = """
from apivideo.auth_api_client import AuthenticatedApiClient

def entered(apivideo):
    client = AuthenticatedApiClient(apivideo.api_key)
    client.configuration.host = apivideo.url
    return client
"""


@pytest.mark.parametrize(
    ("expires_in", "use", "expected"),
    [
        (10, "with client: apivideo.clock.advance(1)", "lives 10 s"),
        (1, "with client: apivideo.clock.advance(1)", "lives 1 s"),
        (11, "with client: apivideo.clock.advance(1)", None),
        (5, "client.connect()", None),
    ],
)
def test_a_life_too_short_for_the_renewal_is_warned_of(
    suite: pytest.Pytester, expires_in: int, use: str, expected: str | None
) -> None:
    suite.makepyfile(
        f"""{ENTER}
import pytest

@pytest.mark.apivideo(expires_in={expires_in})
def test_it(apivideo):
    client = entered(apivideo)
    {use}
"""
    )
    lines = warned(suite)
    if expected is None:
        assert lines == []
        return
    (line,) = lines
    assert "ApiVideoSdkWarning: the official SDK renews its token 10 s before" in line
    assert expected in line
    assert (
        "Leave expires_in at 3600 and move the clock: apivideo.clock.advance_to_expiry()." in line
    )
    assert line.endswith("See docs/sdk.md")


CHANGES = {
    "no such method": "del auth_api_client.AuthenticatedApiClient._refresh",
    "another loop": "auth_api_client.AuthenticatedApiClient._refresh = lambda self: None",
    "another grant": "auth_api_client.AuthenticatedApiClient._update_connection = lambda *a: None",
    "another client": "del auth_api_client.AuthenticatedApiClient",
    "the function of time": "from time import time; auth_api_client.time = time",
    "no time": "del auth_api_client.time",
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=list(CHANGES))
def test_an_sdk_of_another_make_is_left_alone_with_a_warning(
    suite: pytest.Pytester, unimported: None, change: str
) -> None:
    suite.makepyfile(
        f"""
        from apivideo import auth_api_client
        {change}

        def test_it(apivideo):
            from pytest_apivideo.clients.sdk import Bridge
            assert not isinstance(getattr(auth_api_client, "time", None), Bridge)
        """
    )
    (line,) = warned(suite)
    assert "ApiVideoSdkWarning: this version of the api.video SDK is unknown" in line
    assert "renewed by real time, not by the fake's clock" in line
    assert "please report the one that you use. See docs/sdk.md" in line


@pytest.mark.parametrize(
    "answer",
    [
        {"access_token": "a", "refresh_token": "b", "token_type": "Bearer"},
        {"access_token": "a", "refresh_token": "b", "token_type": "Bearer", "expires_in": "3600"},
        {"access_token": "a", "refresh_token": "b", "token_type": "Bearer", "expires_in": None},
        {},
    ],
)
def test_a_strange_answer_to_a_login_fails_as_it_does_without_the_bridge(
    apivideo: ApiVideo, apivideo_server: FakeServer, answer: dict[str, Any]
) -> None:
    apivideo_server.expect_request("/auth/api-key").respond_with_json(answer)
    with pytest.raises((sdk.exceptions.ApiAuthException, TypeError)) as failure:
        client_of(apivideo).connect()
    assert failure.traceback[-1].path.name == "auth_api_client.py"
    apivideo.clock.advance(3600)


def test_the_clients_key_may_be_no_text(apivideo: ApiVideo, apivideo_server: FakeServer) -> None:
    token = {"access_token": "a", "refresh_token": "b", "token_type": "Bearer", "expires_in": 3600}
    apivideo_server.expect_request("/auth/api-key").respond_with_json(token)
    client = client_of(apivideo)
    client.api_key = ["no", "text"]
    client.connect()
    assert client.next_refresh == pytest.approx(time.time() + 3590, abs=60)
    client.rest_client.pool_manager.clear()


# The fixture and the guide


def test_the_client_is_connected_to_the_fake_and_closed_with_the_test(
    suite: pytest.Pytester,
) -> None:
    suite.makepyfile(
        """
        import pytest
        from apivideo.api.videos_api import VideosApi

        clients = []
        production = pytest.mark.apivideo(environment="production")

        @pytest.mark.parametrize("name", ["sandbox", pytest.param("production", marks=production)])
        def test_it(apivideo, apivideo_client, name):
            clients.append(apivideo_client)
            assert apivideo_client.api_key == getattr(apivideo, f"{name}_key")
            assert VideosApi(apivideo_client).list().data == []
            assert apivideo_client.configuration.host == apivideo.url
            assert apivideo_client._pool is None
            assert [str(call) for call in apivideo.calls] == [
                "POST /auth/api-key -> 200", "GET /videos -> 200"
            ]

        def test_closed():
            assert [len(c.rest_client.pool_manager.pools) for c in clients] == [0, 0]
        """
    )
    suite.runpytest_inprocess().assert_outcomes(passed=3)


def test_the_client_without_its_extra_is_an_error_with_the_remedy(suite: pytest.Pytester) -> None:
    suite.makeconftest(
        """
        import pytest_apivideo.fixtures as fixtures
        real = fixtures.find_spec
        fixtures.find_spec = lambda name, *rest: None if name == "apivideo" else real(name, *rest)
        """
    )
    suite.makepyfile("def test_it(apivideo_client): ...")
    result = suite.runpytest_subprocess(timeout=60)
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(
        ["apivideo is not installed: pip install 'pytest-apivideo[[]sdk[]]'*"]
    )


def test_every_example_of_the_guide_runs(suite: pytest.Pytester) -> None:
    examples = re.findall(r"```python\n(.*?)```", GUIDE.read_text(), re.DOTALL)
    assert examples
    suite.makepyfile(**{f"test_{number}": code for number, code in enumerate(examples)})
    tests = sum(code.count("def test_") for code in examples)
    suite.runpytest_subprocess(timeout=90).assert_outcomes(passed=tests)
