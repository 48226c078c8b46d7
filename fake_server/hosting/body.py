"""The request body as the stream that WSGI applications read."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import h11
from werkzeug.exceptions import BadRequest

from fake_server.hosting.wire import ClientGoneError, Wire

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer
    from _typeshed.wsgi import InputStream


class BrokenBodyError(BadRequest):
    """The client ended the request body early, or framed it in a way that HTTP does not allow."""


class RequestBody(io.RawIOBase):
    """A request body, read from the wire piece by piece and not kept in memory.

    ``started`` is true after the first read. Reading raises `BrokenBodyError`.
    """

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self._piece = memoryview(b"")
        self.started = False

    def readable(self) -> bool:
        """Return True, for `io.BufferedReader`."""
        return True

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        """Fill the buffer with the available bytes; 0 is the end of the body."""
        self.started = True
        if not self._piece:
            self._piece = memoryview(self._receive())
        target = memoryview(buffer).cast("B")
        size = min(len(target), len(self._piece))
        target[:size] = self._piece[:size]
        self._piece = self._piece[size:]
        return size

    def _receive(self) -> bytes:
        try:
            return self._wire.receive_body()
        except h11.RemoteProtocolError as error:
            raise BrokenBodyError(str(error)) from error
        except ClientGoneError as error:
            raise BrokenBodyError("the client closed the connection") from error


def input_stream(wire: Wire, *, has_body: bool) -> InputStream:
    """Create ``wsgi.input`` for a request with or without a body."""
    return io.BufferedReader(RequestBody(wire)) if has_body else io.BytesIO()


def was_read(stream: InputStream) -> bool:
    """Check whether reading of a body from the wire has started."""
    raw = getattr(stream, "raw", None)
    return isinstance(raw, RequestBody) and raw.started
