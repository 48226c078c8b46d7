"""The mark on everything that a run creates, by which it is found again."""

from __future__ import annotations

import json
import re
import secrets
from datetime import UTC, datetime, timedelta
from typing import Any

METADATA_KEY = "apivideo-test-run"
"""Under this key a video's metadata, and the query of an address, hold the run."""

_ADDRESS = re.compile(r"[a-z][a-z0-9+.-]*://\S+", re.IGNORECASE)
_FILE = re.compile(r"(.*\S)(\.(?!\d+$)[A-Za-z0-9]{2,5})", re.DOTALL)
_MARK = re.compile(r"apivideo-test-(\d{8}T\d{6}Z)-[0-9a-f]{6}")
_STAMP = "%Y%m%dT%H%M%SZ"
_DURATION = re.compile(r"(\d+)([smhd])")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


def new_run(now: datetime | None = None) -> str:
    """Return an id for a run, which is also its mark: `apivideo-test-20261124T081500Z-1f2e3d`."""
    return f"apivideo-test-{now or datetime.now(UTC):{_STAMP}}-{secrets.token_hex(3)}"


def marked(text: str, mark: str) -> str:
    """Return a text with a mark: in the query of a URL, before the suffix of a file name."""
    if _ADDRESS.fullmatch(text):
        address, hash_sign, fragment = text.partition("#")
        joint = "&" if "?" in address else "?"
        return f"{address}{joint}{METADATA_KEY}={mark}{hash_sign}{fragment}"
    if (file := _FILE.fullmatch(text)) is not None:
        return f"{file[1]} {mark}{file[2]}"
    return f"{text} {mark}".strip()


def marks_in(value: Any) -> set[str]:
    """Return the valid marks in a JSON value or a text."""
    text = value if isinstance(value, str) else json.dumps(value)
    return {found.group() for found in _MARK.finditer(text) if is_mark(found.group())}


def is_mark(value: Any) -> bool:
    """Return whether a value is the mark of a run."""
    try:
        return isinstance(value, str) and bool(begin_of(value))
    except ValueError:
        return False


def begin_of(mark: str) -> datetime:
    """Return when the run of a mark began. Raises ValueError for an invalid mark."""
    found = _MARK.fullmatch(mark)
    if found is None:
        raise ValueError(f"{mark!r} is no mark of a run")
    return datetime.strptime(found.group(1), _STAMP).replace(tzinfo=UTC)


def age_of(mark: str, now: datetime) -> timedelta:
    """Return how long ago the run of a mark began. Raises ValueError for an invalid mark."""
    return now - begin_of(mark)


def duration(text: str) -> timedelta:
    """Read `2h`, `30m`, `1d` or `90s`; raises ValueError for anything else."""
    found = _DURATION.fullmatch(text.strip())
    if found is None:
        raise ValueError(f"{text!r} is no duration: write it like 2h, 30m, 1d or 90s")
    return timedelta(**{_UNITS[found.group(2)]: int(found.group(1))})
