"""Runs of pytest in a process of its own: what the plugin adds to the start and to each test."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.measure import Meter, Row, paired, seconds_per_call

NO_TESTS = 5  # pytest's exit status
FEW, MANY = 300, 3000
WITHOUT = ("-p", "pytest_httpserver.pytest_plugin")
WITH = (*WITHOUT, "-p", "apivideo")

_IMPORT = re.compile(r"import time:\s+(\d+) \|\s+\d+ \|\s+(\S+)")


def start_rows(quick: bool) -> Iterator[Row]:
    """Yield the cost of the plugin's modules, of the whole process, and of the fake's import."""
    rounds = 2 if quick else 9
    with _empty_folder() as folder:
        _pytest(folder, "--co", *WITH, status=NO_TESTS)  # writes the byte code
        ours, all_modules = zip(*[_own_imports(folder) for _ in range(rounds)], strict=True)
        yield Row("modules only the plugin loads (other: all)", ours, all_modules, 0.005, "seconds")
        found = paired(_start(folder, WITH), _start(folder, WITHOUT), rounds)
        yield Row("pytest --co, empty folder (other: without)", *found, 1.05)
    found = paired(_import("fake_server"), _import("pytest_httpserver"), rounds)
    yield Row("import fake_server (other: pytest_httpserver)", *found)


def per_test_rows(quick: bool) -> Iterator[Row]:
    """Yield what a fresh `apivideo` costs a test: the slope between a small and a large suite."""
    many, rounds = (MANY // 3, 2) if quick else (MANY, 3)
    with _empty_folder() as folder:
        empty, ours, other = (
            [meter() for _ in range(rounds)]
            for meter in (_slope(folder, name, many) for name in ("", "apivideo", "httpserver"))
        )
    base = min(empty)
    yield Row(
        "apivideo in a test (other: httpserver)",
        [figure - base for figure in ours],
        [figure - base for figure in other],
        0.0005,
        "seconds",
    )


@contextmanager
def _empty_folder() -> Iterator[Path]:
    with TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "pytest.ini").write_text("[pytest]\n")
        yield folder


def _pytest(
    folder: Path, *arguments: str, python: tuple[str, ...] = (), status: int = 0
) -> subprocess.CompletedProcess[str]:
    """Run pytest in a folder, with no plugin except those named; raise on another exit status."""
    command = [sys.executable, *python, "-m", "pytest", "-q", "-p", "no:cacheprovider", *arguments]
    environ = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTEST_ADDOPTS": ""}
    done = subprocess.run(
        command, cwd=folder, env=environ, capture_output=True, text=True, check=False
    )
    if done.returncode != status:
        raise RuntimeError(f"{' '.join(command)} failed:\n{done.stdout}\n{done.stderr}")
    return done


def _own_imports(folder: Path) -> tuple[float, float]:
    """Return the import seconds of the modules that only the plugin loads, and of all modules."""
    ours, without = (_imports(folder, plugins) for plugins in (WITH, WITHOUT))
    return sum(ours[name] for name in ours.keys() - without.keys()), sum(ours.values())


def _imports(folder: Path, plugins: tuple[str, ...]) -> dict[str, float]:
    """Return the seconds that each module takes to import, without its own imports."""
    done = _pytest(folder, "--co", *plugins, python=("-X", "importtime"), status=NO_TESTS)
    return {name: int(taken) / 1e6 for taken, name in _IMPORT.findall(done.stderr)}


def _start(folder: Path, plugins: tuple[str, ...]) -> Meter:
    return seconds_per_call(lambda: _pytest(folder, "--co", *plugins, status=NO_TESTS))


def _import(module: str) -> Meter:
    command = [sys.executable, "-c", f"import {module}"]
    return seconds_per_call(lambda: subprocess.run(command, check=True))


def _slope(folder: Path, fixture: str, many: int) -> Meter:
    """Return a meter of the processor seconds that each further test takes.

    Processor time, because these tests never wait and a busy machine distorts elapsed time.
    """

    def seconds(tests: int) -> float:
        name = f"test_{fixture or 'nothing'}_{tests}.py"
        functions = (f"def test_{number}({fixture}): pass\n" for number in range(tests))
        (folder / name).write_text("".join(functions))
        before = os.times()
        _pytest(folder, *WITH, name)
        after = os.times()
        user = after.children_user - before.children_user
        return user + after.children_system - before.children_system

    return lambda: (seconds(many) - seconds(FEW)) / (many - FEW)
