"""Takes secrets out of reports, before anybody shows, sends or writes them."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

Hide = Callable[[str], str]


def without_credentials(text: str) -> str:
    """A text with the credentials of its URLs (`https://key:password@host`) left out."""
    return re.sub(r"(?<=//)[^/@\s]*@", "…@", text)


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
