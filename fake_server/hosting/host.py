"""The host: pytest-httpserver's rules in front of a WSGI application."""

from __future__ import annotations

import io
import threading
from dataclasses import dataclass
from email.utils import formatdate
from typing import TYPE_CHECKING, Final, cast

from pytest_httpserver import HTTPServer, HTTPServerError
from pytest_httpserver.httpserver import RequestHandlerList
from werkzeug import Request, Response
from werkzeug.exceptions import HTTPException

from fake_server.hosting.answer import Disconnect
from fake_server.hosting.body import BrokenBodyError, was_read
from fake_server.hosting.rules import (
    BoundedList,
    HandlerErrors,
    NoMatchingRuleError,
    OneshotRules,
    RuleRequest,
)
from fake_server.hosting.server import POLL_SECONDS, Server

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Iterable

    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

LOG_LIMIT: Final = 1000
ERROR_LIMIT: Final = 100


@dataclass(frozen=True)
class VirtualHosts:
    """Other hosts that the server answers for over TLS, with a certificate in `ssl_context`.

    `misdirected(scheme, host)` returns the detail of a 421 for a request with this Host header, or
    None to accept it. A connection that was made for another host can stay in a client's pool.
    """

    ssl_context: ssl.SSLContext
    misdirected: Callable[[str, str], str | None]


class Host(HTTPServer):
    """A WSGI application on a local port, served by threads of this process.

    Requests that match a rule of pytest-httpserver (``expect_request`` etc.) are answered by that
    rule; all others go to ``app``. With an ``ssl_context`` or ``virtual_hosts``, which may be set
    and removed while the host runs, the port speaks both TLS and plain HTTP.

    ``error_body`` returns the content type and body of an error response of the host itself, from
    its status and a detail. ``now`` returns the time for the ``Date`` header, in seconds since the
    epoch. ``check()`` raises the errors of handlers.
    """

    def __init__(
        self,
        app: WSGIApplication,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        ssl_context: ssl.SSLContext | None = None,
        error_body: Callable[[int, str], tuple[str, bytes]],
        now: Callable[[], float],
    ) -> None:
        super().__init__(host, port, ssl_context, threaded=True)
        self.app = app
        self.error_body = error_body
        self.virtual_hosts: VirtualHosts | None = None
        self.stopping = threading.Event()
        self._now = now
        self._cached_date: tuple[int, bytes] = (-1, b"")
        self._server: Server | None = None
        self.clear()

    def start(self) -> None:
        """Serve in a thread until `stop`. Raises `HTTPServerError`."""
        if self.is_running():
            raise HTTPServerError("Server is already running")
        self.server = self._server = server = Server(self.host, self.port, self)
        self.stopping = server.stopping
        self.port = server.port
        self.server_thread = threading.Thread(
            target=self.thread_target, name="fake-server", daemon=True
        )
        self.server_thread.start()

    def thread_target(self) -> None:
        """Accept connections until `stop`."""
        assert self.server is not None
        self.server.serve_forever(POLL_SECONDS)

    def stop(self) -> None:
        """Close all connections and end their threads; wait a second for a handler that blocks."""
        server = self._server
        if server is None:
            raise HTTPServerError("Server is not running")
        server.stopping.set()
        super().stop()
        server.close_all()
        self._server = None

    def clear_assertions(self) -> None:
        """Forget the failed assertions."""
        self.assertions = BoundedList(ERROR_LIMIT)

    def clear_handler_errors(self) -> None:
        """Forget the errors of handlers."""
        self.handler_errors = HandlerErrors(ERROR_LIMIT)

    def clear_log(self) -> None:
        """Forget the requests that rules have answered."""
        self.log = BoundedList(LOG_LIMIT)

    def clear_all_handlers(self) -> None:
        """Forget all rules."""
        self.ordered_handlers = []
        self.oneshot_handlers = OneshotRules()
        self.handlers = RequestHandlerList()

    def respond(
        self, environ: WSGIEnvironment, start_response: StartResponse, /
    ) -> Iterable[bytes]:
        """Answer a request by a matching rule or by the application."""
        if self.virtual_hosts is not None:
            scheme, host = environ["wsgi.url_scheme"], environ.get("HTTP_HOST", "")
            detail = self.virtual_hosts.misdirected(scheme, host)
            if detail is not None:
                return self._error(421, detail)(environ, start_response)
        if not self._has_rules():
            return self.app(environ, start_response)
        request = RuleRequest(environ, populate_request=False)
        try:
            response = self._respond_by_rule(request)
        except NoMatchingRuleError:
            if was_read(environ["wsgi.input"]):
                environ["wsgi.input"] = io.BytesIO(request.get_data())
            return self.app(environ, start_response)
        return response(environ, start_response)

    def respond_nohandler(self, request: Request, extra_message: str = "") -> Response:
        """Pass a request to the application, unless it broke the order of ordered rules."""
        if self.permanently_failed:
            return super().respond_nohandler(request, extra_message)
        raise NoMatchingRuleError

    def tls_context(self) -> ssl.SSLContext | None:
        """Return the context for TLS, or None for plain HTTP only."""
        if self.ssl_context is None and self.virtual_hosts is not None:
            return self.virtual_hosts.ssl_context
        return self.ssl_context

    def date(self) -> bytes:
        """Return the value of a Date header, cached for a second."""
        second = int(self._now())
        cached = self._cached_date
        if cached[0] != second:
            text = formatdate(second, usegmt=True)
            cached = self._cached_date = (second, text.encode("ascii"))
        return cached[1]

    def record(self, error: BaseException, request: str) -> None:
        """Keep an error for `check` to raise, with a note of the request."""
        note = f"while answering {request}"
        if note not in getattr(error, "__notes__", ()):
            error.add_note(note)
        # The list is typed for exceptions only, but check() raises anything in it.
        self.handler_errors.append(cast("Exception", error))

    def _error(self, status: int, detail: str) -> Response:
        content_type, body = self.error_body(status, detail)
        return Response(body, status, content_type=content_type)

    def _has_rules(self) -> bool:
        return bool(
            self.handlers
            or self.oneshot_handlers
            or self.ordered_handlers
            or self.permanently_failed
        )

    def _respond_by_rule(self, request: Request) -> Response:
        """Answer by the matching rule, as pytest-httpserver does, or raise NoMatchingRuleError."""
        try:
            response = self.dispatch(request)
        except (NoMatchingRuleError, Disconnect, BrokenBodyError):
            raise
        except HTTPException as error:
            return Response.force_type(error.get_response(request.environ), request.environ)
        except BaseException as error:
            self._record_once(error, f"{request.method} {request.path}")
            return self._error(500, f"{type(error).__name__}: {error}")
        request.get_data()
        self.log.append((request, response))
        return response

    def _record_once(self, error: BaseException, request: str) -> None:
        """Record an error, or add the note to one that dispatch() has recorded."""
        if any(error is other for other in (*self.handler_errors, *self.assertions)):
            error.add_note(f"while answering {request}")
        else:
            self.record(error, request)
