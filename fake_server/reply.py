"""An answer on its way out, and what a fault does to it there."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from http.client import responses
from typing import TYPE_CHECKING

from werkzeug.wrappers import Request

from fake_server.calls import DROPPED
from fake_server.core.files import Stream
from fake_server.core.ranges import requested_range
from fake_server.faults import Fault, damaged
from fake_server.hosting import Disconnect

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

_THROTTLE_PIECES = 20  # that a slow body comes in


@dataclass
class Reply:
    """An answer; its status is `DROPPED` if the client gets none.

    A large one comes as a stream in the place of its body, with a Content-Length.
    """

    status: int
    body: bytes = field(repr=False)
    headers: list[tuple[str, str]]
    stream: Iterable[bytes] | None = field(default=None, repr=False)
    fault: Fault | None = None

    def add(self, name: str, value: str) -> None:
        """Add a header, unless the answer has it."""
        if all(other.lower() != name.lower() for other, _ in self.headers):
            self.headers.append((name, value))

    def spoil(self, fault: Fault, method: str) -> None:
        """Let a fault have what it does to the answer of a request with this method."""
        sends_body = method != "HEAD" and bool(self.body or self.stream)
        if fault.needs_body and not sends_body:
            fault.missed_body()
            return
        self.fault = fault
        if fault.dropped in ("before", "after") or (fault.dropped and not sends_body):
            self.status = DROPPED
            return
        if self.stream is not None and (fault.damage or fault.dropped or fault.throttle_seconds):
            self.body, self.stream = b"".join(self.stream), None
            self.headers = [one for one in self.headers if one[0] != "Content-Length"]
        if fault.damage is not None and sends_body:
            self.body, self.headers = damaged(fault.damage, self.body, self.headers)

    def send(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Give the answer to the host; raises Disconnect to drop the connection."""
        fault = self.fault
        if fault is not None and self.status == DROPPED:
            raise Disconnect(reset=fault.reset)
        phrase = responses.get(self.status, "Unknown")
        if fault is None or (fault.dropped is None and not fault.throttle_seconds):
            start_response(f"{self.status} {phrase}", self.headers)
            return [self.body] if self.stream is None else self.stream
        headers = [*self.headers, ("Content-Length", str(len(self.body)))]
        start_response(f"{self.status} {phrase}", headers)
        return _pieces(self.body, fault, environ["fake_server.stopping"])


def streamed(file: Stream, request: Request) -> Reply:
    """A large file, or the one range of it that is asked for."""
    headers = [("Content-Type", file.content_type), ("Accept-Ranges", "bytes")]
    start, stop, status = 0, file.size, 200
    if (span := requested_range(request, file.size)) is not None:
        start, stop, status = *span, 206
        headers.append(("Content-Range", f"bytes {start}-{stop - 1}/{file.size}"))
    headers.append(("Content-Length", str(stop - start)))
    return Reply(status, b"", headers, _until_gone(file.pieces(start, stop)))


def _until_gone(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """The pieces; the connection ends with the project that has the file, if that is first."""
    try:
        yield from pieces
    except FileNotFoundError:
        raise Disconnect from None


def _pieces(body: bytes, fault: Fault, stopping: threading.Event) -> Iterator[bytes]:
    """The body as a fault lets it come: slowly, or only its first half."""
    most = body[: len(body) // 2] if fault.dropped == "middle" else body
    size = max(1, -(-len(most) // _THROTTLE_PIECES)) if fault.throttle_seconds else len(most)
    for start in range(0, len(most), size or 1):
        if fault.throttle_seconds:
            fault.pause(fault.throttle_seconds * size / len(most), stopping)
        yield most[start : start + size]
    if fault.dropped == "middle":
        raise Disconnect(reset=fault.reset)
