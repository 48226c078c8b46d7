"""The record of calls by the control API, without any secret."""

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
    """The calls, oldest first; `?operation=GET /videos` only those of an operation."""
    calls, wanted = call.project.account.calls, call.query.get("operation")
    try:
        found = calls.of(wanted[-1]) if wanted else list(calls)
    except LookupError as error:
        raise problems.invalid_query_parameter("operation", str(error.args[0])) from None
    hide = Mask([*call.registry.secrets(), *call.project.tokens.values()])
    return {"calls": [_shown(one, hide) for one in found]}


def forget_calls(call: Context) -> dict[str, Any]:
    """Forget all calls."""
    call.project.account.calls.clear()
    return list_calls(call)


def _shown(call: Call, hide: Callable[[str], str]) -> dict[str, Any]:
    return {
        "operation": hide(call.operation),
        "method": call.method,
        "path": hide(call.path),
        "query": hide(call.query),
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
            name: "…" if isinstance(value, SecretText) else hide(value)
            for name, value in call.headers.items()
        },
        "requestBody": hide(call.request_body.decode(errors="replace")),
        "responseBody": hide(call.response_body.decode(errors="replace")),
    }


OPERATIONS = (
    GET(
        "/_fake/calls",
        Action(list_calls, query=(_OPERATION,)),
        credential="control",
    ),
    DELETE("/_fake/calls", forget_calls, status=200, credential="control"),
)
