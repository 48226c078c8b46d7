"""Build the answer to a request, apply a fault to it, and send it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from http.client import responses
from typing import TYPE_CHECKING, Any

from werkzeug.wrappers import Request

from fake_server.calls import DROPPED
from fake_server.core.context import Answer, as_json, with_extra
from fake_server.core.files import File, Stream
from fake_server.core.problems import Problem
from fake_server.core.ranges import requested_range
from fake_server.faults import Fault, Transfer
from fake_server.hosting import Disconnect
from fake_server.project import Context
from fake_server.settings import Settings

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

_EXPECTED_HEADERS = "Authorization, Content-Type, Content-Range, AV-Origin-Client, AV-Origin-App"


@dataclass
class Reply:
    """An answer; its status is `DROPPED` if the connection closes without one.

    A large one has a stream instead of a body, with a Content-Length.
    """

    status: int
    body: bytes = field(repr=False)
    headers: list[tuple[str, str]]
    stream: Iterable[bytes] | None = field(default=None, repr=False)
    transfer: Transfer = field(default_factory=Transfer, repr=False)
    fault: Fault | None = None

    def add(self, name: str, value: str) -> None:
        """Add a header, unless the answer has it already."""
        if all(other.lower() != name.lower() for other, _ in self.headers):
            self.headers.append((name, value))

    def extend(self, extra: Mapping[str, Any]) -> None:
        """Add fields to every object of a JSON body."""
        if self.body and dict(self.headers).get("Content-Type", "").endswith("json"):
            self.body = as_json(with_extra(json.loads(self.body), extra))

    def apply_fault(self, fault: Fault, method: str) -> None:
        """Apply the effects of a fault to the answer of a request with this method."""
        has_body = method != "HEAD" and bool(self.body or self.stream)
        if fault.finish(self, has_body=has_body):
            self.fault = fault

    def read_stream(self) -> None:
        """Read the stream, if there is one, into `body`."""
        if self.stream is not None:
            self.body, self.stream = b"".join(self.stream), None
            self.headers = [header for header in self.headers if header[0] != "Content-Length"]

    def send(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Start the response and return its body; raises Disconnect to drop the connection."""
        if self.status == DROPPED:
            raise Disconnect(reset=self.transfer.reset)
        phrase = responses.get(self.status, "Unknown")
        if self.fault is None or self.transfer == Transfer():
            start_response(f"{self.status} {phrase}", self.headers)
            return [self.body] if self.stream is None else self.stream
        headers = [*self.headers, ("Content-Length", str(len(self.body)))]
        start_response(f"{self.status} {phrase}", headers)
        return self._pieces(partial(self.fault.pause, stopping=environ["fake_server.stopping"]))

    def _pieces(self, pause: Callable[[float], object]) -> Iterator[bytes]:
        yield from self.transfer.pieces(self.body, pause)
        if self.transfer.cut:
            raise Disconnect(reset=self.transfer.reset)


def handled(context: Context, result: Any) -> Reply:
    """Return the answer for the value that a handler returned."""
    answer = result if isinstance(result, Answer) else Answer(result)
    status, headers = answer.status or context.operation.status, list(answer.headers)
    if answer.value is None:
        return Reply(status, b"", headers)
    if isinstance(answer.value, Stream):
        return streamed(answer.value, context.request)
    if isinstance(answer.value, File):
        reply = Reply(status, answer.value.content, headers)
        reply.add("Content-Type", answer.value.content_type)
        return reply
    reply = Reply(status, context.rendered(answer.value), headers)
    reply.add("Content-Type", "application/json")
    return reply


def refused(request: Request, problem: Problem, settings: Settings) -> Reply:
    """Return the answer for a problem; a 405 for OPTIONS is the answer to a CORS preflight."""
    if request.method == "OPTIONS" and problem.status == 405:
        return _preflight(request, problem)
    headers = [("Content-Type", settings.problem_content_type), *problem.headers]
    if problem.status == 401 and settings.www_authenticate:
        headers.append(("WWW-Authenticate", 'Bearer realm="api.video"'))
    return Reply(problem.status, as_json(problem.body()), headers)


def _preflight(request: Request, problem: Problem) -> Reply:
    methods = dict(problem.headers)["Allow"]
    requested = request.headers.get("Access-Control-Request-Headers", _EXPECTED_HEADERS)
    headers = [
        ("Allow", methods),
        ("Access-Control-Allow-Methods", methods),
        ("Access-Control-Allow-Headers", requested),
        ("Access-Control-Max-Age", "86400"),
    ]
    return Reply(204, b"", headers)


def streamed(file: Stream, request: Request) -> Reply:
    """Return the answer for a large file, or for the requested range of it."""
    headers = [("Content-Type", file.content_type), ("Accept-Ranges", "bytes")]
    start, stop, status = 0, file.size, 200
    if (span := requested_range(request, file.size)) is not None:
        start, stop, status = *span, 206
        headers.append(("Content-Range", f"bytes {start}-{stop - 1}/{file.size}"))
    headers.append(("Content-Length", str(stop - start)))
    return Reply(status, b"", headers, _until_gone(file.pieces(start, stop)))


def _until_gone(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """Yield the pieces; close the connection if the project, with its files, ends before."""
    try:
        yield from pieces
    except FileNotFoundError:
        raise Disconnect from None
