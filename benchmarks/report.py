"""What a benchmark found, and how it is printed."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from benchmarks.measure import Paired, Spread, spread

Show = Callable[[float], str]

HEADINGS = ("benchmark", "ours", "beside it", "measured", "quartiles", "aim", "")


def duration(seconds: float) -> str:
    """Seconds in the unit that reads best."""
    for unit, factor in (("s", 1.0), ("ms", 1e3)):
        if abs(seconds) * factor >= 1:
            return (
                f"{seconds * factor:.3g} {unit}" if seconds * factor < 1000 else f"{seconds:.0f} s"
            )
    return f"{seconds * 1e6:.3g} us" if abs(seconds) < 1e-4 else f"{seconds * 1e3:.3f} ms"


def rate(per_second: float) -> str:
    """So many a second."""
    return f"{per_second:,.0f}/s"


def times(ratio: float) -> str:
    """A ratio."""
    return f"{ratio:.2f} x"


@dataclass(frozen=True)
class Aim:
    """A bound that the measured figure should keep: at most or, with `least`, at least."""

    bound: float
    least: bool = False

    def met_by(self, figure: float) -> bool:
        """Whether the figure keeps the bound."""
        return figure >= self.bound if self.least else figure <= self.bound

    def shown(self, show: Show) -> str:
        """The bound in words."""
        return f"{'>=' if self.least else '<='} {show(self.bound)}"


@dataclass(frozen=True)
class Finding:
    """One line of the report. `measured` is the figure that the aim is held against."""

    benchmark: str
    ours: str
    beside: str
    measured: Spread
    show: Show
    aim: Aim | None = None

    def cells(self) -> tuple[str, ...]:
        """The line's columns."""
        measured, show, aim = self.measured, self.show, self.aim
        return (
            self.benchmark,
            self.ours,
            self.beside,
            show(measured.median),
            f"{show(measured.low)} .. {show(measured.high)}",
            aim.shown(show) if aim else "",
            ("met" if aim.met_by(measured.median) else "missed") if aim else "",
        )


def by_ratio(
    benchmark: str, found: Paired, aim: Aim | None = None, show: Show = duration
) -> Finding:
    """A line whose aim is a ratio of the two sides."""
    ours, theirs = spread(found.ours).median, spread(found.theirs).median
    return Finding(benchmark, show(ours), show(theirs), found.ratio, times, aim)


def by_value(
    benchmark: str, ours: Iterable[float], theirs: Iterable[float], aim: Aim | None = None
) -> Finding:
    """A line whose aim is a duration of our side; the other's stands beside it."""
    measured, beside = spread([*ours]), [*theirs]
    other = duration(spread(beside).median) if beside else ""
    return Finding(benchmark, duration(measured.median), other, measured, duration, aim)


def table(findings: Iterable[Finding]) -> str:
    """The findings as aligned columns."""
    rows = [HEADINGS, *(finding.cells() for finding in findings)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(_line(row, widths) for row in rows)


def _line(cells: tuple[str, ...], widths: list[int]) -> str:
    first, *rest = zip(cells, widths, strict=True)
    figures = [text.rjust(width) for text, width in rest[:-1]]
    return "  ".join([first[0].ljust(first[1]), *figures, rest[-1][0]]).rstrip()
