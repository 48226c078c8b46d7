"""A request as it arrived, with the facts derived from it. A fact is computed when it is used."""

from __future__ import annotations

import re
import threading
from functools import cached_property
from typing import TYPE_CHECKING

from werkzeug.wrappers import Request

from fake_server.admission import CredentialRequest
from fake_server.calls import SecretText
from fake_server.core.forms import RecordedStream
from fake_server.core.operations import Operation, Routes
from fake_server.core.problems import Problem
from fake_server.process_time import real_seconds

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

MAX_JSON = 1024 * 1024
"""The most bytes of a JSON body."""

_SECRET_HEADERS = ("Authorization", "Proxy-Authorization", "Cookie")
_BODY_HEADERS = ("CONTENT_TYPE", "CONTENT_LENGTH")
_PLAIN_HOST = re.compile(r"(?:[A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(?::\d+)?")
_LOOPBACK = re.compile(r"localhost|127(\.\d+){3}|\[::1\]")


class IncomingRequest:
    """One request, and the operation that its method and path name.

    `operation` is None if there is no such operation; then `routing_problem` is the 404 or 405.
    `body` is empty for a form, which its handler reads as a stream.
    """

    def __init__(self, environ: WSGIEnvironment, routes: Routes) -> None:
        self.arrived = real_seconds()
        self.environ = environ
        self.method: str = environ["REQUEST_METHOD"]
        # werkzeug's Request.path would merge two slashes at the front
        raw: str = environ["PATH_INFO"]
        self.path = raw if raw.isascii() else raw.encode("latin-1").decode(errors="replace")
        self.operation: Operation | None = None
        self.parameters: dict[str, str] = {}
        self.routing_problem: Problem | None = None
        try:
            self.operation, self.parameters = routes.find(self.method, self.path)
        except Problem as problem:
            self.routing_problem = problem
        self._stream: RecordedStream | None = None
        is_form = self.operation is not None and self.operation.file_rule is not None
        self.body = b"" if is_form else self.request.stream.read(MAX_JSON + 1)

    @cached_property
    def request(self) -> Request:
        """The request as werkzeug sees it."""
        return Request(self.environ)

    @cached_property
    def name(self) -> str:
        """The name of the operation, or method and path without one."""
        return f"{self.method} {self.operation.path if self.operation else self.path}"

    @cached_property
    def query_string(self) -> str:
        """The query as it was sent."""
        return self.request.query_string.decode("latin-1")

    @property
    def is_control(self) -> bool:
        """Whether the request is for the control API."""
        return self.path.startswith("/_fake/")

    @cached_property
    def host(self) -> str:
        """The host that the client asked for, without a port."""
        host: str = self.environ.get("HTTP_HOST", "")
        return re.sub(r":\d+$", "", host).lower()

    @cached_property
    def base_url(self) -> str | None:
        """The address by which the client reached the fake; None if its Host cannot be repeated."""
        host = self.environ.get("HTTP_HOST", "")
        if not _PLAIN_HOST.fullmatch(host) or host.lower().endswith(".api.video"):
            return None
        return f"{self.environ['wsgi.url_scheme']}://{host}"

    @cached_property
    def credentials(self) -> CredentialRequest:
        """The parts that identify the sender."""
        required = self.operation.credential if self.operation else "authorization"
        identifiers = tuple(self.parameters.values())
        if required == "upload_token":
            identifiers = tuple(self.request.args.getlist("token"))
        authorization = self.environ.get("HTTP_AUTHORIZATION")
        return CredentialRequest(required, self.host, authorization, self.body, identifiers)

    @property
    def is_cross_origin(self) -> bool:
        """Whether a browser sends this for a page that is not the fake's own on a loopback host.

        Any page could have a name that resolves to loopback, so a browser must use a plain address.
        """
        origin, site = (self.environ.get(f"HTTP_{name}") for name in ("ORIGIN", "SEC_FETCH_SITE"))
        if origin is None and site in (None, "none", "same-origin"):
            return False
        is_foreign = origin not in (None, self.base_url) or site not in (None, "same-origin")
        return is_foreign or _LOOPBACK.fullmatch(self.host) is None

    @property
    def stopping(self) -> threading.Event:
        """The event that is set when the server stops."""
        event: threading.Event = self.environ["fake_server.stopping"]
        return event

    def record_form(self, max_body: int) -> None:
        """Keep the first bytes of a body that its handler reads as a stream, for the record."""
        if self.operation is not None and self.operation.file_rule is not None:
            self._stream = RecordedStream(self.environ["wsgi.input"], max_body)
            self.environ["wsgi.input"] = self._stream

    @property
    def recorded_body(self) -> bytes:
        """The body, or the first bytes of a form, as far as they were read."""
        return self.body if self._stream is None else self._stream.recorded

    @property
    def recorded_headers(self) -> dict[str, str]:
        """The headers of the request; credentials do not show in their repr."""
        sent = [n for n in self.environ if n.startswith("HTTP_") or n in _BODY_HEADERS]
        headers = {
            name.removeprefix("HTTP_").replace("_", "-").title(): self.environ[name]
            for name in sent
        }
        return {
            name: SecretText(text) if name in _SECRET_HEADERS else text
            for name, text in headers.items()
        }
