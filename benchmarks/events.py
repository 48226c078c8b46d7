"""Time: moving the clock past many due events, and past none."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import timedelta

from freezegun import freeze_time

from benchmarks.measure import Meter, Row, paired, seconds_per_call
from fake_server import FakeServer

FEW, MANY, ROUNDS = 100, 10_000, 5


def rows(quick: bool) -> Iterator[Row]:
    """Yield the cost of an event in a long and a short queue, then of an empty advance."""
    rounds = 2 if quick else ROUNDS
    with FakeServer() as server:
        found = paired(_seconds_per_event(server, MANY), _seconds_per_event(server, FEW), rounds)
        yield Row(f"a due event of {MANY:,} (other: of {FEW})", *found, 1.5)
        with server.project() as apivideo:
            ours = seconds_per_call(lambda: apivideo.clock.advance(1), 1000)
            found = paired(ours, seconds_per_call(_freeze, 10), rounds)
    yield Row("advance(1) (other: a freeze by freezegun)", *found, 0.00005, "seconds")


def _seconds_per_event(server: FakeServer, events: int) -> Meter:
    """Return a meter of the seconds that each expiry of an empty video takes."""

    def meter() -> float:
        with server.project(expire_empty_videos=True) as apivideo:
            apivideo.videos.add_many(events, title="Empty")
            begin = time.perf_counter()
            apivideo.clock.advance(timedelta(days=8))
            seconds = time.perf_counter() - begin
            assert len(apivideo.videos) == 0
            return seconds / events

    return meter


def _freeze() -> None:
    with freeze_time("2030-01-01"):
        pass
