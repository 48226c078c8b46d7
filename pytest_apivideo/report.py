"""What the plugin tells pytest: the header line, and errors of the fake as the test's failure."""

from __future__ import annotations

import os
import traceback
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pytest_apivideo import environment, targets
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
    """End the test's faults, so that nothing waits for what they hold while it is torn down.

    What there was to complain of has been told, or does not matter: the test failed, or was
    skipped.
    """
    server = config.stash.get(SERVER, None)
    project = None if server is None else server.projects.test_project
    if project is not None:
        project.end()


def tell(item: pytest.Item, report: pytest.TestReport) -> None:
    """Add to a failure what the fake knows of it, and hide secrets in all that a report shows."""
    project = item.stash.get(PROJECT, None)
    if project is not None and report.when == "teardown":
        del item.stash[PROJECT]  # the item stays until the run ends, the test's account need not
    server = item.config.stash.get(SERVER, None)
    if server is not None and report.failed:
        _tell_story(report, project, server)
    hide_secrets(item.config, report)


def _tell_story(report: pytest.TestReport, project: Project | None, server: FakeServer) -> None:
    from fake_server.story import story

    for one in ([] if project is None else [project]) + _others(server, project):
        of = "" if one is project else f" of {one.id}"
        report.sections += [(f"api.video: {title}{of}", text) for title, text in story(one)]
    server.projects.involved.clear()


def _others(server: FakeServer, project: Project | None) -> list[Project]:
    """The projects beside the test's that its failure may be about."""
    wider = [one for one in server.projects.open() if one.parent is None and not one.apart]
    return [one for one in (*wider[-3:], *server.projects.involved) if one is not project]


def hide_secrets(config: pytest.Config, report: pytest.TestReport | pytest.CollectReport) -> None:
    """Take out of a report all that no report may show."""
    properties = isinstance(report, pytest.TestReport) and report.user_properties
    if not (report.longrepr or report.sections or properties):
        return
    try:
        hide = _mask(config)
    except _RedactError as error:  # what there is to hide is unknown: show nothing
        report.outcome, report.longrepr = "failed", str(error)
        report.sections = []
        if isinstance(report, pytest.TestReport):
            report.user_properties = []
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
        hidden = hiding(self._config)(text)
        if hidden != text:
            warning_message.message = hidden


def hiding(config: pytest.Config) -> Hide:
    """What hides the secrets of the run in texts; all of a text, if nobody knows what they are."""
    try:
        return _mask(config) or _nothing
    except _RedactError:
        return _everything


def _nothing(text: str) -> str:
    return text


def _everything(text: str) -> str:
    return "…"


def _mask(config: pytest.Config) -> Hide | None:
    """What hides the secrets of the run; None if there are none."""
    server = config.stash.get(SERVER, None)
    texts = [*_named_by_others(config), os.environ.get(targets.KEY_VARIABLE, "")]
    texts += environment.keys_of_the_shell(config)
    if server is None and not any(texts):
        return None
    from fake_server.auth.secrets import Mask

    return Mask([*([] if server is None else server.projects.secrets()), *texts])


class _RedactError(Exception):
    """The hook `pytest_apivideo_redact` does not say what there is to hide."""


_LEAST = 8


def _named_by_others(config: pytest.Config) -> list[str]:
    """What the hook `pytest_apivideo_redact` names: texts, or one alone."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it is asked while pytest tells of warnings
            named = config.hook.pytest_apivideo_redact(config=config)
        groups = [[found] if isinstance(found, str) else found or () for found in named]
        wrong = [group for group in groups if isinstance(group, Mapping)]
        texts = [text for group in groups for text in group]
    except (Exception, pytest.fail.Exception, pytest.skip.Exception, SystemExit) as error:
        raise _RedactError(_unknown(f"{type(error).__name__}{_place_of(error)}")) from None
    wrong += [text for text in texts if not isinstance(text, str)]
    if wrong:
        raise _RedactError(_unknown(f"it named {type(wrong[0]).__name__}, not texts"))
    if short := [len(text) for text in texts if 0 < len(text) < _LEAST]:
        raise _RedactError(
            _unknown(
                f"it named a text of {short[0]} characters; hiding less than {_LEAST} "
                "would hide words"
            )
        )
    return texts


def _place_of(error: BaseException) -> str:
    """Where an error was raised, in words; what it says may itself be secret."""
    last = traceback.extract_tb(error.__traceback__)[-1]
    return f" at {Path(last.filename).name}:{last.lineno}"


def _unknown(reason: str) -> str:
    return (
        f"the hook pytest_apivideo_redact failed: {reason}\nWhat this report would have shown is "
        "left out, as nobody knows what of it is secret. The hook returns texts, or one; see "
        "docs/hooks.md"
    )
