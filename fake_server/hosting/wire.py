"""A connection's socket, and the h11 state machine that parses and frames HTTP on it."""

from __future__ import annotations

import contextlib
import socket
import ssl
import struct
from typing import Final

import h11

from fake_server.process_time import real_seconds

MAX_HEAD: Final = 64 * 1024
MAX_DRAINED: Final = 1024 * 1024
RECEIVE_SIZE: Final = 64 * 1024
LINGER_SECONDS: Final = 2.0
LINGER_BYTES: Final = 4 * 1024**3
BODY_SECONDS = 60.0
"""Seconds without data after which a client that sends a body counts as gone."""
BODY_RATE: Final = 1024
"""Bytes per second that a client must send on average after `BODY_SECONDS`."""
RESET_ON_CLOSE: Final = struct.pack("ii", 1, 0)


class ClientGoneError(Exception):
    """The client closed or reset the connection, so no response can be sent."""


class Wire:
    """Receives a client's HTTP events and sends ours.

    ``unread`` is the number of bytes of the announced Content-Length that are not read yet.
    """

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        self.http = h11.Connection(h11.SERVER, max_incomplete_event_size=MAX_HEAD)
        self.unread = 0
        self._body_started: float | None = None
        self._received = 0

    def receive(self) -> h11.Event:
        """Wait for an event. Raises `ClientGoneError` and `h11.RemoteProtocolError`."""
        http = self.http
        while True:
            event = http.next_event()
            if isinstance(event, h11.Event):
                return event
            if http.they_are_waiting_for_100_continue:
                self.send(
                    h11.InformationalResponse(status_code=100, headers=[], reason=b"Continue")
                )
            try:
                http.receive_data(self.sock.recv(RECEIVE_SIZE))
            except OSError as error:
                raise ClientGoneError from error

    def receive_body(self) -> bytes:
        """Wait for the next piece of the request body; return b"" at its end.

        Raises as `receive` does, also if the client is silent for too long.
        """
        if self.http.their_state is not h11.SEND_BODY:
            return b""
        self.sock.settimeout(self._body_timeout())
        try:
            event = self.receive()
        finally:
            self.sock.settimeout(None)
        if not isinstance(event, h11.Data):
            return b""
        self.unread -= len(event.data)
        self._received += len(event.data)
        return event.data

    def _body_timeout(self) -> float:
        """Return the seconds to wait for the next piece. Raises `ClientGoneError` after them."""
        now = real_seconds()
        if self._body_started is None:
            self._body_started = now
        remaining = self._body_started + BODY_SECONDS + self._received / BODY_RATE - now
        if remaining <= 0:
            raise ClientGoneError
        return min(BODY_SECONDS, remaining)

    def send(self, *events: h11.Event) -> None:
        """Send events in one write. Raises `ClientGoneError`."""
        pieces: list[bytes] = []
        for event in events:
            pieces += self.http.send_with_data_passthrough(event) or ()
        data = pieces[0] if len(pieces) == 1 else b"".join(pieces)
        if not data:
            return
        try:
            self.sock.sendall(data)
        except OSError as error:
            raise ClientGoneError from error

    def must_close(self) -> bool:
        """Return whether the request's body prevents another request on the connection."""
        return (
            self.unread > MAX_DRAINED
            or self.http.they_are_waiting_for_100_continue
            or self.http.their_state is h11.ERROR
        )

    def drain(self) -> None:
        """Read the rest of a small request body, so that the next request can follow."""
        drained = 0
        while drained <= MAX_DRAINED and (piece := self.receive_body()):
            drained += len(piece)

    def can_continue(self) -> bool:
        """Prepare for the next request; return False after the last one."""
        if self.http.our_state is not h11.DONE or self.http.their_state is not h11.DONE:
            return False
        self.http.start_next_cycle()
        self._body_started, self._received = None, 0
        return True

    def close_tls(self) -> None:
        """Send TLS's closing alert; do nothing in plain text."""
        if isinstance(self.sock, ssl.SSLSocket):
            with contextlib.suppress(OSError, ValueError):
                self.sock.settimeout(0)
                self.sock.unwrap()

    def linger(self) -> None:
        """Close our direction, then read until the client closes its own.

        Closing at once, with unread bytes, would make the kernel send a reset, which can overtake
        our response.
        """
        # SSLSocket's own methods would drop the TLS state; these act on the plain socket.
        with contextlib.suppress(OSError):
            socket.socket.shutdown(self.sock, socket.SHUT_WR)
            self.sock.settimeout(LINGER_SECONDS)
            remaining = LINGER_BYTES
            while remaining > 0 and (data := socket.socket.recv(self.sock, RECEIVE_SIZE)):
                remaining -= len(data)

    def reset_on_close(self) -> None:
        """Make the coming close a reset (RST) instead of an orderly end (FIN)."""
        with contextlib.suppress(OSError):
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)
