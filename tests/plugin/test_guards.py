"""The guard rails: what is warned of at the end of a test, with which remedy, and what is not."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from pytest_apivideo.frozen_time import guard as guards

HEADER = """
import asyncio, datetime, threading
import httpx, pytest, requests, time_machine, trio
from freezegun import freeze_time

def ask(apivideo):
    assert requests.get(apivideo.url + "/videos").status_code == 401

async def ask_async(apivideo):
    async with httpx.AsyncClient() as client:
        assert (await client.get(apivideo.url + "/videos")).status_code == 401

"""

TWO_FREEZES = [
    "FrozenTimeWarning: freezegun and time-machine were active at once while api.video was called.",
    "Use one of them. See docs/time.md",
]
FROZEN_LOOP = [
    "FrozenTimeWarning: an asyncio loop ran under freezegun while api.video was called",
    "Use the fixture apivideo_frozen_time, freeze_time(..., real_asyncio=True), or move "
    "apivideo.clock alone. See docs/time.md",
]


def warned(suite: pytest.Pytester, test: str) -> list[str]:
    """Run a suite that passes, and return the lines with the plugin's warnings."""
    suite.makepyfile(HEADER + test)
    result = suite.runpytest_inprocess("-W", "default", "-p", "no:anyio")
    assert result.parseoutcomes().keys() <= {"passed", "warnings", "warning"}, result.outlines
    return [line.strip() for line in result.outlines if "Warning: " in line]


WARNED = {
    "freezegun inside time-machine": (
        """
def test_it(apivideo):
    with time_machine.travel(0), freeze_time("2030-01-01"):
        ask(apivideo)
""",
        TWO_FREEZES,
    ),
    "time-machine's marker and freezegun's decorator": (
        """
@pytest.mark.time_machine(datetime.datetime(2030, 1, 1))
@freeze_time("2030-01-01")
def test_it(apivideo):
    ask(apivideo)
""",
        TWO_FREEZES,
    ),
    "apivideo_frozen_time inside time-machine": (
        """
@pytest.mark.time_machine(datetime.datetime(2030, 1, 1))
def test_it(apivideo, apivideo_frozen_time):
    ask(apivideo)
""",
        TWO_FREEZES,
    ),
    "a freeze around asyncio.run": (
        """
@freeze_time("2030-01-01")
def test_it(apivideo):
    asyncio.run(ask_async(apivideo))
""",
        FROZEN_LOOP,
    ),
    "a freeze inside a loop": (
        """
def test_it(apivideo):
    async def freeze():
        with freeze_time("2030-01-01"):
            await ask_async(apivideo)
    asyncio.run(freeze())
""",
        FROZEN_LOOP,
    ),
    "pytest-freezer with pytest-asyncio": (
        """
@pytest.mark.asyncio
async def test_it(freezer, apivideo, apivideo_async_http):
    assert (await apivideo_async_http.get("/videos")).status_code == 200
""",
        FROZEN_LOOP,
    ),
    "a loop in another thread": (
        """
@freeze_time("2030-01-01")
def test_it(apivideo):
    worker = threading.Thread(target=asyncio.run, args=[ask_async(apivideo)])
    worker.start()
    worker.join()
""",
        FROZEN_LOOP,
    ),
    "an inner freeze with real_asyncio that freezegun ignores": (
        """
def test_it(apivideo):
    with freeze_time("2030-01-01"), freeze_time("2031-01-01", real_asyncio=True):
        asyncio.run(ask_async(apivideo))
""",
        FROZEN_LOOP,
    ),
}


@pytest.mark.parametrize(("test", "words"), WARNED.values(), ids=list(WARNED))
def test_it_is_warned_of_once_with_its_remedy(
    suite: pytest.Pytester, test: str, words: list[str]
) -> None:
    (line,) = warned(suite, test)
    for part in words:
        assert part in line


