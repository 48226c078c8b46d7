"""Run the contract suite and `drift` on a deviation of the fake: used by `test_deviations.py`."""

from __future__ import annotations

import contextlib
import functools
import io
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

import pytest_apivideo.contract as contract
from pytest_apivideo.contract import (  # noqa: F401 - else each run loads a copy
    api,
    authentication,
    files,
    schemas,
)
from pytest_apivideo.drift.baseline import new_drift
from pytest_apivideo.drift.compare import Drift, compare
from pytest_apivideo.drift.report import Report, read
from tests.contract.deviations import DEVIATIONS, Deviation

FOLDER = Path(contract.__file__).parent
_TODAY: Any = None  # without a baseline, no date matters


@dataclass(frozen=True)
class Noticed:
    """The first test that failed, if any, and the drift up to it."""

    failed: str | None
    drift: list[Drift]

    @property
    def by(self) -> str:
        """The means that noticed the deviation: "must", else "drift", else "nothing"."""
        return "must" if self.failed else "drift" if self.drift else "nothing"

    def __str__(self) -> str:
        drift = [f"{one.kind}: {one.operation} {one.where}" for one in self.drift]
        return self.failed or next(iter(drift), "nothing")


def noticed(deviation: Deviation) -> Noticed:
    """Apply a deviation to the fake, run the tests that should notice it, and compare reports."""
    expected = run(deviation.tests)
    with pytest.MonkeyPatch.context() as patch:
        deviation.apply(patch)
        report = run_now(deviation.tests, "-x")
    failed = [name for name, outcome in _outcomes(report) if outcome == "failed"]
    if failed:  # `-x` ended the run, perhaps before the first observation
        return Noticed(failed[0], [])
    return Noticed(None, new_drift(compare(report, expected), [], _TODAY))


@functools.cache
def run(tests: str) -> Report:
    """Return the report of a file of the contract on the unchanged fake."""
    report = run_now(tests, "-x")
    failed = [name for name, outcome in _outcomes(report) if outcome != "passed"]
    assert not failed, f"the contract must pass on the unchanged fake: {failed}"
    return report


def run_now(tests: str, *more: str) -> Report:
    """Return the report of a file of the contract, or of all for an empty text, on the fake."""
    paths = [str(path) for path in sorted(FOLDER.glob(f"test_{tests}*.py"))]
    with tempfile.TemporaryDirectory() as folder:
        path, ini = Path(folder) / "report.json", Path(folder) / "pytest.ini"
        ini.write_text("[pytest]\nasyncio_default_fixture_loop_scope = function\n")
        options = ["-p", "no:randomly", "-p", "no:cacheprovider", "--tb=no", *more]
        options += ["-c", str(ini), f"--rootdir={folder}", f"--apivideo-report={path}"]
        with contextlib.redirect_stdout(io.StringIO()):
            pytest.main([*options, *paths])
        return read(path)


def _outcomes(report: Report) -> list[tuple[str, str]]:
    checks = report["targets"]["fake"]["checks"]
    return [(name, check["outcome"]) for name, check in checks.items()]


def main() -> None:
    """Print each deviation with what noticed it."""
    for deviation in DEVIATIONS:
        result = noticed(deviation)
        print(f"{deviation.name:60} {result.by:8} {result}")


if __name__ == "__main__":
    main()
