"""Webhooks in tests: a receiver over HTTP, and signed requests for web frameworks."""

from __future__ import annotations

import hmac
import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, get_args

from werkzeug.datastructures import Headers

from fake_server import ApiVideo
from fake_server.deliveries import signature, signed_headers
from fake_server.resources.videos import QualityName
from fake_server.resources.webhooks import Event, Webhook, message

EVENTS: tuple[Event, ...] = get_args(Event)

_ID, _SIGNATURE = "X-Api-Video-WebhookID", "X-Api-Video-Signature"
_VIDEO = {"videoId": "vi4k0jvEUuaTdRAEjQ4Jfrgz"}
_STREAM = {"liveStreamId": "li400mYKSgQ6xs7taUeSaEKr"}
_FACTS: Mapping[Event, Mapping[str, str]] = {
    "live-stream.broadcast.started": _STREAM,
    "live-stream.broadcast.ended": _STREAM,
    "video.source.recorded": {**_STREAM, **_VIDEO},
    "video.encoding.quality.completed": {**_VIDEO, "encoding": "hls", "quality": "240p"},
    "video.caption.generated": {
        **_VIDEO,
        "captionId": "caption_4F9d0pVXr1cEbHnT7yQsLk",
        "generationMode": "transcript",
        "language": "en",
    },
    "video.summary.generated": {**_VIDEO, "summaryId": "summary_1CGHWuXjhxmeH4WiZURENQ"},
}


@dataclass(frozen=True)
class Received:
    """A received message: the raw body, and the case-insensitive headers."""

    body: bytes
    headers: Headers

    @property
    def json(self) -> Any:
        """The body, parsed as JSON."""
        return json.loads(self.body)


@dataclass(frozen=True)
class SignedRequest:
    """A request as api.video sends it: the body and its headers."""

    body: bytes
    headers: dict[str, str]


class WebhookReceiver:
    """A receiver of webhooks at `url` and every path below it.

    It answers 200 at once, unless `refuse` or `delay` was called.
    """

    def __init__(self, apivideo: ApiVideo, url: str) -> None:
        self.url = url
        self._apivideo = apivideo
        self._received: list[Received] = []
        self._status, self._refusals, self._seconds = 200, 0.0, 0.0
        self._lock = threading.Lock()
        self._closing = threading.Event()

    def __repr__(self) -> str:
        return f"<WebhookReceiver {self.url} {len(self._received)} received>"

    @property
    def deliveries(self) -> list[Received]:
        """The messages received so far, oldest first; waits for deliveries in progress."""
        _ = self._apivideo.webhooks.deliveries
        with self._lock:
            return list(self._received)

    def subscribe(self, *events: Event) -> Webhook:
        """Add a webhook to the fake that sends these events, or all, to this receiver."""
        return self._apivideo.webhooks.add(url=self.url, events=list(events or EVENTS))

    @property
    def webhook(self) -> Webhook:
        """The newest webhook for this receiver; created for all events if missing."""
        own = [hook for hook in self._apivideo.webhooks if hook.url.startswith(self.url)]
        return own[-1] if own else self.subscribe()

    @property
    def secret(self) -> str:
        """The `signatureSecret` of `webhook`, which signs its messages."""
        return self.webhook.signature_secret

    def verify(self, *deliveries: Received) -> bool:
        """Return whether these deliveries, or all, are signed by the webhook that they name.

        The raw bytes are compared in constant time. False if there is no delivery.
        """
        received = deliveries or self.deliveries
        return bool(received) and all(map(self._is_signed, received))

    def refuse(self, status: int = 500, times: int | None = None) -> None:
        """Answer the next `times` messages, or all from now on, with this status."""
        with self._lock:
            self._status, self._refusals = status, float("inf") if times is None else times

    def delay(self, seconds: float) -> None:
        """Answer after this many real seconds from now on; messages are recorded at once."""
        self._seconds = seconds

    def accept(self) -> None:
        """Answer 200 at once again."""
        self._status, self._refusals, self._seconds = 200, 0.0, 0.0

    def event(self, type: Event, **facts: str) -> bytes:  # noqa: A002 - its name in the message
        """Return the body of an event's message, at the fake's time; `facts` replace examples.

        Raises ValueError for an unknown event, or a fact that the event does not have.
        """
        if type not in _FACTS:
            raise ValueError(f"{type!r} is not an event; valid are: {', '.join(EVENTS)}")
        known = _FACTS[type]
        unknown = set(facts) - set(known) - {"liveStreamId"}
        if unknown:
            raise ValueError(f"{type} has no {', '.join(sorted(unknown))}; it has {list(known)}")
        return message(type, {**known, **facts}, self._apivideo.clock.datetime())

    def full_encoding(self, source: QualityName = "720p", **facts: str) -> list[bytes]:
        """Return the bodies of an encoding's messages: HLS up to the source's quality, and MP4."""
        qualities: tuple[QualityName, ...] = get_args(QualityName)
        if source not in qualities:
            raise ValueError(f"{source!r} is not a quality; valid are: {', '.join(qualities)}")
        renditions = [("hls", quality) for quality in qualities[: qualities.index(source) + 1]]
        return [
            self.event("video.encoding.quality.completed", encoding=kind, quality=quality, **facts)
            for kind, quality in [*renditions, ("mp4", source)]
        ]

    def request(
        self, event: bytes, tamper: str | None = None, webhook: Webhook | None = None
    ) -> SignedRequest:
        """Return the message, signed for a webhook, or tampered with (see `TAMPERS`).

        Raises ValueError for an unknown way of tampering.
        """
        webhook = webhook or self.webhook
        signed = SignedRequest(event, signed_headers(webhook.id, webhook.signature_secret, event))
        if tamper is None:
            return signed
        if tamper not in TAMPERS:
            raise ValueError(
                f"{tamper!r} is not a way of tampering; valid are: {', '.join(TAMPERS)}"
            )
        return TAMPERS[tamper](signed)

    def send(
        self,
        client: Any,
        path: str,
        event: bytes,
        tamper: str | None = None,
        webhook: Webhook | None = None,
    ) -> Any:
        """Send the message through an application's test client, and return its response.

        Supports the clients of Django, Flask, werkzeug, Starlette, FastAPI and httpx, and
        `requests.Session`. Raises TypeError for others; use `request()` with those.
        """
        signed = self.request(event, tamper, webhook)
        families = {kind.__module__.partition(".")[0] for kind in type(client).__mro__}
        if "django" in families:
            content_type = signed.headers["Content-Type"]
            return client.post(path, signed.body, content_type=content_type, headers=signed.headers)
        if families & {"werkzeug", "flask", "requests"}:
            return client.post(path, data=signed.body, headers=signed.headers)
        if families & {"httpx", "httpx2", "starlette"}:
            return client.post(path, content=signed.body, headers=signed.headers)
        raise TypeError(
            f"{type(client).__module__}.{type(client).__name__} is not a test client of "
            "Django, Flask, Starlette or FastAPI; send .body and .headers of request(event) with it"
        )

    def _is_signed(self, received: Received) -> bool:
        headers = received.headers
        sent, identifier = headers.get(_SIGNATURE, ""), headers.get(_ID, "")
        if identifier not in self._apivideo.webhooks:
            return False
        secret = self._apivideo.webhooks[identifier].signature_secret
        return hmac.compare_digest(signature(received.body, secret).encode(), sent.encode())

    def _receive(self, received: Received) -> int:
        with self._lock:
            self._received.append(received)
            status = self._status if self._refusals > 0 else 200
            self._refusals -= 1
        self._closing.wait(self._seconds)
        return status


