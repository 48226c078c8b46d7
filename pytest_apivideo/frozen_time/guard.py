"""Warns about frozen time that breaks the code under test.

A freeze may begin and end inside a test, so the guard checks at each request of the test's project,
in the server's thread; the test's thread warns at the end.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from fake_server import ApiVideo
from pytest_apivideo.warnings import FrozenTimeWarning

_TWO_FREEZES = (
    "freezegun and time-machine were active at once while api.video was called. Which "
    "time your code sees then depends on the function it calls. Use one of them."
)
_FROZEN_LOOP = (
    "an asyncio loop ran under freezegun while api.video was called: its timers stand still, and "
    "those that were set before the freeze fire at once. Use the fixture apivideo_frozen_time, "
    "freeze_time(..., real_asyncio=True), or move apivideo.clock alone."
)


@contextmanager
def frozen_time_guard(apivideo: ApiVideo) -> Iterator[None]:
    """Warn at the end of the block about freezes seen at requests within it."""
    messages: dict[str, None] = {}

    def check() -> None:
        freezegun: Any = sys.modules.get("freezegun.api")
        if not getattr(freezegun, "freeze_factories", None):
            return
        if _time_machine_travels():
            messages[_TWO_FREEZES] = None
        if apivideo.clock.mode == "follow" and any(map(_stands_still, _running_loops())):
            messages[_FROZEN_LOOP] = None

    apivideo.watch(check)
    yield
    for message in messages:
        warnings.warn(f"{message} See docs/time.md", FrozenTimeWarning, stacklevel=2)


def _time_machine_travels() -> bool:
    time_machine: Any = sys.modules.get("time_machine")
    return time_machine is not None and bool(time_machine.escape_hatch.is_travelling())


def _running_loops() -> Iterator[Any]:
    """Yield the asyncio loops that run in any thread, except uvloop's, which have their own clock.

    They are found by their tasks, as asyncio shows a thread its own loop only.
    """
    tasks: Any = sys.modules.get("asyncio.tasks")
    base: Any = sys.modules.get("asyncio.base_events")
    for name in ("_all_tasks", "_scheduled_tasks"):  # before and since Python 3.12
        try:
            known = list(getattr(tasks, name, ()))
        except RuntimeError:  # changed during the copy; the next request checks again
            continue
        for task in known:
            loop = task.get_loop()
            if loop.is_running() and isinstance(loop, base.BaseEventLoop):
                yield loop


def _stands_still(loop: Any) -> bool:
    """Return whether freezegun froze the loop's time, which `real_asyncio` prevents."""
    return getattr(type(loop).time, "__module__", None) != "freezegun.api"
