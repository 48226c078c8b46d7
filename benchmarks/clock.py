"""Time: moving and reading the fake's clock, beside freezegun."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime

from freezegun import freeze_time

from benchmarks.measure import Rounds, paired, seconds_per_call
from benchmarks.report import Aim, Finding, by_ratio, by_value
from fake_server import FakeServer

ROUNDS = 15
CALLS = 1000
FREEZES = 10
MOMENT = datetime(2030, 1, 1, tzinfo=UTC)


def run(rounds: Rounds) -> Iterator[Finding]:
    """Moving the clock beside freezing and thawing the process; then reading both."""
    with FakeServer() as server, server.project() as apivideo:
        clock, count = apivideo.clock, rounds.count(ROUNDS)
        freeze = seconds_per_call(_freeze_and_thaw, FREEZES)
        for name, move in {
            "advance(1)": lambda: clock.advance(1),
            "travel(a datetime)": lambda: clock.travel(MOMENT),
        }.items():
            found = paired(seconds_per_call(move, CALLS), freeze, count)
            yield by_value(f"{name} (beside: a freeze)", found.ours, found.theirs, Aim(0.00005))
        ours, theirs = seconds_per_call(clock.now, CALLS), seconds_per_call(_read_time, CALLS)
        yield by_ratio("now() (beside: time.time())", paired(ours, theirs, count))
        with freeze_time(MOMENT):
            found = paired(ours, theirs, count)
        yield by_ratio("now() in a freeze (as above)", found)


def _read_time() -> float:
    return time.time()


def _freeze_and_thaw() -> None:
    with freeze_time(MOMENT):
        pass
