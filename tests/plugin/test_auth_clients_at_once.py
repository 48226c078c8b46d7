"""Authenticated clients that many threads or event loops use at once."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import pytest
import trio

from pytest_apivideo.clients.tokens import LoginRefused
from tests.plugin.auth_clients import (
    DROP,
    LOGIN,
    PATIENCE,
    REFRESH,
    TITLED,
    Answer,
    Caller,
    Stub,
    statuses,
)

# Many at once


def test_sixteen_that_begin_at_once_log_in_once(
    caller: Caller, stub: Stub, claimed: Callable[[int], None]
) -> None:
    stub.on(LOGIN, lambda: claimed(16))
    assert statuses(caller.together(16)) == [200] * 16
    assert (stub.count(LOGIN), stub.count(REFRESH)) == (1, 0)


def test_thirty_two_that_are_refused_at_once_refresh_once(caller: Caller, stub: Stub) -> None:
    caller.get()
    stub.expire_all()
    all_there = threading.Barrier(32)

    def together() -> None:
        all_there.wait(PATIENCE)

    stub.on("/videos", *[together] * 32)
    assert statuses(caller.together(32)) == [200] * 32
    assert (stub.count(LOGIN), stub.count(REFRESH)) == (1, 1)


def test_waiters_use_a_token_that_expires_at_once(
    caller: Caller, stub: Stub, claimed: Callable[[int], None]
) -> None:
    stub.expires_in = 0
    stub.on(LOGIN, lambda: claimed(8))
    assert statuses(caller.together(8)) == [200] * 8
    assert (stub.count(LOGIN), stub.count(REFRESH)) == (1, 0)


def test_late_401_for_a_token_that_was_renewed_meanwhile_renews_nothing(
    caller: Caller, stub: Stub
) -> None:
    caller.get()
    arrived, renewed = threading.Event(), threading.Event()

    def late() -> Answer:
        arrived.set()
        assert renewed.wait(PATIENCE)
        return Answer(401)

    stub.on("/late", late)
    with ThreadPoolExecutor(1) as pool:
        straggler = pool.submit(caller.get, "/late")
        assert arrived.wait(PATIENCE)
        stub.expire_all()
        caller.get()
        renewed.set()
        assert straggler.result(PATIENCE).status == 200
    assert stub.count(REFRESH) == 1


@pytest.mark.parametrize("failure", [DROP, Answer(400, TITLED), Answer(503)], ids=str)
def test_failed_login_wakes_the_waiters_and_one_tries_again(
    caller: Caller, stub: Stub, claimed: Callable[[int], None], failure: Answer
) -> None:
    def fail() -> Answer:
        claimed(6)
        return failure

    stub.on(LOGIN, fail)
    outcomes = caller.together(6)
    assert statuses(outcomes) == [200] * 5
    assert stub.count(LOGIN) == 2


def test_each_waiter_learns_that_the_login_is_refused(
    caller: Caller, stub: Stub, claimed: Callable[[int], None]
) -> None:
    def refuse() -> Answer:
        claimed(1)
        return Answer(400, TITLED)

    stub.on(LOGIN, *[refuse] * 4)
    outcomes = caller.together(4)
    assert [type(outcome) for outcome in outcomes] == [LoginRefused] * 4


# Event loops


def test_any_number_of_loops_use_one_client_in_turn(
    stub: Stub, make: Callable[..., Caller]
) -> None:
    client = make("asyncio", stub.url).client
    for kind in ("asyncio", "trio", "asyncio", "trio"):
        assert statuses(Caller(kind, client).together(3)) == [200] * 3
        stub.expire_all()
    assert (stub.count(LOGIN), stub.count(REFRESH)) == (1, 3)


def test_loops_that_run_at_once_log_in_once(
    stub: Stub, make: Callable[..., Caller], claimed: Callable[[int], None]
) -> None:
    client = make("asyncio", stub.url).client
    stub.on(LOGIN, lambda: claimed(16))
    with ThreadPoolExecutor(4) as pool:
        runs = [pool.submit(Caller(kind, client).together, 4) for kind in ("asyncio", "trio") * 2]
        outcomes = [outcome for run in runs for outcome in run.result(PATIENCE)]
    assert statuses(outcomes) == [200] * 16
    assert stub.count(LOGIN) == 1


class Held:
    """A login that has arrived and waits to be answered."""

    def __init__(self, stub: Stub) -> None:
        self.arrived = threading.Event()
        self.answered = threading.Event()
        stub.on(LOGIN, self)

    def __call__(self) -> None:
        self.arrived.set()
        assert self.answered.wait(PATIENCE)

    def wait(self) -> None:
        assert self.arrived.wait(PATIENCE)


def test_cancelled_login_of_asyncio_wakes_the_waiters(
    stub: Stub, make: Callable[..., Caller], claimed: Callable[[int], None]
) -> None:
    caller, held = make("asyncio", stub.url), Held(stub)

    async def main() -> None:
        first = asyncio.create_task(caller.send_async("GET", "/videos"))
        await asyncio.to_thread(held.wait)
        second = asyncio.create_task(caller.send_async("GET", "/videos"))
        await asyncio.to_thread(claimed, 2)
        first.cancel()
        assert (await second).status == 200
        assert first.cancelled()

    asyncio.run(main())
    held.answered.set()
    assert stub.count(LOGIN) == 2


def test_cancelled_login_of_trio_wakes_the_waiters(
    stub: Stub, make: Callable[..., Caller], claimed: Callable[[int], None]
) -> None:
    caller, held = make("trio", stub.url), Held(stub)
    scope = trio.CancelScope()
    got: list[int] = []

    async def first() -> None:
        with scope:
            await caller.send_async("GET", "/videos")

    async def second() -> None:
        got.append((await caller.send_async("GET", "/videos")).status)

    async def main() -> None:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(first)
            await trio.to_thread.run_sync(held.wait)
            nursery.start_soon(second)
            await trio.to_thread.run_sync(claimed, 2)
            scope.cancel()

    trio.run(main)
    held.answered.set()
    assert (got, scope.cancelled_caught, stub.count(LOGIN)) == ([200], True, 2)


@pytest.mark.parametrize("kind", ["asyncio", "trio"])
def test_a_loop_that_ends_during_a_wait_does_not_affect_others(
    stub: Stub, make: Callable[..., Caller], claimed: Callable[[int], None], kind: str
) -> None:
    client, held = make("asyncio", stub.url).client, Held(stub)
    with ThreadPoolExecutor(1) as pool:
        leader = pool.submit(Caller("asyncio", client).get)
        held.wait()
        Caller(kind, client).run(partial(give_up_waiting, kind, client, claimed))
        held.answered.set()
        assert leader.result(PATIENCE).status == 200
    assert stub.count(LOGIN) == 1


async def give_up_waiting(kind: str, client: Any, claimed: Callable[[int], None]) -> None:
    send = partial(Caller(kind, client).send_async, "GET", "/videos")
    if kind == "asyncio":
        task = asyncio.create_task(send())
        await asyncio.to_thread(claimed, 2)
        task.cancel()
        await asyncio.wait([task])
        return
    async with trio.open_nursery() as nursery:
        nursery.start_soon(send)
        await trio.to_thread.run_sync(claimed, 2)
        nursery.cancel_scope.cancel()


def test_importing_the_package_imports_neither_library() -> None:
    code = "import sys, pytest_apivideo.clients; print({'httpx', 'requests'} & set(sys.modules))"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "set()"
