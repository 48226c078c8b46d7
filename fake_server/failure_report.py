"""What a project tells of a test that failed: its calls, its clock and tokens, its faults.

A part is one row of `PARTS`; one that has nothing to tell is left out.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from fake_server.auth.credential_index import ENDED
from fake_server.calls import Call
from fake_server.deliveries import Delivery
from fake_server.project import Project
from fake_server.settings import ENVIRONMENTS

_MAX_CALLS = 30

Part = Callable[[Project], list[str]]


def calls(project: Project) -> list[str]:
    """The newest calls: when, what, how it was answered and what there is to say of it."""
    found = list(project.account.calls)
    cut = len(found) - _MAX_CALLS
    lines = [f"({cut} earlier calls)"] if cut > 0 else []
    for call in found[-_MAX_CALLS:]:
        lines.append(_line(call))
        lines += [f"    {remark}" for remark in _remarks(call, project)]
    return lines


def clock_and_tokens(project: Project) -> list[str]:
    """What happened to the clock and to the tokens, and what time it is now."""
    lines = project.account.history.lines()
    return [*lines, f"now {project.clock!r}"] if lines else []


def faults(project: Project) -> list[str]:
    """Every fault that the test made, and how often it fired."""
    return [
        f"{fault!r}, made at {fault.place}, fired {fault.fired}x"
        for fault in project.account.faults.recent
    ]


def unfinished_deliveries(project: Project) -> list[str]:
    """The messages to webhooks that no receiver has taken, and what came of them."""
    return [
        f"{delivery.event} to {delivery.url}: {_outcome(delivery)}"
        for environment in ENVIRONMENTS
        for delivery in project.store(environment).table(Delivery)
        if delivery.state != "delivered"
    ]


PARTS: tuple[tuple[str, Part], ...] = (
    ("calls", calls),
    ("clock and tokens", clock_and_tokens),
    ("faults", faults),
    ("unfinished deliveries", unfinished_deliveries),
)
"""The parts of the story by their titles, in the order they are told."""


def failure_report(project: Project, late_calls: Sequence[Call] = ()) -> list[tuple[str, str]]:
    """Return the parts that have content: title and text.

    `late_calls` are those that were sent with a credential of an ended test.
    """
    sections = [(title, part(project)) for title, part in PARTS]
    if late_calls:
        late = [ENDED, *(_line(call) for call in late_calls[-_MAX_CALLS:])]
        sections.insert(1, ("calls with credentials of ended tests", late))
    return [(title, "\n".join(lines)) for title, lines in sections if lines]


def _outcome(delivery: Delivery) -> str:
    if not delivery.attempts:
        return delivery.state
    last = delivery.attempts[-1]
    seen = last.error if last.status is None else f"answered {last.status}"
    return f"{delivery.state} after {len(delivery.attempts)} attempts, the last: {seen}"


def _line(call: Call) -> str:
    moment = call.at.isoformat(sep=" ", timespec="milliseconds").removesuffix("+00:00")
    query = f"?{call.query}" if call.query else ""
    asked = f"{call.method} {call.path}{query} -> {str(call).rpartition(' ')[2]}"
    return f"{moment}  {asked}  ({call.credential}, {call.duration * 1000:.0f} ms)"


def _remarks(call: Call, project: Project) -> list[str]:
    problem = call.problem or {}
    told = [str(problem[name]) for name in ("title", "detail") if problem.get(name)]
    remarks = [" ".join(told)] if told else []
    if call.fault:
        remarks.append(f"fault: {call.fault}")
    remarks += [f"warning: {text}" for text in call.warnings]
    if call.project != project.id:
        remarks.append(f"of the project {call.project}")
    return remarks
