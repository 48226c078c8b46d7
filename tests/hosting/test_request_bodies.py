"""How applications read request bodies, and what becomes of bodies they do not read."""

from __future__ import annotations

import hashlib
import threading
import tracemalloc
from collections.abc import Iterable, Iterator
from typing import Any
from wsgiref.types import StartResponse, WSGIEnvironment

import httpx
import pytest
import requests
import urllib3
from werkzeug import Request, Response

from tests.hosting.conftest import Connect, Serve

GET = b"GET / HTTP/1.1\r\nHost: h\r\n\r\n"
POST = b"POST / HTTP/1.1\r\nHost: h\r\n"
CHUNKED = POST + b"Transfer-Encoding: chunked\r\n\r\n"
MIB = 1024 * 1024


def read_all(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    start_response("200 OK", [])
    return [b"<" + environ["wsgi.input"].read() + b">"]


def ignore(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    start_response("200 OK", [])
    return [b"ignored"]


@pytest.mark.parametrize(
    ("body", "read"),
    [
        pytest.param(POST + b"Content-Length: 5\r\n\r\nhello", b"hello", id="length"),
        pytest.param(POST + b"Content-Length: 0\r\n\r\n", b"", id="empty"),
        pytest.param(POST + b"\r\n", b"", id="none"),
        pytest.param(POST + b"Content-Length: 2\r\nContent-Length: 2\r\n\r\nhi", b"hi", id="twice"),
        pytest.param(CHUNKED + b"2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n", b"hello", id="chunks"),
        pytest.param(CHUNKED + b"5;a=b\r\nhello\r\n0;c\r\n\r\n", b"hello", id="extensions"),
        pytest.param(CHUNKED + b"5\r\nhello\r\n0\r\nX-T: 1\r\n\r\n", b"hello", id="trailers"),
        pytest.param(CHUNKED + b"0\r\n\r\n", b"", id="no chunks"),
    ],
)
def test_a_body_is_read_to_its_end_and_no_further(
    serve: Serve, connect: Connect, body: bytes, read: bytes
) -> None:
    client = connect(serve(read_all)).send(body + GET)
    assert client.reply().body == b"<" + read + b">"
    assert client.reply().body == b"<>"


def test_a_body_can_be_read_in_every_way_of_a_file(serve: Serve, connect: Connect) -> None:
    def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        stream = environ["wsgi.input"]
        buffer = bytearray(3)
        got = [stream.readline(), stream.read(2), stream.readinto(buffer), bytes(buffer)]
        got += [*stream, stream.read(1), stream.read()]
        start_response("200 OK", [])
        return [repr(got).encode()]

    client = connect(serve(app)).send(POST + b"Content-Length: 18\r\n\r\none\ntwo")
    client.send(b" three\nfour")
    assert (
        client.reply().body
        == repr([b"one\n", b"tw", 3, b"o t", b"hree\n", b"four", b"", b""]).encode()
    )


def test_multipart_uploads_are_parsed(serve: Serve) -> None:
    @Request.application
    def app(request: Request) -> Any:
        return Response(request.form["a"] + request.files["f"].read().decode())

    host = serve(app)
    reply = requests.post(
        host.url_for("/"), data={"a": "1"}, files={"f": ("n.txt", b"two")}, timeout=20
    )
    assert reply.text == "1two"


def test_a_large_body_streams_through(serve: Serve) -> None:
    def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        digest = hashlib.sha256()
        for piece in iter(lambda: environ["wsgi.input"].read(100_000), b""):
            digest.update(piece)
        start_response("200 OK", [])
        return [digest.hexdigest().encode()]

    body = bytes(range(256)) * 64 * 1024
    reply = urllib3.request("POST", serve(app).url_for("/"), body=body)
    assert reply.data.decode() == hashlib.sha256(body).hexdigest()


@pytest.mark.parametrize("framing", [b"Content-Length: 16777216\r\n\r\n", None])
def test_a_body_is_not_held_in_memory(
    serve: Serve, connect: Connect, framing: bytes | None
) -> None:
    def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        size = sum(len(piece) for piece in iter(lambda: environ["wsgi.input"].read(65536), b""))
        start_response("200 OK", [])
        return [str(size).encode()]

    client = connect(serve(app)).send(POST + framing if framing else CHUNKED)
    piece = b"x" * 65536 if framing else b"10000\r\n%b\r\n" % (b"x" * 65536)
    tracemalloc.start()
    try:
        for _ in range(256):
            client.send(piece)
        assert client.send(b"" if framing else b"0\r\n\r\n").reply().body == b"16777216"
        assert tracemalloc.get_traced_memory()[1] < 4 * MIB
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(POST + b"Content-Length: 9\r\n\r\nhel", id="length"),
        pytest.param(CHUNKED + b"9\r\nhel", id="in a chunk"),
        pytest.param(CHUNKED + b"3\r\nhel\r\n", id="between chunks"),
    ],
)
def test_a_truncated_body_is_the_clients_error(serve: Serve, connect: Connect, body: bytes) -> None:
    host = serve(read_all)
    client = connect(host).send(body).end()
    reply = client.reply()
    assert reply.status == 400
    assert reply.headers["connection"] == "close"
    assert client.ended()
    assert host.handler_errors == []


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"nonsense\r\n", id="size"),
        pytest.param(b"3\r\nhello\r\n", id="overrun"),
        pytest.param(b"0\r\nbad trailer\r\n\r\n", id="trailer"),
        pytest.param(b"5;" + b"x" * 70_000, id="endless extension"),
    ],
)
def test_a_badly_framed_body_is_the_clients_error(
    serve: Serve, connect: Connect, body: bytes
) -> None:
    host = serve(read_all)
    client = connect(host).send(CHUNKED + body)
    assert client.reply().status == 400
    assert client.ended()
    assert host.handler_errors == []


