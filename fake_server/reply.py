"""An answer on its way out, and what a fault does to it there."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial
from http.client import responses
from typing import TYPE_CHECKING

from werkzeug.wrappers import Request

from fake_server.calls import DROPPED
from fake_server.core.files import Stream
from fake_server.core.ranges import wanted_span
from fake_server.faults import Fault, Transfer
from fake_server.hosting import Disconnect

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment


@dataclass
class Reply:
    """An answer; its status is `DROPPED` if the client gets none.

    A large one comes as a stream in the place of its body, with a Content-Length.
    """

    status: int
    body: bytes = field(repr=False)
    headers: list[tuple[str, str]]
    stream: Iterable[bytes] | None = field(default=None, repr=False)
    transfer: Transfer = field(default_factory=Transfer, repr=False)
    fault: Fault | None = None

    def add(self, name: str, value: str) -> None:
        """Add a header, unless the answer has it."""
        if all(other.lower() != name.lower() for other, _ in self.headers):
            self.headers.append((name, value))

    def apply_fault(self, fault: Fault, method: str) -> None:
        """Apply the effects of a fault to the answer of a request with this method."""
        has_body = method != "HEAD" and bool(self.body or self.stream)
        if fault.finish(self, has_body=has_body):
            self.fault = fault

    def read_stream(self) -> None:
        """Read the stream, if there is one, into `body`."""
        if self.stream is not None:
            self.body, self.stream = b"".join(self.stream), None
            self.headers = [header for header in self.headers if header[0] != "Content-Length"]

    def send(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Give the answer to the host; raises Disconnect to drop the connection."""
        if self.status == DROPPED:
            raise Disconnect(reset=self.transfer.reset)
        phrase = responses.get(self.status, "Unknown")
        if self.fault is None or self.transfer == Transfer():
            start_response(f"{self.status} {phrase}", self.headers)
            return [self.body] if self.stream is None else self.stream
        headers = [*self.headers, ("Content-Length", str(len(self.body)))]
        start_response(f"{self.status} {phrase}", headers)
        return self._pieces(partial(self.fault.pause, stopping=environ["fake_server.stopping"]))

    def _pieces(self, pause: Callable[[float], object]) -> Iterator[bytes]:
        yield from self.transfer.pieces(self.body, pause)
        if self.transfer.cut:
            raise Disconnect(reset=self.transfer.reset)


def streamed(file: Stream, request: Request) -> Reply:
    """A large file, or the one range of it that is asked for."""
    headers = [("Content-Type", file.content_type), ("Accept-Ranges", "bytes")]
    start, stop, status = 0, file.size, 200
    if (span := wanted_span(request, file.size)) is not None:
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
