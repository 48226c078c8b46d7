"""The fixture `apivideo_async_http`: any loop, any number of them, one refresh, nothing left."""

from __future__ import annotations

import asyncio
import gc
import sys
import threading
from collections.abc import Awaitable, Callable, Iterator
from functools import partial
from typing import Any

import httpx
import pytest
import trio

from pytest_apivideo import ApiVideo

LOGIN = "POST /auth/api-key -> 200"
REFRESH = "POST /auth/refresh -> 200"
GOOD = "GET /videos -> 200"
REFUSED = "GET /videos -> 401"

Run = Callable[[Callable[[], Awaitable[Any]]], Any]
Together = Callable[[Callable[[], Awaitable[None]], int], Awaitable[None]]


def on_asyncio(work: Callable[[], Any]) -> Any:
    return asyncio.run(work())


def on_trio(work: Callable[[], Any]) -> Any:
    return trio.run(work)


RUNS: list[Run] = [on_asyncio, on_trio]


async def together_on_asyncio(work: Callable[[], Any], times: int) -> None:
    async with asyncio.TaskGroup() as group:
        for _ in range(times):
            group.create_task(work())


async def together_on_trio(work: Callable[[], Any], times: int) -> None:
    async with trio.open_nursery() as nursery:
        for _ in range(times):
            nursery.start_soon(work)


TOGETHER = [(on_asyncio, together_on_asyncio), (on_trio, together_on_trio)]


def calls(account: ApiVideo) -> list[str]:
    return [str(call) for call in account.calls]


@pytest.fixture(autouse=True)
def no_thread_is_left() -> Iterator[None]:
    before = threading.active_count()
    yield
    left = [t for t in threading.enumerate() if not t.name.startswith("fake-server")]
    assert len(left) <= before, left


@pytest.mark.parametrize("run", RUNS)
def test_it_logs_in_and_has_the_address_of_the_fake(
    apivideo: ApiVideo, apivideo_async_http: httpx.AsyncClient, run: Run
) -> None:
    async def ask() -> None:
        made = await apivideo_async_http.post("/videos", json={"title": "Maths"})
        assert made.status_code == 201
        listed = (await apivideo_async_http.get("/videos")).json()
        assert [video["title"] for video in listed["data"]] == ["Maths"]

    run(ask)
    assert calls(apivideo) == [LOGIN, "POST /videos -> 201", GOOD]


@pytest.mark.parametrize("runs", [[on_asyncio] * 3, [on_trio] * 3, [on_asyncio, on_trio] * 2])
def test_loops_may_use_it_in_turn(
    apivideo: ApiVideo, apivideo_async_http: httpx.AsyncClient, runs: list[Run]
) -> None:
    for run in runs:
        answer = run(partial(apivideo_async_http.get, "/videos"))
        assert answer.status_code == 200
        apivideo.clock.advance(3600)
    renewed = [GOOD, REFRESH] * (len(runs) - 1)
    assert calls(apivideo) == [LOGIN, *renewed, GOOD]


@pytest.mark.parametrize(("run", "together"), TOGETHER)
def test_many_requests_at_once_cause_one_login_and_one_refresh(
    apivideo: ApiVideo, apivideo_async_http: httpx.AsyncClient, run: Run, together: Together
) -> None:
    async def ask() -> None:
        assert (await apivideo_async_http.get("/videos")).status_code == 200

    run(partial(together, ask, 32))
    apivideo.clock.advance(3600)
    run(partial(together, ask, 32))
    assert calls(apivideo) == [LOGIN, *[GOOD] * 32, REFRESH, *[GOOD] * 32]


@pytest.mark.parametrize(("run", "together"), TOGETHER)
def test_many_requests_at_once_that_meet_a_401_cause_one_refresh(
    apivideo: ApiVideo, apivideo_async_http: httpx.AsyncClient, run: Run, together: Together
) -> None:
    async def ask() -> None:
        assert (await apivideo_async_http.get("/videos")).status_code == 200

    run(ask)
    apivideo.tokens.expire_all()
    run(partial(together, ask, 32))
    told = calls(apivideo)
    assert told[:3] == [LOGIN, GOOD, REFUSED]
    assert told.count(REFRESH) == 1
    assert told.count(LOGIN) == 1
    assert told.count(GOOD) == 33


