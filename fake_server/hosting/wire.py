"""The two directions of one connection: a socket, and the h11 state machine that frames it."""

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
BODY_SECONDS = 60.0
"""How long a client that has announced a body may be silent before it is taken for gone."""
BODY_RATE: Final = 1024
"""Bytes a second that a client must send in the mean, when it has had `BODY_SECONDS`."""
LINGER_BYTES: Final = 4 * 1024**3
RESET_ON_CLOSE: Final = struct.pack("ii", 1, 0)


class ClientGoneError(Exception):
    """The client closed or reset the connection, so nobody is left to answer."""


class Wire:
    """Receives HTTP events from a client and sends it ours.

    ``unread`` counts the bytes of the request body that its Content-Length promised and nobody
    has read yet.
    """

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        self.http = h11.Connection(h11.SERVER, max_incomplete_event_size=MAX_HEAD)
        self.unread = 0
        self._began: float | None = None
        self._received = 0

    def receive(self) -> h11.Event:
        """Wait for an event; raises `ClientGoneError` and `h11.RemoteProtocolError`."""
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
        """Wait for the next piece of the request body; empty when it has ended.

        Raises as `receive` does, also if the client is silent for too long.
        """
        if self.http.their_state is not h11.SEND_BODY:
            return b""
        self.sock.settimeout(self._patience())
        try:
            event = self.receive()
        finally:
            self.sock.settimeout(None)
        if not isinstance(event, h11.Data):
            return b""
        self.unread -= len(event.data)
        self._received += len(event.data)
        return event.data

    def _patience(self) -> float:
        """Seconds to wait for the next piece; raises `ClientGoneError` if they are over."""
        now = real_seconds()
        if self._began is None:
            self._began = now
        left = self._began + BODY_SECONDS + self._received / BODY_RATE - now
        if left <= 0:
            raise ClientGoneError
        return min(BODY_SECONDS, left)

    def send(self, *events: h11.Event) -> None:
        """Send events in one piece; raises `ClientGoneError`."""
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
        """Tell whether no other request can follow this one, going by its body."""
        return (
            self.unread > MAX_DRAINED
            or self.http.they_are_waiting_for_100_continue
            or self.http.their_state is h11.ERROR
        )

    def drain(self) -> None:
        """Read away the rest of a small request body, so that the next request can follow."""
        drained = 0
        while drained <= MAX_DRAINED and (piece := self.receive_body()):
            drained += len(piece)

    def can_continue(self) -> bool:
        """Make ready for the client's next request, unless this was the last one."""
        if self.http.our_state is not h11.DONE or self.http.their_state is not h11.DONE:
            return False
        self.http.start_next_cycle()
        self._began, self._received = None, 0
        return True

    def farewell(self) -> None:
        """Say over TLS that the end is on purpose; nothing to do in plain text."""
        if isinstance(self.sock, ssl.SSLSocket):
            with contextlib.suppress(OSError, ValueError):
                self.sock.settimeout(0)
                self.sock.unwrap()

    def linger(self) -> None:
        """End our direction, then read on until the client ends its own.

        Closing at once, with bytes unread, would make the kernel send a reset, which can
        overtake our answer.
        """
        # The methods of SSLSocket would let go of the TLS state; these act on the bare socket.
        with contextlib.suppress(OSError):
            socket.socket.shutdown(self.sock, socket.SHUT_WR)
            self.sock.settimeout(LINGER_SECONDS)
            left = LINGER_BYTES
            while left > 0 and (data := socket.socket.recv(self.sock, RECEIVE_SIZE)):
                left -= len(data)

    def arm_reset(self) -> None:
        """Make the coming close a reset (RST) instead of an orderly end (FIN)."""
        with contextlib.suppress(OSError):
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)
