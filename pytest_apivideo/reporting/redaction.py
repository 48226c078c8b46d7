"""Redaction of secrets from reports and warnings."""

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
    """Redact the secrets of the run from a report."""
    properties = isinstance(report, pytest.TestReport) and report.user_properties
    if not (report.longrepr or report.sections or properties):
        return
    try:
        hide = _mask(config)
    except _RedactError as error:  # the secrets are unknown: show nothing
        report.outcome, report.longrepr = "failed", str(error)
        report.sections = []
        if isinstance(report, pytest.TestReport):
            report.user_properties = []
        return
    if hide is not None:
        redact(report, hide)


class WarningRedaction:
    """A plugin that redacts the summary of Python's warnings."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config

    @pytest.hookimpl(tryfirst=True)
    def pytest_warning_recorded(self, warning_message: warnings.WarningMessage) -> None:
        """Replace a warning that contains secrets by its redacted text."""
        text = str(warning_message.message)
        hidden = hiding(self._config)(text)
        if hidden != text:
            warning_message.message = hidden


def hiding(config: pytest.Config) -> Hide:
    """Return a function that redacts secrets in a text, or the whole text if they are unknown."""
    try:
        return _mask(config) or str
    except _RedactError:
        return lambda _: "…"


def _mask(config: pytest.Config) -> Hide | None:
    """Return a function that redacts the run's secrets; None without secrets."""
    server = config.stash.get(SERVER, None)
    texts = [*_texts_of_hook(config), os.environ.get(KEY_VARIABLE, "")]
    texts += environment.keys_of_shell(config)
    if server is None and not any(texts):
        return None
    from pytest_apivideo.shadowing import import_fake_server

    import_fake_server()
    from fake_server.auth.secrets import Mask

    return Mask([*([] if server is None else server.projects.secrets()), *texts])


class _RedactError(Exception):
    """Raised if the hook `pytest_apivideo_redact` fails, so that the secrets are unknown."""


_MIN = 8


def _texts_of_hook(config: pytest.Config) -> list[str]:
    """Return the texts that the hook `pytest_apivideo_redact` returns."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # called while pytest reports warnings
            named = config.hook.pytest_apivideo_redact(config=config)
        groups = [[found] if isinstance(found, str) else found or () for found in named]
        wrong: list[object] = [group for group in groups if not _is_collection(group)]
        texts = [text for group in groups if _is_collection(group) for text in group]
    except (Exception, pytest.fail.Exception, pytest.skip.Exception, SystemExit) as error:
        raise _RedactError(_failure_text(f"{type(error).__name__}{_place_of(error)}")) from None
    wrong += [text for text in texts if not isinstance(text, str)]
    if wrong:
        raise _RedactError(_failure_text(f"it returned {type(wrong[0]).__name__}, not texts"))
    if short := [len(text) for text in texts if 0 < len(text) < _MIN]:
        raise _RedactError(
            _failure_text(
                f"it returned a text of {short[0]} characters; at least {_MIN} are "
                "required, because shorter texts occur in words"
            )
        )
    return texts


def _is_collection(value: object) -> bool:
    return isinstance(value, Iterable) and not isinstance(value, bytes | Mapping)


def _place_of(error: BaseException) -> str:
    """Return where an error was raised; its message may be secret."""
    last = traceback.extract_tb(error.__traceback__)[-1]
    return f" at {Path(last.filename).name}:{last.lineno}"


def _failure_text(reason: str) -> str:
    return (
        f"the hook pytest_apivideo_redact failed: {reason}\nThe content of this report is "
        "left out, because it may contain secrets. The hook must return a text or a list of "
        "texts; see docs/hooks.md"
    )


def redact(report: pytest.TestReport | pytest.CollectReport, hide: Hide) -> None:
    """Redact a report: failure, captured output, properties, and the reason of an xfail."""
    report.longrepr = hidden(report.longrepr, hide)
    report.sections = hidden(report.sections, hide)
    if isinstance(report, pytest.TestReport):
        report.user_properties = hidden(report.user_properties, hide)
        if hasattr(report, "wasxfail"):
            report.wasxfail = hidden(report.wasxfail, hide)


def hidden(value: Any, hide: Hide) -> Any:
    """Return the value without secrets; pytest's own objects are changed in place."""
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