def test_a_body_that_breaks_after_the_head_was_sent_drops_the_connection(
    serve: Serve, connect: Connect
) -> None:
    def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterator[bytes]:
        start_response("200 OK", [])
        yield b"started"
        yield environ["wsgi.input"].read()

    host = serve(app)
    client = connect(host).send(CHUNKED)
    assert client.head().status == 200
    assert client.chunk() == b"started"
    client.send(b"nonsense\r\n")
    assert client.ended()
    assert host.handler_errors == []


def test_an_application_may_answer_a_truncated_body_itself(serve: Serve, connect: Connect) -> None:
    def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        try:
            environ["wsgi.input"].read()
        except Exception as error:
            start_response("422 No", [("X-Error", type(error).__name__)])
        return [b"mine"]

    client = connect(serve(app)).send(POST + b"Content-Length: 9\r\n\r\nhel").end()
    reply = client.reply()
    assert (reply.status, reply.body) == (422, b"mine")
    assert reply.headers["connection"] == "close"


def test_a_client_that_resets_while_its_body_is_read_is_no_error(
    serve: Serve, connect: Connect
) -> None:
    reading, failed = threading.Event(), threading.Event()

    def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        reading.set()
        try:
            return read_all(environ, start_response)
        except Exception:
            failed.set()
            raise

    host = serve(app)
    client = connect(host).send(POST + b"Content-Length: 9\r\n\r\nhel")
    assert reading.wait(20)
    client.reset()
    assert failed.wait(20)
    host.stop()
    assert host.handler_errors == []


EXPECT = b"Expect: 100-continue\r\n"


