"""What the host reads from a request's head, and what it refuses in one."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import Any
from wsgiref.types import StartResponse, WSGIEnvironment

import pytest

from fake_server.hosting import Host
from tests.hosting.conftest import Connect, Serve

GET = b"GET / HTTP/1.1\r\nHost: h\r\n\r\n"
EnvironFor = Callable[[bytes], dict[str, Any]]
KEYS = [
    "REQUEST_METHOD",
    "PATH_INFO",
    "QUERY_STRING",
    "RAW_URI",
    "REQUEST_URI",
    "SERVER_PROTOCOL",
    "SCRIPT_NAME",
    "SERVER_NAME",
    "SERVER_PORT",
    "REMOTE_ADDR",
    "HTTP_HOST",
    "HTTP_X_A",
    "CONTENT_TYPE",
    "CONTENT_LENGTH",
    "wsgi.url_scheme",
    "wsgi.input_terminated",
]


def echo(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    start_response("200 OK", [("Content-Type", "application/json")])
    known = {key: environ[key] for key in KEYS & environ.keys()}
    return [json.dumps(known | {"keys": sorted(environ)}).encode()]


@pytest.fixture
def host(serve: Serve) -> Host:
    return serve(echo)


@pytest.fixture
def environ_for(host: Host, connect: Connect) -> EnvironFor:
    def ask(data: bytes) -> dict[str, Any]:
        reply = connect(host).ask(data)
        assert reply.status == 200, reply
        return dict(json.loads(reply.body))

    return ask


def test_the_environ_has_the_variables_of_wsgi(environ_for: EnvironFor, host: Host) -> None:
    environ = environ_for(
        b"PATCH /a%20b/%C3%A9?c=d%20e HTTP/1.1\r\nHost: example.org\r\nX-A: 1\r\n"
        b"Content-Type: text/plain\r\nContent-Length: 0\r\n\r\n"
    )
    environ.pop("keys")
    assert environ == {
        "REQUEST_METHOD": "PATCH",
        "PATH_INFO": "/a b/\u00c3\u00a9",
        "QUERY_STRING": "c=d%20e",
        "RAW_URI": "/a%20b/%C3%A9?c=d%20e",
        "REQUEST_URI": "/a%20b/%C3%A9?c=d%20e",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "SCRIPT_NAME": "",
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": str(host.port),
        "REMOTE_ADDR": "127.0.0.1",
        "HTTP_HOST": "example.org",
        "HTTP_X_A": "1",
        "CONTENT_TYPE": "text/plain",
        "CONTENT_LENGTH": "0",
        "wsgi.url_scheme": "http",
        "wsgi.input_terminated": True,
    }


def test_the_application_gets_the_socket_and_the_stopping_event(
    serve: Serve, connect: Connect
) -> None:
    seen = {}

    def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        seen.update(environ)
        start_response("204 No Content", [])
        return []

    host = serve(app)
    assert connect(host).ask(GET).status == 204
    assert seen["werkzeug.socket"].getsockname() == (host.host, host.port)
    assert seen["fake_server.stopping"] is host.stopping
    assert not host.stopping.is_set()


@pytest.mark.parametrize(
    ("target", "path", "query", "host_header"),
    [
        ("//videos", "//videos", "", "h"),
        ("//videos//x?a=//b", "//videos//x", "a=//b", "h"),
        ("/a?b?c", "/a", "b?c", "h"),
        ("/a;b", "/a;b", "", "h"),
        ("/%2F", "//", "", "h"),
        ("*", "*", "", "h"),
        ("http://other.example:81/videos?x=1", "/videos", "x=1", "other.example:81"),
        ("http://other.example", "/", "", "other.example"),
        ("https://other.example/%41", "/A", "", "other.example"),
    ],
)
def test_the_target_is_kept_as_sent(
    environ_for: EnvironFor,
    target: str,
    path: str,
    query: str,
    host_header: str,
) -> None:
    environ = environ_for(f"OPTIONS {target} HTTP/1.1\r\nHost: h\r\n\r\n".encode())
    assert environ["PATH_INFO"] == path
    assert environ["QUERY_STRING"] == query
    assert environ["RAW_URI"] == target
    assert environ["HTTP_HOST"] == host_header


def test_repeated_headers_are_joined(environ_for: EnvironFor) -> None:
    environ = environ_for(b"GET / HTTP/1.1\r\nHost: h\r\nX-A: 1\r\nx-a: 2\r\n\r\n")
    assert environ["HTTP_X_A"] == "1,2"


def test_header_values_are_latin_1(environ_for: EnvironFor) -> None:
    environ = environ_for(b"GET / HTTP/1.1\r\nHost: h\r\nX-A: \xe9\xff\r\n\r\n")
    assert environ["HTTP_X_A"] == "\xe9\xff"


def test_a_header_with_an_underscore_does_not_pass_for_one_with_a_dash(
    environ_for: EnvironFor,
) -> None:
    environ = environ_for(b"GET / HTTP/1.1\r\nHost: h\r\nX_A: evil\r\n\r\n")
    assert "HTTP_X_A" not in environ["keys"]


def test_a_folded_header_is_one_header(environ_for: EnvironFor) -> None:
    environ = environ_for(b"GET / HTTP/1.1\r\nHost: h\r\nX-A: 1\r\n  2\r\n\r\n")
    assert environ["HTTP_X_A"] == "1 2"


LONG = b"a" * 9000
FIELDS = b"".join(b"X-%d: %s\r\n" % (i, b"v" * 4000) for i in range(17))


@pytest.mark.parametrize(
    ("status", "head"),
    [
        pytest.param(400, b"\r\n\r\n", id="no request line"),
        pytest.param(400, b"GET / HTTP/1.1\r\nHost h\r\n\r\n", id="no colon"),
        pytest.param(400, b"GET / HTTP/1.1\r\nHost: h\r\nX : 1\r\n\r\n", id="space before colon"),
        pytest.param(400, b"GET / HTTP/1.1\r\n Host: h\r\n\r\n", id="fold before any header"),
        pytest.param(400, b"GET / HTTP/1.1\r\n\r\n", id="no host"),
        pytest.param(400, b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", id="two hosts"),
        pytest.param(400, b"GET / HTTP/1.1\r\nHost: h\r\nX: a\0b\r\n\r\n", id="NUL"),
        pytest.param(400, b"GET /\r\n\r\n", id="HTTP/0.9"),
        pytest.param(400, b"GET / a HTTP/1.1\r\nHost: h\r\n\r\n", id="space in target"),
        pytest.param(400, b"GET videos HTTP/1.1\r\nHost: h\r\n\r\n", id="relative target"),
        pytest.param(400, b"GET http://[ HTTP/1.1\r\nHost: h\r\n\r\n", id="bad absolute target"),
        pytest.param(400, b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", id="TLS"),
        pytest.param(400, b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: -1\r\n\r\n", id="CL -1"),
        pytest.param(400, b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: x\r\n\r\n", id="CL x"),
        pytest.param(
            400,
            b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
            id="two lengths",
        ),
        pytest.param(
            400,
            b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n"
            b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            id="length and chunks",
        ),
        pytest.param(414, b"GET /" + LONG + b" HTTP/1.1\r\nHost: h\r\n\r\n", id="long target"),
        pytest.param(414, b"GET /" + LONG * 8, id="endless target"),
        pytest.param(431, b"GET / HTTP/1.1\r\nHost: h\r\n" + FIELDS + b"\r\n", id="large head"),
        pytest.param(431, b"GET / HTTP/1.1\r\nHost: h\r\n" + FIELDS * 2, id="endless head"),
        pytest.param(
            501, b"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: gzip\r\n\r\n", id="gzip coding"
        ),
        pytest.param(501, b"CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n", id="CONNECT"),
        pytest.param(505, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", id="HTTP/2"),
    ],
)
def test_a_bad_head_is_refused_and_the_connection_ends(
    host: Host, connect: Connect, status: int, head: bytes
) -> None:
    client = connect(host)
    reply = client.ask(head)
    assert reply.status == status
    assert reply.headers["connection"] == "close"
    assert reply.headers["content-type"] == "text/plain"
    assert reply.body.startswith(b"%d " % status)
    assert client.ended()
    assert host.handler_errors == []


@pytest.mark.parametrize(
    ("status", "parts"),
    [
        pytest.param(
            414, [b"GET /", *[b"a" * 1000] * 9, b" HTTP/1.1\r\nHost: h\r\n\r\n"], id="414"
        ),
        pytest.param(431, [b"GET / HTTP/1.1\r\nHost: h\r\n", FIELDS[:60_000], FIELDS], id="431"),
        pytest.param(400, [b"GET / HTTP/1.1\r\n", b"Host h\r\n", b"\r\n"], id="400"),
    ],
)
def test_a_bad_head_that_dribbles_is_refused_as_well(
    host: Host, connect: Connect, status: int, parts: Any
) -> None:
    client = connect(host)
    for part in parts:
        client.send(part)
    assert client.reply().status == status


def test_a_head_that_is_cut_off_gets_an_answer(host: Host, connect: Connect) -> None:
    client = connect(host).send(b"GET / HTTP/1.1\r\nHost:").end()
    assert client.reply().status == 400


def test_a_head_may_come_byte_by_byte(host: Host, connect: Connect) -> None:
    client = connect(host)
    for byte in b"GET /slow HTTP/1.1\r\nHost: h\r\n\r\n":
        client.send(bytes([byte]))
    assert json.loads(client.reply().body)["PATH_INFO"] == "/slow"


def test_a_head_of_63_kib_is_fine(host: Host, connect: Connect) -> None:
    fields = b"".join(b"X-%d: %s\r\n" % (i, b"v" * 4000) for i in range(15))
    assert connect(host).ask(b"GET / HTTP/1.1\r\nHost: h\r\n" + fields + b"\r\n").status == 200


def test_the_answer_to_a_bad_head_survives_the_bytes_behind_it(
    host: Host, connect: Connect
) -> None:
    client = connect(host).send(b"nonsense\r\n\r\n" + b"x" * 500_000)
    assert client.reply().status == 400
    client.send(b"x" * 500_000)
    assert client.ended()


@pytest.mark.parametrize("upgrade", ["h2c", "websocket"])
def test_an_offer_to_upgrade_is_ignored(host: Host, connect: Connect, upgrade: str) -> None:
    request = f"GET / HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: {upgrade}\r\n\r\n"
    client = connect(host)
    assert client.ask(request.encode()).status == 200
    assert client.ask(GET).status == 200
