"""The report of a run: what each test saw of its target, as one JSON file.

{"format": 1, "made": "2026-11-24T08:15:00+00:00", "by": "pytest-apivideo 0.1.0",
 "targets": {"sandbox": {"address": "https://sandbox.api.video",
                         "checks": {"test_videos::test_a_video_needs_only_a_title":
                                    {"outcome": "passed", "seen": [observation, …],
                                     "settings": {"rotate_refresh": [true]}}}}}}

A test that did not pass, nor fail, has a `reason`; a setting has all values that a test found to
match. Every observation is one line of the file.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Generator
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, NotRequired

import pytest
from typing_extensions import TypedDict

from pytest_apivideo.drift.files import NotWritableError, write
from pytest_apivideo.drift.observation import Observation
from pytest_apivideo.network.addresses import without_credentials
from pytest_apivideo.options import fake_server_url, target_choice, target_of
from pytest_apivideo.reporting.redaction import hidden, hiding
from pytest_apivideo.stash import OBSERVED

FORMAT = 1
_ATTRIBUTE = "apivideo_check"
_CONTRACT = Path(__file__).parents[1] / "contract"
_LEVELS = 6
"""How deep the lines of a file go: to the observations, each of which is one."""


Scalar = bool | int | float | str | None
"""What a setting can be seen as."""


class Check(TypedDict):
    """What one test saw."""

    outcome: str
    seen: list[Observation]
    settings: dict[str, list[Scalar]]
    reason: NotRequired[str]


class Side(TypedDict):
    """What all tests saw of one target; the fake of the run's own process has no address."""

    address: str | None
    checks: dict[str, Check]


class Report(TypedDict):
    """All that a run saw; `made` is a day and time of ISO 8601."""

    format: int
    made: str
    by: NotRequired[str]
    targets: dict[str, Side]


class ReportError(Exception):
    """A file is no report that can be read, or says nothing; says why."""


