"""The official SDK, however and whenever it is imported."""

from __future__ import annotations

import importlib
import inspect
import sys
import threading
import time
import types
from collections.abc import Callable
from typing import Any

import pytest
from apivideo import auth_api_client

from fake_server import ApiVideo, FakeServer
from pytest_apivideo.clients.sdk import Bridge, bridge
from tests.plugin.sdk_clients import (
    LOGIN,
    MODULE,
    PATIENCE,
    REFRESH,
    calls,
    client_of,
)

# How the SDK comes in


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
    assert module.__spec__
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
        assert sys.modules[MODULE].time is time
        return
    importer.start()
    assert begun.wait(PATIENCE)
    threading.Timer(0.05, go_on.set).start()
    with bridge(server.clock_of):
        assert isinstance(sys.modules[MODULE].time, Bridge)
    importer.join()
    assert sys.modules[MODULE].time is time


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
        assert isinstance(sys.modules[MODULE].time, Bridge)
    assert sys.modules[MODULE].time is not time  # the outer bridge's


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
