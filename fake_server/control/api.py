"""The control API: what Python tests do with the handle, for tests in any language.

Each operation answers 200 with the new state. A request selects its project by its credential,
expired or not; without one it reaches the current project. Control calls are not recorded.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Literal, Required

from pydantic import with_config
from typing_extensions import TypedDict

from fake_server.auth.secrets import masked
from fake_server.control import openapi
from fake_server.core import problems
from fake_server.core.model import WIRE
from fake_server.core.operations import GET, POST, Action, Handler, Operation
from fake_server.core.verbs import find
from fake_server.deliveries import Delivery
from fake_server.project import Context
from fake_server.rate_limits import CallClass
from fake_server.resources.live_streams import LiveStream, start, stop
from fake_server.resources.video_status import VideoStatus, status_of
from fake_server.resources.videos import Format, QualityName, Video, finish_encoding
from fake_server.resources.webhooks import deliver
from fake_server.time_values import SECOND, at


@with_config(WIRE)
class ClockMove(TypedDict, total=False):
    """One move of the clock. Durations are in seconds, moments in ISO 8601."""

    advance: float
    travel: str
    freeze: str | None
    resume: float
    follow: Literal[True]


class DeliveryIds(TypedDict, total=False):
    """The deliveries to send; absent: all that are pending."""

    deliveries: list[str]


class Rendition(TypedDict, total=False):
    """The rendition of a video to encode, and whether it fails; absent: all that are left."""

    type: Format
    quality: QualityName
    failed: bool


@with_config(WIRE)
class Quota(TypedDict, total=False):
    """The remaining calls of a class; the limit ends after `retry_after` seconds of the clock."""

    calls: Required[CallClass]
    remaining: int
    retry_after: float


def health(call: Context) -> dict[str, Any]:
    """Show that the fake is up, and its version."""
    return {"status": "ok", "version": openapi.release(), "project": call.project.id}


def reset(call: Context) -> dict[str, Any]:
    """Reset the project: delete resources, tokens and calls, and restore clock and settings."""
    call.project.reset()
    return {"status": "ok", "project": call.project.id, "clock": show_clock(call)}


def show_clock(call: Context) -> dict[str, Any]:
    """Show the time of the project's clock, its mode and the due events."""
    clock = call.project.clock
    now = clock.now_ns()
    due = [
        {"at": event.at.isoformat(), "name": event.name, "subject": event.subject}
        for event in clock.due
    ]
    return {"now": at(now).isoformat(), "seconds": now / SECOND, "mode": clock.mode, "due": due}


def move_clock(call: Context) -> dict[str, Any]:
    """Move the clock by one verb."""
    sent = call.received(ClockMove)
    if len(sent) != 1:
        choices = ", ".join(f'"{verb}"' for verb in ClockMove.__annotations__)
        raise problems.invalid_payload(f"Send exactly one of {choices}.")
    ((verb, value),) = sent.items()
    move = getattr(call.project.clock, verb)
    with _invalid_attribute(verb):
        move() if verb == "follow" else move(value)
    return show_clock(call)


def list_deliveries(call: Context) -> dict[str, Any]:
    """List the deliveries of webhooks and their results, oldest first."""
    call.project.drain()
    deliveries = call.store.table(Delivery)
    return {
        "deliveries": [
            {**one.model_dump(mode="json", exclude={"body"}), "body": one.json}
            for one in deliveries
        ]
    }


def deliver_webhooks(call: Context) -> dict[str, Any]:
    """Send the pending or the given deliveries, in this order, and wait for the results."""
    ids = call.received(DeliveryIds).get("deliveries") if call.body else None
    try:
        deliver(call, ids)
    except KeyError as error:
        raise problems.invalid_attribute("deliveries", str(error.args[0])) from None
    return list_deliveries(call)


def encode_video(call: Context) -> VideoStatus:
    """Encode the given or all remaining renditions of a video, or make them fail."""
    video, sent = find(call, Video), call.received(Rendition) if call.body else {}
    status: Literal["encoded", "failed"] = "failed" if sent.get("failed") else "encoded"
    with _invalid_attribute("quality"):
        finish_encoding(call, video.id, status, sent.get("type"), sent.get("quality"))
    return status_of(call, video)


def start_live_stream(call: Context) -> LiveStream:
    """Start the broadcast of a live stream."""
    with _invalid_attribute("liveStreamId"):
        return start(call, find(call, LiveStream).id)


def stop_live_stream(call: Context) -> Video:
    """End the broadcast of a live stream, and return its recording."""
    with _invalid_attribute("liveStreamId"):
        return stop(call, find(call, LiveStream).id)


def limit_calls(call: Context) -> dict[str, Any]:
    """Set the remaining quota of a call class, for some seconds of the clock."""
    sent = call.received(Quota)
    calls, remaining, wait = sent["calls"], sent.get("remaining", 0), sent.get("retry_after", 60)
    try:
        call.project.rate_limits.set_remaining(calls, remaining, wait, call.environment)
    except ValueError as error:
        raise problems.invalid_payload(str(error)) from None
    return {"calls": calls, "remaining": remaining, "retryAfter": wait}


def list_tokens(call: Context) -> dict[str, Any]:
    """List the issued access tokens, oldest first."""
    tokens, now = call.project.tokens, call.project.clock.now_ns()
    return {
        "tokens": [
            {
                "token": masked(token.value),
                "environment": token.environment,
                "issuedAt": at(token.issued_ns).isoformat(),
                "expiresAt": at(token.expires_ns).isoformat(),
                "revoked": token.revoked,
                "active": tokens.is_valid(token, now),
            }
            for token in tokens.issued
        ]
    }


def expire_tokens(call: Context) -> dict[str, Any]:
    """Expire every access token now; refresh tokens stay valid."""
    call.project.tokens.expire_all()
    return list_tokens(call)


def revoke_tokens(call: Context) -> dict[str, Any]:
    """Revoke every access and refresh token."""
    call.project.tokens.revoke_all()
    return list_tokens(call)


def show_openapi(call: Context) -> dict[str, Any]:
    """Show the fake's own OpenAPI document."""
    return openapi.document()


@contextmanager
def _invalid_attribute(name: str) -> Iterator[None]:
    """Convert a ValueError to the problem of an invalid attribute."""
    try:
        yield
    except ValueError as error:
        raise problems.invalid_attribute(name, str(error)) from None


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
    _post("webhooks/deliver", deliver_webhooks, DeliveryIds),
    _post("videos/{videoId}/encode", encode_video, Rendition),
    _post("live-streams/{liveStreamId}/start", start_live_stream),
    _post("live-streams/{liveStreamId}/stop", stop_live_stream),
    _post("rate-limits", limit_calls, Quota),
    _get("tokens", list_tokens),
    _post("tokens/expire", expire_tokens),
    _post("tokens/revoke", revoke_tokens),
)