def _other_body(signed: SignedRequest) -> SignedRequest:
    body = json.loads(signed.body)
    changed = {**body, "emittedAt": "2000-01-01T00:00:00.000Z"}
    return replace(signed, body=json.dumps(changed, separators=(",", ":")).encode())


def _reformatted(signed: SignedRequest) -> SignedRequest:
    return replace(signed, body=json.dumps(json.loads(signed.body), indent=1).encode())


def _other_secret(signed: SignedRequest) -> SignedRequest:
    return _with(signed, _SIGNATURE, signature(signed.body, "sig_sec_anotherSecret0000000"))


def _without_signature(signed: SignedRequest) -> SignedRequest:
    headers = dict(signed.headers)
    del headers[_SIGNATURE]
    return replace(signed, headers=headers)


def _with(signed: SignedRequest, name: str, value: str) -> SignedRequest:
    return replace(signed, headers={**signed.headers, name: value})


TAMPERS: Mapping[str, Callable[[SignedRequest], SignedRequest]] = {
    "body": _other_body,
    "whitespace": _reformatted,
    "signature": lambda signed: _with(signed, _SIGNATURE, "0" * 64),
    "secret": _other_secret,
    "webhook_id": lambda signed: _with(signed, _ID, "webhook_anotherWebhook0000000"),
    "no_header": _without_signature,
}
"""The ways of tampering with a signed message."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    receive: Callable[[Received], int]


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        status = self.server.receive(Received(body, Headers(self.headers.items())))
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        """Log nothing."""


@contextmanager
def open_receiver(apivideo: ApiVideo) -> Iterator[WebhookReceiver]:
    """Open a receiver that listens on loopback until the block ends."""
    with _Server(("127.0.0.1", 0), _Handler) as server:
        receiver = WebhookReceiver(apivideo, f"http://127.0.0.1:{server.server_port}")
        server.receive = lambda received: receiver._receive(received)  # looked up at each message
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        try:
            yield receiver
        finally:
            receiver._closing.set()
            server.shutdown()
            thread.join()
