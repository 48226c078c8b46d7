"""The report of a run: what each test observed on its target, in one JSON file.

{"format": 1, "made": "2026-11-24T08:15:00+00:00", "by": "pytest-apivideo 0.1.0",
 "targets": {"sandbox": {"address": "https://sandbox.api.video",
                         "checks": {"test_videos::test_a_video_needs_only_a_title":
                                    {"outcome": "passed", "seen": [observation, …],
                                     "settings": {"rotate_refresh": [true]}}}}}}

A skipped test has a `reason`. A setting has all values that the test found. Each observation is one
line of the file.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Generator
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, NotRequired

import pytest
from typing_extensions import TypedDict

from pytest_apivideo.drift.files import FileError, NotWritableError, write
from pytest_apivideo.drift.observation import Observation
from pytest_apivideo.network.addresses import without_credentials
from pytest_apivideo.options import fake_server_url, target_choice, target_of
from pytest_apivideo.reporting.redaction import hidden, hiding
from pytest_apivideo.stash import OBSERVED

FORMAT = 1
_ATTRIBUTE = "apivideo_check"
_CONTRACT = Path(__file__).parents[1] / "contract"
_EXPANDED_LEVELS = 6
"""The levels of the JSON file that have a line for each item, down to the observations."""

Scalar = bool | int | float | str | None
"""The value of a setting."""


class Check(TypedDict):
    """The outcome and the observations of one test."""

    outcome: str
    seen: list[Observation]
    settings: dict[str, list[Scalar]]
    reason: NotRequired[str]


class TargetReport(TypedDict):
    """The checks on one target; the fake in the process of the run has no address."""

    address: str | None
    checks: dict[str, Check]


class Report(TypedDict):
    """The observations of a run; `made` is an ISO 8601 timestamp."""

    format: int
    made: str
    by: NotRequired[str]
    targets: dict[str, TargetReport]


class Reporter:
    """A plugin that collects observations from all workers and writes the report of the run."""

    def __init__(self, config: pytest.Config, path: Path) -> None:
        self._config = config
        self._path = path
        self._checks: dict[tuple[str, str], Check] = {}
        self._node_ids: dict[tuple[str, str], str] = {}
        self._summary = f"api.video report: {path}"

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Attach the test's observations to its report, which a worker sends to the controller."""
        report = yield
        noted = item.stash.get(OBSERVED, None)
        if noted is not None or report.outcome != "passed":
            facts = {"target": target_of(item), "check": check_id(item), "noted": noted or []}
            setattr(report, _ATTRIBUTE, hidden(facts, hiding(item.config)))
        return report

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Collect the observations and the outcome of a test."""
        facts = getattr(report, _ATTRIBUTE, None)
        if facts is None:
            return
        check = self._check(facts["target"], facts["check"], report.nodeid)
        if report.outcome != "passed":
            inconclusive = "apivideo_inconclusive" in dict(report.user_properties)
            check["outcome"] = "inconclusive" if inconclusive else report.outcome
        if report.skipped and isinstance(report.longrepr, tuple | list):
            check["reason"] = str(report.longrepr[2]).removeprefix("Skipped: ")
        check["seen"] = [note for note in facts["noted"] if "operation" in note]
        check["settings"] = {}
        for note in facts["noted"]:
            if "setting" in note:
                values = check["settings"].setdefault(note["setting"], [])
                if not _contains(values, note["value"]):
                    values.append(note["value"])

    def _check(self, target: str, name: str, node_id: str) -> Check:
        """Return the check of a test; a number keeps names apart that redaction made equal."""
        number, key = 1, (target, name)
        while self._node_ids.setdefault(key, node_id) != node_id:
            number += 1
            key = (target, f"{name} ({number})")
        return self._checks.setdefault(key, {"outcome": "passed", "seen": [], "settings": {}})

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Write the report; the run fails if that is impossible."""
        if hasattr(self._config, "workerinput"):
            return
        chosen = target_choice(self._config)
        names = ["fake", "sandbox"] if chosen == "both" else [chosen]
        targets: dict[str, TargetReport] = {
            name: {"address": self._address(name), "checks": {}} for name in names
        }
        for (target, name), check in sorted(self._checks.items()):
            targets[target]["checks"][name] = check
        made = datetime.now(UTC).isoformat(timespec="seconds")
        by = f"pytest-apivideo {_version()}"
        report: Report = {"format": FORMAT, "made": made, "by": by, "targets": targets}
        try:
            write(self._path, as_text(report))
        except NotWritableError as error:  # the file was writable when the run began
            self._summary = f"api.video report: {error}"
            session.exitstatus = session.exitstatus or pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Print the path of the report."""
        if not hasattr(self._config, "workerinput"):
            terminalreporter.write_line(self._summary)

    def _address(self, target: str) -> str | None:
        url = fake_server_url(self._config)
        if target == "sandbox":
            from pytest_apivideo.sandbox.run import SANDBOX_RUN

            url = self._config.stash[SANDBOX_RUN].base_url
        return None if url is None else without_credentials(url)


def _contains(values: list[Scalar], value: Scalar) -> bool:
    """Return whether a value is in a list; 1 and true are different."""
    return any(item == value and type(item) is type(value) for item in values)


def check_id(item: pytest.Item) -> str:
    """Return a test's id without its target; tests of the contract have no folder.

    `a/test_x.py::TestIt::test_up[case]`, or `test_videos::test_up` for the contract.
    """
    name = getattr(item, "originalname", item.name)
    callspec = getattr(item, "callspec", None)
    if callspec is not None:
        case = callspec.id
        if target := callspec.params.get("apivideo_target"):  # its id is the first or the last part
            case = re.sub(rf"^{target}(-|$)|-{target}$", "", case, count=1)
        name += f"[{case}]" if case else ""
    file = item.path.stem if item.path.parent == _CONTRACT else item.nodeid.partition("::")[0]
    classes = [node.name for node in item.listchain() if isinstance(node, pytest.Class)]
    return "::".join([file, *classes, name])


def as_text(report: Report) -> str:
    """Return a report's JSON text; items that are equal in two reports are equal lines."""
    return _dump(report, _EXPANDED_LEVELS, "") + "\n"


