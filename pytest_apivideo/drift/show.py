"""Drift as a table for a terminal, as Markdown, or as JSON."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Sequence

from pytest_apivideo.drift.baseline import QUIET
from pytest_apivideo.drift.compare import KINDS, Drift

_HEADS = ("", "kind", "operation", "where", "first", "second", "seen by")
_WIDEST = 44


def table(drifts: Sequence[Drift], new: Sequence[Drift]) -> str:
    """A table for a terminal; what is new has a mark in front."""
    rows = [tuple(_cut(cell) for cell in row) for row in _rows(drifts, new)]
    widths = [max(len(row[i]) for row in (_HEADS, *rows)) for i in range(len(_HEADS))]
    lines = ["  ".join(map(str.ljust, row, widths)).rstrip() for row in (_HEADS, *rows)]
    return "\n".join([*lines, "", summary(drifts, new)])


def markdown(drifts: Sequence[Drift], new: Sequence[Drift]) -> str:
    """A table in Markdown."""
    lines = ["| " + " | ".join(_HEADS) + " |", "|---" * len(_HEADS) + "|"]
    for row in _rows(drifts, new):
        cells = [cell.replace("|", "\\|").replace("\n", " ") for cell in row]
        lines.append("| " + " | ".join(cells) + " |")
    meaning = [f"- **{kind}**: {words}" for kind, words in KINDS.items()]
    return "\n".join([*lines, "", summary(drifts, new), "", *meaning])


def as_json(drifts: Sequence[Drift], new: Sequence[Drift]) -> str:
    """All of it, for other programs."""
    found = [{**one.as_json(), "new": one in new} for one in drifts]
    return json.dumps({"drift": found, "new": len(new)}, indent=1, ensure_ascii=False)


FORMS: dict[str, Callable[[Sequence[Drift], Sequence[Drift]], str]] = {
    "table": table,
    "markdown": markdown,
    "json": as_json,
}


def summary(drifts: Sequence[Drift], new: Sequence[Drift]) -> str:
    """How much drift there is, in a line."""
    counts = Counter(one.kind for one in drifts)
    words = ", ".join(f"{counts[kind]} {kind}" for kind in KINDS if counts[kind])
    quiet = sum(counts[kind] for kind in QUIET)
    known = len(drifts) - quiet - len(new)
    return f"{len(drifts)} differences ({words or 'none'}): {len(new)} new, {known} known"


def _rows(drifts: Sequence[Drift], new: Sequence[Drift]) -> list[tuple[str, ...]]:
    fresh = set(new)
    return [
        (_new(one in fresh), one.kind, one.operation, one.where, *_both(one), _seen_by(one))
        for one in drifts
    ]


def _new(is_new: bool) -> str:
    return "*" if is_new else ""


def _both(drift: Drift) -> tuple[str, str]:
    return drift.first, drift.second


def _seen_by(drift: Drift) -> str:
    more = len(drift.checks) - 1
    first = drift.checks[0] if drift.checks else "the description"
    return first + (f" and {more} more" if more > 0 else "")


def _cut(cell: str) -> str:
    return cell if len(cell) <= _WIDEST else cell[: _WIDEST - 1] + "…"
