"""The baseline: a TOML file of known differences, each with a reason.

    [[known]]
    kind = "extra"
    operation = "GET /videos/{videoId}"
    where = "200 body.languageOrigin"
    reason = "the account has no languages"
    date = "2026-11-24"
    until = "2027-05-24"      # optional: after this day the difference counts as new again

An entry matches a difference if all of its kind, operation, where, first and second are equal to
those of the difference. Each of the five is optional, but an entry needs at least one.
"""

from __future__ import annotations

import datetime as dt
import json
import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Self

from pydantic import BaseModel, Field, ValidationError, model_validator

from pytest_apivideo.drift.compare import INFORMATIONAL, KINDS, Drift
from pytest_apivideo.drift.files import FileError

_CONDITIONS = ("kind", "operation", "where", "first", "second")


class Entry(BaseModel, frozen=True, extra="forbid"):
    """A known difference, with the reason for it."""

    kind: str | None = Field(None, pattern=f"^({'|'.join(KINDS)})$")
    operation: str | None = None
    where: str | None = None
    first: str | None = None
    second: str | None = None
    reason: str = Field(min_length=1)
    date: dt.date
    until: dt.date | None = None

    @model_validator(mode="after")
    def _check_conditions(self) -> Self:
        if not self.conditions:
            raise ValueError(f"it matches all drift; add one of {', '.join(_CONDITIONS)}")
        return self

    @property
    def conditions(self) -> dict[str, str]:
        """The attributes that a difference must have."""
        return self.model_dump(include=set(_CONDITIONS), exclude_none=True)

    def matches(self, drift: Drift) -> bool:
        """Return whether the entry describes this difference, expired or not."""
        return all(getattr(drift, key) == value for key, value in self.conditions.items())

    def covers(self, drift: Drift, today: dt.date) -> bool:
        """Return whether the entry describes this difference and has not expired."""
        return (self.until is None or today <= self.until) and self.matches(drift)

    def __str__(self) -> str:
        return ", ".join(f"{key} {value!r}" for key, value in self.conditions.items())


class _Baseline(BaseModel, extra="forbid"):
    known: list[Entry] = []


def read(path: Path) -> list[Entry]:
    """Read the entries of a baseline. Raises FileError."""
    return _parse(path, _read_text(path))


def _read_text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        raise FileError(f"{path}: {error}") from None


def _parse(path: Path, text: str) -> list[Entry]:
    try:
        return _Baseline.model_validate(tomllib.loads(text)).known
    except ValidationError as invalid:
        raise FileError(f"{path}{_explain(invalid)}") from None
    except (ValueError, RecursionError) as error:
        raise FileError(f"{path}: {error}") from None


def _explain(invalid: ValidationError) -> str:
    error = invalid.errors(include_url=False)[0]
    key, *place = error["loc"]
    if not place or error["type"] == "model_type":
        return f": {error['msg']} ({key}). An entry begins with [[known]]."
    number, *field = place
    where = "".join(f": {name}" for name in field)
    message = error["msg"].removeprefix("Value error, ")
    return f", entry {int(number) + 1}{where}: {message}. Keys: {', '.join(Entry.model_fields)}."


def stale_entries(drifts: Iterable[Drift], known: Iterable[Entry]) -> list[Entry]:
    """Return the entries that match no difference."""
    drifts = list(drifts)
    return [entry for entry in known if not any(map(entry.matches, drifts))]


def new_drift(drifts: Iterable[Drift], known: list[Entry], today: dt.date) -> list[Drift]:
    """Return the differences that no entry covers, without informational kinds."""
    return [
        drift
        for drift in drifts
        if drift.kind not in INFORMATIONAL
        and not any(entry.covers(drift, today) for entry in known)
    ]


def merge(path: Path, known: list[Entry], new: list[Drift], today: dt.date) -> tuple[str, str]:
    """Return the text of a baseline with entries for new differences, and a one-line summary.

    The present text stays unchanged, with its comments. Entries of `known`, another baseline, are
    copied if they are missing. A difference with an expired entry gets no second one. Raises
    FileError for an invalid baseline.
    """
    text = _read_text(path) if path.exists() else ""
    present = _parse(path, text)
    copied = [entry for entry in known if entry not in present]
    kept = [*present, *copied]
    uncovered = new_drift(new, kept, today)
    added = [drift for drift in uncovered if not any(entry.matches(drift) for entry in kept)]
    tables = [_table(entry.model_dump(mode="json", exclude_none=True)) for entry in copied]
    for drift in added:
        conditions = {key: getattr(drift, key) for key in _CONDITIONS}
        tables.append(_table({**conditions, "reason": "to be explained", "date": str(today)}))
    merged = "\n".join([text.rstrip("\n") + "\n", *tables] if text.strip() else tables)
    _parse(path, merged)  # entries in an inline array cannot be extended by a table
    expired = len(uncovered) - len(added)
    note = f"; {expired} expired (past `until`, so still new)" if expired else ""
    return merged, f"{len(added)} added, {len(kept)} kept{note}"


def _table(facts: dict[str, str]) -> str:
    lines = [f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in facts.items()]
    return "\n".join(["[[known]]", *lines, ""])