@pytest.mark.parametrize(
    ("framing", "body"),
    [
        (b"Content-Length: 5\r\n\r\n", b"hello"),
        (b"Transfer-Encoding: chunked\r\n\r\n", b"5\r\nhello\r\n0\r\n\r\n"),
    ],
)
def test_continue_is_said_once_when_the_body_is_read(
    serve: Serve, connect: Connect, framing: bytes, body: bytes
) -> None:
    client = connect(serve(read_all)).send(POST + EXPECT + framing)
    go_on = client.reply()
    assert (go_on.status, go_on.reason, go_on.headers) == (100, "Continue", {})
    client.send(body)
    assert client.reply().body == b"<hello>"
    assert client.ask(GET).body == b"<>"


def test_continue_is_not_said_when_the_body_is_not_read(serve: Serve, connect: Connect) -> None:
    client = connect(serve(ignore)).send(POST + EXPECT + b"Content-Length: 5\r\n\r\n")
    reply = client.reply()
    assert reply.status == 200
    assert reply.headers["connection"] == "close"
    assert client.ended()


def test_continue_is_not_said_to_a_client_that_did_not_wait(serve: Serve, connect: Connect) -> None:
    client = connect(serve(read_all))
    assert client.ask(POST + EXPECT + b"Content-Length: 5\r\n\r\nhello").body == b"<hello>"


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"Content-Length: 1048576\r\n\r\n" + b"x" * MIB, id="length"),
        pytest.param(
            b"Transfer-Encoding: chunked\r\n\r\n"
            + b"10000\r\n%b\r\n" % (b"x" * 65536) * 15
            + b"0\r\n\r\n",
            id="chunks",
        ),
    ],
)
def test_a_small_unread_body_does_not_end_the_connection(
    serve: Serve, connect: Connect, body: bytes
) -> None:
    client = connect(serve(ignore))
    for _ in range(2):
        reply = client.ask(POST + body)
        assert reply.body == b"ignored"
        assert "connection" not in reply.headers


def test_a_broken_unread_body_ends_the_connection_after_the_answer(
    serve: Serve, connect: Connect
) -> None:
    host = serve(ignore)
    client = connect(host).send(CHUNKED + b"nonsense\r\n")
    assert client.reply().body == b"ignored"
    assert client.ended()
    assert host.handler_errors == []


def test_a_large_unread_body_ends_the_connection(serve: Serve, connect: Connect) -> None:
    client = connect(serve(ignore)).send(POST + b"Content-Length: 1048577\r\n\r\n")
    reply = client.reply()
    assert reply.headers["connection"] == "close"
    assert client.ended()


def test_a_large_unread_chunked_body_ends_the_connection(serve: Serve, connect: Connect) -> None:
    client = connect(serve(ignore)).send(CHUNKED)
    assert client.reply().body == b"ignored"
    for _ in range(40):
        client.send(b"10000\r\n%b\r\n" % (b"x" * 65536))
    assert client.ended()


def test_a_partly_read_body_counts_by_what_is_left(serve: Serve, connect: Connect) -> None:
    def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        environ["wsgi.input"].read(1)
        return ignore(environ, start_response)

    body = POST + b"Content-Length: %d\r\n\r\n" % (MIB + 1000) + b"x" * (MIB + 1000)
    client = connect(serve(app))
    assert client.ask(body).body == b"ignored"
    assert client.ask(body).body == b"ignored"


@pytest.mark.parametrize("library", ["urllib3", "requests", "httpx"])
def test_clients_get_an_early_answer_to_a_large_upload(serve: Serve, library: str) -> None:
    def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        start_response("413 Content Too Large", [])
        return [b"too large"]

    url = serve(app).url_for("/")
    body = bytes(32 * MIB)
    if library == "urllib3":
        with urllib3.PoolManager(retries=False) as pool:
            reply = pool.request("POST", url, body=body)
            answer = (reply.status, reply.data)
    elif library == "requests":
        sent = requests.post(url, data=body, timeout=20)
        answer = (sent.status_code, sent.content)
    else:
        got = httpx.post(url, content=body, timeout=20)
        answer = (got.status_code, got.content)
    assert answer == (413, b"too large")
