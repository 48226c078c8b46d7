"""The report of a run: what each test saw of its target, as one JSON file.

{"format": 1, "made": "2026-11-24T08:15:00+00:00", "by": "pytest-apivideo 0.1.0",
 "targets": {"sandbox": {"address": "https://sandbox.api.video",
                         "checks": {"test_videos::test_a_video_needs_only_a_title":
                                    {"outcome": "passed", "seen": [observation, …],
                                     "settings": {"rotate_refresh": true}}}}}}
"""

from __future__ import annotations

import json
from collections.abc import Generator
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import pytest

from pytest_apivideo.targets import OBSERVED, SANDBOX, choice, target_of

FORMAT = 1
_ATTRIBUTE = "apivideo_check"

Report = dict[str, Any]


class ReportError(Exception):
    """A file is no report that can be read; says why."""


class Reporter:
    """Collects what tests saw, from all workers, and writes the report at the end of the run."""

    def __init__(self, config: pytest.Config, path: Path) -> None:
        self._config = config
        self._path = path
        self._checks: dict[tuple[str, str], dict[str, Any]] = {}

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Put what a test saw beside its report; a worker's comes to the main process with it."""
        report = yield
        noted = item.stash.get(OBSERVED, None)
        if noted is not None or report.outcome != "passed":
            facts = {"target": target_of(item), "check": check_id(item), "noted": noted or []}
            setattr(report, _ATTRIBUTE, facts)
        return report

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Take in what a test saw, and how it ended."""
        facts = getattr(report, _ATTRIBUTE, None)
        if facts is None:
            return
        check = self._checks.setdefault(
            (facts["target"], facts["check"]), {"outcome": "passed", "seen": [], "settings": {}}
        )
        if report.outcome != "passed":
            inconclusive = "apivideo_inconclusive" in dict(report.user_properties)
            check["outcome"] = "inconclusive" if inconclusive else report.outcome
        noted = facts["noted"]
        check["seen"] = [one for one in noted if "operation" in one]
        check["settings"] = {one["setting"]: one["value"] for one in noted if "setting" in one}

    def pytest_sessionfinish(self) -> None:
        """Write the report."""
        if hasattr(self._config, "workerinput"):
            return
        names = ["fake", "sandbox"] if choice(self._config) == "both" else [choice(self._config)]
        targets: dict[str, dict[str, Any]] = {
            name: {"address": self._address(name), "checks": {}} for name in names
        }
        for (target, check), facts in sorted(self._checks.items()):
            targets[target]["checks"][check] = facts
        made = datetime.now(UTC).isoformat(timespec="seconds")
        report = {"format": FORMAT, "made": made, "by": f"pytest-apivideo {_release()}"}
        write({**report, "targets": targets}, self._path)

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Say where the report is."""
        if not hasattr(self._config, "workerinput"):
            terminalreporter.write_line(f"api.video report: {self._path}")

    def _address(self, target: str) -> str | None:
        return self._config.stash[SANDBOX].base_url if target == "sandbox" else None


def check_id(item: pytest.Item) -> str:
    """The name of a test, the same on both targets and wherever it is installed."""
    name = getattr(item, "originalname", item.name)
    callspec = getattr(item, "callspec", None)
    if callspec is not None:
        parts = [callspec.id]
        if "apivideo_target" in callspec.params:
            parts = _without(callspec.id, callspec.params["apivideo_target"])
        name += f"[{parts[0]}]" if parts and parts[0] else ""
    within = ".".join(one.name for one in item.listchain() if isinstance(one, pytest.Class))
    return f"{item.path.stem}::{within}{'.' if within else ''}{name}"


def _without(identifier: str, target: str) -> list[str]:
    """The id of parameters without that of the target, which is its first or its last part."""
    if identifier == target:
        return []
    if identifier.startswith(f"{target}-"):
        return [identifier.removeprefix(f"{target}-")]
    return [identifier.removesuffix(f"-{target}")]


def write(report: Report, path: Path) -> None:
    """Write a report; parts of it that are equal in two runs are equal in the files, too."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(report, indent=1, sort_keys=True) + "\n", encoding="utf-8")


def read(path: Path) -> Report:
    """Read a report; raises ReportError if it is none."""
    try:
        report = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ReportError(f"{path} is no report: {error}") from None
    if not isinstance(report, dict) or not isinstance(report.get("targets"), dict):
        raise ReportError(f"{path} is no report of --apivideo-report")
    if report.get("format") != FORMAT:
        raise ReportError(
            f"{path} is a report of format {report.get('format')}; this version reads {FORMAT}. "
            "Make it again with this version."
        )
    return report


def checks_of(report: Report, preferred: str) -> tuple[str, dict[str, Any]]:
    """The target that is preferred, or else the only one, and its checks."""
    targets = report["targets"]
    name = preferred if preferred in targets else next(iter(targets), None)
    if name is None:
        raise ReportError("the report has no target")
    return name, targets[name]["checks"]


def _release() -> str:
    try:
        return version("pytest-apivideo")
    except PackageNotFoundError:  # pragma: no cover - a checkout that is not installed
        return "unknown"
