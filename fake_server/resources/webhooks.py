"""Webhooks: URLs that are notified of events, and the deliveries to them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator
from pydantic_core import PydanticCustomError

from fake_server.collection import Collection
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
from fake_server.settings import ENVIRONMENTS

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
        is_valid = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_valid = False
    if not is_valid or not url.isprintable() or " " in url:
        raise PydanticCustomError("url", "This value is not a valid URL.")
    return url


def _secret(webhook: dict[str, Any]) -> str:
    """Return a key that depends on the id only, so that it repeats from run to run."""
    return Ids(webhook["webhook_id"]).new("sig_sec_")


class Webhook(Resource, prefix="webhook_", collection="webhooks"):
    """A URL to call when one of these events happens; several webhooks may be alike."""

    secret = "signature_secret"

    webhook_id: ReadOnly[str]
    created_at: Timestamp = field(doc="When the webhook was created.")
    events: WriteOnce[list[Event]] = field(
        min_length=1,
        filter=includes,
        doc="The events to be notified of.",
        example=["video.encoding.quality.completed"],
    )
    url: WriteOnce[Annotated[NotBlank, AfterValidator(_http)]] = field(
        doc="The URL to call.", example="https://app.example/webhooks"
    )
    signature_secret: ReadOnly[str] = field(factory=_secret, doc="The key of the signatures.")


def create_webhook(call: Context) -> Webhook:
    """Create a webhook."""
    try:
        values = sent(call, Webhook, "create")
    except Problem as problem:
        raise _with_array_problem(problem) from None
    stores = [call.project.store(environment) for environment in ENVIRONMENTS]
    with stores[0].lock, stores[1].lock:
        limit = call.settings.webhook_limit
        if limit is not None and sum(len(one.table(Webhook)) for one in stores) >= limit:
            raise problems.webhook_limit_reached()
        return add(call, Webhook, values)


def _with_array_problem(problem: Problem) -> Problem:
    """Add to the problem of absent `events` that they must be an array, as api.video does.

    That is in its one example of a refused webhook, as the last problem.
    """
    items: list[dict[str, Any]] = problem.extra["problems"]
    if problems.attribute_required("events").as_item() in items:
        items.append(problems.not_an_array("events").as_item())
    return problem


def message(event: str, facts: Mapping[str, Any], now: datetime) -> bytes:
    """Return the body of a notification: compact JSON, its time in milliseconds."""
    emitted_at = now.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return as_json({"type": event, "emittedAt": emitted_at, **facts})


def publish(call: ProjectContext, event: Event, facts: Mapping[str, Any]) -> None:
    """Notify every webhook of the event; the caller holds the store's lock.

    `facts` are the attributes of the message besides `type` and `emittedAt`.
    """
    body, table = message(event, facts, call.now), call.store.table(Delivery)
    for webhook in call.store.table(Webhook):
        if event in webhook.events:
            values = {
                "webhook_id": webhook.id,
                "url": webhook.url,
                "event": event,
                "body": body,
                "headers": signed_headers(webhook.id, webhook.signature_secret, body),
                "next_attempt_at": call.now,
            }
            delivery = table.put(Delivery.new(call.store.new_id(Delivery), call.now, values))
            if call.settings.webhook_delivery == "instant":
                send(call, delivery.id)


def send(call: ProjectContext, delivery_id: str) -> None:
    """Give a delivery to the courier unless it has it; the caller holds the store's lock."""
    table = call.store.table(Delivery)
    delivery = table.get(delivery_id)
    if delivery is not None and delivery.state != "sending":
        sending = table.put(delivery.changed(call.now, {"state": "sending"}))
        call.project.account.courier.send(call.store, sending, call.now, call.settings)


def deliver(call: ProjectContext, identifiers: Iterable[str] | None = None) -> list[Delivery]:
    """Send these deliveries now, in this order, or all pending ones; wait, and return them.

    An id that is repeated is sent repeatedly. Raises KeyError for an unknown id, and then sends
    nothing.
    """
    table = call.store.table(Delivery)
    pending = [one.id for one in table if one.state == "pending"]
    chosen = pending if identifiers is None else list(identifiers)
    _check_known(call, chosen)
    for identifier in chosen:
        with call.store.lock:
            send(call, identifier)
        call.project.account.courier.join()
    return [delivery for delivery in map(table.get, chosen) if delivery is not None]


def _check_known(call: ProjectContext, identifiers: Iterable[str]) -> None:
    unknown = [one for one in identifiers if one not in call.store.table(Delivery)]
    if unknown:
        raise KeyError(f"no delivery {', '.join(unknown)}; see apivideo.webhooks.deliveries")


class Webhooks(Collection[Webhook]):
    """The webhooks of a project, oldest first, and their deliveries."""

    kind = Webhook

    @property
    def deliveries(self) -> list[Delivery]:
        """Every delivery, oldest first, after waiting for those that are being sent."""
        self._project.drain()
        return list(self._project.store().table(Delivery))

    def deliver(self, *deliveries: Delivery) -> list[Delivery]:
        """Send these now, in this order, or all pending ones; wait, and return them.

        One that was sent before is sent again. Raises KeyError for one of another project.
        """
        return deliver(self._project.context(), [one.id for one in deliveries] or None)

    def withhold(self, *deliveries: Delivery) -> None:
        """Do not send these unless `deliver` names them; raises KeyError as `deliver` does."""
        call = self._project.context()
        table = call.store.table(Delivery)
        with call.store.lock:
            _check_known(call, [one.id for one in deliveries])
            for delivery in deliveries:
                current = call.store.find(Delivery, delivery.id)
                table.put(current.changed(call.now, {"state": "withheld"}))


_CREATE = Action(create_webhook, body=(Webhook, "create"), answers=Webhook)

EVENT_HANDLERS = {
    "webhook.delivery": EventHandler(
        send,
        enabled=lambda settings, environment: settings.webhook_delivery != "manual",
        deferred=lambda settings: settings.webhook_delivery == "advance",
    )
}

OPERATIONS = (
    GET("/webhooks", list_all(Webhook)),
    POST("/webhooks", _CREATE, status=201),
    GET("/webhooks/{webhookId}", read(Webhook)),
    DELETE("/webhooks/{webhookId}", delete(Webhook)),
)
