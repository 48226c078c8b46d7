"""Webhooks: the addresses that are told when something happens, and of what; and the telling."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator
from pydantic_core import PydanticCustomError

from fake_server.core import problems
from fake_server.core.context import as_json
from fake_server.core.filters import includes
from fake_server.core.listing import list_all
from fake_server.core.model import NotBlank, ReadOnly, Resource, Timestamp, WriteOnce, field
from fake_server.core.operations import DELETE, GET, POST, Action
from fake_server.core.problems import Problem
from fake_server.core.store import Ids
from fake_server.core.verbs import add, delete, read, sent
from fake_server.deliveries import Delivery, signed_headers
from fake_server.lifecycle import EventHandler
from fake_server.project import Context, ProjectContext

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

    secret = "signature_secret"

    webhook_id: ReadOnly[str]
    created_at: Timestamp = field(doc="When the webhook was made.")
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


def message(event: str, facts: Mapping[str, Any], now: datetime) -> bytes:
    """The body of what a webhook is told: compact JSON, its moment in milliseconds."""
    emitted = now.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return as_json({"type": event, "emittedAt": emitted, **facts})


def publish(call: ProjectContext, event: Event, facts: Mapping[str, Any]) -> None:
    """Tell every webhook of the event; hold the store's lock.

    `facts` are what a message has beside `type` and `emittedAt`, by their names on the wire.
    """
    body, table = message(event, facts, call.now), call.store.table(Delivery)
    for webhook in call.store.table(Webhook):
        if event in webhook.events:
            delivery = {
                "webhook_id": webhook.id,
                "url": webhook.url,
                "event": event,
                "body": body,
                "headers": signed_headers(webhook.id, webhook.signature_secret, body),
                "next_attempt_at": call.now,
            }
            made = table.put(Delivery.new(call.store.new_id(Delivery), call.now, delivery))
            if call.settings.webhook_delivery == "instant":
                send(call, made.id)


def send(call: ProjectContext, delivery_id: str) -> None:
    """Hand a delivery to the courier, whatever came of it before; hold the store's lock."""
    table = call.store.table(Delivery)
    delivery = table.get(delivery_id)
    if delivery is not None and delivery.state != "sending":
        sending = table.put(delivery.changed(call.now, {"state": "sending"}))
        call.project.account.courier.send(call.store, sending, call.now, call.settings)


def deliver(call: ProjectContext, identifiers: Iterable[str] | None = None) -> list[Delivery]:
    """A lever: send these deliveries now, in this order, or all that are pending; and wait.

    One may be sent again, as often as its id is there. Raises KeyError for an unknown id; then
    nothing is sent.
    """
    table = call.store.table(Delivery)
    pending = [one.id for one in table if one.state == "pending"]
    wanted = pending if identifiers is None else list(identifiers)
    _check_known(call, wanted)
    for one in wanted:
        with call.store.lock:
            send(call, one)
        call.project.account.courier.join()
    return [table.get(one) or _gone(one) for one in wanted]


def withhold(call: ProjectContext, identifiers: Iterable[str]) -> None:
    """A lever: send these deliveries never, unless they are delivered by hand.

    Raises KeyError for an unknown id.
    """
    wanted, table = list(identifiers), call.store.table(Delivery)
    with call.store.lock:
        _check_known(call, wanted)
        for one in wanted:
            table.put(call.store.find(Delivery, one).changed(call.now, {"state": "withheld"}))


def _check_known(call: ProjectContext, identifiers: Iterable[str]) -> None:
    unknown = [one for one in identifiers if one not in call.store.table(Delivery)]
    if unknown:
        raise KeyError(f"no delivery {', '.join(unknown)}; see apivideo.webhooks.deliveries")


def _gone(identifier: str) -> Delivery:
    raise KeyError(f"the delivery {identifier} went with a reset while it was sent")


_CREATE = Action(create_webhook, body=(Webhook, "create"), answers=Webhook)

EVENT_HANDLERS = {
    "webhook.delivery": EventHandler(
        send,
        counts=lambda settings, environment: settings.webhook_delivery != "manual",
        waits=lambda settings: settings.webhook_delivery == "advance",
    )
}

OPERATIONS = (
    GET("/webhooks", list_all(Webhook)),
    POST("/webhooks", _CREATE, status=201),
    GET("/webhooks/{webhookId}", read(Webhook)),
    DELETE("/webhooks/{webhookId}", delete(Webhook)),
)
