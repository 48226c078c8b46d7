"""How the host sends what an application answers, and what it makes of wrong answers."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from collections.abc import Iterable, Iterator
from typing import Any, cast
from wsgiref.types import StartResponse, WSGIEnvironment

import pytest

from fake_server.hosting import Disconnect
from fake_server.hosting.connection import Connection
from tests.hosting.conftest import Connect, Serve

GET = b"GET / HTTP/1.1\r\nHost: h\r\n\r\n"
HEAD = b"HEAD / HTTP/1.1\r\nHost: h\r\n\r\n"
DATE = "Sun, 17 Mar 2030 17:46:40 GMT"


def answering(body: Any, headers: Any = (), status: Any = "200 OK") -> Any:
    def app(environ: WSGIEnvironment, start_response: StartResponse) -> Any:
        start_response(status, list(headers))
        return body() if callable(body) else body

    return app


def pieces() -> Iterator[bytes]:
    yield b"one"
    yield b""
    yield b"two"


@pytest.mark.parametrize(
    ("body", "headers", "length", "text", "chunks"),
    [
        pytest.param([b"one"], [], "3", b"one", [], id="list of one"),
        pytest.param([b"one", b"two"], [], "6", b"onetwo", [], id="list of two"),
        pytest.param([], [], "0", b"", [], id="empty list"),
        pytest.param(pieces, [], None, b"onetwo", [b"one", b"two"], id="iterator"),
        pytest.param(pieces, [("Content-Length", "6")], "6", b"onetwo", [], id="with length"),
        pytest.param(lambda: iter(()), [], None, b"", [], id="empty iterator"),
        pytest.param(pieces, [("Transfer-Encoding", "x")], None, b"onetwo", [b"one", b"two"]),
    ],
)
def test_bodies_are_framed(
    serve: Serve,
    connect: Connect,
    body: Any,
    headers: Any,
    length: str | None,
    text: bytes,
    chunks: Any,
) -> None:
    client = connect(serve(answering(body, headers)))
    for _ in range(2):
        reply = client.ask(GET)
        assert reply.body == text
        assert reply.chunks == chunks
        assert reply.headers.get("content-length") == length
        assert reply.headers.get("transfer-encoding") == (None if length else "chunked")


@pytest.mark.parametrize("status", ["204 No Content", "304 Not Modified"])
@pytest.mark.parametrize("headers", [[], [("Content-Length", "3")]])
@pytest.mark.parametrize("body", [[b"one"], pieces, []])
def test_a_status_without_body_has_none(
    serve: Serve, connect: Connect, status: str, headers: Any, body: Any
) -> None:
    client = connect(serve(answering(body, headers, status)))
    for _ in range(2):
        reply = client.ask(GET)
        assert f"{reply.status} {reply.reason}" == status
        assert "content-length" not in reply.headers
        assert "transfer-encoding" not in reply.headers


@pytest.mark.parametrize(
    ("body", "headers", "length"),
    [
        ([b"one"], [], "3"),
        ([], [("Content-Length", "25")], "25"),
        (pieces, [("Content-Length", "6")], "6"),
        (pieces, [], None),
    ],
)
def test_head_gets_the_length_and_no_body(
    serve: Serve, connect: Connect, body: Any, headers: Any, length: str | None
) -> None:
    client = connect(serve(answering(body, headers)))
    for _ in range(2):
        reply = client.send(HEAD).reply(head_only=True)
        assert reply.status == 200
        assert reply.headers.get("content-length") == length


def test_head_does_not_wait_for_an_endless_body(serve: Serve, connect: Connect) -> None:
    def endless() -> Iterator[bytes]:
        while True:
            yield b"more"

    client = connect(serve(answering(endless)))
    assert client.send(HEAD).reply(head_only=True).status == 200


def test_the_date_is_the_one_the_host_was_given(serve: Serve, connect: Connect) -> None:
    assert connect(serve(answering([]))).ask(GET).headers["date"] == DATE


def test_the_date_moves_with_the_clock(serve: Serve, connect: Connect) -> None:
    times = iter([0.0, 0.9, 1.0])
    client = connect(serve(answering([]), now=lambda: next(times)))
    dates = [client.ask(GET).headers["date"] for _ in range(3)]
    assert [date[-6:-4] for date in dates] == ["00", "00", "01"]


def test_a_date_of_the_application_is_kept(serve: Serve, connect: Connect) -> None:
    client = connect(serve(answering([], [("Date", "yesterday")])))
    assert client.ask(GET).headers["date"] == "yesterday"


def test_headers_and_reason_arrive_as_they_were_given(serve: Serve, connect: Connect) -> None:
    app = answering([], [("X-Name", " \u00e9\u00ff\t")], "299 D\u00e9j\u00e0")
    reply = connect(serve(app)).ask(GET)
    assert (reply.status, reply.reason) == (299, "D\u00e9j\u00e0")
    assert reply.headers["x-name"] == "\u00e9\u00ff"


def test_requests_may_be_sent_ahead(serve: Serve, connect: Connect) -> None:
    def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        start_response("200 OK", [])
        return [environ["PATH_INFO"].encode()]

    lines = [f"GET /{number} HTTP/1.1\r\nHost: h\r\n\r\n".encode() for number in range(20)]
    client = connect(serve(app)).send(b"".join(lines))
    assert [client.reply().body for _ in lines] == [b"/%d" % number for number in range(20)]


@pytest.mark.parametrize(
    "request_",
    [
        b"GET / HTTP/1.0\r\n\r\n",
        b"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n",
    ],
)
@pytest.mark.parametrize("body", [[b"onetwo"], pieces])
def test_clients_that_want_the_connection_closed_get_it(
    serve: Serve, connect: Connect, request_: bytes, body: Any
) -> None:
    client = connect(serve(answering(body)))
    reply = client.ask(request_)
    assert reply.body == b"onetwo"
    assert reply.headers["connection"] == "close"
    assert client.ended()


def test_the_application_may_close_the_connection(serve: Serve, connect: Connect) -> None:
    client = connect(serve(answering([b"x"], [("Connection", "close")])))
    assert client.ask(GET).body == b"x"
    assert client.ended()


def test_each_piece_of_a_stream_is_sent_at_once(serve: Serve, connect: Connect) -> None:
    go_on = threading.Event()

    def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterator[bytes]:
        start_response("200 OK", [])
        yield b"first"
        assert go_on.wait(20)
        yield b"second"

    client = connect(serve(app)).send(GET)
    client.head()
    assert client.chunk() == b"first"
    go_on.set()
    assert client.chunk() == b"second"
    assert client.chunk() == b""


class TracedSocket(socket.socket):
    """Remembers how many bytes each send took."""

    def __init__(self, sock: socket.socket) -> None:
        super().__init__(fileno=sock.detach())
        self.sent: list[bytes] = []

    def sendall(self, data: Any, flags: Any = 0) -> None:
        self.sent.append(bytes(data))
        super().sendall(data, flags)


@pytest.mark.parametrize(
    ("body", "ends"),
    [
        ([b"whole"], [b"\r\n\r\nwhole"]),
        (pieces, [b"\r\n\r\n3\r\none\r\n", b"3\r\ntwo\r\n", b"0\r\n\r\n"]),
    ],
)
def test_head_and_first_piece_are_one_send(serve: Serve, body: Any, ends: Any) -> None:
    app = answering(body)
    host = serve(app)
    with socket.create_server(("127.0.0.1", 0)) as listener, socket.socket() as client:
        client.connect(listener.getsockname())
        client.sendall(GET)
        client.shutdown(socket.SHUT_WR)
        with contextlib.closing(TracedSocket(listener.accept()[0])) as traced:
            client.settimeout(20)
            Connection(traced, ("a", 1), host, threading.Event(), secure=False).serve()
    assert len(traced.sent) == len(ends)
    assert all(sent.endswith(end) for sent, end in zip(traced.sent, ends, strict=True))


def test_the_write_function_of_wsgi_works(serve: Serve, connect: Connect) -> None:
    def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        write = start_response("200 OK", [("Content-Length", "6")])
        write(b"")
        write(b"one")
        write(b"two")
        return []

    client = connect(serve(app))
    assert client.ask(GET).body == b"onetwo"
    assert client.ask(GET).body == b"onetwo"


def test_start_response_may_be_called_by_the_iterator(serve: Serve, connect: Connect) -> None:
    def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterator[bytes]:
        start_response("201 Created", [])
        yield b"late"

    assert connect(serve(app)).ask(GET).status == 201


def test_an_error_may_replace_a_head_that_was_not_sent(serve: Serve, connect: Connect) -> None:
    def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        start_response("200 OK", [])
        try:
            raise ValueError
        except ValueError as error:
            start_response("502 Bad", [], cast("Any", (ValueError, error, error.__traceback__)))
        return [b"replaced"]

    reply = connect(serve(app)).ask(GET)
    assert (reply.status, reply.body) == (502, b"replaced")


class Closing:
    """A body that tells when it is closed."""

    def __init__(self, pieces: Any = (b"x",)) -> None:
        self.pieces = pieces
        self.closed = threading.Event()

    def __iter__(self) -> Iterator[bytes]:
        yield from self.pieces

    def close(self) -> None:
        self.closed.set()


def test_the_body_is_closed(serve: Serve, connect: Connect) -> None:
    body = Closing()
    connect(serve(answering(body))).ask(GET)
    assert body.closed.wait(20)


def test_the_body_is_closed_when_the_client_leaves(serve: Serve, connect: Connect) -> None:
    def endless() -> Iterator[bytes]:
        while True:
            yield b"x" * 100_000

    body = Closing(endless())
    host = serve(answering(body))
    client = connect(host).send(GET)
    client.head()
    client.reset()
    assert body.closed.wait(20)
    host.stop()
    assert host.handler_errors == []


# What an application can do wrong -----------------------------------------------------------


def raising(error: Any) -> Any:
    def app(environ: WSGIEnvironment, start_response: StartResponse) -> None:
        raise error

    return app


def starts_twice(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    start_response("200 OK", [])
    start_response("200 OK", [])
    return []


def never_starts(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    return [b"x"]


def never_starts_iterator(
    environ: WSGIEnvironment, start_response: StartResponse
) -> Iterable[bytes]:
    return iter(())


class Stop(BaseException):
    """Such as pytest.fail() raises."""


@pytest.mark.parametrize(
    ("app", "error", "match"),
    [
        pytest.param(raising(ValueError("boom")), ValueError, "boom", id="raise"),
        pytest.param(raising(AssertionError("no")), AssertionError, "no", id="assert"),
        pytest.param(raising(Stop("stop")), Stop, "stop", id="BaseException"),
        pytest.param(raising(SystemExit(3)), SystemExit, "3", id="exit"),
        pytest.param(raising(OSError("disk")), OSError, "disk", id="OSError"),
        pytest.param(starts_twice, RuntimeError, "twice", id="starts twice"),
        pytest.param(never_starts, RuntimeError, "did not call", id="never starts"),
        pytest.param(never_starts_iterator, RuntimeError, "did not call", id="never, iterator"),
        pytest.param(answering(["x"]), TypeError, "bytes", id="str in list"),
        pytest.param(answering(("x",)), TypeError, "bytes", id="str in tuple"),
        pytest.param(answering(None), TypeError, "NoneType", id="None"),
        pytest.param(answering([], status="OK"), ValueError, "OK", id="no status"),
        pytest.param(answering([], status="100 Go"), Exception, "100|200", id="status 100"),
        pytest.param(answering([], status="200 a\r\nX: y"), ValueError, "line", id="split status"),
        pytest.param(answering([], [("X", "a\r\nY: b")]), Exception, "value", id="split value"),
        pytest.param(answering([], [("X\r\nY", "a")]), Exception, "name", id="split name"),
        pytest.param(answering([], [("X", "\u20ac")]), UnicodeError, "latin", id="euro"),
        pytest.param(answering([], [("Content-Length", "x")]), Exception, "Content", id="length"),
    ],
)
def test_an_error_before_the_head_is_a_500_and_check_raises_it(
    serve: Serve, connect: Connect, app: Any, error: Any, match: str
) -> None:
    host = serve(app)
    client = connect(host)
    for _ in range(2):
        reply = client.ask(GET)
        assert reply.status == 500
        assert reply.headers["content-type"] == "text/plain"
        assert b"\r" not in reply.body
        with pytest.raises(error, match=match) as caught:
            host.check()
        assert caught.value.__notes__ == ["while answering GET /"]
        assert caught.traceback
    host.check()


def test_an_error_with_head_is_a_500_without_body(serve: Serve, connect: Connect) -> None:
    host = serve(raising(ValueError("boom")))
    client = connect(host)
    for _ in range(2):
        assert client.send(HEAD).reply(head_only=True).status == 500
        with pytest.raises(ValueError, match="boom"):
            host.check()


def raises_late() -> Iterator[bytes]:
    yield b"one"
    raise KeyError("late")


def wrong_type_late() -> Iterator[bytes | str]:
    yield b"one"
    yield "two"


@pytest.mark.parametrize(
    ("body", "headers", "error"),
    [
        pytest.param(raises_late, [], KeyError, id="raise"),
        pytest.param(raises_late, [("Content-Length", "9")], KeyError, id="raise, length"),
        pytest.param(wrong_type_late, [], TypeError, id="type"),
    ],
)
def test_an_error_after_the_head_drops_the_connection(
    serve: Serve, connect: Connect, body: Any, headers: Any, error: Any
) -> None:
    host = serve(answering(body, headers))
    client = connect(host).send(GET)
    assert client.head().status == 200
    assert b"one" in client.file.read()
    with pytest.raises(error):
        host.check()


def test_a_late_error_of_the_application_is_raised_unchanged(
    serve: Serve, connect: Connect
) -> None:
    def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterator[bytes]:
        start_response("200 OK", [])
        yield b"one"
        error = ValueError("too late")
        start_response("500 No", [], cast("Any", (ValueError, error, None)))

    host = serve(app)
    client = connect(host).send(GET)
    client.head()
    assert client.chunk() == b"one"
    assert client.ended()
    with pytest.raises(ValueError, match="too late"):
        host.check()


def test_an_error_on_closing_the_body_is_recorded(serve: Serve, connect: Connect) -> None:
    class Failing(Closing):
        def close(self) -> None:
            raise ValueError("close")

    host = serve(answering(Failing()))
    client = connect(host).send(GET)
    assert client.reply().body == b"x"
    assert client.ended()
    with pytest.raises(ValueError, match="close"):
        host.check()


@pytest.mark.parametrize("body", [[b"onetwo"], pieces])
def test_a_body_that_is_too_long_is_cut(serve: Serve, connect: Connect, body: Any) -> None:
    host = serve(answering(body, [("Content-Length", "5")]))
    client = connect(host)
    assert client.ask(GET).body == b"onetw"
    with pytest.raises(Exception, match="longer than its Content-Length"):
        host.check()
    assert client.ended()


@pytest.mark.parametrize("body", [[b"onetwo"], pieces, []])
def test_a_body_that_is_too_short_ends_the_connection(
    serve: Serve, connect: Connect, body: Any
) -> None:
    host = serve(answering(body, [("Content-Length", "9")]))
    client = connect(host).send(GET)
    client.head()
    client.file.read()
    with pytest.raises(Exception, match="shorter than its Content-Length"):
        host.check()


def test_an_error_in_the_clock_reaches_the_test(serve: Serve, connect: Connect) -> None:
    def broken() -> None:
        raise ZeroDivisionError

    host = serve(answering([]), now=broken)
    assert connect(host).send(GET).ended()
    with pytest.raises(ZeroDivisionError):
        host.check()
    host.clear()  # the attempt to answer with a 500 needed the clock as well


# Faults that an application asks for ---------------------------------------------------------


def half() -> Iterator[bytes]:
    yield b"x" * 10
    raise Disconnect


def half_and_reset() -> Iterator[bytes]:
    yield b"x" * 10
    raise Disconnect(reset=True)


@pytest.mark.parametrize("tls", [False, True])
def test_a_disconnect_drops_the_connection_without_answer(
    serve: Serve, connect: Connect, server_tls: ssl.SSLContext, tls: bool
) -> None:
    host = serve(raising(Disconnect()), ssl_context=server_tls)
    assert connect(host, tls=tls).send(GET).ended()
    assert host.handler_errors == []


@pytest.mark.parametrize("tls", [False, True])
@pytest.mark.parametrize("app", [raising(Disconnect(reset=True)), answering(half_and_reset)])
def test_a_disconnect_may_be_a_reset(
    serve: Serve, connect: Connect, server_tls: ssl.SSLContext, app: Any, tls: bool
) -> None:
    host = serve(app, ssl_context=server_tls)
    client = connect(host, tls=tls).send(GET)
    with pytest.raises(ConnectionResetError):
        # Python's TLS reports a reset as an end, hence the bare socket.
        all(iter(lambda: socket.socket.recv(client.sock, 65536), b""))
    assert host.handler_errors == []


def test_a_disconnect_in_the_body_leaves_it_unfinished(serve: Serve, connect: Connect) -> None:
    host = serve(answering(half, [("Content-Length", "100")]))
    client = connect(host).send(GET)
    assert client.head().headers["content-length"] == "100"
    assert client.file.read() == b"x" * 10
    assert host.handler_errors == []


def test_a_disconnect_ends_in_fin_though_the_body_was_not_read(
    serve: Serve, connect: Connect
) -> None:
    host = serve(raising(Disconnect()))
    body = b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5000000\r\n\r\n" + b"x" * 100_000
    assert connect(host).send(body).ended()


def test_an_application_may_send_garbage(serve: Serve, connect: Connect) -> None:
    def app(environ: WSGIEnvironment, start_response: StartResponse) -> None:
        environ["werkzeug.socket"].sendall(b"NOT HTTP\r\n\r\n")
        raise Disconnect

    client = connect(serve(app)).send(GET)
    assert client.file.read() == b"NOT HTTP\r\n\r\n"
