"""What the fake adds to the report of a failure, and its own errors as failures of the test."""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING

import pytest

from pytest_apivideo.stash import PROJECT

if TYPE_CHECKING:
    from fake_server import FakeServer
    from fake_server.project import Project

_CALLS_BEFORE: pytest.StashKey[dict[str, int]] = pytest.StashKey()
"""The number of calls to each project before a test, by the projects' ids."""


class FailureReports:
    """The pytest hooks that report failures, registered once the fake server exists."""

    def __init__(self, server: FakeServer) -> None:
        self._server = server

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        """Note the number of calls to the projects of wider fixtures before a test."""
        item.stash[_CALLS_BEFORE] = {
            project.id: project.account.calls.recorded
            for project in self._server.projects.main_projects()
        }

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self) -> Generator[None]:
        """Fail a test for an unexpected error of the fake, or a fault that never fired."""
        try:
            yield
        except BaseException as failure:  # pytest's outcomes do not derive from Exception
            from fake_server.account import add_notes

            add_notes(failure, self._server.take_errors())
            raise
        self._server.check()
        project = self._server.projects.test_project
        if project is not None and (complaint := project.account.end_faults()):
            pytest.fail(complaint, pytrace=False)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_teardown(self, item: pytest.Item) -> Generator[None]:
        """End the test's faults before its fixtures, and its request handlers after them.

        Nothing then waits for a held response during teardown. A test that failed or was skipped
        gets no complaint.
        """
        project = self._server.projects.test_project
        if project is not None:
            project.account.end_faults()
        try:
            yield
        finally:
            if "apivideo_server" in getattr(item, "fixturenames", ()):
                self._server.clear_all_handlers()

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Add sections about the clock, the tokens and the calls to a failure."""
        report = yield
        if report.failed:
            self._add_sections(item, report)
        if report.when == "teardown" and PROJECT in item.stash:
            del item.stash[PROJECT]  # pytest keeps the item until the end of the run
        return report

    def _add_sections(self, item: pytest.Item, report: pytest.TestReport) -> None:
        from fake_server.failure_report import failure_report

        own, registry = item.stash.get(PROJECT, None), self._server.projects
        for project in ([] if own is None else [own]) + self._other_projects(item, own):
            suffix = "" if project is own else f" of {project.id}"
            is_running = project is registry.test_project
            late = list(registry.ended_project.account.calls) if is_running else []
            report.sections += [
                (f"api.video: {title}{suffix}", text)
                for title, text in failure_report(project, late)
            ]
        registry.failed_projects.clear()

    def _other_projects(self, item: pytest.Item, own: Project | None) -> list[Project]:
        """Return other projects that may matter to a failure: those called, and those created."""
        before = item.stash.get(_CALLS_BEFORE, {})
        called = [
            project
            for project in self._server.projects.main_projects()
            if project.account.calls.recorded > before.get(project.id, -1)
        ]
        candidates = (*called[-3:], *self._server.projects.failed_projects)
        return [project for project in candidates if project is not own]
