"""The steps of `Calls.assert_sequence`, and how they differ from the calls."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from fake_server.calls.call import Call

_MAX_COMPARED = 200


@dataclass(frozen=True)
class Step:
    """One expected call: an operation, and a status, status class (`4xx`) or `dropped`."""

    operation: str
    status: str | None

    def __str__(self) -> str:
        return self.operation if self.status is None else f"{self.operation} -> {self.status}"

    @classmethod
    def parse(cls, text: str) -> Step:
        """Parse a step such as `GET /videos -> 401`. Raises ValueError for an invalid status."""
        operation, arrow, status = (part.strip() for part in text.partition("->"))
        if arrow and not re.fullmatch(r"[1-5](\d\d|xx)|dropped", status):
            raise ValueError(
                f"{text!r} has no valid status after the arrow; write it like "
                '"GET /videos -> 401" or "GET /videos -> 4xx"'
            )
        return cls(operation, status if arrow else None)

    def matches(self, call: Call) -> bool:
        """Return whether a call is the expected one."""
        statuses = (None, call.outcome, f"{call.outcome[0]}xx")
        return self.status in statuses and call.matches(self.operation)


def occurs(steps: Sequence[Step], calls: Sequence[Call]) -> bool:
    """Return whether the steps match a contiguous run of calls."""
    return any(
        all(step.matches(calls[start + n]) for n, step in enumerate(steps))
        for start in range(len(calls) - len(steps) + 1)
    )


def difference(steps: Sequence[Step], calls: Sequence[Call]) -> str:
    """Return the run of calls that is most similar to the steps, as a diff."""
    expected = [str(step) for step in steps]
    actual = [_as_step(call, steps) for call in calls[-_MAX_COMPARED:]]
    if not actual:
        return ""
    lengths = (min(len(expected) + more, len(actual)) for more in (0, 1))  # 1: a call in between
    runs = [actual[start : start + n] for n in lengths for start in range(len(actual) - n + 1)]
    nearest = max(runs, key=lambda run: difflib.SequenceMatcher(None, expected, run).ratio())
    lines = [line for line in difflib.ndiff(expected, nearest) if line[0] != "?"]
    return "\nThe nearest run of calls (- expected, + called):" + "".join(
        f"\n  {line}" for line in lines
    )


def _as_step(call: Call, steps: Iterable[Step]) -> str:
    """Return the text of the step that a call matches, else that of the call."""
    return next((str(step) for step in steps if step.matches(call)), str(call))
