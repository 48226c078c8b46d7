"""The control API's operations on the record of calls, which show no secrets."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fake_server.auth.secrets import Mask
from fake_server.calls import DROPPED, Call, SecretText
from fake_server.core import problems
from fake_server.core.operations import DELETE, GET, Action
from fake_server.project import Context

_OPERATION: Any = {
    "name": "operation",
    "in": "query",
    "description": "Only the calls of this operation.",
    "schema": {"type": "string"},
}


def list_calls(call: Context) -> dict[str, Any]:
    """List the calls, oldest first; `?operation=GET /videos` selects an operation."""
    calls, operation = call.project.account.calls, call.query.get("operation")
    try:
        selected = calls.of(operation[-1]) if operation else list(calls)
    except LookupError as error:
        raise problems.invalid_query_parameter("operation", str(error.args[0])) from None
    mask = Mask([*call.registry.secrets(), *call.project.tokens.values()])
    return {"calls": [_as_dict(one, mask) for one in selected]}


def forget_calls(call: Context) -> dict[str, Any]:
    """Forget all calls."""
    call.project.account.calls.clear()
    return list_calls(call)


def _as_dict(call: Call, mask: Callable[[str], str]) -> dict[str, Any]:
    return {
        "operation": mask(call.operation),
        "method": call.method,
        "path": mask(call.path),
        "query": mask(call.query),
        "status": None if call.status == DROPPED else call.status,
        "environment": call.environment,
        "credential": call.credential,
        "at": call.at.isoformat(),
        "duration": round(call.duration, 6),
        "clockDuration": call.clock_duration,
        "fault": call.fault,
        "problem": call.problem and call.problem["title"],
        "warnings": list(call.warnings),
        "headers": {
            name: "…" if isinstance(value, SecretText) else mask(value)
            for name, value in call.headers.items()
        },
        "requestBody": mask(call.request_body.decode(errors="replace")),
        "responseBody": mask(call.response_body.decode(errors="replace")),
    }


OPERATIONS = (
    GET("/_fake/calls", Action(list_calls, query=(_OPERATION,)), credential="control"),
    DELETE("/_fake/calls", forget_calls, status=200, credential="control"),
)
