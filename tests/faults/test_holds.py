"""Holds and delays: what a test can wait for, and that nothing ever waits for them."""

from __future__ import annotations

import asyncio
from concurrent.futures import Future, ThreadPoolExecutor

import httpx
import pytest
import trio

from fake_server import FakeServer
from fake_server.process_time import real_seconds
from pytest_apivideo import ApiVideo

SOON = 20.0
"""Real seconds within which what should happen at once has happened."""


def asking(account: ApiVideo, path: str = "/videos", times: int = 1) -> list[Future[int]]:
    """Send requests from threads, and return futures of their statuses."""

    def ask() -> int:
        return httpx.get(account.url + path, auth=(account.api_key, ""), timeout=60).status_code

    pool = ThreadPoolExecutor(times)
    asked = [pool.submit(ask) for _ in range(times)]
    pool.shutdown(wait=False)
    return asked


def test_a_held_request_continues_after_its_release(apivideo: ApiVideo) -> None:
    held = apivideo.on("GET /videos").hold()
    asked = asking(apivideo, times=3)
    held.wait_for(3, timeout=SOON)
    assert not any(one.done() for one in asked)
    assert len(apivideo.calls) == 0
    held.release()
    assert [one.result(SOON) for one in asked] == [200, 200, 200]
    assert asking(apivideo)[0].result(SOON) == 200


def test_a_hold_ends_with_its_block(apivideo: ApiVideo) -> None:
    with apivideo.on("GET /videos").hold() as held:
        (asked,) = asking(apivideo)
        held.wait_for()
    assert asked.result(SOON) == 200


def test_a_held_request_is_checked_after_its_release(apivideo: ApiVideo) -> None:
    grant = apivideo.tokens.issue()
    held = apivideo.on("GET /videos").hold()
    with ThreadPoolExecutor(1) as pool:
        header = {"Authorization": f"Bearer {grant.access_token}"}
        asked = pool.submit(httpx.get, f"{apivideo.url}/videos", headers=header)
        held.wait_for()
        apivideo.clock.advance(3600)
        held.release()
        assert asked.result(SOON).status_code == 401
    assert apivideo.calls.last().clock_duration == pytest.approx(3600, abs=5)


def test_two_threads_refresh_at_the_same_time_for_certain(apivideo: ApiVideo) -> None:
    grant = apivideo.tokens.issue()

    def refresh() -> int:
        body = {"refreshToken": grant.refresh_token}
        return httpx.post(f"{apivideo.url}/auth/refresh", json=body).status_code

    with ThreadPoolExecutor(2) as pool, apivideo.on("POST /auth/refresh").hold() as held:
        asked = [pool.submit(refresh) for _ in range(2)]
        held.wait_for(2)
        held.release()
        assert sorted(one.result(SOON) for one in asked) == [200, 401]


def test_a_wait_without_success_lists_the_calls(apivideo: ApiVideo, api: httpx.Client) -> None:
    held = apivideo.on("GET /videos", optional=True).hold()
    api.get("/tags")
    with pytest.raises(TimeoutError) as late:
        held.wait_for(2, timeout=0.01)
    assert str(late.value) == (
        'apivideo.on("GET /videos", optional=True).hold() fired 0x in 0.01 s, expected 2x.\n'
        "  What came close:\n"
        "    GET /tags -> 200"
    )


def test_an_event_loop_runs_during_a_wait(apivideo: ApiVideo) -> None:
    async def with_asyncio() -> int:
        held = apivideo.on("GET /videos", times=1).hold()
        async with httpx.AsyncClient(auth=(apivideo.api_key, "")) as client:
            asked = asyncio.ensure_future(client.get(f"{apivideo.url}/videos"))
            await held.async_wait_for()
            held.release()
            return (await asked).status_code

    async def with_trio() -> list[int]:
        held = apivideo.on("GET /videos", times=1).hold()
        statuses = []
        async with httpx.AsyncClient(auth=(apivideo.api_key, "")) as client:

            async def ask() -> None:
                statuses.append((await client.get(f"{apivideo.url}/videos")).status_code)

            async with trio.open_nursery() as nursery:
                nursery.start_soon(ask)
                await held.async_wait_for()
                held.release()
        return statuses

    assert asyncio.run(with_asyncio()) == 200
    assert trio.run(with_trio) == [200]


def test_a_cancelled_wait_blocks_no_thread(apivideo: ApiVideo) -> None:
    held = apivideo.on("GET /videos", optional=True).hold()

    async def with_asyncio() -> None:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(held.async_wait_for(timeout=3600), 0.01)

    async def with_trio() -> None:
        with pytest.raises(trio.TooSlowError), trio.fail_after(0.01):
            await held.async_wait_for(timeout=3600)

    began = real_seconds()
    asyncio.run(with_asyncio())
    trio.run(with_trio)
    assert real_seconds() - began < SOON


def test_an_error_of_a_wait_is_raised_in_the_waiting_task(apivideo: ApiVideo) -> None:
    held = apivideo.on("GET /videos", optional=True).hold()
    with pytest.raises(TimeoutError, match=r"fired 0x in 0\.01 s, expected 1x"):
        asyncio.run(held.async_wait_for(timeout=0.01))


@pytest.mark.parametrize("kind", ["hold", "delay", "throttle"])
def test_nothing_waits_at_the_end_of_a_project(apivideo_server: FakeServer, kind: str) -> None:
    began = real_seconds()
    with apivideo_server.project() as account:
        fault = getattr(account.on("GET /videos"), kind)(3600)
        (asked,) = asking(account)
        fault.wait_for()
    asked.exception(SOON)  # answered, or not: but at once
    assert asked.done()
    assert real_seconds() - began < SOON


@pytest.mark.parametrize("kind", ["hold", "delay", "throttle"])
def test_nothing_waits_when_the_server_stops(kind: str) -> None:
    with FakeServer() as server, server.project() as account:
        fault = getattr(account.on("GET /videos"), kind)(3600)
        (asked,) = asking(account)
        fault.wait_for()
        server.stop()
        asked.exception(SOON)
        account.calls.wait_for("GET /videos")  # its thread went on, and is not left behind
        server.start()
        fault.remove()


def test_the_time_of_a_hold_is_real_and_not_the_process_time(
    apivideo: ApiVideo, apivideo_frozen_time: object
) -> None:
    apivideo.on("GET /videos", times=1).delay(0.01)
    assert asking(apivideo)[0].result(SOON) == 200


def test_a_reset_ends_all_faults(apivideo: ApiVideo, http: httpx.Client) -> None:
    held = apivideo.on("GET /videos").hold()
    (asked,) = asking(apivideo)
    held.wait_for()
    http.post("/_fake/reset").raise_for_status()
    assert asked.result(SOON) == 200
