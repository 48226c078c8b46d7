"""Removal of ids, tokens and keys from texts that go into a report."""

from __future__ import annotations

import math
import re
from typing import Any

REMOVED = "…"
"""Replaces what is removed from a text."""

_TOKEN_CHARACTER = r"[0-9A-Za-z_-]"
_SECRET = re.compile(
    r"eyJ[\w-]+(?:\.[\w-]*)*"  # a JWT
    r"|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"  # a UUID, as in addresses of private assets
    r"|\b(?:vi|li|to|pl|pr)[0-9A-Za-z]{21,22}\b"  # an id, such as that of an upload token
    rf"|(?<!{_TOKEN_CHARACTER})(?={_TOKEN_CHARACTER}*\d){_TOKEN_CHARACTER}{{16,}}"
)
_WORD = re.compile(r"[A-Za-z0-9]+(?:[._-][A-Za-z0-9]+)*")
_NAME = re.compile(r"[^\W\d][\w.$-]*")
_MAX_TEXT, _MAX_NAME = 200, 60


def sanitize(text: str) -> str:
    """Return a text without ids, tokens and keys, cut to 200 characters."""
    text = _SECRET.sub(REMOVED, text)
    return text if len(text) <= _MAX_TEXT else text[: _MAX_TEXT - 1] + REMOVED


def is_word(text: str) -> bool:
    """Return whether a text can be an enumeration's value, such as `video.source.recorded`."""
    return _is_short(text) and _WORD.fullmatch(text) is not None


def sanitize_name(text: str) -> str:
    """Return the name of a field or a header, or `…` if it looks like a value."""
    return text if _is_short(text) and _NAME.fullmatch(text) else REMOVED


def sanitize_setting(value: Any) -> Any:
    """Return the value of a setting; a text that is no word or media type becomes `…`.

    Raises TypeError for a value of another type, ValueError for a number that is not finite.
    """
    expected = "found() expects true or false, a finite number, a word or None"
    if value is not None and not isinstance(value, bool | int | float | str):
        raise TypeError(f"{expected}, not {type(value).__name__}")
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError(f"{expected}, not {value}")
    if isinstance(value, str) and not all(map(is_word, value.split("/"))):
        return REMOVED
    return value


def _is_short(text: str) -> bool:
    return len(text) <= _MAX_NAME and sanitize(text) == text
