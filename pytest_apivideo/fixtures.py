"""The fixtures. Everything they need is imported when a test first asks for it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import nullcontext
from importlib.util import find_spec
from typing import TYPE_CHECKING

import pytest

from pytest_apivideo import ending, environment, real_hosts
from pytest_apivideo.markers import settings_of
from pytest_apivideo.options import value_of
from pytest_apivideo.stash import PROJECT, SERVER

if TYPE_CHECKING:
    import httpx
    import requests

    from fake_server import ApiVideo, FakeServer
    from pytest_apivideo.frozen import FrozenTime
    from pytest_apivideo.interception.session import Interception
    from pytest_apivideo.sdk import Client
    from pytest_apivideo.target import Target
    from pytest_apivideo.webhooks import WebhookReceiver


_INTERCEPT = "apivideo_intercept"


def new_server(config: pytest.Config) -> FakeServer:
    """A server with the operations that others add to it; raises UsageError for what is none."""
    from fake_server.extending import Operation
    from pytest_apivideo.server import SessionServer

    added = config.hook.pytest_apivideo_operations(config=config)
    given = [[found] if isinstance(found, Operation) else found or () for found in added]
    try:
        server = SessionServer(config, [operation for found in given for operation in found])
    except TypeError as wrong:
        raise pytest.UsageError(
            f"the hook pytest_apivideo_operations: {wrong}. See docs/hooks.md"
        ) from None
    for key, name in environment.keys_of_the_shell(config).items():
        server.projects.credentials.explain(key, environment.READ_TOO_EARLY.format(name=name))
    return server


@pytest.fixture(scope="session")
def apivideo_server(pytestconfig: pytest.Config) -> Iterator[FakeServer]:
    """The running fake: a pytest-httpserver `HTTPServer` whose `expect_request` rules go first.

    Its `project(**settings)` is a context manager that gives the handle on one more project, for
    fixtures of a wider scope or for a second account in one test.
    """
    is_early = SERVER in pytestconfig.stash  # by apivideo_env_early, from the beginning to the end
    with (
        nullcontext(pytestconfig.stash[SERVER]) if is_early else new_server(pytestconfig) as server
    ):
        pytestconfig.stash[SERVER] = server
        pytestconfig.hook.pytest_apivideo_configure_server(config=pytestconfig, server=server)
        real_hosts.block_running(pytestconfig)  # where it is asked for by `getfixturevalue`
        yield server


@pytest.fixture
def apivideo(request: pytest.FixtureRequest, apivideo_server: FakeServer) -> Iterator[ApiVideo]:
    """A fresh fake api.video for this test: url, keys, clock, settings, tokens, calls.

    `@pytest.mark.apivideo(**settings)` sets how it behaves. It hides the official SDK's module of
    the same name inside the test: write `import apivideo as sdk` at the top of the file.
    """
    from pytest_apivideo.guards import frozen_time_guard
    from pytest_apivideo.sdk import bridge

    real_hosts.block(request.node, always=True)
    settings = settings_of(request.node)
    chosen = value_of(request.config, "seed").value
    seed = request.node.nodeid if chosen is None else f"{chosen} {request.node.nodeid}"
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
    """Frozen time for the whole process and the fake's clock: `tick(seconds)`, `move_to(moment)`.

    Time stands still at the moment when the test begins.
    """
    from pytest_apivideo.frozen import frozen_time

    with frozen_time(apivideo) as frozen:
        yield frozen


@pytest.fixture
def apivideo_target(request: pytest.FixtureRequest) -> Iterator[Target]:
    """What the test runs against, by `--apivideo-target`: `.url` `.api_key` `.name` `.is_fake`.

    `.mark(text)` adds the mark of the run, `.observe(response)` notes what an answer looks like.
    """
    from pytest_apivideo.target import opened

    with opened(request) as target:
        yield target


@pytest.fixture
def apivideo_http(apivideo_target: Target) -> Iterator[httpx.Client]:
    """An authenticated `httpx.Client` whose base URL is the target's.

    It logs in at the first request, renews its token before it expires and once after a 401.
    """
    _needs("httpx")
    from pytest_apivideo.auth.for_httpx import http_client

    target = apivideo_target
    with http_client(
        target.url, target.client_key, now=target.now, timeout=target.patience
    ) as client:
        yield client


@pytest.fixture
def apivideo_session(apivideo_target: Target) -> Iterator[requests.Session]:
    """An authenticated `requests.Session`; takes absolute URLs, and paths of the target.

    It logs in at the first request, renews its token before it expires and once after a 401.
    """
    _needs("requests")
    from pytest_apivideo.auth.for_requests import session

    target = apivideo_target
    with session(target.url, target.client_key, now=target.now, timeout=target.patience) as made:
        yield made


@pytest.fixture
def apivideo_async_http(apivideo_target: Target) -> httpx.AsyncClient:
    """An authenticated `httpx.AsyncClient`, for asyncio and trio; a plain fixture, not async.

    No connection outlives its request, so any number of event loops may use it in turn, and nobody
    needs to close it.
    """
    _needs("httpx")
    from pytest_apivideo.auth.for_httpx import async_http_client

    target = apivideo_target
    return async_http_client(target.url, target.client_key, now=target.now, timeout=target.patience)


@pytest.fixture
def apivideo_client(apivideo_target: Target) -> Iterator[Client]:
    """The official SDK's `AuthenticatedApiClient`, connected: `VideosApi(apivideo_client).list()`.

    Connected without `with`, so it does not renew its token by itself. It is closed with the test.
    """
    _needs("apivideo", extra="sdk")
    from pytest_apivideo.sdk import connected

    with connected(apivideo_target.url, apivideo_target.client_key) as client:
        yield client


@pytest.fixture
def apivideo_env(request: pytest.FixtureRequest, apivideo: ApiVideo) -> dict[str, str]:
    """The environment variables by which programs find api.video lead to the fake; gives them all.

    The ini option `apivideo_env_aliases` adds names of your own. For programs that read them at
    their import there is `apivideo_env_early`.
    """
    return environment.set_for_test(request.config, apivideo, _own_monkeypatch(request))


@pytest.fixture
def apivideo_intercept(
    request: pytest.FixtureRequest,
    apivideo: ApiVideo,
    apivideo_server: FakeServer,
) -> Iterator[Interception]:
    """Code that calls `https://ws.api.video`, or another host of api.video, reaches the fake.

    In this process and in child processes. It comes before a test's other fixtures, so that what
    they start is led there as well, whatever their scope. For every test of a suite, put this into
    pytest's ini file: `usefixtures = apivideo_intercept`.
    """
    _needs("trustme", extra="tls")
    from pytest_apivideo.interception.session import interceptor_of

    interceptor = interceptor_of(request.config)
    with interceptor.intercepting(apivideo_server, ending.with_test(request.node)) as interception:
        yield interception


@pytest.fixture
def apivideo_sleeps(request: pytest.FixtureRequest, apivideo: ApiVideo) -> list[float]:
    """Nobody sleeps: `time.sleep` moves the clock instead, and this list records the seconds.

    With `apivideo_frozen_time` in the same test, it moves the process too.
    """
    from pytest_apivideo.sleeps import record_sleeps

    ours = _own_monkeypatch(request)
    if "apivideo_frozen_time" not in request.fixturenames:
        return record_sleeps(ours, apivideo.clock.advance)
    return record_sleeps(ours, request.getfixturevalue("apivideo_frozen_time").tick)


@pytest.fixture
def apivideo_webhooks(apivideo: ApiVideo) -> Iterator[WebhookReceiver]:
    """A receiver of webhooks: `url`, `deliveries`, `verify()`; it can refuse and delay.

    It also builds signed requests for the test clients of web frameworks: `send(client, path,
    event, tamper=None)`.
    """
    from pytest_apivideo.webhooks import receiver

    with receiver(apivideo) as receiving:
        yield receiving


def _own_monkeypatch(request: pytest.FixtureRequest) -> pytest.MonkeyPatch:
    """Not the test's own, whose `undo()` would bring back what the shell has, or real sleeps."""
    return ending.with_test(request.node).enter_context(pytest.MonkeyPatch.context())


def intercept_first(item: pytest.Item) -> None:
    """Set up `apivideo_intercept`, if the test has it, before its other fixtures of any scope."""
    names: list[str] = getattr(item, "fixturenames", [])
    if _INTERCEPT in names and names[0] != _INTERCEPT:
        names.remove(_INTERCEPT)
        names.insert(0, _INTERCEPT)


def intercept_early(config: pytest.Config, server: FakeServer) -> None:
    """Intercept from before any module of the suite is loaded, if all of its tests are.

    Raises UsageError without the extra.
    """
    if _INTERCEPT in config.getini("usefixtures"):
        missing = _missing("trustme", "tls")
        if missing:
            raise pytest.UsageError(missing)
        from pytest_apivideo.interception.session import intercept_from_the_start

        intercept_from_the_start(config, server)


def _needs(module: str, *, extra: str | None = None) -> None:
    """Fail without a module: a fixture that cannot be given is an error, as a skip looks fine."""
    missing = _missing(module, extra or module)
    if missing:
        pytest.fail(missing, pytrace=False)


def _missing(module: str, extra: str) -> str | None:
    if find_spec(module) is not None:
        return None
    return f"{module} is not installed: pip install 'pytest-apivideo[{extra}]'"
