"""The clock in several threads, and after imports in every order."""

from __future__ import annotations

import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from types import ModuleType

import freezegun
import freezegun.api
import pytest

from fake_server.clock import Clock, Mode
from fake_server.process_time import process_time_ns
from tests.clocks import (
    FREEZES,
    NEW_YEAR_2001,
    NEW_YEAR_2030,
    frozen_by_freezegun,
    frozen_by_time_machine,
    real_ns,
)

# hypothesis, if another test of this process has loaded it, looks at the time whenever garbage is
# collected, in whatever thread, and is not as careful as we are about freezes that end.
pytestmark = pytest.mark.filterwarnings(
    "ignore:Exception ignored in. <function gc_cumul:pytest.PytestUnraisableExceptionWarning"
)


# Threads


@pytest.mark.parametrize("mode", ["follow", "manual", "ticking"])
def test_sixteen_threads_lose_no_advance(
    mode: Mode, monotonic: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with freezegun.freeze_time("2030-01-01"), ThreadPoolExecutor(16) as pool:
            clock = Clock(mode)
            together = threading.Barrier(16)

            def advance(_: int) -> list[float]:
                together.wait()
                return [clock.advance(1) for _ in range(200)]

            told = [time for times in pool.map(advance, range(16)) for time in times]
            assert clock.now() == NEW_YEAR_2030 + 3200
    finally:
        sys.setswitchinterval(before)
    assert sorted(told) == [NEW_YEAR_2030 + gone for gone in range(1, 3201)]


def test_readers_never_see_half_of_a_move() -> None:
    clock = Clock("manual")
    clock.freeze("2090-01-01")
    pinned, begin, over = clock.now_ns(), real_ns(), threading.Event()

    def read() -> list[int]:
        strange = []
        while not over.is_set():
            now = clock.now_ns()
            if now != pinned and not begin - 1000 <= now <= real_ns():
                strange.append(now)
        return strange

    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(4) as pool:
            readers = [pool.submit(read) for _ in range(4)]
            for _ in range(3000):
                clock.follow()
                clock.freeze("2090-01-01")
            over.set()
            assert [reader.result() for reader in readers] == [[]] * 4
    finally:
        over.set()
        sys.setswitchinterval(before)


# Imports in every order


ORDERS = {
    "freezegun is never imported": """
        from fake_server.clock import Clock
        assert "freezegun" not in sys.modules
        assert abs(Clock().now() - time.time()) < 60
        assert abs(Clock("system").now() - time.time()) < 60
        """,
    "freezegun comes after the clock": """
        from fake_server.clock import Clock
        clock, ticking = Clock(), Clock("ticking")
        import freezegun
        with freezegun.freeze_time("2001-01-01"):
            assert clock.now() == FROZEN
            assert abs(ticking.now() - REAL) < 60
        assert abs(clock.now() - time.time()) < 60
        """,
    "freezegun comes before the clock": """
        import freezegun
        from fake_server.clock import Clock
        with freezegun.freeze_time("2001-01-01"):
            assert Clock().now() == FROZEN
        assert abs(Clock().now() - time.time()) < 60
        """,
    "the clock comes while time is frozen": """
        import freezegun
        with freezegun.freeze_time("2001-01-01") as frozen:
            from fake_server.clock import Clock
            clock, system, ticking = Clock(), Clock("system"), Clock("ticking")
            assert clock.now() == FROZEN
            assert abs(system.now() - REAL) < 60
            assert 0 <= ticking.now() - FROZEN < 60
            frozen.tick(5)
            assert clock.now() == FROZEN + 5
            assert 0 <= ticking.now() - FROZEN < 60
        assert abs(clock.now() - REAL) < 60
        assert abs(clock.datetime().timestamp() - REAL) < 60
        assert abs(system.now() - REAL) < 60
        assert 0 <= ticking.now() - FROZEN < 60
        assert clock.travel("2030-01-01") >= 1893456000
        """,
    "the whole server comes while time is frozen": """
        import freezegun, urllib.request
        with freezegun.freeze_time("2001-01-01"):
            from fake_server import FakeServer
            with FakeServer() as server, server.project() as apivideo:
                urllib.request.urlopen(apivideo.url + "/_fake/clock")
                grant = apivideo.tokens.issue()
                assert grant.access.issued_ns == FROZEN * 10**9
        with FakeServer() as server, server.project() as apivideo:
            answer = urllib.request.urlopen(apivideo.url + "/_fake/clock")
            assert str(time.gmtime().tm_year) in answer.headers["Date"]
            assert abs(apivideo.tokens.issue().access.issued_ns / 10**9 - REAL) < 60
        """,
    "the clock comes while time-machine travels": """
        import time_machine
        with time_machine.travel(FROZEN, tick=False) as traveller:
            from fake_server.clock import Clock
            clock, system = Clock(), Clock("system")
            assert clock.now() == FROZEN
            import freezegun
            traveller.shift(5)
            assert clock.now() == FROZEN + 5
            assert abs(system.now() - REAL) < 60
        assert abs(clock.now() - REAL) < 60
        """,
}


@pytest.mark.parametrize("order", ORDERS)
def test_imports_may_come_in_any_order(order: str) -> None:
    lines = ["import sys, time", "FROZEN, REAL = 978307200, time.time()"]
    lines += [line.removeprefix(" " * 8) for line in ORDERS[order].splitlines()]
    subprocess.run([sys.executable, "-W", "error", "-c", "\n".join(lines)], check=True, timeout=60)


def test_the_real_time_is_read_while_freezegun_is_only_half_imported(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "freezegun.api", ModuleType("freezegun.api"))
    before = real_ns()
    assert before <= process_time_ns() <= real_ns()


def test_freezes_of_every_kind_can_follow_each_other() -> None:
    clock = Clock()
    with ExitStack() as stack:
        for freeze in (frozen_by_time_machine, frozen_by_freezegun):
            stack.enter_context(freeze())
            assert clock.now() == NEW_YEAR_2001
    for freeze in FREEZES:
        with freeze():
            assert clock.now() == NEW_YEAR_2001
        assert clock.now() > NEW_YEAR_2001 + 20 * 365 * 86_400
