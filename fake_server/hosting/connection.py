"""One client's connection: its requests in turn, from the first byte to the close."""

from __future__ import annotations

import contextlib
import sys
from typing import TYPE_CHECKING, Protocol

import h11

from fake_server.hosting.answer import Answer, Disconnect
from fake_server.hosting.body import BrokenBodyError, input_stream
from fake_server.hosting.head import HeadError, fill_environ, refused_by_parser
from fake_server.hosting.wire import ClientGoneError, Wire

if TYPE_CHECKING:
    import socket
    import threading
    from collections.abc import Iterable

    from _typeshed.wsgi import StartResponse, WSGIEnvironment

__all__ = ["Connection", "Disconnect", "Service"]


class Service(Protocol):
    """What a connection asks of the host it belongs to."""

    def respond(
        self, environ: WSGIEnvironment, start_response: StartResponse, /
    ) -> Iterable[bytes]:
        """Answer a request: the WSGI application."""

    def refusal(self, status: int, detail: str) -> tuple[str, bytes]:
        """Give content type and body of an answer that the protocol layer makes."""

    def date(self) -> bytes:
        """Give the value of a Date header."""

    def record(self, error: BaseException, doing: str) -> None:
        """Keep an error for the test to see; ``doing`` is what was being answered."""


class Connection:
    """Serves the requests of one client until either side ends it."""

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
        self._environ = _connection_environ(sock, peer, stopping, secure=secure)

    def serve(self) -> None:
        """Answer request after request; returns when the socket can be closed."""
        try:
            while self._exchange() and not self._stopping.is_set():
                pass
            self._wire.farewell()
        except ClientGoneError:
            return
        except Disconnect as disconnect:
            if disconnect.reset:
                self._wire.arm_reset()
                return
        self._wire.linger()

    def _exchange(self) -> bool:
        """Serve one request; tell whether another may follow."""
        try:
            environ = self._next_request()
        except HeadError as refused:
            self._refuse(self._new_answer("", "an unreadable request", close=True), refused)
            return False
        if environ is None:
            return False
        self._answer(environ)
        with contextlib.suppress(h11.RemoteProtocolError):
            if self._wire.http.our_state is h11.DONE:
                self._wire.drain()
        return self._wire.can_continue()

    def _next_request(self) -> WSGIEnvironment | None:
        """Wait for a request and make its environ; None when the client has ended."""
        wire = self._wire
        try:
            event = wire.receive()
        except h11.RemoteProtocolError as error:
            raise refused_by_parser(error, wire.http.trailing_data[0]) from error
        if not isinstance(event, h11.Request):
            return None
        environ = self._environ.copy()
        fill_environ(environ, event)
        wire.unread = int(environ.get("CONTENT_LENGTH", 0))
        environ["wsgi.input"] = input_stream(
            wire, announced=wire.unread > 0 or "HTTP_TRANSFER_ENCODING" in environ
        )
        environ["wsgi.errors"] = sys.stderr
        return environ

    def _answer(self, environ: WSGIEnvironment) -> None:
        method: str = environ["REQUEST_METHOD"]
        doing = f"{method} {environ['PATH_INFO']}"
        answer = self._new_answer(method, doing)
        try:
            answer.run(self._service.respond, environ)
        except (ClientGoneError, Disconnect):
            raise
        except BrokenBodyError as broken:
            self._fail(answer, method, doing, HeadError(400, str(broken.description)))
        # pytest.fail() and sys.exit() in an application are for the test to see as well.
        except BaseException as error:
            self._service.record(error, doing)
            refused = HeadError(500, f"{type(error).__name__}: {error}")
            self._fail(answer, method, doing, refused)

    def _fail(self, answer: Answer, method: str, doing: str, refused: HeadError) -> None:
        if answer.head_sent:
            raise Disconnect
        self._refuse(self._new_answer(method, doing), refused)

    def _refuse(self, answer: Answer, refused: HeadError) -> None:
        content_type, body = self._service.refusal(refused.status, refused.detail)
        answer.refuse(refused.status, content_type, body)

    def _new_answer(self, method: str, doing: str, *, close: bool = False) -> Answer:
        def record(error: BaseException) -> None:
            self._service.record(error, doing)

        return Answer(self._wire, self._service.date, record, method=method, close=close)


def _connection_environ(
    sock: socket.socket, peer: tuple[str, int], stopping: threading.Event, *, secure: bool
) -> WSGIEnvironment:
    """Make the part of the environ that is the same for all requests of a connection."""
    name, port = sock.getsockname()[:2]
    return {
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
