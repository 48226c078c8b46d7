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
    """The request body ended early or was not framed as HTTP wants it: the client's doing."""


class RequestBody(io.RawIOBase):
    """Takes a request body off the wire piece by piece, none of it kept in memory.

    ``started`` tells whether anybody has begun to read it. Reading raises `BrokenBodyError`.
    """

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self._piece = memoryview(b"")
        self.started = False

    def readable(self) -> bool:
        """Say yes, as `io.BufferedReader` asks."""
        return True

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        """Fill the buffer with what is there; 0 is the end of the body."""
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


def input_stream(wire: Wire, *, announced: bool) -> InputStream:
    """Make ``wsgi.input`` for a request that has announced a body, or none."""
    return io.BufferedReader(RequestBody(wire)) if announced else io.BytesIO()


def was_read(stream: InputStream) -> bool:
    """Tell whether anybody has begun to read a body that came over the wire."""
    raw = getattr(stream, "raw", None)
    return isinstance(raw, RequestBody) and raw.started
