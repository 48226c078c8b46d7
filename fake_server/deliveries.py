"""Deliveries of webhooks: the signed messages, and the results of sending them.

A worker sends them over real HTTP, one at a time. It decides nothing: the clock determines what is
sent when, and the worker records the response.
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import json
import socket
import ssl
import threading
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait
from datetime import datetime, timedelta
from fnmatch import fnmatchcase
from typing import Any, Literal
from urllib.parse import SplitResult, quote, urlsplit

import h11

from fake_server.core.model import ReadOnly, Resource, Schema, Timestamp, field
from fake_server.core.store import Store
from fake_server.process_time import real_seconds
from fake_server.settings import Settings
from fake_server.time_values import later

ATTEMPTS = 4
"""The maximum number of attempts: the first, and three retries."""
PAUSE = timedelta(seconds=3)

_MAX_RESPONSE = 64 * 1024
_FORBIDDEN_HOSTS = ("api.video", "*.api.video")

State = Literal["pending", "sending", "delivered", "failed", "withheld"]


class Attempt(Schema):
    """One attempt to deliver: the status of the response, or the error without one."""

    at: Timestamp
    status: int | None = None
    error: str | None = None

    @property
    def ok(self) -> bool:
        """Whether the receiver accepted it, with a status below 300."""
        return self.status is not None and self.status < 300


class Delivery(Resource, prefix="delivery_"):
    """One message to one webhook, and the attempts to send it.

    `state`: pending (until its time, or until the test sends it), sending, delivered, failed (after
    the last attempt) or withheld.
    """

    delivery_id: ReadOnly[str]
    created_at: Timestamp = field(doc="When the event happened.")
    webhook_id: ReadOnly[str] = field(doc="The webhook that receives it.")
    url: ReadOnly[str] = field(doc="The address it is sent to.")
    event: ReadOnly[str] = field(doc="The event.")
    body: ReadOnly[bytes] = field(doc="The body of the message.")
    headers: ReadOnly[dict[str, str]] = field(doc="The webhook's headers of the message.")
    state: ReadOnly[State] = field("pending", doc="The state of the delivery.")
    attempts: ReadOnly[tuple[Attempt, ...]] = field((), doc="The attempts so far.")
    next_attempt_at: ReadOnly[Timestamp | None] = field(None, doc="When the next attempt is due.")

    @property
    def json(self) -> Any:
        """The body parsed as JSON."""
        return json.loads(self.body)

    def deadlines(self) -> Mapping[str, datetime | None]:
        """Return when the next attempt is due."""
        return {"webhook.delivery": self.next_attempt_at if self.state == "pending" else None}

    def with_outcome(self, attempt: Attempt) -> Delivery:
        """Return the delivery after an attempt, to be retried if it failed and was not the last."""
        attempts = (*self.attempts, attempt)
        may_retry = len(attempts) < ATTEMPTS
        state: State = "delivered" if attempt.ok else "pending" if may_retry else "failed"
        due = later(attempt.at, PAUSE) if state == "pending" else None
        changes = {"state": state, "attempts": attempts, "next_attempt_at": due}
        return self.changed(attempt.at, changes)


def signature(body: bytes, secret: str) -> str:
    """Return the signature of a webhook's message: the HMAC-SHA256 of the raw body, in hex."""
    return hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def signed_headers(webhook_id: str, secret: str, body: bytes) -> dict[str, str]:
    """Return the headers of a message to a webhook."""
    return {
        "Content-Type": "application/json",
        "X-Api-Video-WebhookID": webhook_id,
        "X-Api-Video-Signature": signature(body, secret),
    }


