"""A client's connection: its requests in turn, from the first byte to the close."""

from __future__ import annotations

import contextlib
import sys
from typing import TYPE_CHECKING, Protocol

import h11

from fake_server.hosting.answer import Disconnect, ResponseWriter
from fake_server.hosting.body import BrokenBodyError, input_stream
from fake_server.hosting.head import HeadError, fill_environ, parser_error
from fake_server.hosting.wire import ClientGoneError, Wire

if TYPE_CHECKING:
    import socket
    import threading
    from collections.abc import Iterable

    from _typeshed.wsgi import StartResponse, WSGIEnvironment

__all__ = ["Connection", "Disconnect", "Service"]


class Service(Protocol):
    """What a connection needs from its host."""

    def respond(
        self, environ: WSGIEnvironment, start_response: StartResponse, /
    ) -> Iterable[bytes]:
        """Answer a request, as a WSGI application."""

    def error_body(self, status: int, detail: str) -> tuple[str, bytes]:
        """Return the content type and body of an error response of the host itself."""

    def date(self) -> bytes:
        """Return the value of a Date header."""

    def record(self, error: BaseException, request: str) -> None:
        """Keep an error, and the request that caused it, for the test."""


class Connection:
    """Serves the requests of one client until either side closes the connection."""

    def __init__(
        self,
        sock: socket.socket,
        peer: tuple[str, int],
        service: Service,
        stopping: threading.Event,
        *,
        secure: bool,
    ) -> None:
        self._wire = Wire(sock)
        self._service = service
        self._stopping = stopping
        name, port = sock.getsockname()[:2]
        self._environ: WSGIEnvironment = {
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": "https" if secure else "http",
            "wsgi.multithread": True,
            "wsgi.multiprocess": False,
            "wsgi.run_once": False,
            "wsgi.input_terminated": True,
            "werkzeug.socket": sock,
            "fake_server.stopping": stopping,
            "SCRIPT_NAME": "",
            "SERVER_NAME": name,
            "SERVER_PORT": str(port),
            "REMOTE_ADDR": peer[0],
            "REMOTE_PORT": peer[1],
        }

    def serve(self) -> None:
        """Answer request after request; return when the socket can be closed."""
        try:
            while self._exchange() and not self._stopping.is_set():
                pass
            self._wire.close_tls()
        except ClientGoneError:
            return
        except Disconnect as disconnect:
            if disconnect.reset:
                self._wire.reset_on_close()
                return
        self._wire.linger()

    def _exchange(self) -> bool:
        """Serve one request; return whether another may follow."""
        try:
            environ = self._next_request()
        except HeadError as error:
            self._send_error(self._writer("", "an unreadable request", close=True), error)
            return False
        if environ is None:
            return False
        self._answer(environ)
        with contextlib.suppress(h11.RemoteProtocolError):
            if self._wire.http.our_state is h11.DONE:
                self._wire.drain()
        return self._wire.can_continue()

    def _next_request(self) -> WSGIEnvironment | None:
        """Wait for a request and return its environ, or None when the client has ended."""
        wire = self._wire
        try:
            event = wire.receive()
        except h11.RemoteProtocolError as error:
            raise parser_error(error, wire.http.trailing_data[0]) from error
        if not isinstance(event, h11.Request):
            return None
        environ = self._environ.copy()
        fill_environ(environ, event)
        wire.unread = int(environ.get("CONTENT_LENGTH", 0))
        has_body = wire.unread > 0 or "HTTP_TRANSFER_ENCODING" in environ
        environ["wsgi.input"] = input_stream(wire, has_body=has_body)
        environ["wsgi.errors"] = sys.stderr
        return environ

    def _answer(self, environ: WSGIEnvironment) -> None:
        method: str = environ["REQUEST_METHOD"]
        request = f"{method} {environ['PATH_INFO']}"
        writer = self._writer(method, request)
        try:
            writer.run(self._service.respond, environ)
            return
        except (ClientGoneError, Disconnect):
            raise
        except BrokenBodyError as broken:
            failure = HeadError(400, str(broken.description))
        # The test sees pytest.fail() and sys.exit() in an application, too.
        except BaseException as error:
            self._service.record(error, request)
            failure = HeadError(500, f"{type(error).__name__}: {error}")
        if writer.head_sent:
            raise Disconnect
        self._send_error(self._writer(method, request), failure)

    def _send_error(self, writer: ResponseWriter, error: HeadError) -> None:
        writer.send_error(error.status, *self._service.error_body(error.status, error.detail))

    def _writer(self, method: str, request: str, *, close: bool = False) -> ResponseWriter:
        def record(error: BaseException) -> None:
            self._service.record(error, request)

        return ResponseWriter(self._wire, self._service.date, record, method=method, close=close)
