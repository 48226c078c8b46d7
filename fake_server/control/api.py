"""The control API: health, reset, the clock and the tokens, for testers in any language.

Each operation answers 200 with the new state. A request says which project it means by its
credential, expired or not; without one it means the current project. Control calls are not
recorded as calls.
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import with_config
from typing_extensions import TypedDict

from fake_server import clock
from fake_server.auth.secrets import masked
from fake_server.auth.tokens import AccessToken
from fake_server.control import openapi
from fake_server.core import problems
from fake_server.core.model import WIRE
from fake_server.core.operations import GET, POST, Action, Handler, Operation
from fake_server.project import Context


@with_config(WIRE)
class ClockMove(TypedDict, total=False):
    """How to move the clock: exactly one of these. Durations in seconds, moments in ISO 8601."""

    advance: float
    travel: str
    freeze: str | None
    resume: float
    follow: Literal[True]


def health(call: Context) -> dict[str, Any]:
    """Say that the fake is up, and which version it is."""
    return {"status": "ok", "version": openapi.release(), "project": call.project.id}


def reset(call: Context) -> dict[str, Any]:
    """Empty the project: resources, tokens and calls; clock and settings as at first, keys stay."""
    call.project.reset()
    return {"status": "ok", "project": call.project.id, "clock": show_clock(call)}


def show_clock(call: Context) -> dict[str, Any]:
    """What time it is for the project, and how its clock moves."""
    now = call.project.clock.now_ns()
    seconds = now / clock.SECOND
    return {"now": clock.at(now).isoformat(), "seconds": seconds, "mode": call.project.clock.mode}


def move_clock(call: Context) -> dict[str, Any]:
    """Move the clock by one verb."""
    sent = call.received(ClockMove)
    if len(sent) != 1:
        choices = ", ".join(f'"{verb}"' for verb in ClockMove.__annotations__)
        raise problems.invalid_payload(f"Send exactly one of {choices}.")
    ((verb, value),) = sent.items()
    move = getattr(call.project.clock, verb)
    try:
        move() if verb == "follow" else move(value)
    except ValueError as error:
        raise problems.invalid_attribute(verb, str(error)) from None
    return show_clock(call)


def list_tokens(call: Context) -> dict[str, Any]:
    """The access tokens that were issued, oldest first."""
    tokens = call.project.tokens
    now = call.project.clock.now_ns()
    return {"tokens": [_shown(token, tokens.is_good(token, now)) for token in tokens.issued]}


def expire_tokens(call: Context) -> dict[str, Any]:
    """Expire every access token now; refresh tokens stay good."""
    call.project.tokens.expire_all()
    return list_tokens(call)


def revoke_tokens(call: Context) -> dict[str, Any]:
    """Revoke every access and refresh token."""
    call.project.tokens.revoke_all()
    return list_tokens(call)


def show_openapi(call: Context) -> dict[str, Any]:
    """The fake's own OpenAPI document."""
    return openapi.document()


def _shown(token: AccessToken, good: bool) -> dict[str, Any]:
    return {
        "token": masked(token.value),
        "environment": token.environment,
        "issuedAt": clock.at(token.issued_ns).isoformat(),
        "expiresAt": clock.at(token.expires_ns).isoformat(),
        "revoked": token.revoked,
        "active": good,
    }


def _get(path: str, handle: Handler) -> Operation:
    return GET(f"/_fake/{path}", handle, credential="control")


def _post(path: str, handle: Handler, body: Any = None) -> Operation:
    return POST(f"/_fake/{path}", Action(handle, body=body), credential="control")


OPERATIONS = (
    _get("health", health),
    _post("reset", reset),
    _get("openapi.json", show_openapi),
    _get("clock", show_clock),
    _post("clock", move_clock, ClockMove),
    _get("tokens", list_tokens),
    _post("tokens/expire", expire_tokens),
    _post("tokens/revoke", revoke_tokens),
)
