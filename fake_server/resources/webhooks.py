"""Webhooks: the addresses that are told when something happens, and of what."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator
from pydantic_core import PydanticCustomError

from fake_server.core import problems
from fake_server.core.filters import includes
from fake_server.core.listing import list_all
from fake_server.core.model import NotBlank, ReadOnly, Resource, Stamp, WriteOnce, field
from fake_server.core.operations import DELETE, GET, POST, Action
from fake_server.core.problems import Problem
from fake_server.core.store import Ids
from fake_server.core.verbs import add, delete, read, sent
from fake_server.project import Context

Event = Literal[
    "live-stream.broadcast.started",
    "live-stream.broadcast.ended",
    "video.source.recorded",
    "video.encoding.quality.completed",
    "video.caption.generated",
    "video.summary.generated",
]


def _http(url: str) -> str:
    try:
        parts = urlsplit(url)
        good = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        good = False
    if not good or not url.isprintable() or " " in url:
        raise PydanticCustomError("url", "This value is not a valid URL.")
    return url


def _secret(webhook: dict[str, Any]) -> str:
    """Repeats from run to run with the id, and is another for each webhook."""
    return Ids(webhook["webhook_id"]).new("sig_sec_")


class Webhook(Resource, prefix="webhook_", collection="webhooks"):
    """An address to call when one of these events happens; two may be the same."""

    webhook_id: ReadOnly[str]
    created_at: Stamp = field(doc="When the webhook was made.")
    events: WriteOnce[list[Event]] = field(
        least=1,
        filter=includes,
        doc="What to be told of.",
        example=["video.encoding.quality.completed"],
    )
    url: WriteOnce[Annotated[NotBlank, AfterValidator(_http)]] = field(
        doc="Where to send it.", example="https://app.example/webhooks"
    )
    signature_secret: ReadOnly[str] = field(make=_secret, doc="What the calls are signed with.")


def create_webhook(call: Context) -> Webhook:
    """Create a webhook."""
    try:
        values = sent(call, Webhook, "create")
    except Problem as refused:
        raise _with_the_third(refused) from None
    with call.store.lock:
        most = call.settings.webhook_limit
        if most is not None and len(call.store.table(Webhook)) >= most:
            raise problems.webhook_limit_reached()
        return add(call, Webhook, values)


def _with_the_third(refused: Problem) -> Problem:
    """Of `events` that are absent api.video also says, as the last problem, that they must be an
    array (its one example of a refused webhook).
    """
    found: list[dict[str, Any]] = refused.extra["problems"]
    if problems.attribute_required("events").as_item() in found:
        found.append(problems.not_an_array("events").as_item())
    return refused


_CREATE = Action(create_webhook, body=(Webhook, "create"), answers=Webhook)

OPERATIONS = (
    GET("/webhooks", list_all(Webhook)),
    POST("/webhooks", _CREATE, status=201),
    GET("/webhooks/{webhookId}", read(Webhook)),
    DELETE("/webhooks/{webhookId}", delete(Webhook)),
)
