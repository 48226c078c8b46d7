"""What the plugin tells pytest: the header line, and errors of the fake as the test's failure."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytest_apivideo.beginning import described
from pytest_apivideo.options import value_of
from pytest_apivideo.redaction import hide_secrets
from pytest_apivideo.stash import CALLS_BEFORE, PROJECT, SERVER
from pytest_apivideo.targets import choice

if TYPE_CHECKING:
    from fake_server import FakeServer
    from fake_server.project import Project


def header(config: pytest.Config) -> str:
    """The line at the top of a run: the target, and where ids come from."""
    seed = value_of(config, "seed")
    ids = "each test's name" if seed.value is None else f"{seed.value!r} ({seed.source})"
    if choice(config) == "sandbox":
        return f"api.video: {described(config)}"
    return f"api.video: {described(config)}, ids seeded by {ids}"


def begin(item: pytest.Item) -> None:
    """Note what the projects of wider fixtures were asked before a test."""
    server = item.config.stash.get(SERVER, None)
    if server is not None:
        item.stash[CALLS_BEFORE] = {
            one.id: one.account.calls.recorded for one in server.projects.main_projects()
        }


def raise_server_errors(config: pytest.Config) -> None:
    """Fail the test in which the fake, or a rule's handler, ran into an unexpected error."""
    server = config.stash.get(SERVER, None)
    if server is not None:
        server.check()


def clear_rules(item: pytest.Item) -> None:
    """Forget the rules that a test gave to the server, by whatever fixture it had it."""
    server = item.config.stash.get(SERVER, None)
    if server is not None and "apivideo_server" in getattr(item, "fixturenames", ()):
        server.clear_all_handlers()


def note_server_errors(config: pytest.Config, failure: BaseException) -> None:
    """Add unexpected errors of the fake to a failure that they may have caused."""
    server = config.stash.get(SERVER, None)
    if server is not None:
        from fake_server.account import add_notes

        add_notes(failure, server.take_errors())


def raise_complaints(config: pytest.Config) -> None:
    """Fail a test with a fault that never fired, or with what the setting `strict` forbids."""
    server = config.stash.get(SERVER, None)
    project = None if server is None else server.projects.test_project
    if project is not None and (complaint := project.account.end_faults()):
        pytest.fail(complaint, pytrace=False)


def end_faults(config: pytest.Config) -> None:
    """End the test's faults, so that nothing waits for what they hold while it is torn down.

    What there was to complain of has been told, or does not matter: the test failed, or was
    skipped.
    """
    server = config.stash.get(SERVER, None)
    project = None if server is None else server.projects.test_project
    if project is not None:
        project.account.end_faults()


def tell(item: pytest.Item, report: pytest.TestReport) -> None:
    """Add to a failure what the fake knows of it, and hide secrets in all that a report shows."""
    server = item.config.stash.get(SERVER, None)
    if server is not None and report.failed:
        _tell_story(item, report, server)
    hide_secrets(item.config, report)
    if report.when == "teardown" and PROJECT in item.stash:
        del item.stash[PROJECT]  # the item stays until the run ends, the test's account need not


def _tell_story(item: pytest.Item, report: pytest.TestReport, server: FakeServer) -> None:
    from fake_server.failure_report import failure_report

    project = item.stash.get(PROJECT, None)
    for one in ([] if project is None else [project]) + _others(item, server, project):
        of = "" if one is project else f" of {one.id}"
        is_running = one is server.projects.test_project
        late = list(server.projects.ended_project.account.calls) if is_running else []
        report.sections += [
            (f"api.video: {title}{of}", text) for title, text in failure_report(one, late)
        ]
    server.projects.failed_projects.clear()


def _others(item: pytest.Item, server: FakeServer, project: Project | None) -> list[Project]:
    """The projects beside the test's that its failure may be about: new ones, and those it used."""
    before = item.stash.get(CALLS_BEFORE, {})
    used = [
        one
        for one in server.projects.main_projects()
        if one.account.calls.recorded > before.get(one.id, -1)
    ]
    return [one for one in (*used[-3:], *server.projects.failed_projects) if one is not project]
