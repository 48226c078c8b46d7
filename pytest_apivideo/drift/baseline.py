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
        return (self.until is None or today <= self.until) and self.is_about(drift)

    def is_about(self, drift: Drift) -> bool:
        """Whether the entry is about this difference, whether or not it still holds."""
        return all(getattr(drift, key) == value for key, value in self.matched.items())


def read(path: Path) -> list[Known]:
    """The entries of a file; raises BaselineError."""
    return _entries(path, _text(path))


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        raise BaselineError(f"{path}: {error}") from None


def _entries(path: Path, text: str) -> list[Known]:
    try:
        found = tomllib.loads(text).get("known", [])
    except ValueError as error:
        raise BaselineError(f"{path}: {error}") from None
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        raise BaselineError(f"{path}: an entry begins with [[known]]")
    return [_entry(path, number, one) for number, one in enumerate(found, 1)]


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
    if isinstance(value, dt.datetime):
        return value.date()
    return value if isinstance(value, dt.date) else dt.date.fromisoformat(str(value))


def new_ones(drifts: Iterable[Drift], known: list[Known], today: dt.date) -> list[Drift]:
    """The differences that no entry covers."""
    return [
        one
        for one in drifts
        if one.kind not in QUIET and not any(entry.covers(one, today) for entry in known)
    ]


@dataclass(frozen=True)
class Merged:
    """The text of a baseline with what was added to it, and how many entries are what."""

    text: str
    added: int
    kept: int
    expired: int

    def __str__(self) -> str:
        past = f"; past their `until`, so still new: {self.expired}" if self.expired else ""
        return f"{self.added} added, {self.kept} kept{past}"


def merge(path: Path, known: list[Known], new: list[Drift], today: dt.date) -> Merged:
    """What a file holds, with entries for the differences that are new.

    Everything in it stays as it is, comments too. `known` are entries of another file; those that
    this one lacks are taken over. A difference whose entry is past its `until` gets no second one.
    Raises BaselineError for a file that is no baseline.
    """
    text = _text(path) if path.exists() else ""
    here = _entries(path, text)
    other = [one for one in known if one not in here]
    kept = [*here, *other]
    lacking = new_ones(new, kept, today)
    added = [one for one in lacking if not any(entry.is_about(one) for entry in kept)]
    tables = [*(_of_known(one) for one in other), *(_of_drift(one, today) for one in added)]
    parts = [text.rstrip("\n") + "\n", *tables] if text.strip() else tables
    merged = "\n".join(parts)
    _entries(path, merged)  # a file whose entries are written in another way cannot be added to
    return Merged(merged, len(added), len(kept), len(lacking) - len(added))


def _of_known(one: Known) -> str:
    until = {} if one.until is None else {"until": str(one.until)}
    return _table({**one.matched, "reason": one.reason, "date": str(one.date), **until})


def _of_drift(drift: Drift, today: dt.date) -> str:
    matched = {key: getattr(drift, key) for key in _MATCHED}
    return _table({**matched, "reason": "to be explained", "date": str(today)})


def _table(facts: dict[str, str]) -> str:
    lines = [f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in facts.items()]
    return "\n".join(["[[known]]", *lines, ""])
