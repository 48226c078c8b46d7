"""Fixtures for the tests of the plugin."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from fake_server import FakeServer
from pytest_apivideo.clients.httpx_client import async_http_client, http_client
from pytest_apivideo.clients.requests_session import new_session as session
from pytest_apivideo.clients.shared_token import SharedToken
from tests.plugin.auth_clients import (
    KEY,
    KINDS,
    PATIENCE,
    Caller,
    Handler,
    Server,
    Stub,
    Time,
    fresh_stub,
)


@pytest.fixture(scope="module")
def servers() -> Iterator[list[Server]]:
    """Two running servers; each test gives them fresh stubs."""
    made = [Server(("127.0.0.1", 0), Handler) for _ in range(2)]
    for server in made:
        server.stub = Stub()
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield made
    for server in made:
        server.shutdown()
        server.server_close()


@pytest.fixture
def stub(servers: list[Server]) -> Stub:
    return fresh_stub(servers[0])


@pytest.fixture
def foreign(servers: list[Server]) -> Stub:
    return fresh_stub(servers[1])


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def make(time: Time) -> Iterator[Callable[..., Caller]]:
    """Make a client of some kind, closed after the test."""
    with ExitStack() as stack:

        def made(kind: str, base_url: str, api_key: str = KEY) -> Caller:
            if kind == "requests":
                return Caller(kind, stack.enter_context(session(base_url, api_key, now=time)))
            if kind == "httpx":
                return Caller(kind, stack.enter_context(http_client(base_url, api_key, now=time)))
            caller = Caller(kind, async_http_client(base_url, api_key, now=time))
            stack.callback(caller.run, caller.client.aclose)
            return caller

        yield made


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def caller(kind: str, stub: Stub, make: Callable[..., Caller]) -> Caller:
    return make(kind, stub.url)


@pytest.fixture
def claimed(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Wait until so many callers have asked for a token: the ones who may not renew are waiting."""
    claims = threading.Semaphore(0)
    claim = SharedToken.claim

    def counted(self: SharedToken, *args: Any, **keywords: Any) -> Any:
        try:
            return claim(self, *args, **keywords)
        finally:
            claims.release()

    def wait(number: int) -> None:
        for _ in range(number):
            assert claims.acquire(timeout=PATIENCE)

    monkeypatch.setattr(SharedToken, "claim", counted)
    return wait


@pytest.fixture
def server(apivideo_server: FakeServer) -> FakeServer:
    """Clear the server for tests that make their own bridges and projects, and return it."""
    apivideo_server.clear()
    return apivideo_server


@pytest.fixture
def unimported() -> Iterator[None]:
    """Make the SDK look as if it had never been imported."""

    def loaded() -> list[str]:
        return [name for name in sys.modules if name.split(".")[0] == "apivideo"]

    kept = {name: sys.modules.pop(name) for name in loaded()}
    yield
    for name in loaded():
        del sys.modules[name]
    sys.modules.update(kept)
