"""The head of a request: its WSGI environ, or the error that refuses it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from urllib.parse import unquote_to_bytes, urlsplit

from fake_server.hosting.wire import MAX_HEAD

if TYPE_CHECKING:
    import h11
    from _typeshed.wsgi import WSGIEnvironment

MAX_REQUEST_LINE: Final = 8 * 1024
NOT_PREFIXED: Final = frozenset({"CONTENT_TYPE", "CONTENT_LENGTH"})


class HeadError(Exception):
    """A request that is answered with this error status."""

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail


def parser_error(error: h11.RemoteProtocolError, received: bytes) -> HeadError:
    """Convert an error of h11, given the received bytes that it could not parse."""
    if error.error_status_hint == 431 and b"\n" not in received[:MAX_REQUEST_LINE]:
        return HeadError(414, "the request line is too long")
    return HeadError(error.error_status_hint, str(error))


def fill_environ(environ: WSGIEnvironment, request: h11.Request) -> None:
    """Add the request head to the environ. Raises `HeadError`."""
    _add_request_line(environ, request)
    size = 0
    for raw_name, value in request.headers.raw_items():
        size += len(raw_name) + len(value) + 4
        if b"_" in raw_name:
            # The environ could not distinguish it from the same name with a dash.
            continue
        key = raw_name.decode("ascii").upper().replace("-", "_")
        if key not in NOT_PREFIXED:
            key = "HTTP_" + key
        text = value.decode("latin-1")
        environ[key] = f"{environ[key]},{text}" if key in environ else text
    if size > MAX_HEAD:
        raise HeadError(431, "the request head is too large")
    if "CONTENT_LENGTH" in environ and "HTTP_TRANSFER_ENCODING" in environ:
        raise HeadError(400, "Content-Length and Transfer-Encoding exclude each other")
    if not environ["RAW_URI"].startswith("/"):
        _use_absolute_form(environ)


def _add_request_line(environ: WSGIEnvironment, request: h11.Request) -> None:
    version = request.http_version
    if version >= b"2":
        raise HeadError(505, f"HTTP/{version.decode()} is not supported")
    if len(request.method) + len(request.target) > MAX_REQUEST_LINE:
        raise HeadError(414, "the request line is too long")
    if request.method == b"CONNECT":
        raise HeadError(501, "this server is not a proxy")
    target = request.target.decode("ascii")
    path, _, query = target.partition("?")
    environ["REQUEST_METHOD"] = request.method.decode("ascii")
    environ["SERVER_PROTOCOL"] = "HTTP/" + version.decode("ascii")
    environ["REQUEST_URI"] = environ["RAW_URI"] = target
    environ["PATH_INFO"] = _percent_decoded(path)
    environ["QUERY_STRING"] = query


def _percent_decoded(path: str) -> str:
    return unquote_to_bytes(path).decode("latin-1") if "%" in path else path


def _use_absolute_form(environ: WSGIEnvironment) -> None:
    """Read path and host from a target such as ``http://host/path``, meant for a proxy."""
    target: str = environ["RAW_URI"]
    if target == "*":
        return
    try:
        parts = urlsplit(target)
    except ValueError as error:
        raise HeadError(400, f"invalid request target: {error}") from error
    if not parts.scheme or not parts.netloc:
        raise HeadError(400, "the request target must begin with a slash")
    environ["PATH_INFO"] = _percent_decoded(parts.path or "/")
    environ["QUERY_STRING"] = parts.query
    environ["HTTP_HOST"] = parts.netloc
