"""Deliveries of webhooks: what was sent where, signed how, and what came back.

A worker sends them over real HTTP, one after the other. It decides nothing: what is sent when
follows from the clock, and what came back is written down.
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import json
import socket
import ssl
import threading
from collections.abc import Iterable, Mapping
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
"""How often a delivery is tried: once, and three times again."""
PAUSE = timedelta(seconds=3)

_MAX_ANSWER = 64 * 1024
_NEVER_REACHED = ("api.video", "*.api.video")

State = Literal["pending", "sending", "delivered", "failed", "withheld"]


class Attempt(Schema):
    """One attempt to deliver: the status that came back, or why none did."""

    at: Timestamp
    status: int | None = None
    error: str | None = None

    @property
    def ok(self) -> bool:
        """Whether the receiver took it: with a status below 300."""
        return self.status is not None and self.status < 300


class Delivery(Resource, prefix="delivery_"):
    """One message to one webhook, and how its delivery went.

    `state`: pending (waits for its moment or for a lever), sending, delivered, failed (after the
    last attempt) or withheld.
    """

    delivery_id: ReadOnly[str]
    created_at: Timestamp = field(doc="When it happened, of which it tells.")
    webhook_id: ReadOnly[str] = field(doc="The webhook that it is for.")
    url: ReadOnly[str] = field(doc="Where it goes.")
    event: ReadOnly[str] = field(doc="What happened.")
    body: ReadOnly[bytes] = field(doc="What is sent.")
    headers: ReadOnly[dict[str, str]] = field(doc="The headers of the webhook in it.")
    state: ReadOnly[State] = field("pending", doc="How far it is.")
    attempts: ReadOnly[tuple[Attempt, ...]] = field((), doc="What came of it.")
    next_attempt_at: ReadOnly[Timestamp | None] = field(None, doc="When it is tried (again).")

    @property
    def json(self) -> Any:
        """The body, read as JSON."""
        return json.loads(self.body)

    def deadlines(self) -> Mapping[str, datetime | None]:
        """It is sent at a moment as long as nothing came of it."""
        return {"webhook.delivery": self.next_attempt_at if self.state == "pending" else None}

    def with_outcome(self, attempt: Attempt) -> Delivery:
        """The delivery after this attempt: to be tried again, if it failed and may be."""
        attempts = (*self.attempts, attempt)
        left = ATTEMPTS - len(attempts)
        state: State = "delivered" if attempt.ok else "pending" if left > 0 else "failed"
        after = later(attempt.at, PAUSE) if state == "pending" else None
        return self.changed(
            attempt.at, {"state": state, "attempts": attempts, "next_attempt_at": after}
        )


def signature(body: bytes, secret: str) -> str:
    """What a webhook's messages are signed with: the HMAC-SHA256 of the raw body, in hex."""
    return hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def signed_headers(webhook_id: str, secret: str, body: bytes) -> dict[str, str]:
    """The headers of a message to a webhook."""
    return {
        "Content-Type": "application/json",
        "X-Api-Video-WebhookID": webhook_id,
        "X-Api-Video-Signature": signature(body, secret),
    }


class Courier:
    """Sends deliveries, one after the other, in a thread that lives as long as the project."""

    def __init__(self) -> None:
        self._worker: ThreadPoolExecutor | None = None
        self._under_way: set[Future[None]] = set()
        self._lock = threading.Lock()
        self._closed = False

    def send(self, store: Store, delivery: Delivery, at: datetime, settings: Settings) -> None:
        """Send a delivery after all others; what comes of it is put into the store."""
        hosts, patience = settings.webhook_hosts, settings.webhook_timeout
        with self._lock:
            if self._closed:
                return
            if self._worker is None:
                self._worker = ThreadPoolExecutor(1, thread_name_prefix="apivideo-webhooks")
            sending = self._worker.submit(self._deliver, store, delivery, at, hosts, patience)
            self._under_way.add(sending)
        sending.add_done_callback(self._under_way.discard)

    def join(self) -> None:
        """Wait until everything was sent, and what came of it is in the store."""
        while under_way := set(self._under_way):
            wait(under_way)

    def close(self) -> None:
        """Send nothing more; what is under way comes to its end."""
        with self._lock:
            self._closed = True
            worker = self._worker
        if worker is not None:
            worker.shutdown()  # what is queued ends at once: cancelled, it would not wake `join`

    def _deliver(
        self, store: Store, delivery: Delivery, at: datetime, hosts: Iterable[str], patience: float
    ) -> None:
        if self._closed:
            return
        try:
            attempt = Attempt(at=at, status=_post(delivery, hosts, patience))
        except Exception as error:  # whatever went wrong is what came of it
            attempt = Attempt(at=at, error=str(error) or type(error).__name__)
        with store.lock:
            table = store.table(Delivery)
            now = table.get(delivery.id)
            if now is not None:  # else the project was reset meanwhile
                table.put(now.with_outcome(attempt))


