"""What no report may show, and the reports and warnings that it is taken out of."""

from __future__ import annotations

import os
import traceback
import warnings
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import pytest

from pytest_apivideo.network import environment
from pytest_apivideo.options import KEY_VARIABLE
from pytest_apivideo.stash import SERVER

Hide = Callable[[str], str]


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
        redact(report, hide)


class WarningRedaction:
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
    texts = [*_named_by_others(config), os.environ.get(KEY_VARIABLE, "")]
    texts += environment.keys_of_shell(config)
    if server is None and not any(texts):
        return None
    from pytest_apivideo.shadowing import import_fake_server

    import_fake_server()
    from fake_server.auth.secrets import Mask

    return Mask([*([] if server is None else server.projects.secrets()), *texts])


class _RedactError(Exception):
    """The hook `pytest_apivideo_redact` does not say what there is to hide."""


_MIN = 8


def _named_by_others(config: pytest.Config) -> list[str]:
    """What the hook `pytest_apivideo_redact` names: texts, or one alone."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it is asked while pytest tells of warnings
            named = config.hook.pytest_apivideo_redact(config=config)
        groups = [[found] if isinstance(found, str) else found or () for found in named]
        wrong: list[object] = [group for group in groups if not _is_listing(group)]
        texts = [text for group in groups if _is_listing(group) for text in group]
    except (Exception, pytest.fail.Exception, pytest.skip.Exception, SystemExit) as error:
        raise _RedactError(_unknown(f"{type(error).__name__}{_place_of(error)}")) from None
    wrong += [text for text in texts if not isinstance(text, str)]
    if wrong:
        raise _RedactError(_unknown(f"it named {type(wrong[0]).__name__}, not texts"))
    if short := [len(text) for text in texts if 0 < len(text) < _MIN]:
        raise _RedactError(
            _unknown(
                f"it named a text of {short[0]} characters; hiding less than {_MIN} "
                "would hide words"
            )
        )
    return texts


def _is_listing(found: object) -> bool:
    return isinstance(found, Iterable) and not isinstance(found, bytes | Mapping)


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


def redact(report: pytest.TestReport | pytest.CollectReport, hide: Hide) -> None:
    """Take secrets out of a report: its failure, what was captured, its properties, its reason."""
    report.longrepr = hidden(report.longrepr, hide)
    report.sections = hidden(report.sections, hide)
    if isinstance(report, pytest.TestReport):
        report.user_properties = hidden(report.user_properties, hide)
        if hasattr(report, "wasxfail"):  # the reason of an expected failure
            report.wasxfail = hidden(report.wasxfail, hide)


def hidden(value: Any, hide: Hide) -> Any:
    """The same without secrets; the objects of pytest that show a failure are changed in place."""
    if isinstance(value, str):
        return hide(value)
    if isinstance(value, list):
        return [hidden(item, hide) for item in value]
    if type(value) is tuple:
        return tuple(hidden(item, hide) for item in value)
    if isinstance(value, dict):
        return {hidden(key, hide): hidden(item, hide) for key, item in value.items()}
    if type(value).__module__.startswith("_pytest."):
        for name, part in vars(value).items():
            object.__setattr__(value, name, hidden(part, hide))
    return value
