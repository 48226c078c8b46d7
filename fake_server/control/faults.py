"""Faults by the control API: the rules of `apivideo.on(...)`, spelt as JSON."""

from __future__ import annotations

from typing import Any, Literal, Required

from pydantic import JsonValue, with_config
from pydantic.alias_generators import to_camel
from typing_extensions import TypedDict

from fake_server.core import problems
from fake_server.core.model import WIRE
from fake_server.core.operations import DELETE, GET, POST, Action
from fake_server.faults import Damage, Fault, When
from fake_server.project import Context

_PLACE = "the control API"


@with_config(WIRE)
class Response(TypedDict, total=False):
    """An answer in the place of the fake's; without `json` and `body` the API's own."""

    status: Required[int]
    json: JsonValue
    body: str
    headers: dict[str, str]
    retry_after: float


@with_config(WIRE)
class Rule(TypedDict, total=False):
    """Which requests fail, and how: `on` an operation, and at least one thing to do.

    Seconds are of real time. `hold` is the seconds after which the request goes on by itself.
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


_CHOICE = ("nth", "part", "times", "probability", "optional")


def list_faults(call: Context) -> dict[str, Any]:
    """The faults that are in force, in the order they were made."""
    return {"faults": [_shown(fault) for fault in call.project.account.faults]}


def add_fault(call: Context) -> dict[str, Any]:
    """Make requests fail from now on."""
    rule = call.received(Rule)
    choice = {name: rule[name] for name in _CHOICE if name in rule}
    faults = call.project.account.faults
    try:
        with faults.changed:  # so that no request meets it half made
            fault = faults.add(rule["on"], **choice, place=_PLACE)
            try:
                _chain(fault, rule)
            except (TypeError, ValueError):
                faults.undo(fault)
                raise
    except (LookupError, TypeError, ValueError) as error:
        raise problems.invalid_payload(str(error.args[0])) from None
    return list_faults(call)


def remove_faults(call: Context) -> dict[str, Any]:
    """End all faults; what they hold goes on."""
    call.project.account.faults.clear()
    return list_faults(call)


def remove_fault(call: Context) -> dict[str, Any]:
    """End one fault; what it holds goes on."""
    wanted = call.parameters["faultId"]
    found = [fault for fault in call.project.account.faults if fault.id == wanted]
    if not found:
        raise problems.resource_not_found("faultId")
    found[0].remove()
    return list_faults(call)


def _chain(fault: Fault, rule: dict[str, Any]) -> None:
    """Say what the fault does; raises ValueError if that is nothing, or cannot be."""
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
    if not fault.has_effects:
        names = (name for name in Rule.__annotations__ if name not in ("on", *_CHOICE))
        does = ", ".join(to_camel(name) for name in names)
        raise ValueError(f"Say what the fault does; one of {does}.")


def _shown(fault: Fault) -> dict[str, Any]:
    return {"id": fault.id, "fault": repr(fault), "fired": fault.fired, "madeAt": fault.place}


OPERATIONS = (
    GET("/_fake/faults", list_faults, credential="control"),
    POST("/_fake/faults", Action(add_fault, body=Rule), credential="control"),
    DELETE("/_fake/faults", remove_faults, status=200, credential="control"),
    DELETE("/_fake/faults/{faultId}", remove_fault, status=200, credential="control"),
)
