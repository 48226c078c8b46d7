"""Waits for tests that run in an event loop: the loop goes on while a thread waits."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


async def in_thread(wait: Callable[[], T]) -> T:
    """What `wait()` returns, called in a thread of asyncio's or of trio's, whichever runs.

    A thread needs no timer of the loop, so it also waits while time is frozen.
    """
    trio = sys.modules.get("trio")
    if trio is not None and trio.lowlevel.in_trio_run():
        found: T = await trio.to_thread.run_sync(wait, abandon_on_cancel=True)
        return found
    return await asyncio.to_thread(wait)
