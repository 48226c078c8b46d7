"""What a fresh `apivideo` costs each test: the slope between a small and a large suite.

In processor time, because a test waits for nothing here, and a busy machine would tell otherwise.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from benchmarks.measure import Meter, Rounds, in_turn
from benchmarks.pytest_runs import empty_folder, processor_seconds_of
from benchmarks.report import Aim, Finding, by_value

FEW, MANY = 300, 3000
ROUNDS = 3
PLUGINS = ("-p", "apivideo", "-p", "pytest_httpserver.pytest_plugin")

FIXTURES = ("", "apivideo", "httpserver")
"""What the empty tests ask for; each is measured against nothing."""


def run(rounds: Rounds) -> Iterator[Finding]:
    """The fixture's cost, beside that of pytest-httpserver's `httpserver`."""
    few, many = (FEW, MANY // 3) if rounds.quick else (FEW, MANY)
    with empty_folder() as folder:
        meters = [_slope(folder, fixture, few, many) for fixture in FIXTURES]
        figures = [in_turn(meters, number) for number in range(rounds.count(ROUNDS))]
    ours = [apivideo - nothing for nothing, apivideo, _ in figures]
    theirs = [httpserver - nothing for nothing, _, httpserver in figures]
    yield by_value("apivideo in a test (beside: httpserver)", ours, theirs, Aim(0.0005))


def _slope(folder: Path, fixture: str, few: int, many: int) -> Meter:
    """Seconds of processor time that each further test takes."""
    small, large = _suite(folder, fixture, few), _suite(folder, fixture, many)

    def meter() -> float:
        seconds = [processor_seconds_of(folder, *PLUGINS, suite) for suite in (small, large)]
        return (seconds[1] - seconds[0]) / (many - few)

    return meter


def _suite(folder: Path, fixture: str, tests: int) -> str:
    name = f"test_{fixture or 'nothing'}_{tests}.py"
    functions = (f"def test_{number}({fixture}): pass\n" for number in range(tests))
    (folder / name).write_text("".join(functions))
    return name
