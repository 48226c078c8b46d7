"""Reports as a run writes them, and those that saw nothing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from fake_server.cli import cli
from pytest_apivideo.drift.compare import Drift, compare
from pytest_apivideo.drift.files import FileError
from pytest_apivideo.drift.report import FORMAT, Check, Report, TargetReport, as_text
from pytest_apivideo.options import KEY_VARIABLE, NO_KEY
from tests.contract.reports import report

# Reports that saw nothing


def skipped(**reasons: str) -> Report:
    """Return a report of skipped tests."""
    checks: dict[str, Check] = {
        name: {"outcome": "skipped", "seen": [], "settings": {}, "reason": reason}
        for name, reason in reasons.items()
    }
    side: TargetReport = {"address": None, "checks": checks}
    return {"format": FORMAT, "made": "2026-11-24T08:00:00+00:00", "targets": {"sandbox": side}}


@pytest.mark.parametrize("command", ["drift", "verify"])
def test_from_a_report_that_saw_nothing_nothing_is_concluded(
    files: tuple[str, str], tmp_path: Path, command: str
) -> None:
    path = tmp_path / "skipped.json"
    path.write_text(as_text(skipped(a="it needs a clock", b=NO_KEY, c=NO_KEY)))
    before = [files[0]] if command == "drift" else []
    done = CliRunner().invoke(cli, [command, *before, str(path)], catch_exceptions=False)
    assert (done.exit_code, done.stdout) == (1, "")
    words = "this report has no observation of the sandbox: 3 of 3 tests were skipped, 2 because "
    assert done.stderr == f"Error: {words}{NO_KEY}\n"


@pytest.mark.parametrize(
    ("made", "words"),
    [
        (report(outcome="failed"), "tests failed before their first apivideo_target.observe"),
        (report(), "no test called apivideo_target.observe"),
    ],
    ids=["failed", "passed"],
)
def test_why_a_report_saw_nothing_is_said(made: Report, words: str) -> None:
    with pytest.raises(FileError, match=words):
        compare(made, made)


# Reports as a run writes them


SUITE = """
import httpx, pytest

def test_seen(apivideo_target):
    apivideo_target.observe(httpx.get(apivideo_target.url + "/videos"))

def test_skipped(apivideo_target):
    pytest.skip("for a reason")
"""


SEES = """
import httpx

class TestIt:
    def test_up(self, apivideo_target):
        apivideo_target.observe(httpx.get(apivideo_target.url + "/{path}"))
"""
FINDS = """
def test_it(apivideo_target):
    for value in [({found})]:
        apivideo_target.found("rotate_refresh", value)
"""
CASES = """
import pytest

@pytest.mark.parametrize("key", ["a-secret-of-ours", "a-secret-of-yours"], ids=str)
def test_it(apivideo_target, key):
    apivideo_target.found("rotate_refresh", True)
