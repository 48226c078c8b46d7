"""Send the response of a WSGI application as HTTP."""

from __future__ import annotations

from http.client import responses
from typing import TYPE_CHECKING, Final

import h11

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from _typeshed import OptExcInfo
    from _typeshed.wsgi import WSGIApplication, WSGIEnvironment

    from fake_server.hosting.wire import Wire

WITHOUT_LENGTH: Final = frozenset({204, 304})


class WrongLengthError(Exception):
    """The application sent more or fewer bytes than its Content-Length announced."""


class Disconnect(Exception):  # noqa: N818 - a command to the host, not an error
    """Raised by an application, or by its body iterator, to close the connection.

    The client sees a broken network: a reset (RST) with ``reset``, else an orderly end (FIN).
    It is not recorded as an error.
    """

    def __init__(self, *, reset: bool = False) -> None:
        super().__init__("reset" if reset else "closed")
        self.reset = reset


class ResponseWriter:
    """Sends the response to one request; the head waits for the first bytes of the body.

    ``date`` returns the value of a Date header for responses without one. ``record`` receives the
    application's errors that do not prevent the response.
    """

    def __init__(
        self,
        wire: Wire,
        date: Callable[[], bytes],
        record: Callable[[BaseException], None],
        *,
        method: str = "",
        close: bool = False,
    ) -> None:
        self.head_sent = False
        self._wire = wire
        self._date = date
        self._record = record
        self._without_body = method == "HEAD"
        self._close = close
        self._started: tuple[str, list[tuple[str, str]]] | None = None
        self._remaining: int | None = None  # bytes of the Content-Length, if there is one

    def run(self, app: WSGIApplication, environ: WSGIEnvironment) -> None:
        """Call the application and send its response."""
        chunks = app(environ, self._start_response)
        try:
            if isinstance(chunks, list):
                self._send_whole(b"".join(chunks))
            else:
                self._send_each(chunks)
        finally:
            close = getattr(chunks, "close", None)
            if close is not None:
                close()

    def send_error(self, status: int, content_type: str, body: bytes) -> None:
        """Send a response of the host itself."""
        phrase = responses.get(status, "Unknown")
        self._started = (f"{status} {phrase}", [("Content-Type", content_type)])
        self._send_whole(body)

    def _start_response(
        self, status: str, headers: list[tuple[str, str]], exc_info: OptExcInfo | None = None, /
    ) -> Callable[[bytes], None]:
        if exc_info is None:
            if self._started is not None:
                raise RuntimeError("start_response() was called twice")
        elif self.head_sent and exc_info[1] is not None:
            raise exc_info[1]
        self._started = (status, headers)
        return self._write

    def _send_whole(self, body: bytes) -> None:
        if self.head_sent:
            self._write(body)
        else:
            self._send_head(body, length=len(body))
        self._finish()

    def _send_each(self, chunks: Iterable[bytes]) -> None:
        for chunk in chunks:
            self._write(chunk)
            if self.head_sent and self._without_body:
                break
        if not self.head_sent:
            self._send_head(b"")
        self._finish()

    def _write(self, data: bytes) -> None:
        if not isinstance(data, bytes):
            raise TypeError(f"the body must be bytes, not {type(data).__name__}")
        if data and not self.head_sent:
            self._send_head(data)
        elif data and not self._without_body:
            self._send_body(data)

    def _finish(self) -> None:
        if self._remaining:
            raise WrongLengthError(
                f"the body is {self._remaining} bytes shorter than its Content-Length"
            )
        self._wire.send(h11.EndOfMessage())

    def _send_head(self, data: bytes, length: int | None = None) -> None:
        if self._started is None:
            raise RuntimeError("the application did not call start_response()")
        status, headers = self._started
        code, reason = _parse_status(status)
        if code in WITHOUT_LENGTH:
            self._without_body = True
        fields = self._fields(headers, length, has_length=code not in WITHOUT_LENGTH)
        response = h11.Response(status_code=code, headers=fields, reason=reason)
        self.head_sent = True
        if self._without_body:
            self._wire.send(response)
        else:
            self._remaining = _content_length(fields)
            self._send_body(data, response)

    def _fields(
        self, headers: list[tuple[str, str]], length: int | None, *, has_length: bool
    ) -> list[tuple[bytes, bytes]]:
        """Encode the application's headers and add the host's."""
        fields: list[tuple[bytes, bytes]] = []
        names: set[str] = set()
        for name, value in headers:
            key = name.lower()
            if key == "transfer-encoding" or (key == "content-length" and not has_length):
                continue
            names.add(key)
            fields.append((name.encode("latin-1"), value.strip(" \t").encode("latin-1")))
        if has_length and length is not None and "content-length" not in names:
            fields.append((b"Content-Length", b"%d" % length))
        if "date" not in names:
            fields.append((b"Date", self._date()))
        if self._close or self._wire.must_close():
            fields.append((b"Connection", b"close"))
        return fields

    def _send_body(self, data: bytes, *before: h11.Event) -> None:
        """Send a piece of the body, cut to the Content-Length."""
        too_long = self._remaining is not None and len(data) > self._remaining
        if too_long:
            data = data[: self._remaining]
            self._record(WrongLengthError("the body is longer than its Content-Length"))
        if self._remaining is not None:
            self._remaining -= len(data)
        self._wire.send(*before, h11.Data(data=data))
        if too_long:
            raise Disconnect


def _parse_status(status: str) -> tuple[int, bytes]:
    code, _, reason = status.partition(" ")
    if "\r" in reason or "\n" in reason:
        raise ValueError(f"the status {status!r} contains a line break")
    return int(code), reason.encode("latin-1")


def _content_length(fields: Iterable[tuple[bytes, bytes]]) -> int | None:
    return next((int(value) for name, value in fields if name.lower() == b"content-length"), None)