class Courier:
    """Sends deliveries, one at a time, in a thread that lives as long as the project."""

    def __init__(self) -> None:
        self._worker: ThreadPoolExecutor | None = None
        self._pending: set[Future[None]] = set()
        self._lock = threading.Lock()
        self._closed = False

    def send(self, store: Store, delivery: Delivery, at: datetime, settings: Settings) -> None:
        """Send a delivery after all others, and put the result into the store."""
        hosts, timeout = tuple(settings.webhook_hosts), settings.webhook_timeout
        with self._lock:
            if self._closed:
                return
            if self._worker is None:
                self._worker = ThreadPoolExecutor(1, thread_name_prefix="apivideo-webhooks")
            sending = self._worker.submit(self._deliver, store, delivery, at, hosts, timeout)
            self._pending.add(sending)
        sending.add_done_callback(self._pending.discard)

    def join(self) -> None:
        """Wait until all deliveries were sent, and their results are in the store."""
        while pending := set(self._pending):
            wait(pending)

    def close(self) -> None:
        """Send no more deliveries, and wait for the current one."""
        with self._lock:
            self._closed = True
            worker = self._worker
        if worker is not None:
            worker.shutdown()  # queued ones return at once; cancelled ones would not wake `join`

    def _deliver(
        self, store: Store, delivery: Delivery, at: datetime, hosts: tuple[str, ...], timeout: float
    ) -> None:
        if self._closed:
            return
        try:
            attempt = Attempt(at=at, status=_post(delivery, hosts, timeout))
        except Exception as error:  # any error is a result of the attempt
            attempt = Attempt(at=at, error=str(error) or type(error).__name__)
        with store.lock:
            table = store.table(Delivery)
            if (current := table.get(delivery.id)) is not None:  # else the project was reset
                table.put(current.with_outcome(attempt))


class _DeliveryError(Exception):
    """Raised with the reason why a message cannot be delivered."""


def _post(delivery: Delivery, hosts: tuple[str, ...], timeout: float) -> int:
    """Send the message, and return the status of the response; redirects are not followed."""
    url, deadline = urlsplit(delivery.url), real_seconds() + timeout
    connection = _connect(url, hosts, deadline)
    try:
        return _exchange(connection, url, delivery, deadline)
    except TimeoutError:
        raise _DeliveryError(f"no answer within {timeout:g} s") from None
    finally:
        connection.close()


def _connect(url: SplitResult, hosts: tuple[str, ...], deadline: float) -> socket.socket:
    host = _ascii_host(url.hostname or "")
    port = url.port or (443 if url.scheme == "https" else 80)
    named = any(fnmatchcase(host, pattern) for pattern in hosts)
    if any(fnmatchcase(host, pattern) for pattern in _FORBIDDEN_HOSTS):
        raise _DeliveryError(f"{host} is api.video's own host, where the fake sends nothing")
    if not named and not ("loopback" in hosts and _may_be_loopback(host)):
        raise _DeliveryError(
            f"{host} is not one of webhook_hosts={list(hosts)}: allow it with that setting"
        )
    failure: OSError = OSError(f"{host} has no loopback address")
    for *_, (address, *_) in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM):
        if not named and not ipaddress.ip_address(address).is_loopback:
            continue
        try:
            connection = socket.create_connection((str(address), port), _remaining(deadline))
        except OSError as error:
            failure = error
            continue
        return _wrap_tls(connection, host) if url.scheme == "https" else connection
    raise failure


def _ascii_host(host: str) -> str:
    """Return the name that is looked up: `ws。api。video` is a spelling of `ws.api.video`."""
    try:
        return host.encode("idna").decode("ascii").lower().rstrip(".")
    except UnicodeError:
        return host.rstrip(".")


def _wrap_tls(connection: socket.socket, host: str) -> socket.socket:
    try:
        return ssl.create_default_context().wrap_socket(connection, server_hostname=host)
    except BaseException:
        connection.close()
        raise


def _may_be_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def _exchange(
    connection: socket.socket, url: SplitResult, delivery: Delivery, deadline: float
) -> int:
    path = (url.path or "/") + (f"?{url.query}" if url.query else "")
    target = quote(path, safe="/?&=%:@!$'()*+,;~-._")
    headers = {"Host": url.netloc.rpartition("@")[2], **delivery.headers}
    headers |= {"Content-Length": str(len(delivery.body)), "Connection": "close"}
    request = h11.Request(method="POST", target=target, headers=list(headers.items()))
    protocol = h11.Connection(h11.CLIENT, max_incomplete_event_size=_MAX_RESPONSE)
    sent = [request, h11.Data(data=delivery.body), h11.EndOfMessage()]
    connection.settimeout(_remaining(deadline))
    connection.sendall(b"".join(protocol.send(event) or b"" for event in sent))
    while True:
        event = protocol.next_event()
        if isinstance(event, h11.Response):
            return event.status_code
        if event is h11.NEED_DATA:
            connection.settimeout(_remaining(deadline))
            received = connection.recv(_MAX_RESPONSE)
            if not received:
                raise _DeliveryError("the receiver closed the connection without an answer")
            protocol.receive_data(received)


def _remaining(deadline: float) -> float:
    seconds = deadline - real_seconds()
    if seconds <= 0:
        raise TimeoutError
    return seconds
