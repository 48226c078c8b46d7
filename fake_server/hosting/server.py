"""The listening socket, and a thread for each connection that it accepts."""

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
PATIENCE_SECONDS: Final = 1.0
TLS_HANDSHAKE: Final = b"\x16"


class SecurableService(Service, Protocol):
    """A service that can speak TLS, and may begin or cease to while it runs."""

    def tls_context(self) -> ssl.SSLContext | None:
        """Give what to speak TLS with; None to speak plain HTTP only."""


class UnusedHandler(WSGIRequestHandler):
    """Stands in for werkzeug's handler class, which werkzeug would otherwise modify."""

    protocol_version = "HTTP/1.1"


class Server(ThreadedWSGIServer):
    """Accepts connections, serves each in a thread of its own, and can end them all.

    ``stopping`` is set when the end has come; a handler that blocks may wait on it.
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
        """Bind without asking the DNS for our name, and say so if it fails."""
        # werkzeug would print the problem and exit the process, http.server looks up a name.
        try:
            socketserver.TCPServer.server_bind(self)
        except OSError as error:
            raise HTTPServerError(
                f"cannot listen on {self.host}:{self.port}: {error.strerror}"
            ) from error
        self.server_name, self.server_port = self.host, self.socket.getsockname()[1]

    def process_request(self, request: Any, client_address: Any) -> None:
        """Serve an accepted connection in a thread of its own."""
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
        # Whatever a callback raises is for the test to see, not for stderr.
        except BaseException as error:
            self._service.record(error, f"a connection from {client_address[0]}")
        finally:
            thread = threading.current_thread()
            self._open[thread].close()
            self._forget(thread)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Record what went wrong on accepting, for there is no console to print it on."""
        error = sys.exc_info()[1]
        assert error is not None
        self._service.record(error, f"a connection from {client_address[0]}")

    def close_all(self) -> None:
        """End all connections and join their threads, but wait for no handler that blocks."""
        with self._lock:
            threads = list(self._open)
            for sock in self._open.values():
                with contextlib.suppress(OSError):
                    # SSLSocket.shutdown would pull the TLS state from under its reader.
                    socket.socket.shutdown(sock, socket.SHUT_RDWR)
        self._idle.wait(PATIENCE_SECONDS)
        for thread in threads:
            if thread not in self._open:
                thread.join()

    def _serve(self, sock: socket.socket, peer: tuple[str, int]) -> None:
        try:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            context = self._service.tls_context()
            secure = context is not None and sock.recv(1, socket.MSG_PEEK) == TLS_HANDSHAKE
            if context is not None and secure:
                sock = self._secured(sock, context)
        except OSError:
            # The client left, or failed the handshake, before it asked for anything.
            return
        Connection(sock, peer, self._service, self.stopping, secure=secure).serve()

    def _secured(self, sock: socket.socket, context: ssl.SSLContext) -> ssl.SSLSocket:
        # Wrapping moves the descriptor to another object: close_all() must see one or the other.
        with self._lock:
            secured = context.wrap_socket(sock, server_side=True, do_handshake_on_connect=False)
            self._open[threading.current_thread()] = secured
        secured.do_handshake()
        return secured

    def _forget(self, thread: threading.Thread) -> None:
        with self._lock:
            del self._open[thread]
            if not self._open:
                self._idle.set()
