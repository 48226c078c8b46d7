"""Webhooks for tests: a receiver over real HTTP, and signed requests for web frameworks."""

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
    """A message that came: the body as it came, and the headers, whatever their case."""

    body: bytes
    headers: Headers

    @property
    def json(self) -> Any:
        """The body, read as JSON."""
        return json.loads(self.body)


@dataclass(frozen=True)
class SignedRequest:
    """What api.video would send: the body, and the headers that go with it."""

    body: bytes
    headers: dict[str, str]


class WebhookReceiver:
    """Where webhooks go in a test. `url` is its address, under which any path is received.

    `deliveries` holds what came, oldest first. What it answers is 200, until `refuse` or `delay`
    say otherwise.
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
        """What came so far, oldest first; waits for the deliveries that are under way."""
        _ = self._apivideo.webhooks.deliveries
        with self._lock:
            return list(self._received)

    def subscribe(self, *events: Event) -> Webhook:
        """Add a webhook to the fake that tells this receiver of these events, or of all."""
        return self._apivideo.webhooks.add(url=self.url, events=list(events or EVENTS))

    @property
    def webhook(self) -> Webhook:
        """The newest webhook that tells this receiver; one for all events if there is none."""
        own = [one for one in self._apivideo.webhooks if one.url.startswith(self.url)]
        return own[-1] if own else self.subscribe()

    @property
    def secret(self) -> str:
        """What the messages of `webhook` are signed with: `signatureSecret`."""
        return self.webhook.signature_secret

    def verify(self, *deliveries: Received) -> bool:
        """Whether these, or all that came, are signed with the secret of the webhook they name.

        Over the raw bytes, compared in constant time. False if nothing came.
        """
        wanted = deliveries or self.deliveries
        return bool(wanted) and all(map(self._is_signed, wanted))

    def refuse(self, status: int = 500, times: int | None = None) -> None:
        """Answer the next `times` messages, or all from now on, with this status."""
        with self._lock:
            self._status, self._refusals = status, float("inf") if times is None else times

    def delay(self, seconds: float) -> None:
        """Answer from now on after so many real seconds; what comes is received at once."""
        self._seconds = seconds

    def accept(self) -> None:
        """Answer 200 at once again."""
        self._status, self._refusals, self._seconds = 200, 0.0, 0.0

    def event(self, type: Event, **facts: str) -> bytes:  # noqa: A002 - its name in the message
        """The body of a message of an event, now by the fake's clock; `facts` replace examples.

        Raises ValueError for an event that api.video does not send, or a fact that it has not.
        """
        if type not in _FACTS:
            raise ValueError(f"{type!r} is no event; events are: {', '.join(EVENTS)}")
        known = _FACTS[type]
        unknown = set(facts) - set(known) - {"liveStreamId"}
        if unknown:
            raise ValueError(f"{type} has no {', '.join(sorted(unknown))}; it has {list(known)}")
        return message(type, {**known, **facts}, self._apivideo.clock.datetime())

    def full_encoding(self, source: QualityName = "720p", **facts: str) -> list[bytes]:
        """The bodies of all messages of an encoding: HLS up to the source's quality, and MP4."""
        qualities: tuple[QualityName, ...] = get_args(QualityName)
        if source not in qualities:
            raise ValueError(f"{source!r} is no quality; qualities are: {', '.join(qualities)}")
        forms = [("hls", one) for one in qualities[: qualities.index(source) + 1]]
        return [
            self.event("video.encoding.quality.completed", encoding=form, quality=quality, **facts)
            for form, quality in [*forms, ("mp4", source)]
        ]

    def request(
        self, event: bytes, tamper: str | None = None, webhook: Webhook | None = None
    ) -> SignedRequest:
        """The message as api.video would sign it for a webhook, or tampered with (`TAMPERS`).

        Raises ValueError for an unknown way of tampering.
        """
        webhook = webhook or self.webhook
        signed = SignedRequest(event, signed_headers(webhook.id, webhook.signature_secret, event))
        if tamper is None:
            return signed
        if tamper not in TAMPERS:
            raise ValueError(f"{tamper!r} is no way of tampering; these are: {', '.join(TAMPERS)}")
        return TAMPERS[tamper](signed)

    def send(
        self,
        client: Any,
        path: str,
        event: bytes,
        tamper: str | None = None,
        webhook: Webhook | None = None,
    ) -> Any:
        """Send the message to an application by its test client, and return the answer of that.

        Takes the clients of Django, Flask (and werkzeug), Starlette and FastAPI (and any of httpx),
        and a `requests.Session`. Raises TypeError for others; use `request()` with those.
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
            f"{type(client).__module__}.{type(client).__name__} is no test client of Django, "
            "Flask, Starlette or FastAPI; send what request(event) returns with it: .body and "
            ".headers"
        )

    def _is_signed(self, one: Received) -> bool:
        sent, identifier = one.headers.get(_SIGNATURE, ""), one.headers.get(_ID, "")
        if identifier not in self._apivideo.webhooks:
            return False
        secret = self._apivideo.webhooks[identifier].signature_secret
        return hmac.compare_digest(signature(one.body, secret).encode(), sent.encode())

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


def _other_signature(signed: SignedRequest) -> SignedRequest:
    return _with(signed, _SIGNATURE, "0" * 64)


def _other_secret(signed: SignedRequest) -> SignedRequest:
    return _with(signed, _SIGNATURE, signature(signed.body, "sig_sec_ofSomebodyElse000000"))


def _other_webhook(signed: SignedRequest) -> SignedRequest:
    return _with(signed, _ID, "webhook_ofSomebodyElse0000000")


def _without_signature(signed: SignedRequest) -> SignedRequest:
    return replace(
        signed, headers={name: one for name, one in signed.headers.items() if name != _SIGNATURE}
    )


def _with(signed: SignedRequest, name: str, value: str) -> SignedRequest:
    return replace(signed, headers={**signed.headers, name: value})


TAMPERS: Mapping[str, Callable[[SignedRequest], SignedRequest]] = {
    "body": _other_body,
    "whitespace": _reformatted,
    "signature": _other_signature,
    "secret": _other_secret,
    "webhook_id": _other_webhook,
    "no_header": _without_signature,
}
"""The ways of tampering with a message: what is changed after it was signed, or signed wrongly."""


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
        """A test's output is not the place for it."""


@contextmanager
def open_receiver(apivideo: ApiVideo) -> Iterator[WebhookReceiver]:
    """A receiver that listens on loopback until the block ends."""
    with _Server(("127.0.0.1", 0), _Handler) as server:
        receiving = WebhookReceiver(apivideo, f"http://127.0.0.1:{server.server_port}")
        server.receive = lambda received: receiving._receive(received)
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        try:
            yield receiving
        finally:
            receiving._closing.set()
            server.shutdown()
            thread.join()
