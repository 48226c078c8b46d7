"""Drift that is known: a TOML file that says of each difference why it is there and since when.

    [[known]]
    kind = "extra"
    operation = "GET /videos/{videoId}"
    where = "200 body.languageOrigin"
    reason = "the account has no languages"
    date = "2026-11-24"
    until = "2027-05-24"      # then it counts as new again; may be left out

What is left out matches anything, but something has to be there: kind, operation, where, first or
second, which are what the two have there.
"""

from __future__ import annotations

import datetime as dt
import json
import tomllib
from collections.abc import Collection, Iterable
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
    """One entry; `matched` are the facts of a difference that it is about."""

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

    def __str__(self) -> str:
        """What it is about, in a line."""
        return ", ".join(f"{key} {value!r}" for key, value in self.matched.items())


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
        tables = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise BaselineError(f"{path}: {error}") from None
    if unknown := sorted(set(tables) - {"known"}):
        raise BaselineError(f"{path}: it has {', '.join(unknown)}; an entry begins with [[known]]")
    found = tables.get("known", [])
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        raise BaselineError(f"{path}: an entry begins with [[known]]")
    try:
        return [_entry(one) for one in found]
    except _EntryError as wrong:
        raise BaselineError(f"{path}, entry {found.index(wrong.entry) + 1}: {wrong}") from None


class _EntryError(Exception):
    """An entry is wrong; says how."""

    def __init__(self, entry: dict[str, Any], words: str) -> None:
        super().__init__(words)
        self.entry = entry


def _entry(one: dict[str, Any]) -> Known:
    if unknown := sorted(set(one) - {*_MATCHED, *_FACTS}):
        takes = ", ".join([*_MATCHED, *_FACTS])
        raise _EntryError(one, f"it has {', '.join(unknown)}. It takes {takes}.")
    if not one.get("reason") or "date" not in one:
        raise _EntryError(one, "it needs reason and date")
    matched = {key: _text_of(one, key) for key in _MATCHED if key in one}
    if not matched:
        needed = ", ".join(_MATCHED)
        raise _EntryError(one, f"it would match all drift: name at least one of {needed}")
    if matched.get("kind", "must") not in KINDS:
        raise _EntryError(one, f"kind is one of {', '.join(KINDS)}")
    until = _day(one, "until") if "until" in one else None
    return Known(matched, _text_of(one, "reason"), _day(one, "date"), until)


def _text_of(one: dict[str, Any], key: str) -> str:
    if not isinstance(one[key], str):
        raise _EntryError(one, f"{key} is a text")
    return str(one[key])


def _day(one: dict[str, Any], key: str) -> dt.date:
    value = one[key]
    if isinstance(value, dt.datetime):
        return value.date()
    try:
        return value if isinstance(value, dt.date) else dt.date.fromisoformat(str(value))
    except ValueError:
        raise _EntryError(one, "a date is written 2026-11-24") from None


def stale_ones(drifts: Collection[Drift], known: Iterable[Known]) -> list[Known]:
    """The entries that are about no difference any more."""
    return [entry for entry in known if not any(entry.is_about(one) for one in drifts)]


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