FINE = {
    "nothing frozen": "def test_it(apivideo): ask(apivideo)",
    "freezegun alone": '@freeze_time("2030-01-01")\ndef test_it(apivideo): ask(apivideo)',
    "time-machine alone": "@time_machine.travel(0)\ndef test_it(apivideo): ask(apivideo)",
    "asyncio alone": "def test_it(apivideo): asyncio.run(ask_async(apivideo))",
    "asyncio under time-machine": (
        '@time_machine.travel("2030-01-01")\n'
        "def test_it(apivideo): asyncio.run(ask_async(apivideo))"
    ),
    "asyncio under freezegun with real_asyncio": (
        '@freeze_time("2030-01-01", real_asyncio=True)\n'
        "def test_it(apivideo): asyncio.run(ask_async(apivideo))"
    ),
    "asyncio with a nested freeze under real_asyncio": """
def test_it(apivideo):
    with freeze_time("2030-01-01", real_asyncio=True), freeze_time("2031-01-01"):
        asyncio.run(ask_async(apivideo))
""",
    "apivideo_frozen_time": "def test_it(apivideo, apivideo_frozen_time): ask(apivideo)",
    "asyncio with apivideo_frozen_time": (
        "def test_it(apivideo, apivideo_frozen_time): asyncio.run(ask_async(apivideo))"
    ),
    "asyncio and a pinned clock": """
@freeze_time("2030-01-01")
def test_it(apivideo):
    apivideo.clock.freeze()
    asyncio.run(ask_async(apivideo))
""",
    "a loop that is not running": """
@freeze_time("2030-01-01")
def test_it(apivideo):
    loop = asyncio.new_event_loop()
    waiting = loop.create_task(asyncio.sleep(0))
    ask(apivideo)
    loop.run_until_complete(waiting)
    loop.close()
""",
    "trio under freezegun": (
        '@freeze_time("2030-01-01")\ndef test_it(apivideo): trio.run(ask_async, apivideo)'
    ),
    "a freeze that is over": """
def test_it(apivideo):
    with freeze_time("2030-01-01"):
        pass
    with time_machine.travel(0):
        asyncio.run(ask_async(apivideo))
""",
    "two freezes in turn": """
def test_it(apivideo):
    with freeze_time("2030-01-01"):
        ask(apivideo)
    with time_machine.travel(0):
        ask(apivideo)
""",
    "two freezes without a call": """
def test_it(apivideo):
    with time_machine.travel(0), freeze_time("2030-01-01"):
        pass
""",
    "a frozen loop without a call": """
@freeze_time("2030-01-01")
def test_it(apivideo):
    asyncio.run(asyncio.sleep(0))
""",
}


@pytest.mark.parametrize("test", FINE.values(), ids=list(FINE))
def test_it_is_not_warned_of(suite: pytest.Pytester, test: str) -> None:
    assert warned(suite, test) == []


def test_both_are_warned_of_in_a_test_that_does_both(suite: pytest.Pytester) -> None:
    lines = warned(
        suite,
        """
def test_it(apivideo):
    with time_machine.travel(0), freeze_time("2030-01-01"):
        for _ in range(3):
            asyncio.run(ask_async(apivideo))
""",
    )
    assert len(lines) == 2
    assert any(TWO_FREEZES[0] in line for line in lines)
    assert any(FROZEN_LOOP[0] in line for line in lines)


def test_a_suite_that_makes_warnings_errors_fails_at_the_end_of_the_test_and_goes_on(
    suite: pytest.Pytester,
) -> None:
    suite.makepyfile(
        HEADER
        + """
@freeze_time("2030-01-01")
def test_warned(apivideo):
    asyncio.run(ask_async(apivideo))

@pytest.mark.filterwarnings("ignore::pytest_apivideo.FrozenTimeWarning")
@freeze_time("2030-01-01")
def test_filtered(apivideo):
    asyncio.run(ask_async(apivideo))

@pytest.mark.filterwarnings("ignore::pytest_apivideo.ApiVideoWarning")
@freeze_time("2030-01-01")
def test_filtered_by_the_wider_category(apivideo):
    asyncio.run(ask_async(apivideo))

def test_next(apivideo):
    ask(apivideo)
"""
    )
    suite.runpytest_inprocess().assert_outcomes(passed=4, errors=1)


class Changing:
    """A set of tasks to which another thread adds while it is looked at."""

    def __iter__(self) -> Iterator[Any]:
        raise RuntimeError("Set changed size during iteration")


def known_tasks(monkeypatch: pytest.MonkeyPatch, tasks: Any) -> None:
    """Let asyncio know these tasks, in all versions of Python."""
    for name in ("_all_tasks", "_scheduled_tasks"):
        monkeypatch.setattr(asyncio.tasks, name, tasks, raising=False)


def test_tasks_that_change_while_they_are_looked_at_are_passed_over(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    known_tasks(monkeypatch, Changing())
    assert list(guards._running_loops()) == []


def test_a_loop_with_a_clock_of_its_own_is_not_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    loop = SimpleNamespace(is_running=lambda: True)
    known_tasks(monkeypatch, [SimpleNamespace(get_loop=lambda: loop)])
    assert list(guards._running_loops()) == []


def test_without_asyncio_there_is_no_loop_to_look_for(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("asyncio.base_events", "asyncio.tasks"):
        monkeypatch.delitem(sys.modules, name)
    assert list(guards._running_loops()) == []
    assert "asyncio.tasks" not in sys.modules
