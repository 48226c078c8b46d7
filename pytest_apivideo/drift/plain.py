"""What of a text from elsewhere may stand in a report: words, and nothing that could let in."""

from __future__ import annotations

import math
import re
from typing import Any

LEFT_OUT = "…"
"""Stands for what is left out of a report."""

_ANY = r"[0-9A-Za-z_-]"
_SECRETIVE = re.compile(
    r"eyJ[\w-]+(?:\.[\w-]*)*"  # a JWT
    r"|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"  # a UUID, as private assets have
    r"|\b(?:vi|li|to|pl|pr)[0-9A-Za-z]{21,22}\b"  # an id, as that of an upload token
    rf"|(?<!{_ANY})(?={_ANY}*\d){_ANY}{{16,}}"  # anything else that is long and has digits
)
_WORD = re.compile(r"[A-Za-z0-9]+(?:[._-][A-Za-z0-9]+)*")
_NAME = re.compile(r"[^\W\d][\w.$-]*")
_MAX_OF_A_TEXT, _MAX_OF_A_NAME = 200, 60


def plain(text: str) -> str:
    """A text without ids, tokens and keys, of 200 characters at most."""
    found = _SECRETIVE.sub(LEFT_OUT, text)
    if len(found) <= _MAX_OF_A_TEXT:
        return found
    return found[: _MAX_OF_A_TEXT - 1] + LEFT_OUT


def is_word(text: str) -> bool:
    """Whether a text can be one of an enumeration, such as `video.source.recorded`."""
    return _is_short(text) and _WORD.fullmatch(text) is not None


def name_or_nothing(text: str) -> str:
    """The name of a field or a header; `…` if it looks like a value."""
    return text if _is_short(text) and _NAME.fullmatch(text) else LEFT_OUT


def value_as_found(value: Any) -> Any:
    """A value that a test found, fit for a report: of texts only words, and media types.

    Raises TypeError for what no setting can be, ValueError for a number that is none.
    """
    allowed = "found() takes true or false, a number, a word or None"
    if value is not None and not isinstance(value, bool | int | float | str):
        raise TypeError(f"{allowed}, not {type(value).__name__}")
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError(f"{allowed}, not {value}")
    if isinstance(value, str) and not all(map(is_word, value.split("/"))):
        return LEFT_OUT
    return value


def _is_short(text: str) -> bool:
    return len(text) <= _MAX_OF_A_NAME and plain(text) == text