def test_loops_of_several_threads_share_one_refresh(
    apivideo: ApiVideo, apivideo_async_http: httpx.AsyncClient
) -> None:
    answers: list[int] = []

    async def ask() -> None:
        answers.append((await apivideo_async_http.get("/videos")).status_code)

    def rounds() -> None:
        threads = [
            threading.Thread(target=run, args=[partial(together, ask, 4)])
            for run, together in TOGETHER * 2
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    rounds()
    apivideo.clock.advance(3600)
    rounds()
    assert answers == [200] * 32
    assert calls(apivideo) == [LOGIN, *[GOOD] * 16, REFRESH, *[GOOD] * 16]


@pytest.mark.parametrize("run", RUNS)
def test_a_request_with_its_own_credential_is_sent_unchanged(
    apivideo: ApiVideo, apivideo_async_http: httpx.AsyncClient, run: Run
) -> None:
    async def ask() -> list[int]:
        wrong = {"Authorization": "Bearer wrong"}
        return [
            (await apivideo_async_http.get("/videos", headers=wrong)).status_code,
            (await apivideo_async_http.get("/videos", auth=None)).status_code,
        ]

    assert run(ask) == [401, 401]
    assert calls(apivideo) == [REFUSED, REFUSED]


@pytest.mark.asyncio
async def test_it_works_with_pytest_asyncio(
    apivideo: ApiVideo, apivideo_async_http: httpx.AsyncClient
) -> None:
    assert (await apivideo_async_http.get("/videos")).status_code == 200
    apivideo.clock.advance_to_expiry()
    assert (await apivideo_async_http.get("/videos")).status_code == 200
    assert calls(apivideo) == [LOGIN, GOOD, REFRESH, GOOD]


@pytest.fixture
def anyio_backend(request: pytest.FixtureRequest) -> Any:
    return request.param


@pytest.mark.anyio
@pytest.mark.parametrize("anyio_backend", ["asyncio", "trio"], indirect=True)
async def test_it_works_with_the_plugin_of_anyio(
    anyio_backend: str, apivideo: ApiVideo, apivideo_async_http: httpx.AsyncClient
) -> None:
    assert (await apivideo_async_http.get("/videos")).status_code == 200
    apivideo.clock.advance_to_expiry()
    assert (await apivideo_async_http.get("/videos")).status_code == 200
    assert calls(apivideo) == [LOGIN, GOOD, REFRESH, GOOD]


SUITE = """
import asyncio, gc, threading
import pytest, trio

@pytest.fixture(autouse=True)
def nothing_is_left():
    before = threading.active_count()
    yield
    gc.collect()
    left = [t for t in threading.enumerate() if not t.name.startswith("fake-server")]
    assert len(left) <= before, left

async def ask(client, times=1):
    for _ in range(times):
        assert (await client.get("/videos")).status_code == 200
        async with client.stream("GET", "/videos") as answer:
            await answer.aread()
    return client

def test_asyncio(apivideo_async_http):
    asyncio.run(ask(apivideo_async_http, 5))
    asyncio.run(ask(apivideo_async_http))

def test_trio(apivideo_async_http):
    trio.run(ask, apivideo_async_http)
    asyncio.run(ask(apivideo_async_http))

def test_loop_left_without_a_word(apivideo_async_http):
    loop = asyncio.new_event_loop()
    loop.run_until_complete(ask(apivideo_async_http))
    loop.close()

@pytest.mark.asyncio
async def test_pytest_asyncio(apivideo, apivideo_async_http):
    await ask(apivideo_async_http)
    apivideo.clock.advance_to_expiry()
    await ask(apivideo_async_http)

@pytest.mark.anyio
@pytest.mark.parametrize("anyio_backend", ["asyncio", "trio"])
async def test_anyio(anyio_backend, apivideo_async_http):
    await ask(apivideo_async_http)

@pytest.mark.asyncio
async def test_closed_by_its_user(apivideo_async_http):
    async with apivideo_async_http as client:
        await ask(client)

def test_cancelled(apivideo, apivideo_async_http, apivideo_server):
    asked, go_on = threading.Event(), threading.Event()

    def wait(request):
        asked.set()
        assert go_on.wait(20)

    apivideo_server.expect_request("/slow").respond_with_handler(wait)

    async def cancel():
        task = asyncio.create_task(apivideo_async_http.get("/slow"))
        await asyncio.to_thread(asked.wait, 20)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        go_on.set()

    asyncio.run(cancel())
    asyncio.run(ask(apivideo_async_http))

def test_never_used(apivideo_async_http): ...
"""


def test_no_connection_thread_or_loop_is_left_behind(suite: pytest.Pytester) -> None:
    suite.makepyfile(SUITE)
    result = suite.run(
        sys.executable, "-X", "dev", "-m", "pytest", "-p", "no:cacheprovider", timeout=90
    )
    result.assert_outcomes(passed=9)
    assert "ResourceWarning" not in result.stdout.str() + result.stderr.str()


@pytest.mark.parametrize("run", RUNS)
def test_no_connection_outlives_its_request(
    apivideo: ApiVideo, apivideo_async_http: httpx.AsyncClient, run: Run
) -> None:
    run(partial(apivideo_async_http.get, "/videos"))
    gc.collect()
    assert not [
        thing
        for thing in gc.get_objects()
        if type(thing).__name__ == "AsyncHTTPConnection"
        and thing._origin.port == httpx.URL(apivideo.url).port
        and not thing.is_closed()
    ]


@pytest.mark.parametrize("run", RUNS)
def test_it_is_used_under_frozen_time(
    apivideo: ApiVideo,
    apivideo_frozen_time: Any,
    apivideo_async_http: httpx.AsyncClient,
    run: Run,
) -> None:
    for seconds in (3600, 0):
        assert run(partial(apivideo_async_http.get, "/videos")).status_code == 200
        apivideo_frozen_time.tick(seconds)
    assert calls(apivideo) == [LOGIN, GOOD, REFRESH, GOOD]


def test_without_its_extra_it_is_an_error_with_the_remedy(suite: pytest.Pytester) -> None:
    suite.makeconftest(
        """
        import pytest_apivideo.fixtures as fixtures
        real = fixtures.find_spec
        fixtures.find_spec = lambda name, *rest: None if name == "httpx" else real(name, *rest)
        """
    )
    suite.makepyfile("def test_it(apivideo_async_http): ...")
    result = suite.runpytest_subprocess(timeout=60)
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(
        ["httpx is not installed: pip install 'pytest-apivideo[[]httpx[]]'*"]
    )
