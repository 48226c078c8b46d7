"""Timing: two sides measured in turn, and the table that shows their ratios."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

Meter = Callable[[], float]
"""Measures one round of one side: seconds, or for rates an amount per second."""


@dataclass(frozen=True)
class Row:
    """A row of the table: what both sides measured, round by round, and the aim.

    The aim is an upper bound ("most") or a lower one ("least") on the ratio of the two sides, or
    an upper bound on the seconds of our side ("seconds").
    """

    name: str
    ours: Sequence[float]
    other: Sequence[float]
    aim: float | None = None
    bound: Literal["most", "least", "seconds"] = "most"

    def cells(self) -> tuple[str, ...]:
        """Return the text of each column."""
        ratios = [a / b for a, b in zip(self.ours, self.other, strict=True)]
        low, ratio, high = statistics.quantiles(ratios, n=4, method="inclusive")
        ours = statistics.median(self.ours)
        show = _rate if self.bound == "least" else _milliseconds
        return (
            self.name,
            show(ours),
            show(statistics.median(self.other)),
            f"{ratio:.2f} ({low:.2f} to {high:.2f})",
            *self._verdict(ours if self.bound == "seconds" else ratio),
        )

    def _verdict(self, figure: float) -> tuple[str, str]:
        if self.aim is None:
            return "", ""
        met = figure >= self.aim if self.bound == "least" else figure <= self.aim
        aim = _milliseconds(self.aim) if self.bound == "seconds" else f"{self.aim:.2f}"
        return f"{'>=' if self.bound == 'least' else '<='} {aim}", "met" if met else "missed"


def paired(ours: Meter, other: Meter, rounds: int) -> tuple[list[float], list[float]]:
    """Measure two sides in turn, each first in every other round, after a warm-up round."""
    figures = []
    for number in range(rounds + 1):
        if number % 2:
            figures.append((ours(), other()))
        else:
            figures.append((other(), ours())[::-1])
    return [a for a, _ in figures[1:]], [b for _, b in figures[1:]]


def seconds_per_call(work: Callable[[], object], calls: int = 1) -> Meter:
    """Return a meter of the median seconds of `calls` calls."""

    def once() -> float:
        begin = time.perf_counter()
        work()
        return time.perf_counter() - begin

    return lambda: statistics.median(once() for _ in range(calls))


def table(rows: Iterable[Row]) -> str:
    """Return the rows as aligned columns."""
    headings = ("", "ours", "other", "ratio (quartiles)", "aim", "")
    cells = [headings, *(row.cells() for row in rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return "\n".join(
        "  ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)).rstrip()
        for line in cells
    )


def _milliseconds(seconds: float) -> str:
    return f"{seconds * 1000:.3f} ms"


def _rate(per_second: float) -> str:
    return f"{per_second:,.0f}/s"
