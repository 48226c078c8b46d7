"""The fixtures. What they need is imported when a test first uses them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import nullcontext
from importlib.util import find_spec
from typing import TYPE_CHECKING

import pytest

from pytest_apivideo import finalizers
from pytest_apivideo.markers import settings_of
from pytest_apivideo.network import environment, real_hosts
from pytest_apivideo.options import value_of
from pytest_apivideo.stash import PROJECT, SERVER

if TYPE_CHECKING:
    import httpx
    import requests

    from fake_server import ApiVideo, FakeServer
    from pytest_apivideo.clients.sdk import Client
    from pytest_apivideo.frozen_time.freeze import FrozenTime
    from pytest_apivideo.network.interception.session import Interception
    from pytest_apivideo.targets.target import Target
    from pytest_apivideo.webhooks import WebhookReceiver

_INTERCEPT = "apivideo_intercept"


@pytest.fixture(scope="session")
def apivideo_server(pytestconfig: pytest.Config) -> Iterator[FakeServer]:
    """Provide the running fake, a pytest-httpserver `HTTPServer`; its own rules come first.

    `project(**settings)` is a context manager that gives the handle on another project, for
    fixtures of a wider scope or for a second account in one test.
    """
    from pytest_apivideo.shadowing import import_fake_server

    import_fake_server()
    from pytest_apivideo.server import new_server

    early = pytestconfig.stash.get(SERVER, None)  # started by apivideo_env_early
    with nullcontext(early) if early is not None else new_server(pytestconfig) as server:
        pytestconfig.stash[SERVER] = server
        pytestconfig.hook.pytest_apivideo_configure_server(config=pytestconfig, server=server)
        real_hosts.block_running(pytestconfig)  # for `request.getfixturevalue`
        yield server


@pytest.fixture
def apivideo(request: pytest.FixtureRequest, apivideo_server: FakeServer) -> Iterator[ApiVideo]:
    """Provide a fresh fake api.video for this test: url, keys, clock, settings, tokens, calls.

    `@pytest.mark.apivideo(**settings)` sets its behaviour. Inside the test, the name hides the
    official SDK's module: write `import apivideo as sdk` at the top of the file.
    """
    from pytest_apivideo.clients.sdk import bridge
    from pytest_apivideo.frozen_time.guard import frozen_time_guard

    real_hosts.block(request.node, always=True)
    settings = settings_of(request.node)
    prefix = value_of(request.config, "seed").value
    seed = request.node.nodeid if prefix is None else f"{prefix} {request.node.nodeid}"
    apivideo_server.clear()
    with (
        bridge(apivideo_server.clock_of),
        apivideo_server.test_project(seed, settings) as handle,
        frozen_time_guard(handle),
    ):
        request.node.stash[PROJECT] = apivideo_server.projects.current
        yield handle


@pytest.fixture
def apivideo_frozen_time(apivideo: ApiVideo) -> Iterator[FrozenTime]:
    """Freeze time for the process and the fake's clock: `tick(seconds)`, `move_to(moment)`.

    Time stands still at the moment of the test's start.
    """
    from pytest_apivideo.frozen_time.freeze import frozen_time

    with frozen_time(apivideo) as frozen:
        yield frozen


@pytest.fixture
def apivideo_target(request: pytest.FixtureRequest) -> Iterator[Target]:
    """Provide the target of `--apivideo-target`: `.url` `.api_key` `.name` `.is_fake`.

    `.mark(text)` adds the mark of the run, `.observe(response)` records the shape of a response.
    """
    from pytest_apivideo.shadowing import import_fake_server
    from pytest_apivideo.targets.target import open_target

    import_fake_server()
    with open_target(request) as target:
        yield target


@pytest.fixture
def apivideo_http(apivideo_target: Target) -> Iterator[httpx.Client]:
    """Provide an authenticated `httpx.Client` with the target's base URL.

    It logs in at the first request, and renews its token before it expires and once after a 401.
    """
    _require("httpx")
    from pytest_apivideo.clients.httpx_client import http_client

    target = apivideo_target
    with http_client(
        target.url, target.client_key, now=target.now, timeout=target.timeout
    ) as client:
        yield client


@pytest.fixture
def apivideo_session(apivideo_target: Target) -> Iterator[requests.Session]:
    """Provide an authenticated `requests.Session`; takes absolute URLs and paths of the target.

    It logs in at the first request, and renews its token before it expires and once after a 401.
    """
    _require("requests")
    from pytest_apivideo.clients.requests_session import new_session

    target = apivideo_target
    with new_session(
        target.url, target.client_key, now=target.now, timeout=target.timeout
    ) as session:
        yield session


@pytest.fixture
def apivideo_async_http(apivideo_target: Target) -> httpx.AsyncClient:
    """Provide an authenticated `httpx.AsyncClient`, for asyncio and trio; not an async fixture.

    It keeps no connection between requests, so several event loops can use it in turn, and it need
    not be closed.
    """
    _require("httpx")
    from pytest_apivideo.clients.httpx_client import async_http_client

    target = apivideo_target
    return async_http_client(target.url, target.client_key, now=target.now, timeout=target.timeout)


@pytest.fixture
def apivideo_client(apivideo_target: Target) -> Iterator[Client]:
    """Provide the SDK's `AuthenticatedApiClient`, connected: `VideosApi(apivideo_client).list()`.

    Connected without `with`, so it does not renew its token. It is closed after the test.
    """
    _require("apivideo", extra="sdk")
    from pytest_apivideo.clients.sdk import connected

    with connected(apivideo_target.url, apivideo_target.client_key) as client:
        yield client


@pytest.fixture
def apivideo_env(request: pytest.FixtureRequest, apivideo: ApiVideo) -> dict[str, str]:
    """Set the environment variables by which programs find api.video, and provide them.

    The ini option `apivideo_env_aliases` adds names of your own. For programs that read them during
    their import, use `apivideo_env_early`.
    """
    return environment.set_for_test(request.config, apivideo, _own_monkeypatch(request))


@pytest.fixture
def apivideo_intercept(
    request: pytest.FixtureRequest,
    apivideo: ApiVideo,
    apivideo_server: FakeServer,
) -> Iterator[Interception]:
    """Redirect calls of `https://ws.api.video` and other hosts of api.video to the fake.

    In this process and in child processes. It is set up before a test's other fixtures of any
    scope, so that it also covers what they start. For all tests of a suite, write this into
    pytest's ini file: `usefixtures = apivideo_intercept`.
    """
    _require("trustme", extra="tls")
    from pytest_apivideo.network.interception.session import interceptor_of

    interceptor = interceptor_of(request.config)
    stack = finalizers.finalizers_of(request.node)
    with interceptor.intercepting(apivideo_server, stack) as interception:
        yield interception


@pytest.fixture
def apivideo_sleeps(request: pytest.FixtureRequest, apivideo: ApiVideo) -> list[float]:
    """Make `time.sleep` move the clock instead of waiting, and provide the list of the seconds.

    With `apivideo_frozen_time` in the same test, it moves the process too.
    """
    from pytest_apivideo.frozen_time.sleeps import record_sleeps

    monkeypatch = _own_monkeypatch(request)
    if "apivideo_frozen_time" not in request.fixturenames:
        return record_sleeps(monkeypatch, apivideo.clock.advance)
    return record_sleeps(monkeypatch, request.getfixturevalue("apivideo_frozen_time").tick)


@pytest.fixture
def apivideo_webhooks(apivideo: ApiVideo) -> Iterator[WebhookReceiver]:
    """Provide a receiver of webhooks: `url`, `deliveries`, `verify()`; it can refuse and delay.

    It also sends signed requests with the test clients of web frameworks: `send(client, path,
    event, tamper=None)`.
    """
    from pytest_apivideo.webhooks import open_receiver

    with open_receiver(apivideo) as receiver:
        yield receiver


def _own_monkeypatch(request: pytest.FixtureRequest) -> pytest.MonkeyPatch:
    """Return another monkeypatch than the test's, which the test may undo."""
    stack = finalizers.finalizers_of(request.node)
    return stack.enter_context(pytest.MonkeyPatch.context())


def intercept_first(item: pytest.Item) -> None:
    """Move `apivideo_intercept`, if the test uses it, before its other fixtures of any scope."""
    names: list[str] = getattr(item, "fixturenames", [])
    if _INTERCEPT in names and names[0] != _INTERCEPT:
        names.remove(_INTERCEPT)
        names.insert(0, _INTERCEPT)


def intercept_early(config: pytest.Config, server: FakeServer) -> None:
    """Intercept before any module of the suite is loaded, if all of its tests use the fixture.

    Raises UsageError without the extra.
    """
    if _INTERCEPT in config.getini("usefixtures"):
        missing = _missing("trustme", "tls")
        if missing:
            raise pytest.UsageError(missing)
        from pytest_apivideo.network.interception.session import intercept_whole_run

        intercept_whole_run(config, server)


def _require(module: str, *, extra: str | None = None) -> None:
    """Fail without a module: a skip would look fine."""
    missing = _missing(module, extra or module)
    if missing:
        pytest.fail(missing, pytrace=False)


def _missing(module: str, extra: str) -> str | None:
    if find_spec(module) is not None:
        return None
    return f"{module} is not installed: pip install 'pytest-apivideo[{extra}]'"