def _dump(value: Any, levels: int, indent: str) -> str:
    """Return JSON with a line for each item of the upper levels."""
    if not levels or not value or not isinstance(value, dict | list):
        return json.dumps(value, sort_keys=True)
    inner = indent + " "
    if isinstance(value, dict):
        brackets = "{}"
        items = [
            f"{json.dumps(key)}: {_dump(item, levels - 1, inner)}"
            for key, item in sorted(value.items())
        ]
    else:
        brackets = "[]"
        items = [_dump(item, levels - 1, inner) for item in value]
    lines = ",\n".join(inner + item for item in items)
    return f"{brackets[0]}\n{lines}\n{indent}{brackets[1]}"


def read(path: Path) -> Report:
    """Read a report. Raises FileError for any other file."""
    from pydantic import TypeAdapter, ValidationError

    try:
        report = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise FileError(f"{path} is not a report: {error}") from None
    if not isinstance(report, dict) or not isinstance(report.get("targets"), dict):
        raise FileError(f"{path} is not a report: --apivideo-report writes one")
    if report.get("format") != FORMAT:
        raise FileError(
            f"{path} is a report of format {report.get('format')}, and this version reads format "
            f"{FORMAT}: run the tests again with this version"
        )
    try:
        return TypeAdapter(Report).validate_python(report, strict=True)
    except ValidationError as invalid:
        first = invalid.errors(include_url=False)[0]
        place = ".".join(map(str, first["loc"]))
        raise FileError(f"{path} is an invalid report: {place}: {first['msg']}") from None


def select_target(report: Report, preferred: str) -> tuple[str, TargetReport]:
    """Return the name and the report of the preferred target, or else of the only one.

    Raises FileError if there is no target, or no test observed anything on it.
    """
    targets = report["targets"]
    name = preferred if preferred in targets else next(iter(targets), None)
    if name is None:
        raise FileError("the report has no target")
    checks = list(targets[name]["checks"].values())
    if not any(check["seen"] or check["settings"] for check in checks):
        raise FileError(f"this report has no observation of the {name}: {_why_empty(checks)}")
    return name, targets[name]


def _why_empty(checks: list[Check]) -> str:
    """Return the reason why a report has no observation."""
    reasons = Counter(check["reason"] for check in checks if "reason" in check)
    if reasons:
        ((reason, number),) = reasons.most_common(1)
        return f"{reasons.total()} of {len(checks)} tests were skipped, {number} because {reason}"
    if any(check["outcome"] == "failed" for check in checks):
        return "tests failed before their first apivideo_target.observe(…)"
    return "no test called apivideo_target.observe(…)"


def _version() -> str:
    try:
        return version("pytest-apivideo")
    except PackageNotFoundError:  # pragma: no cover - a checkout that is not installed
        return "unknown"
