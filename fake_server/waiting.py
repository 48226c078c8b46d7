"""Waits for tests that run in an event loop: the loop goes on while a thread waits."""

from __future__ import annotations

import asyncio
import sys
import threading
from collections.abc import Callable
from concurrent.futures import Future, InvalidStateError
from contextlib import suppress
from typing import TypeVar

from fake_server.clock import real_seconds

T = TypeVar("T")


async def in_thread(wait: Callable[[], T]) -> T:
    """What `wait()` returns, called in a thread beside the loop of asyncio or trio.

    A thread needs no timer of the loop, so it also waits while time is frozen. Who is cancelled
    leaves it behind; no end of a loop waits for it, as asyncio's does for the threads of its own.
    """
    trio = sys.modules.get("trio")
    if trio is not None and trio.lowlevel.in_trio_run():
        found: T = await trio.to_thread.run_sync(wait, abandon_on_cancel=True)
        return found
    waited: Future[T] = Future()
    threading.Thread(target=_settle, args=(waited, wait), daemon=True).start()
    return await asyncio.wrap_future(waited)


def _settle(waited: Future[T], wait: Callable[[], T]) -> None:
    with suppress(InvalidStateError):  # nobody waits any more
        try:
            waited.set_result(wait())
        except BaseException as error:
            waited.set_exception(error)


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
