"""What the contract suite and `drift` notice of a deviation: the judge of `test_deviations.py`."""

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
_TODAY: Any = None  # there is no baseline, so no day matters


@dataclass(frozen=True)
class Noticed:
    """The first test that failed, if any, and the drift from the fake as it is until there."""

    failed: str | None
    drift: list[Drift]

    @property
    def by(self) -> str:
        """What noticed the deviation: `must` goes before `drift`, `nothing` is a defect."""
        return "must" if self.failed else "drift" if self.drift else "nothing"

    def __str__(self) -> str:
        if self.failed:
            return self.failed
        one = self.drift[0] if self.drift else None
        return f"{one.kind}: {one.operation} {one.where}" if one else "nothing"


def noticed(deviation: Deviation) -> Noticed:
    """Put a deviation into the fake, run the tests that are to notice it, and compare."""
    as_it_is = run(deviation.tests)
    with pytest.MonkeyPatch.context() as patch:
        deviation.apply(patch)
        deviating = run_now(deviation.tests, "-x")
    checks = _checks(deviating).items()
    failed = next((name for name, one in checks if one["outcome"] == "failed"), None)
    return Noticed(failed, new_drift(compare(deviating, as_it_is), [], _TODAY))


@functools.cache
def run(tests: str) -> Report:
    """The report of a file of the contract on the fake as it is."""
    report = run_now(tests, "-x")
    wrong = [name for name, one in _checks(report).items() if one["outcome"] != "passed"]
    assert not wrong, f"the contract must hold on the fake as it is: {wrong}"
    return report


def run_now(tests: str, *more: str) -> Report:
    """The report of a file of the contract, or of all (`*`), on the fake as it now is."""
    paths = [str(path) for path in sorted(FOLDER.glob(f"test_{tests}*.py"))]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "report.json"
        ini = Path(folder) / "pytest.ini"
        ini.write_text("[pytest]\nasyncio_default_fixture_loop_scope = function\n")
        given = ["-p", "no:randomly", "-p", "no:cacheprovider", "--tb=no", *more]
        options = ["-c", str(ini), f"--rootdir={folder}", f"--apivideo-report={path}"]
        with contextlib.redirect_stdout(io.StringIO()):
            pytest.main([*given, *options, *paths])
        return read(path)


def _checks(report: Report) -> dict[str, Any]:
    found: dict[str, Any] = report["targets"]["fake"]["checks"]
    return found


def main() -> None:
    """Print which deviation is noticed by what."""
    for deviation in DEVIATIONS:
        found = noticed(deviation)
        print(f"{deviation.name:45} {found.by:8} {found}")


if __name__ == "__main__":
    main()
