"""Waiting in a thread, for tests in an event loop, which keeps running meanwhile."""

from __future__ import annotations

import asyncio
import sys
import threading
from collections.abc import Callable
from concurrent.futures import Future, InvalidStateError
from contextlib import suppress
from typing import TypeVar

from fake_server.process_time import real_seconds

T = TypeVar("T")


async def in_thread(wait: Callable[[], T]) -> T:
    """Call `wait()` in a thread, and return its result to asyncio or trio.

    A thread needs no timer of the loop, so it also works while time is frozen. A cancelled call
    abandons its thread, and the end of a loop does not wait for it.
    """
    trio = sys.modules.get("trio")
    if trio is not None and trio.lowlevel.in_trio_run():
        result: T = await trio.to_thread.run_sync(wait, abandon_on_cancel=True)
        return result
    future: Future[T] = Future()
    threading.Thread(target=_resolve, args=(future, wait), daemon=True).start()
    return await asyncio.wrap_future(future)


def _resolve(future: Future[T], wait: Callable[[], T]) -> None:
    with suppress(InvalidStateError):  # the caller was cancelled
        try:
            future.set_result(wait())
        except BaseException as error:
            future.set_exception(error)


def wait_until(changed: threading.Condition, condition: Callable[[], bool], seconds: float) -> bool:
    """Wait in real time until a condition holds, and return whether it does.

    `changed` guards the state that the condition reads, and is notified of its changes.
    """
    end = real_seconds() + seconds
    with changed:
        while not condition():
            left = end - real_seconds()
            if left <= 0:
                return False
            changed.wait(left)
        return True
