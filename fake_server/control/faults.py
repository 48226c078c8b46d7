"""Faults in the control API: the rules of `apivideo.on(...)` as JSON."""

from __future__ import annotations

from typing import Any, Literal, Required

from pydantic import JsonValue, with_config
from pydantic.alias_generators import to_camel
from typing_extensions import TypedDict

from fake_server.core import problems
from fake_server.core.model import WIRE
from fake_server.core.operations import DELETE, GET, POST, Action
from fake_server.faults import Damage, Fault, Matcher, When
from fake_server.project import Context


@with_config(WIRE)
class Response(TypedDict, total=False):
    """The response to send, by default with the body that api.video sends with this status."""

    status: Required[int]
    json: JsonValue
    body: str
    headers: dict[str, str]
    retry_after: float


@with_config(WIRE)
class Rule(TypedDict, total=False):
    """An operation, conditions for its requests, and at least one effect.

    Times are in seconds of real time. `hold` is how long a request is held at most.
    """

    on: Required[str]
    nth: int
    part: int
    times: int
    probability: float
    optional: bool
    respond: Response
    delay: float
    hold: float
    drop: When
    reset: bool
    corrupt: Damage
    throttle: float
    expire_token: Literal[True]
    revoke_token: Literal[True]


_CONDITIONS = ("nth", "part", "times", "probability", "optional")


def list_faults(call: Context) -> dict[str, Any]:
    """List the faults in force, in the order they were made."""
    faults = [
        {"id": fault.id, "fault": repr(fault), "fired": fault.fired, "madeAt": fault.place}
        for fault in call.project.account.faults
    ]
    return {"faults": faults}


def add_fault(call: Context) -> dict[str, Any]:
    """Make requests fail from now on."""
    rule = call.received(Rule)
    faults = call.project.account.faults
    try:
        matcher = Matcher(rule["on"], **{name: rule[name] for name in _CONDITIONS if name in rule})
        with faults.changed:  # no request meets the fault before it has its effects
            fault = faults.add(matcher, "the control API")
            try:
                _add_effects(fault, rule)
            except (TypeError, ValueError):
                faults.undo(fault)
                raise
    except (LookupError, TypeError, ValueError) as error:
        raise problems.invalid_payload(str(error.args[0])) from None
    return list_faults(call)


def remove_faults(call: Context) -> dict[str, Any]:
    """End all faults, and continue the requests that they hold."""
    call.project.account.faults.clear()
    return list_faults(call)


def remove_fault(call: Context) -> dict[str, Any]:
    """End one fault, and continue the requests that it holds."""
    for fault in call.project.account.faults:
        if fault.id == call.parameters["faultId"]:
            fault.remove()
            return list_faults(call)
    raise problems.resource_not_found("faultId")


def _add_effects(fault: Fault, rule: dict[str, Any]) -> None:
    """Add the effects of a rule. Raises ValueError or TypeError for none or an invalid one."""
    if "respond" in rule:
        fault.respond(**rule["respond"])
    for name in ("delay", "hold", "corrupt", "throttle"):
        if name in rule:
            getattr(fault, name)(rule[name])
    if "drop" in rule or rule.get("reset"):
        fault.drop(rule.get("drop", "before"), reset=rule.get("reset", False))
    for name in ("expire_token", "revoke_token"):
        if name in rule:
            getattr(fault, name)()
    if not fault.effects:
        names = [name for name in Rule.__annotations__ if name not in ("on", *_CONDITIONS)]
        raise ValueError(f"a fault needs an effect: one of {', '.join(map(to_camel, names))}")


OPERATIONS = (
    GET("/_fake/faults", list_faults, credential="control"),
    POST("/_fake/faults", Action(add_fault, body=Rule), credential="control"),
    DELETE("/_fake/faults", remove_faults, status=200, credential="control"),
    DELETE("/_fake/faults/{faultId}", remove_fault, status=200, credential="control"),
)