class _RefusedError(Exception):
    """Why a message is not sent."""


def _post(delivery: Delivery, hosts: Iterable[str], patience: float) -> int:
    """Send the message, and return the status of the answer; redirects are not followed."""
    url, deadline = urlsplit(delivery.url), real_seconds() + patience
    connection = _connect(url, tuple(hosts), deadline)
    try:
        return _exchange(connection, url, delivery, deadline)
    except TimeoutError:
        raise _RefusedError(f"no answer within {patience:g} s") from None
    finally:
        connection.close()


def _connect(url: SplitResult, hosts: tuple[str, ...], deadline: float) -> socket.socket:
    host = _plain(url.hostname or "")
    port = url.port or (443 if url.scheme == "https" else 80)
    named = any(fnmatchcase(host, pattern) for pattern in hosts)
    if any(fnmatchcase(host, pattern) for pattern in _NEVER_REACHED):
        raise _RefusedError(f"{host} is api.video's own host, where the fake sends nothing")
    if not named and not ("loopback" in hosts and _may_be_loopback(host)):
        raise _RefusedError(
            f"{host} is not one of webhook_hosts={list(hosts)}: allow it with that setting"
        )
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    addresses = [str(address[0]) for *_, address in found]
    allowed = [one for one in addresses if named or ipaddress.ip_address(one).is_loopback]
    failure: OSError = OSError(f"{host} has no loopback address")
    for address in allowed:
        try:
            connection = socket.create_connection((address, port), timeout=_left(deadline))
        except OSError as error:
            failure = error
            continue
        return _in_tls(connection, host) if url.scheme == "https" else connection
    raise failure


def _plain(host: str) -> str:
    """The name as it is looked up: `ws。api。video` is another spelling of `ws.api.video`."""
    try:
        return host.encode("idna").decode("ascii").lower().rstrip(".")
    except UnicodeError:
        return host.rstrip(".")


def _in_tls(connection: socket.socket, host: str) -> socket.socket:
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
    protocol = h11.Connection(h11.CLIENT, max_incomplete_event_size=_MAX_ANSWER)
    headers = {"Host": url.netloc.rpartition("@")[2], **delivery.headers}
    headers |= {"Content-Length": str(len(delivery.body)), "Connection": "close"}
    request = h11.Request(method="POST", target=_ascii(path), headers=list(headers.items()))
    sent = [request, h11.Data(data=delivery.body), h11.EndOfMessage()]
    connection.settimeout(_left(deadline))
    connection.sendall(b"".join(protocol.send(event) or b"" for event in sent))
    while True:
        event = protocol.next_event()
        if isinstance(event, h11.Response):
            return event.status_code
        if event is h11.NEED_DATA:
            connection.settimeout(_left(deadline))
            received = connection.recv(_MAX_ANSWER)
            if not received:
                raise _RefusedError("the receiver closed the connection without an answer")
            protocol.receive_data(received)


def _left(deadline: float) -> float:
    left = deadline - real_seconds()
    if left <= 0:
        raise TimeoutError
    return left


def _ascii(path: str) -> bytes:
    return quote(path, safe="/?&=%:@!$'()*+,;~-._").encode()
