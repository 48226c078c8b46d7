"""The control API: what a test in Python does with its handle, for testers in any language.

Each operation answers 200 with the new state. A request says which project it means by its
credential, expired or not; without one it means the current project. Control calls are not
recorded as calls.
"""

from __future__ import annotations

from functools import partial
from typing import Any, Literal, Required, TypeVar

from pydantic import with_config
from typing_extensions import TypedDict

from fake_server import clock
from fake_server.auth.records import AccessToken
from fake_server.auth.secrets import masked
from fake_server.control import openapi
from fake_server.core import problems
from fake_server.core.model import WIRE, Resource
from fake_server.core.operations import GET, POST, Action, Handler, Operation
from fake_server.core.verbs import find
from fake_server.deliveries import Delivery
from fake_server.project import Context
from fake_server.rate_limits import CallClass
from fake_server.resources.live_streams import LiveStream
from fake_server.resources.video_status import VideoStatus, status_of
from fake_server.resources.videos import Format, QualityName, Video
from fake_server.resources.webhooks import deliver

R = TypeVar("R", bound=Resource)


@with_config(WIRE)
class ClockMove(TypedDict, total=False):
    """How to move the clock: exactly one of these. Durations in seconds, moments in ISO 8601."""

    advance: float
    travel: str
    freeze: str | None
    resume: float
    follow: Literal[True]


class Named(TypedDict, total=False):
    """Which deliveries; absent: all that are pending."""

    deliveries: list[str]


class Form(TypedDict, total=False):
    """Which form of a video, and whether it fails; absent: all that are left."""

    type: Format
    quality: QualityName
    failed: bool


@with_config(WIRE)
class Limit(TypedDict, total=False):
    """How many calls of a class are left, for so many seconds of the clock."""

    calls: Required[CallClass]
    remaining: int
    retry_after: float


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
    due = [
        {"at": one.at.isoformat(), "name": one.name, "subject": one.subject}
        for one in call.project.clock.due
    ]
    mode = call.project.clock.mode
    return {"now": clock.at(now).isoformat(), "seconds": seconds, "mode": mode, "due": due}


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


def list_deliveries(call: Context) -> dict[str, Any]:
    """The deliveries of webhooks, oldest first, and what came of them."""
    call.project.drain()
    return {"deliveries": [_told(one) for one in call.store.table(Delivery)]}


def deliver_webhooks(call: Context) -> dict[str, Any]:
    """Send the deliveries that are pending or, in their order, those that are named; and wait."""
    named = call.received(Named).get("deliveries") if call.body else None
    try:
        deliver(call, named)
    except KeyError as error:
        raise problems.invalid_attribute("deliveries", str(error.args[0])) from None
    return list_deliveries(call)


def encode_video(call: Context) -> VideoStatus:
    """Encode forms of a video, all that are left or the one that is named; or let them fail."""
    video, sent = _held(call, Video), call.received(Form) if call.body else {}
    lever = video.encoding_failed if sent.get("failed") else video.encoded
    try:
        lever(sent.get("type"), sent.get("quality"))
    except ValueError as error:
        raise problems.invalid_attribute("quality", str(error)) from None
    return status_of(call, video)


def start_live_stream(call: Context) -> LiveStream:
    """Begin to stream to a live stream."""
    try:
        return _held(call, LiveStream).start()
    except ValueError as error:
        raise problems.invalid_attribute("liveStreamId", str(error)) from None


def stop_live_stream(call: Context) -> Video:
    """End the broadcast of a live stream; answers its recording."""
    try:
        return _held(call, LiveStream).stop()
    except ValueError as error:
        raise problems.invalid_attribute("liveStreamId", str(error)) from None


def limit_calls(call: Context) -> dict[str, Any]:
    """Let so many calls of a class be left, for so many seconds of the clock."""
    sent = call.received(Limit)
    of, remaining, wait = sent["calls"], sent.get("remaining", 0), sent.get("retry_after", 60)
    try:
        call.project.rate_limits.set_remaining(of, remaining, wait, call.environment)
    except ValueError as error:
        raise problems.invalid_payload(str(error)) from None
    return {"calls": of, "remaining": remaining, "retryAfter": wait}


def list_tokens(call: Context) -> dict[str, Any]:
    """The access tokens that were issued, oldest first."""
    tokens = call.project.tokens
    now = call.project.clock.now_ns()
    return {"tokens": [_shown(token, tokens.is_valid(token, now)) for token in tokens.issued]}


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


def _held(call: Context, model: type[R]) -> R:
    return find(call, model).held(partial(call.project.context, call.environment))


def _told(delivery: Delivery) -> dict[str, Any]:
    return {**delivery.model_dump(mode="json", exclude={"body"}), "body": delivery.json}


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
    _get("webhooks/deliveries", list_deliveries),
    _post("webhooks/deliver", deliver_webhooks, Named),
    _post("videos/{videoId}/encode", encode_video, Form),
    _post("live-streams/{liveStreamId}/start", start_live_stream),
    _post("live-streams/{liveStreamId}/stop", stop_live_stream),
    _post("rate-limits", limit_calls, Limit),
    _get("tokens", list_tokens),
    _post("tokens/expire", expire_tokens),
    _post("tokens/revoke", revoke_tokens),
)
