"""What the plugin tells pytest: the header line, and errors of the fake as the test's failure."""

from __future__ import annotations

import os
import warnings
from typing import TYPE_CHECKING

import pytest

from pytest_apivideo import targets
from pytest_apivideo.options import value_of
from pytest_apivideo.scrub import Hide, scrub

if TYPE_CHECKING:
    from fake_server import FakeServer
    from fake_server.project import Project

SERVER: pytest.StashKey[FakeServer] = pytest.StashKey()
"""The server of this run, once a test has asked for it."""

PROJECT: pytest.StashKey[Project] = pytest.StashKey()
"""The project of a test, once it has asked for it."""


def header(config: pytest.Config) -> str:
    """The line at the top of a run: the target, and where ids come from."""
    seed = value_of(config, "seed")
    ids = "each test's name" if seed.value is None else f"{seed.value!r} ({seed.source})"
    if targets.choice(config) == "sandbox":
        return f"api.video: {targets.described(config)}"
    return f"api.video: {targets.described(config)}, ids seeded by {ids}"


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
        from fake_server.project import note_all

        note_all(failure, server.take_errors())


def raise_complaints(config: pytest.Config) -> None:
    """Fail a test with a fault that never fired, or with what the setting `strict` forbids."""
    server = config.stash.get(SERVER, None)
    project = None if server is None else server.projects.test_project
    if project is not None and (complaint := project.end()):
        pytest.fail(complaint, pytrace=False)


def end_faults(config: pytest.Config) -> None:
    """End the test's faults, so that nothing waits for what they hold while it is torn down."""
    server = config.stash.get(SERVER, None)
    project = None if server is None else server.projects.test_project
    if project is not None:
        project.faults.clear()


def tell(item: pytest.Item, report: pytest.TestReport) -> None:
    """Add to a failure what the fake knows of it, and hide secrets in all that a report shows."""
    project = item.stash.get(PROJECT, None)
    if project is not None and report.when == "teardown":
        del item.stash[PROJECT]  # the item stays until the run ends, the test's account need not
    if project is not None and report.failed:
        from fake_server.story import story

        report.sections += [(f"api.video: {title}", text) for title, text in story(project)]
    if not (report.longrepr or report.sections or report.user_properties):
        return
    try:
        hide = _mask(item.config, project)
    except _RedactError as error:  # what there is to hide is unknown: show nothing
        report.outcome, report.longrepr = "failed", str(error)
        report.sections, report.user_properties = [], []
        return
    if hide is not None:
        scrub(report, hide)


class HiddenInWarnings:
    """A plugin that hides secrets in the summary of Python's warnings."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config

    @pytest.hookimpl(tryfirst=True)
    def pytest_warning_recorded(self, warning_message: warnings.WarningMessage) -> None:
        """Show a warning without the secrets in it; as a text, if it has any."""
        text = str(warning_message.message)
        try:
            hide = _mask(self._config, None)
        except _RedactError:
            hide = _everything
        hidden = text if hide is None else hide(text)
        if hidden != text:
            warning_message.message = hidden


def _everything(text: str) -> str:
    return "…"


def _mask(config: pytest.Config, project: Project | None) -> Hide | None:
    """What hides the secrets of the run and of a test's project; None if there are none."""
    server = config.stash.get(SERVER, None)
    texts = [*_named_by_others(config), os.environ.get(targets.KEY_VARIABLE, "")]
    if server is None and not any(texts):
        return None
    from fake_server.auth.secrets import Mask

    keys = [] if server is None else server.projects.key_values()
    keys += [] if project is None else project.secrets()
    return Mask([*keys, *texts])


class _RedactError(Exception):
    """The hook `pytest_apivideo_redact` does not say what there is to hide."""


def _named_by_others(config: pytest.Config) -> list[str]:
    """What the hook `pytest_apivideo_redact` names: texts, or one alone."""
    try:
        named = config.hook.pytest_apivideo_redact(config=config)
        texts = [
            text for found in named for text in ([found] if isinstance(found, str) else found or ())
        ]
        wrong = [text for text in texts if not isinstance(text, str)]
        said = f"it named {wrong[0]!r}, which is no text" if wrong else ""
    except Exception as error:
        said = f"{type(error).__name__}: {error}"
    if not said:
        return texts
    raise _RedactError(
        f"the hook pytest_apivideo_redact failed: {said}\nWhat this report would have shown is "
        "left out, as nobody knows what of it is secret. The hook returns texts, or one; see "
        "docs/hooks.md"
    )