class Reporter:
    """Collects what tests saw, from all workers, and writes the report at the end of the run."""

    def __init__(self, config: pytest.Config, path: Path) -> None:
        self._config = config
        self._path = path
        self._checks: dict[tuple[str, str], Check] = {}
        self._tests: dict[tuple[str, str], str] = {}
        self._told = f"api.video report: {path}"

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Put what a test saw beside its report; a worker's comes to the main process with it."""
        report = yield
        noted = item.stash.get(OBSERVED, None)
        if noted is not None or report.outcome != "passed":
            facts = {"target": target_of(item), "check": check_id(item), "noted": noted or []}
            setattr(report, _ATTRIBUTE, hidden(facts, hiding(item.config)))
        return report

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Take in what a test saw, and how it ended."""
        facts = getattr(report, _ATTRIBUTE, None)
        if facts is None:
            return
        check = self._check(facts["target"], facts["check"], report.nodeid)
        if report.outcome != "passed":
            inconclusive = "apivideo_inconclusive" in dict(report.user_properties)
            check["outcome"] = "inconclusive" if inconclusive else report.outcome
        if report.skipped and isinstance(report.longrepr, tuple | list):
            check["reason"] = str(report.longrepr[2]).removeprefix("Skipped: ")
        check["seen"] = [one for one in facts["noted"] if "operation" in one]
        check["settings"] = {}
        for one in facts["noted"]:
            if "setting" in one:
                found = check["settings"].setdefault(one["setting"], [])
                found += [] if _is_among(found, one["value"]) else [one["value"]]

    def _check(self, target: str, name: str, test: str) -> Check:
        """What a test saw; of two whose names are one without the secrets in them, each its own."""
        number, own = 1, name
        while self._tests.setdefault((target, own), test) != test:
            number += 1
            own = f"{name} ({number})"
        return self._checks.setdefault(
            (target, own), {"outcome": "passed", "seen": [], "settings": {}}
        )

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Write the report; the run fails if that cannot be done."""
        if hasattr(self._config, "workerinput"):
            return
        names = (
            ["fake", "sandbox"]
            if target_choice(self._config) == "both"
            else [target_choice(self._config)]
        )
        targets: dict[str, Side] = {
            name: {"address": self._address(name), "checks": {}} for name in names
        }
        for (target, check), facts in sorted(self._checks.items()):
            targets[target]["checks"][check] = facts
        made = datetime.now(UTC).isoformat(timespec="seconds")
        by = f"pytest-apivideo {_release()}"
        try:
            write(
                self._path,
                as_text({"format": FORMAT, "made": made, "by": by, "targets": targets}),
            )
        except NotWritableError as wrong:  # it could be when the run began
            self._told = f"api.video report: {wrong}"
            session.exitstatus = session.exitstatus or pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Say where the report is."""
        if not hasattr(self._config, "workerinput"):
            terminalreporter.write_line(self._told)

    def _address(self, target: str) -> str | None:
        url = fake_server_url(self._config)
        if target == "sandbox":
            from pytest_apivideo.sandbox.run import SANDBOX_RUN

            url = self._config.stash[SANDBOX_RUN].base_url
        return None if url is None else without_credentials(url)


def _is_among(found: list[Scalar], value: Scalar) -> bool:
    """Whether a value is one of these; 1 is not true."""
    return any(one == value and type(one) is type(value) for one in found)


def check_id(item: pytest.Item) -> str:
    """The name of a test, the same on both targets, and for the contract wherever it is installed.

    `a/test_x.py::TestIt::test_up[case]`, or `test_videos::test_up` of the contract.
    """
    name = getattr(item, "originalname", item.name)
    callspec = getattr(item, "callspec", None)
    if callspec is not None:
        parts = [callspec.id]
        if "apivideo_target" in callspec.params:
            parts = _without(callspec.id, callspec.params["apivideo_target"])
        name += f"[{parts[0]}]" if parts and parts[0] else ""
    file = item.path.stem if item.path.parent == _CONTRACT else item.nodeid.partition("::")[0]
    classes = [one.name for one in item.listchain() if isinstance(one, pytest.Class)]
    return "::".join([file, *classes, name])


def _without(identifier: str, target: str) -> list[str]:
    """The id of parameters without that of the target, which is its first or its last part."""
    if identifier == target:
        return []
    if identifier.startswith(f"{target}-"):
        return [identifier.removeprefix(f"{target}-")]
    return [identifier.removesuffix(f"-{target}")]


def as_text(report: Report) -> str:
    """The text of a report; parts of it that are equal in two runs are equal lines, too."""
    return _lines(report, _LEVELS, "") + "\n"


def _lines(value: Any, levels: int, indent: str) -> str:
    """JSON whose upper levels have a line for each of their values."""
    if not levels or not value or not isinstance(value, dict | list):
        return json.dumps(value, sort_keys=True)
    inner = indent + " "
    if isinstance(value, dict):
        named = sorted(value.items())
        parts = [f"{json.dumps(key)}: {_lines(one, levels - 1, inner)}" for key, one in named]
    else:
        parts = [_lines(one, levels - 1, inner) for one in value]
    first, last = "{}" if isinstance(value, dict) else "[]"
    return first + "\n" + ",\n".join(inner + part for part in parts) + "\n" + indent + last


def read(path: Path) -> Report:
    """Read a report; raises ReportError if it is none."""
    from pydantic import TypeAdapter, ValidationError

    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise ReportError(f"{path} is no report: {error}") from None
    if not isinstance(found, dict) or not isinstance(found.get("targets"), dict):
        raise ReportError(f"{path} is no report of --apivideo-report")
    if found.get("format") != FORMAT:
        raise ReportError(
            f"{path} is a report of format {found.get('format')}; this version reads {FORMAT}. "
            "Make it again with this version."
        )
    try:
        return TypeAdapter(Report).validate_python(found, strict=True)
    except ValidationError as wrong:
        first = wrong.errors(include_url=False)[0]
        place = ".".join(map(str, first["loc"]))
        raise ReportError(f"{path} is no whole report: {place}: {first['msg']}") from None


def side_of(report: Report, preferred: str) -> tuple[str, Side]:
    """The target that is preferred, or else the only one, and what was seen of it.

    Raises ReportError if there is none, or if no test saw anything of it.
    """
    targets = report["targets"]
    name = preferred if preferred in targets else next(iter(targets), None)
    if name is None:
        raise ReportError("the report has no target")
    side = targets[name]
    checks = side["checks"].values()
    if not any(check["seen"] or check["settings"] for check in checks):
        raise ReportError(f"this report saw nothing of the {name}: {_why_nothing(list(checks))}")
    return name, side


def _why_nothing(checks: list[Check]) -> str:
    """Why no test saw anything."""
    reasons = Counter(check["reason"] for check in checks if "reason" in check)
    if reasons:
        ((reason, number),) = reasons.most_common(1)
        return f"of {len(checks)} tests {reasons.total()} were skipped, {number} because {reason}"
    if any(check["outcome"] == "failed" for check in checks):
        return "tests failed before any noted an answer"
    return "no test noted an answer with apivideo_target.observe(…)"


def _release() -> str:
    try:
        return version("pytest-apivideo")
    except PackageNotFoundError:  # pragma: no cover - a checkout that is not installed
        return "unknown"
