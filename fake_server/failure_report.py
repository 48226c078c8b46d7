"""What a project reports about a failing test: its calls, clock and tokens, faults, deliveries."""

from __future__ import annotations

from collections.abc import Sequence

from fake_server.auth.credential_index import ENDED
from fake_server.calls import Call
from fake_server.deliveries import Delivery
from fake_server.history import timestamp
from fake_server.project import Project
from fake_server.settings import ENVIRONMENTS

_MAX_CALLS = 30


def failure_report(project: Project, late_calls: Sequence[Call] = ()) -> list[tuple[str, str]]:
    """Return the title and text of each section that has content.

    `late_calls` are those that were sent with a credential of an ended test.
    """
    late = [ENDED, *map(_call_line, late_calls[-_MAX_CALLS:])] if late_calls else []
    history = project.account.history.lines()
    sections = {
        "calls": _calls(project),
        "calls with credentials of ended tests": late,
        "clock and tokens": [*history, f"now {project.clock!r}"] if history else [],
        "faults": [
            f"{fault!r}, made at {fault.place}, fired {fault.fired}x"
            for fault in project.account.faults.recent
        ],
        "unfinished deliveries": _unfinished_deliveries(project),
    }
    return [(title, "\n".join(lines)) for title, lines in sections.items() if lines]


def _calls(project: Project) -> list[str]:
    calls = list(project.account.calls)
    cut = len(calls) - _MAX_CALLS
    lines = [f"({cut} earlier calls)"] if cut > 0 else []
    for call in calls[-_MAX_CALLS:]:
        lines.append(_call_line(call))
        lines += [f"    {remark}" for remark in _remarks(call, project)]
    return lines


def _call_line(call: Call) -> str:
    query = f"?{call.query}" if call.query else ""
    request = f"{call.method} {call.path}{query} -> {call.outcome}"
    milliseconds = f"{call.duration * 1000:.0f} ms"
    return f"{timestamp(call.at)}  {request}  ({call.credential}, {milliseconds})"


def _remarks(call: Call, project: Project) -> list[str]:
    problem = call.problem or {}
    texts = [str(problem[name]) for name in ("title", "detail") if problem.get(name)]
    remarks = [" ".join(texts)] if texts else []
    if call.fault:
        remarks.append(f"fault: {call.fault}")
    remarks += [f"warning: {text}" for text in call.warnings]
    if call.project != project.id:
        remarks.append(f"of the project {call.project}")
    return remarks


def _unfinished_deliveries(project: Project) -> list[str]:
    return [
        f"{delivery.event} to {delivery.url}: {_outcome(delivery)}"
        for environment in ENVIRONMENTS
        for delivery in project.store(environment).table(Delivery)
        if delivery.state != "delivered"
    ]


def _outcome(delivery: Delivery) -> str:
    if not delivery.attempts:
        return delivery.state
    last = delivery.attempts[-1]
    result = last.error if last.status is None else f"answered {last.status}"
    return f"{delivery.state} after {len(delivery.attempts)} attempts, the last: {result}"
