"""Timing: two sides that take turns, and the medians of their rounds."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

Work = Callable[[], object]
Meter = Callable[[], float]
"""One round of one side: does the work and returns what it cost, or how much of it was done."""


@dataclass(frozen=True)
class Rounds:
    """How long to measure: `count` rounds, and whether the run is a quick one."""

    quick: bool = False

    def count(self, normal: int) -> int:
        """Rounds to run, where `normal` are enough for a steady median."""
        return max(2, normal // 5) if self.quick else normal


@dataclass(frozen=True)
class Spread:
    """The median of some figures, with their quartiles."""

    median: float
    low: float
    high: float


@dataclass(frozen=True)
class Paired:
    """What two sides measured in the same rounds."""

    ours: tuple[float, ...]
    theirs: tuple[float, ...]

    @property
    def ratio(self) -> Spread:
        """Ours divided by theirs, round by round."""
        return spread([a / b for a, b in zip(self.ours, self.theirs, strict=True)])


def spread(figures: Sequence[float]) -> Spread:
    """Median and quartiles."""
    low, median, high = statistics.quantiles(figures, n=4, method="inclusive")
    return Spread(median, low, high)


def seconds_per_call(work: Work, calls: int) -> Meter:
    """A meter of the seconds that one call takes, as the mean of `calls` in a row."""

    now = time.perf_counter  # held here, where a freeze that begins later does not reach it

    def meter() -> float:
        begin = now()
        for _ in range(calls):
            work()
        return (now() - begin) / calls

    return meter


def typical_seconds(work: Work, calls: int) -> Meter:
    """A meter of the seconds that one call takes, as the median of `calls` timed one by one.

    For calls of some length: a few that the machine held up do not count.
    """
    one = seconds_per_call(work, 1)
    return lambda: statistics.median(one() for _ in range(calls))


def paired(ours: Meter, theirs: Meter, rounds: int) -> Paired:
    """Measure two sides in turn, each first in every other round; a warm-up goes before."""
    figures = [in_turn((ours, theirs), number) for number in range(rounds + 1)][1:]
    return Paired(tuple(a for a, _ in figures), tuple(b for _, b in figures))


def in_turn(meters: Sequence[Meter], number: int) -> list[float]:
    """One round over any number of sides, begun at another one each time."""
    sides = len(meters)
    order = [(number + step) % sides for step in range(sides)]
    found = {side: meters[side]() for side in order}
    return [found[side] for side in range(sides)]