"""


def test_a_report_has_a_line_for_each_observation_and_reason(
    suite: pytest.Pytester,
) -> None:
    suite.makepyfile(test_a=SUITE)
    path = suite.path / "new" / "folder" / "report.json"
    suite.runpytest(f"--apivideo-report={path}").assert_outcomes(passed=1, skipped=1)
    checks = json.loads(path.read_text())["targets"]["fake"]["checks"]
    assert checks["test_a.py::test_skipped"]["reason"] == "for a reason"
    (seen,) = checks["test_a.py::test_seen"]["seen"]
    assert json.dumps(seen, sort_keys=True) in [
        line.strip() for line in path.read_text().splitlines()
    ]
    assert as_text(json.loads(path.read_text())) == path.read_text()


def written(suite: pytest.Pytester, *arguments: str) -> dict[str, Any]:
    """Run a suite that passes, and return the checks in its report."""
    done = suite.runpytest("--apivideo-report=report.json", *arguments)
    assert done.ret == 0
    checks: dict[str, Any] = json.loads((suite.path / "report.json").read_text())
    return checks["targets"]["fake"]["checks"]  # type: ignore[no-any-return] # of JSON


def test_tests_of_one_name_in_two_folders_stay_two(suite: pytest.Pytester) -> None:
    for folder, path in (("a", "videos"), ("b", "players")):
        file = suite.mkpydir(folder) / "test_x.py"
        file.write_text(SEES.format(path=path))
    checks = written(suite)
    assert {name: check["seen"][0]["operation"] for name, check in checks.items()} == {
        "a/test_x.py::TestIt::test_up": "GET /videos",
        "b/test_x.py::TestIt::test_up": "GET /players",
    }


def test_all_values_that_a_test_found_are_kept(suite: pytest.Pytester) -> None:
    suite.makepyfile(test_a=FINDS.format(found="True), (True), (False), (1), (None), ('two words'"))
    (check,) = written(suite).values()
    assert check["settings"] == {"rotate_refresh": [True, False, 1, None, "…"]}
    done = CliRunner().invoke(cli, ["drift", "report.json", "report.json"])
    assert (done.exit_code, done.output) == (0, "no difference\n")


@pytest.mark.parametrize(
    ("found", "words"),
    [("object()", "*TypeError: found() expects*not object"), ("1e999", "*ValueError: found()*inf")],
)
def test_an_invalid_setting_raises_an_error_and_the_report_is_written(
    suite: pytest.Pytester, found: str, words: str
) -> None:
    suite.makepyfile(test_a=FINDS.format(found=found))
    done = suite.runpytest("--apivideo-report=report.json")
    done.stdout.fnmatch_lines([words])
    checks = json.loads((suite.path / "report.json").read_text())["targets"]["fake"]["checks"]
    assert [check["outcome"] for check in checks.values()] == ["failed"]


def test_no_key_in_the_id_of_a_case_is_written(
    suite: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(KEY_VARIABLE, "a-secret-of-ours")
    suite.makeconftest("def pytest_apivideo_redact(config): return 'a-secret-of-yours'")
    suite.makepyfile(test_a=CASES)
    checks = written(suite)
    assert sorted(checks) == ["test_a.py::test_it[a-s…ours]", "test_a.py::test_it[a-s…ours] (2)"]
    assert "secret" not in json.dumps(checks)


def test_a_run_without_tests_keeps_an_existing_report(suite: pytest.Pytester) -> None:
    suite.makepyfile(test_a=SUITE)
    path = suite.path / "report.json"
    path.write_text("a report")
    suite.runpytest(f"--apivideo-report={path}", "--collect-only")
    assert path.read_text() == "a report"


@pytest.mark.parametrize("workers", [(), ("-n2",)], ids=["alone", "xdist"])
@pytest.mark.parametrize("name", [".", "test_a.py/report.json"], ids=["a folder", "in a file"])
def test_a_report_that_cannot_be_written_ends_the_run_before_its_first_test(
    suite: pytest.Pytester, name: str, workers: tuple[str, ...]
) -> None:
    suite.makepyfile(test_a=SUITE)
    done = suite.runpytest(f"--apivideo-report={name}", *workers)
    assert done.ret == pytest.ExitCode.USAGE_ERROR
    (error,) = [line for line in done.errlines if line]
    assert error.startswith("ERROR: --apivideo-report: cannot write ")


def test_a_report_that_cannot_be_written_any_more_fails_the_run(suite: pytest.Pytester) -> None:
    vanishes = SUITE + "def test_in_the_way(): __import__('os').mkdir('report.json')"
    suite.makepyfile(test_a=vanishes)
    done = suite.runpytest("--apivideo-report=report.json")
    done.assert_outcomes(passed=2, skipped=1)
    assert done.ret == pytest.ExitCode.TESTS_FAILED
    done.stdout.fnmatch_lines(["api.video report: cannot write */report.json: Is a directory"])


def test_a_drift_that_only_its_tests_tell_apart_is_the_same() -> None:
    assert Drift("type", "a", "b", "c", "d", ("x",)) == Drift("type", "a", "b", "c", "d", ("y",))
