"""Drift as a table for a terminal, as Markdown, or as JSON."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from pytest_apivideo.drift.baseline import QUIET
from pytest_apivideo.drift.compare import KINDS, Drift

_HEADS = ("", "kind", "operation", "where", "first", "second", "seen by")
_WIDEST = 44


@dataclass(frozen=True)
class Shown:
    """What is shown: all differences, those that are new, and in which detail.

    `is_cut`: cells are cut for a terminal. `in_full`: what only the description has is listed too,
    rather than counted. JSON is always whole.
    """

    drifts: Sequence[Drift]
    new: Sequence[Drift]
    is_cut: bool = False
    in_full: bool = False

    def rows(self) -> list[tuple[str, ...]]:
        """A row of cells for each difference: first what is new, last what is only told."""
        fresh = set(self.new)
        listed = [one for one in self.drifts if self.in_full or one.kind != "spec-only"]
        listed.sort(key=lambda one: (one.kind in QUIET, one not in fresh))
        return [self._row(one, one in fresh) for one in listed]

    def _row(self, drift: Drift, is_new: bool) -> tuple[str, ...]:
        told = (drift.kind, drift.operation, drift.where, drift.first, drift.second)
        cells = [visible(cell) for cell in told]
        more = f" and {len(drift.checks) - 1} more" if len(drift.checks) > 1 else ""
        first = visible(drift.checks[0]) if drift.checks else "the description"
        seen_by = self._cut(first, _WIDEST - len(more)) + more
        return ("*" if is_new else "", *(self._cut(cell) for cell in cells), seen_by)

    def _cut(self, cell: str, width: int = _WIDEST) -> str:
        return cell if not self.is_cut or len(cell) <= width else cell[: width - 1] + "…"

    def summary(self) -> str:
        """How much drift there is, in a line."""
        counts = Counter(one.kind for one in self.drifts)
        number = sum(counts[kind] for kind in KINDS if kind not in QUIET)
        told = ", ".join(f"{counts[kind]} {kind}" for kind in QUIET if counts[kind])
        if not number:
            return "no difference" + (f"; {told}" if told else "")
        real = [kind for kind in KINDS if counts[kind] and kind not in QUIET]
        kinds = ", ".join(f"{counts[kind]} {kind}" for kind in real)
        words = f"{number} difference{'' if number == 1 else 's'} ({kinds})"
        known = number - len(self.new)
        return f"{words}: {len(self.new)} new, {known} known" + (f"; {told}" if told else "")


_UNSEEN = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
_HARMLESS = re.compile(r"\[\](?!\()|[\w .,:{}=/;…-]")


def visible(text: str) -> str:
    """A text whose control characters are spelt out: a report may come from anybody."""
    return _UNSEEN.sub(lambda found: found[0].encode("unicode_escape").decode(), text)


def _as_markdown(cell: str) -> str:
    """A cell that is shown as it is: no markup, no links, nobody mentioned."""
    parts = re.split(rf"({_HARMLESS.pattern})", cell)
    shown = "".join(
        part if _HARMLESS.fullmatch(part) else "".join(f"&#{ord(one)};" for one in part)
        for part in parts
    )
    return shown.replace("://", "&#58;//").replace("www.", "www&#46;").replace("&#64;", "@\u200b")


def table(shown: Shown) -> str:
    """A table for a terminal or a pipe; what is new has a mark in front."""
    rows = shown.rows()
    if not rows:
        return shown.summary()
    widths = [max(len(row[i]) for row in (_HEADS, *rows)) for i in range(len(_HEADS))]
    lines = ["  ".join(map(str.ljust, row, widths)).rstrip() for row in (_HEADS, *rows)]
    return "\n".join([*lines, "", shown.summary()])


def markdown(shown: Shown) -> str:
    """A table in Markdown."""
    rows = shown.rows()
    if not rows:
        return shown.summary()
    lines = ["| " + " | ".join(_HEADS) + " |", "|---" * len(_HEADS) + "|"]
    for mark, *cells in rows:
        lines.append("| " + " | ".join([mark, *map(_as_markdown, cells)]) + " |")
    meaning = [f"- **{kind}**: {words}" for kind, words in KINDS.items()]
    return "\n".join([*lines, "", shown.summary(), "", *meaning])


def as_json(shown: Shown) -> str:
    """All of it, for other programs."""
    found = [{**one.as_json(), "new": one in shown.new} for one in shown.drifts]
    return json.dumps({"drift": found, "new": len(shown.new)}, indent=1, ensure_ascii=False)


FORMS: dict[str, Callable[[Shown], str]] = {
    "table": table,
    "markdown": markdown,
    "json": as_json,
}
