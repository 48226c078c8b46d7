"""The host: pytest-httpserver in front of a WSGI application, on a server made for tests."""

from __future__ import annotations

import io
import threading
from email.utils import formatdate
from typing import TYPE_CHECKING, Final, cast

from pytest_httpserver import HTTPServer, HTTPServerError
from pytest_httpserver.httpserver import RequestHandlerList
from werkzeug import Request, Response
from werkzeug.exceptions import HTTPException

from fake_server.hosting.answer import Disconnect
from fake_server.hosting.body import BrokenBodyError, was_read
from fake_server.hosting.rules import (
    HandlerErrors,
    Newest,
    OneshotRules,
    RuleRequest,
    UnmatchedError,
)
from fake_server.hosting.server import POLL_SECONDS, Server
from fake_server.hosting.virtual_hosts import VirtualHosts

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Iterable

    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

LOG_LIMIT: Final = 1000
ERROR_LIMIT: Final = 100


class Host(HTTPServer):
    """Hosts a WSGI application on a local port, in threads of this process.

    Requests that match a rule of pytest-httpserver (``expect_request`` and its kin) are answered
    by that rule; all others go to ``app``. With an ``ssl_context``, which may be set and removed
    while the host runs, the port speaks TLS and plain HTTP both; so it does with
    ``virtual_hosts``, which leaves the host's own address as it is.

    ``refusal`` gives content type and body for an answer that HTTP demands without the
    application, from its status and a detail. ``now`` gives the time of the ``Date`` header, in
    seconds since the epoch. What goes wrong in handlers is raised by ``check()``.
    """

    def __init__(
        self,
        app: WSGIApplication,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        ssl_context: ssl.SSLContext | None = None,
        refusal: Callable[[int, str], tuple[str, bytes]],
        now: Callable[[], float],
    ) -> None:
        super().__init__(host, port, ssl_context, threaded=True)
        self.app = app
        self.virtual_hosts: VirtualHosts | None = None
        self.stopping = threading.Event()
        self._refusal = refusal
        self._now = now
        self._dated: tuple[int, bytes] = (-1, b"")
        self._live: Server | None = None
        self.clear()

    def start(self) -> None:
        """Serve in a thread of its own, until `stop`; raises `HTTPServerError`."""
        if self.is_running():
            raise HTTPServerError("Server is already running")
        live = Server(self.host, self.port, self)
        self.server = self._live = live
        self.stopping = live.stopping
        self.port = live.port
        self.server_thread = threading.Thread(
            target=self.thread_target, name="fake-server", daemon=True
        )
        self.server_thread.start()

    def thread_target(self) -> None:
        """Accept connections until `stop`."""
        assert self.server is not None
        self.server.serve_forever(POLL_SECONDS)

    def stop(self) -> None:
        """End all connections and their threads; wait a second for a handler that blocks."""
        live = self._live
        if live is None:
            raise HTTPServerError("Server is not running")
        live.stopping.set()
        super().stop()
        live.close_all()
        self._live = None

    def clear_assertions(self) -> None:
        """Forget the assertions that failed."""
        self.assertions = Newest(ERROR_LIMIT)

    def clear_handler_errors(self) -> None:
        """Forget the errors of handlers."""
        self.handler_errors = HandlerErrors(ERROR_LIMIT)

    def clear_log(self) -> None:
        """Forget the requests that rules have answered."""
        self.log = Newest(LOG_LIMIT)

    def clear_all_handlers(self) -> None:
        """Forget all rules."""
        self.ordered_handlers = []
        self.oneshot_handlers = OneshotRules()
        self.handlers = RequestHandlerList()

    def respond(
        self, environ: WSGIEnvironment, start_response: StartResponse, /
    ) -> Iterable[bytes]:
        """Answer a request, by a rule if one matches: the WSGI application that is served."""
        refused = self._misdirected(environ)
        if refused is not None:
            content_type, body = self.refusal(421, refused)
            return Response(body, 421, content_type=content_type)(environ, start_response)
        if not self._has_rules():
            return self.app(environ, start_response)
        request = RuleRequest(environ, populate_request=False)
        try:
            response = self._respond_by_rule(request)
        except UnmatchedError:
            if was_read(environ["wsgi.input"]):
                environ["wsgi.input"] = io.BytesIO(request.get_data())
            return self.app(environ, start_response)
        return response(environ, start_response)

    def _misdirected(self, environ: WSGIEnvironment) -> str | None:
        if self.virtual_hosts is None:
            return None
        return self.virtual_hosts.refusal(environ["wsgi.url_scheme"], environ.get("HTTP_HOST", ""))

    def respond_nohandler(self, request: Request, extra_message: str = "") -> Response:
        """Leave a request to the application, unless it broke the order of ordered rules."""
        if self.permanently_failed:
            return super().respond_nohandler(request, extra_message)
        raise UnmatchedError

    def tls_context(self) -> ssl.SSLContext | None:
        """What to speak TLS with; None to speak plain HTTP only."""
        if self.ssl_context is None and self.virtual_hosts is not None:
            return self.virtual_hosts.ssl_context
        return self.ssl_context

    def refusal(self, status: int, detail: str) -> tuple[str, bytes]:
        """Give content type and body of an answer that the host makes itself."""
        return self._refusal(status, detail)

    def date(self) -> bytes:
        """Give the value of a Date header, made anew once a second."""
        second = int(self._now())
        dated = self._dated
        if dated[0] != second:
            dated = self._dated = (second, formatdate(second, usegmt=True).encode("ascii"))
        return dated[1]

    def record(self, error: BaseException, doing: str) -> None:
        """Keep an error for `check` to raise, with a note of what was being answered."""
        note = f"while answering {doing}"
        if note not in getattr(error, "__notes__", ()):
            error.add_note(note)
        # The list is typed for exceptions only, but check() raises what it finds in it.
        self.handler_errors.append(cast("Exception", error))

    def _has_rules(self) -> bool:
        return bool(
            self.handlers
            or self.oneshot_handlers
            or self.ordered_handlers
            or self.permanently_failed
        )

    def _respond_by_rule(self, request: Request) -> Response:
        """Let the matching rule answer, as pytest-httpserver does; raises `UnmatchedError`."""
        try:
            response = self.dispatch(request)
        except (UnmatchedError, Disconnect, BrokenBodyError):
            raise
        except HTTPException as error:
            return Response.force_type(error.get_response(request.environ), request.environ)
        except BaseException as error:
            self._record_once(error, f"{request.method} {request.path}")
            content_type, body = self.refusal(500, f"{type(error).__name__}: {error}")
            return Response(body, 500, content_type=content_type)
        request.get_data()
        self.log.append((request, response))
        return response

    def _record_once(self, error: BaseException, doing: str) -> None:
        """Record what dispatch() has not recorded, and give what it has a note."""
        known = [*self.handler_errors, *self.assertions]
        if any(error is other for other in known):
            error.add_note(f"while answering {doing}")
        else:
            self.record(error, doing)
