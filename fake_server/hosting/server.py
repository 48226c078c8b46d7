"""The listening socket, and a thread for each accepted connection."""

from __future__ import annotations

import contextlib
import socket
import socketserver
import sys
import threading
from typing import TYPE_CHECKING, Any, Final, Protocol

from pytest_httpserver import HTTPServerError
from werkzeug.serving import ThreadedWSGIServer, WSGIRequestHandler

from fake_server.hosting.connection import Connection, Service

if TYPE_CHECKING:
    import ssl

POLL_SECONDS: Final = 0.01
JOIN_TIMEOUT: Final = 1.0
"""Seconds that `Server.close_all` waits for handlers that block."""
TLS_HANDSHAKE: Final = b"\x16"


class SecurableService(Service, Protocol):
    """A service that may turn TLS on and off while it runs."""

    def tls_context(self) -> ssl.SSLContext | None:
        """Return the context for TLS, or None for plain HTTP only."""


class UnusedHandler(WSGIRequestHandler):
    """A placeholder, as werkzeug would modify its default handler class."""

    protocol_version = "HTTP/1.1"


class Server(ThreadedWSGIServer):
    """Accepts connections, and serves each in its own thread.

    ``stopping`` is set before the server stops; a handler that blocks may wait for it.
    """

    daemon_threads = True
    block_on_close = False
    allow_reuse_port = False

    def __init__(self, host: str, port: int, service: SecurableService) -> None:
        self._service = service
        self._lock = threading.Lock()
        self._open: dict[threading.Thread, socket.socket] = {}
        self._idle = threading.Event()
        self._idle.set()
        self.stopping = threading.Event()
        super().__init__(host, port, service.respond, UnusedHandler)

    def server_bind(self) -> None:
        """Bind the socket. Raises HTTPServerError if that fails."""
        # werkzeug would print the error and exit, http.server would look up the host's name.
        try:
            socketserver.TCPServer.server_bind(self)
        except OSError as error:
            raise HTTPServerError(
                f"cannot listen on {self.host}:{self.port}: {error.strerror}"
            ) from error
        self.server_name, self.server_port = self.host, self.socket.getsockname()[1]

    def process_request(self, request: Any, client_address: Any) -> None:
        """Start a thread for an accepted connection."""
        thread = threading.Thread(
            target=self.process_request_thread,
            args=(request, client_address),
            name=f"fake-server-{client_address[1]}",
            daemon=True,
        )
        with self._lock:
            self._open[thread] = request
            self._idle.clear()
        try:
            thread.start()
        except RuntimeError:
            self._forget(thread)
            raise

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """Serve a connection from its first byte to its close."""
        try:
            self._serve(request, client_address)
        except BaseException:  # for the test, not for stderr
            self.handle_error(request, client_address)
        finally:
            thread = threading.current_thread()
            self._open[thread].close()
            self._forget(thread)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Record the current exception for the test."""
        error = sys.exc_info()[1]
        assert error is not None
        self._service.record(error, f"a connection from {client_address[0]}")

    def close_all(self) -> None:
        """Close all connections and join their threads, except those of handlers that block."""
        with self._lock:
            threads = list(self._open)
            for sock in self._open.values():
                with contextlib.suppress(OSError):
                    # SSLSocket.shutdown would remove the TLS state while another thread reads.
                    socket.socket.shutdown(sock, socket.SHUT_RDWR)
        self._idle.wait(JOIN_TIMEOUT)
        for thread in threads:
            if thread not in self._open:
                thread.join()

    def _serve(self, sock: socket.socket, peer: tuple[str, int]) -> None:
        try:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            context = self._service.tls_context()
            secure = context is not None and sock.recv(1, socket.MSG_PEEK) == TLS_HANDSHAKE
            if context is not None and secure:
                sock = self._start_tls(sock, context)
        except OSError:  # the client left, or failed the handshake, before its first request
            return
        Connection(sock, peer, self._service, self.stopping, secure=secure).serve()

    def _start_tls(self, sock: socket.socket, context: ssl.SSLContext) -> ssl.SSLSocket:
        # Wrapping moves the descriptor to another object: close_all() must see one or the other.
        with self._lock:
            tls = context.wrap_socket(sock, server_side=True, do_handshake_on_connect=False)
            self._open[threading.current_thread()] = tls
        tls.do_handshake()
        return tls

    def _forget(self, thread: threading.Thread) -> None:
        with self._lock:
            del self._open[thread]
            if not self._open:
                self._idle.set()
