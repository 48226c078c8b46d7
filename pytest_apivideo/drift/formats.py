"""Output formats of drift: a table for a terminal, Markdown, JSON."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from pytest_apivideo.drift.compare import INFORMATIONAL, KINDS, Drift

_HEADER = ("", "kind", "operation", "where", "first", "second", "seen by")
_MAX_WIDTH = 44


@dataclass(frozen=True)
class DriftTable:
    """All differences, those that are new, and the level of detail.

    `truncate`: cut long cells for a terminal. `in_full`: list fields that only the OpenAPI document
    has, which are otherwise counted.
    """

    drifts: Sequence[Drift]
    new: Sequence[Drift]
    truncate: bool = False
    in_full: bool = False

    def rows(self) -> list[tuple[str, ...]]:
        """Return a row of cells for each difference: new ones first, informational ones last."""
        new = set(self.new)
        listed = [drift for drift in self.drifts if self.in_full or drift.kind != "spec-only"]
        listed.sort(key=lambda drift: (drift.kind in INFORMATIONAL, drift not in new))
        return [self._row(drift, drift in new) for drift in listed]

    def _row(self, drift: Drift, is_new: bool) -> tuple[str, ...]:
        values = (drift.kind, drift.operation, drift.where, drift.first, drift.second)
        cells = [self._cut(visible(value)) for value in values]
        more = f" and {len(drift.checks) - 1} more" if len(drift.checks) > 1 else ""
        first = visible(drift.checks[0]) if drift.checks else "the OpenAPI document"
        return ("*" if is_new else "", *cells, self._cut(first, _MAX_WIDTH - len(more)) + more)

    def _cut(self, cell: str, width: int = _MAX_WIDTH) -> str:
        return cell if not self.truncate or len(cell) <= width else cell[: width - 1] + "…"

    def summary(self) -> str:
        """Return the number of differences of each kind, in one line."""
        counts = Counter(drift.kind for drift in self.drifts)
        kinds = [f"{counts[kind]} {kind}" for kind in KINDS if counts[kind]]
        info = [f"{counts[kind]} {kind}" for kind in INFORMATIONAL if counts[kind]]
        suffix = f"; {', '.join(info)}" if info else ""
        number = len(self.drifts) - sum(counts[kind] for kind in INFORMATIONAL)
        if not number:
            return "no difference" + suffix
        listed = ", ".join(kind for kind in kinds if kind not in info)
        total = f"{number} difference{'' if number == 1 else 's'} ({listed})"
        return f"{total}: {len(self.new)} new, {number - len(self.new)} known{suffix}"


_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
_MARKUP = re.compile(r"\[\](?!\()|[^\w .,:{}=/;…-]")


def visible(text: str) -> str:
    """Return a text with its control characters escaped; a report is untrusted input."""
    return _CONTROL.sub(lambda found: found[0].encode("unicode_escape").decode(), text)


def _escape_markdown(cell: str) -> str:
    """Return a cell without markup, links and mentions."""
    escaped = _MARKUP.sub(
        lambda found: found[0] if found[0] == "[]" else f"&#{ord(found[0])};", cell
    )
    return escaped.replace("://", "&#58;//").replace("www.", "www&#46;").replace("&#64;", "@\u200b")


def text_table(table: DriftTable) -> str:
    """Return a plain text table; `*` marks new drift."""
    rows = table.rows()
    if not rows:
        return table.summary()
    widths = [max(map(len, column)) for column in zip(_HEADER, *rows, strict=True)]
    lines = ["  ".join(map(str.ljust, row, widths)).rstrip() for row in (_HEADER, *rows)]
    return "\n".join([*lines, "", table.summary()])


def markdown(table: DriftTable) -> str:
    """Return a Markdown table, followed by an explanation of the kinds."""
    rows = table.rows()
    if not rows:
        return table.summary()
    lines = ["| " + " | ".join(_HEADER) + " |", "|---" * len(_HEADER) + "|"]
    for mark, *cells in rows:
        lines.append("| " + " | ".join([mark, *map(_escape_markdown, cells)]) + " |")
    kinds = [f"- **{kind}**: {meaning}" for kind, meaning in KINDS.items()]
    return "\n".join([*lines, "", table.summary(), "", *kinds])


def as_json(table: DriftTable) -> str:
    """Return all differences as JSON, with no cell cut."""
    drifts = [{**drift.as_json(), "new": drift in table.new} for drift in table.drifts]
    return json.dumps({"drift": drifts, "new": len(table.new)}, indent=1, ensure_ascii=False)


FORMATS: dict[str, Callable[[DriftTable], str]] = {
    "table": text_table,
    "markdown": markdown,
    "json": as_json,
}
