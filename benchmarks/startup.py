"""What the plugin adds to the start of every pytest run, also where no test uses it."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from benchmarks.measure import Meter, Rounds, paired, seconds_per_call
from benchmarks.pytest_runs import empty_folder, pytest, seconds_of
from benchmarks.report import Aim, Finding, by_ratio, by_value

ROUNDS = 11
IMPORT_ROUNDS = 5
NO_TESTS = 5  # pytest's exit status

WITHOUT = ("--co", "-p", "pytest_httpserver.pytest_plugin")
WITH = (*WITHOUT, "-p", "apivideo")

_IMPORT = re.compile(r"import time:\s+(\d+) \|\s+\d+ \|\s+(\S+)")


def run(rounds: Rounds) -> Iterator[Finding]:
    """The modules' own share, the whole process, and what the first test that asks pays once."""
    with empty_folder() as folder:
        pytest(folder, *WITH, succeeds=NO_TESTS)
        ours = [_share(folder) for _ in range(rounds.count(IMPORT_ROUNDS))]
        yield by_value("modules that only the plugin loads", ours, [], Aim(0.005))
        found = paired(_start(folder, WITH), _start(folder, WITHOUT), rounds.count(ROUNDS))
    yield by_ratio("pytest --co, empty folder (beside: without)", found)
    imports = paired(_import("fake_server"), _import("pytest_httpserver"), rounds.count(ROUNDS))
    yield by_ratio("import fake_server (beside: pytest_httpserver)", imports)


def _share(folder: Path) -> float:
    """Seconds in the modules that a start with the plugin loads and one without it does not."""
    taken, others = (_modules(folder, arguments) for arguments in (WITH, WITHOUT))
    return sum(taken[name] for name in taken.keys() - others.keys()) / 1e6


def _modules(folder: Path, arguments: tuple[str, ...]) -> dict[str, int]:
    """The microseconds that each module itself took, without what it imports."""
    written = pytest(folder, *arguments, python=("-X", "importtime"), succeeds=NO_TESTS)
    return {name: int(taken) for taken, name in _IMPORT.findall(written)}


def _start(folder: Path, arguments: tuple[str, ...]) -> Meter:
    return lambda: seconds_of(folder, *arguments, succeeds=NO_TESTS)


def _import(module: str) -> Meter:
    command = [sys.executable, "-c", f"import {module}"]
    return seconds_per_call(lambda: subprocess.run(command, check=True), 1)
