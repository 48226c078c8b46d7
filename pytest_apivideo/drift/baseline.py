"""Drift that is known: a TOML file that says of each difference why it is there and since when.

    [[known]]
    kind = "extra"
    operation = "GET /videos/{videoId}"
    where = "200 body.languageOrigin"
    reason = "the account has no languages"
    date = "2026-11-24"
    until = "2027-05-24"      # then it counts as new again; may be left out

What is left out matches anything.
"""

from __future__ import annotations

import datetime as dt
import json
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pytest_apivideo.drift.compare import KINDS, Drift

_MATCHED = ("kind", "operation", "where", "first", "second")
_FACTS = ("reason", "date", "until")
QUIET = ("spec-only", "inconclusive")
"""Kinds that are told and never count as new."""


class BaselineError(Exception):
    """A baseline cannot be read; says which entry is wrong, and how."""


@dataclass(frozen=True)
class Known:
    """One entry."""

    matched: dict[str, str]
    reason: str
    date: dt.date
    until: dt.date | None

    def covers(self, drift: Drift, today: dt.date) -> bool:
        """Whether the entry is about this difference, and still holds."""
        holds = self.until is None or today <= self.until
        return holds and all(getattr(drift, key) == value for key, value in self.matched.items())


def read(path: Path) -> list[Known]:
    """The entries of a file; raises BaselineError."""
    try:
        found = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise BaselineError(f"{path}: {error}") from None
    return [_entry(path, number, one) for number, one in enumerate(found.get("known", []), 1)]


def _entry(path: Path, number: int, one: dict[str, Any]) -> Known:
    unknown = set(one) - {*_MATCHED, *_FACTS}
    if unknown or not one.get("reason") or "date" not in one:
        wrong = f"it has {', '.join(sorted(unknown))}" if unknown else "it needs reason and date"
        raise BaselineError(
            f"{path}, entry {number}: {wrong}. It takes {', '.join([*_MATCHED, *_FACTS])}."
        )
    if one.get("kind", "must") not in KINDS:
        raise BaselineError(f"{path}, entry {number}: kind is one of {', '.join(KINDS)}")
    matched = {key: str(one[key]) for key in _MATCHED if key in one}
    try:
        until = _day(one["until"]) if "until" in one else None
        return Known(matched, str(one["reason"]), _day(one["date"]), until)
    except ValueError:
        raise BaselineError(f"{path}, entry {number}: a date is written 2026-11-24") from None


def _day(value: Any) -> dt.date:
    return value if isinstance(value, dt.date) else dt.date.fromisoformat(str(value))


def new_ones(drifts: Iterable[Drift], known: list[Known], today: dt.date) -> list[Drift]:
    """The differences that no entry covers."""
    return [
        one
        for one in drifts
        if one.kind not in QUIET and not any(entry.covers(one, today) for entry in known)
    ]


def as_toml(drifts: Iterable[Drift], reason: str, today: dt.date) -> str:
    """Entries for these differences, to be given better reasons."""
    return "\n".join(_table(one, reason, today) for one in drifts if one.kind not in QUIET)


def _table(drift: Drift, reason: str, today: dt.date) -> str:
    facts = {key: getattr(drift, key) for key in _MATCHED} | {"reason": reason, "date": str(today)}
    lines = [f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in facts.items()]
    return "\n".join(["[[known]]", *lines, ""])
