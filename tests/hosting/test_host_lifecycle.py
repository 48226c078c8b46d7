"""Starting, stopping, TLS, frozen time, and clients that behave badly."""

from __future__ import annotations

import contextlib
import gc
import socket
import ssl
import threading
from collections.abc import Iterable
from pathlib import Path
from typing import Any, cast
from wsgiref.types import StartResponse, WSGIEnvironment

import freezegun
import pytest
import urllib3
from pytest_httpserver import HTTPServer, HTTPServerError
from werkzeug.serving import WSGIRequestHandler

from fake_server.hosting import Host
from tests.hosting.conftest import Client, Connect, Serve

GET = b"GET / HTTP/1.1\r\nHost: h\r\n\r\n"


def hello(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    start_response("200 OK", [("X-Scheme", environ["wsgi.url_scheme"])])
    return [b"hello"]


@pytest.fixture(autouse=True)
def threads_of_others() -> None:
    """Note the threads that ran before the test, such as those of other tests' server."""
    OTHERS.clear()
    OTHERS.update(threading.enumerate())


OTHERS: set[threading.Thread] = set()


def worker_threads() -> list[threading.Thread]:
    """Return the threads of this test that accept or serve connections."""
    mine = set(threading.enumerate()) - OTHERS
    return [thread for thread in mine if thread.name.startswith("fake-server")]


def open_files() -> Any:
    gc.collect()
    return len(list(Path("/proc/self/fd").iterdir()))


def test_the_host_starts_and_stops(serve: Serve) -> None:
    host = serve(hello)
    assert host.is_running()
    assert urllib3.request("GET", host.url_for("/")).data == b"hello"
    assert host.url_for("x") == f"http://127.0.0.1:{host.port}/x"
    with pytest.raises(HTTPServerError, match="already running"):
        host.start()
    host.stop()
    assert not host.is_running()
    assert host.stopping.is_set()
    with pytest.raises(HTTPServerError, match="not running"):
        host.stop()


def test_the_host_is_a_context_manager() -> None:
    with Host(hello, error_body=lambda *_: ("", b""), now=lambda: 0.0) as host:
        assert isinstance(host, HTTPServer)
        assert urllib3.request("GET", host.url_for("/")).data == b"hello"
    assert not host.is_running()


def test_a_stopped_host_restarts_on_its_port(serve: Serve, connect: Connect) -> None:
    host = serve(hello)
    port = host.port
    connect(host).ask(GET)
    for _ in range(3):
        host.stop()
        host.start()
        assert host.port == port
        assert not host.stopping.is_set()
        assert connect(host).ask(GET).body == b"hello"


def test_a_taken_port_is_an_error_that_names_it(
    serve: Serve, capfd: pytest.CaptureFixture[str]
) -> None:
    port = serve(hello).port
    with pytest.raises(HTTPServerError, match=f"127.0.0.1:{port}"):
        serve(hello, port=port)
    assert capfd.readouterr() == ("", "")


@pytest.mark.skipif(not socket.has_ipv6, reason="needs IPv6")
def test_ipv6_is_served(serve: Serve) -> None:
    try:
        host = serve(hello, host="::1")
    except HTTPServerError:
        pytest.skip("no IPv6 on this machine")
    assert urllib3.request("GET", host.url_for("/")).data == b"hello"


def test_werkzeugs_own_handler_class_is_left_alone(serve: Serve) -> None:
    before = dict(vars(WSGIRequestHandler))
    serve(hello)
    assert vars(WSGIRequestHandler) == before


@pytest.mark.parametrize("secure", [False, True])
def test_stop_leaves_no_connection_thread_or_file(
    serve: Serve, connect: Connect, server_tls: ssl.SSLContext, secure: bool
) -> None:
    host = serve(hello, ssl_context=server_tls if secure else None)
    host.stop()
    before, clients = open_files(), []
    host.start()
    for _ in range(10):
        clients.append(connect(host, tls=secure))
        assert clients[-1].ask(GET).body == b"hello"
    clients.append(connect(host))  # silent
    clients.append(connect(host).send(b"\x16"))  # a handshake that stalls
    clients.append(connect(host).send(b"GET /"))  # half a head
    host.stop()
    assert worker_threads() == []
    for client in clients:
        client.close()
    assert open_files() <= before


def test_a_handler_may_wait_until_the_host_stops(serve: Serve, connect: Connect) -> None:
    waiting = threading.Event()

    def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        waiting.set()
        assert environ["fake_server.stopping"].wait(20)
        return hello(environ, start_response)

    host = serve(app)
    client = connect(host).send(GET)
    assert waiting.wait(20)
    host.stop()
    assert worker_threads() == []
    client.file.read()  # ends, be it with or without the answer


def test_a_handler_that_blocks_does_not_hold_up_stop_for_ever(
    serve: Serve, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fake_server.hosting.server.JOIN_TIMEOUT", 0.01)
    blocked, release = threading.Event(), threading.Event()

    def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        blocked.set()
        assert release.wait(20)
        return hello(environ, start_response)

    host = serve(app)
    client = connect(host).send(GET)
    assert blocked.wait(20)
    host.stop()
    assert client.ended()
    (thread,) = worker_threads()
    release.set()
    thread.join(20)
    assert not thread.is_alive()
    assert host.handler_errors == []


def test_a_handler_may_stop_the_host(
    serve: Serve, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fake_server.hosting.server.JOIN_TIMEOUT", 0.01)
    stopped = threading.Event()

    def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        host.stop()
        stopped.set()
        return hello(environ, start_response)

    host = serve(app)
    client = connect(host).send(GET)
    assert stopped.wait(20)
    assert client.ended()


def test_a_connection_is_not_kept_once_the_host_is_stopping(serve: Serve, connect: Connect) -> None:
    def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        environ["fake_server.stopping"].set()
        return hello(environ, start_response)

    client = connect(serve(app))
    assert client.ask(GET).body == b"hello"
    assert client.ended()


# TLS -----------------------------------------------------------------------------------------


def test_one_port_speaks_tls_and_plain_http(
    serve: Serve, connect: Connect, server_tls: ssl.SSLContext
) -> None:
    host = serve(hello, ssl_context=server_tls)
    assert host.url_for("/").startswith("https:")
    secure, plain = connect(host, tls=True), connect(host)
    for _ in range(2):
        assert secure.ask(GET).headers["x-scheme"] == "https"
        assert plain.ask(GET).headers["x-scheme"] == "http"


def test_tls_can_be_switched_while_the_host_runs(
    serve: Serve, connect: Connect, server_tls: ssl.SSLContext
) -> None:
    host = serve(hello)
    host.ssl_context = server_tls
    secure = connect(host, tls=True)
    assert secure.ask(GET).body == b"hello"
    host.ssl_context = None
    assert secure.ask(GET).body == b"hello"
    with pytest.raises((ssl.SSLError, ConnectionError)):
        connect(host, tls=True)


def test_a_silent_client_or_handshake_does_not_block_others(
    serve: Serve, connect: Connect, server_tls: ssl.SSLContext
) -> None:
    host = serve(hello, ssl_context=server_tls)
    connect(host)
    connect(host).send(b"\x16\x03\x01")
    assert connect(host, tls=True).ask(GET).body == b"hello"
    assert connect(host).ask(GET).body == b"hello"


def test_the_end_of_a_tls_connection_is_announced(
    serve: Serve, connect: Connect, server_tls: ssl.SSLContext
) -> None:
    host = serve(hello, ssl_context=server_tls)
    client = connect(host, tls=True)
    cast("Any", client.sock).suppress_ragged_eofs = False
    client.send(b"GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
    assert client.reply().body == b"hello"
    assert client.ended()


def test_a_large_unread_body_over_tls_gets_its_answer(
    serve: Serve, connect: Connect, server_tls: ssl.SSLContext
) -> None:
    client = connect(serve(hello, ssl_context=server_tls), tls=True)
    client.send(b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5000000\r\n\r\n")
    client.send(b"x" * 5_000_000)
    assert client.reply().body == b"hello"


# Clients that behave badly -------------------------------------------------------------------


def leave(client: Client) -> None:
    client.close()


def leave_in_head(client: Client) -> None:
    client.send(b"GET / HT").close()


def reset_at_once(client: Client) -> None:
    client.reset()


def reset_in_head(client: Client) -> None:
    client.send(b"GET / HT").reset()


def reset_in_body(client: Client) -> None:
    client.send(b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\nx").reset()


def reset_after_request(client: Client) -> None:
    client.send(GET).reset()


def reset_after_answer(client: Client) -> None:
    client.ask(GET)
    client.reset()


def reset_in_pipeline(client: Client) -> None:
    client.send(GET * 50)
    client.reply()
    client.reset()


def reset_after_refusal(client: Client) -> None:
    client.send(b"nonsense\r\n\r\n").reset()


def reset_in_handshake(client: Client) -> None:
    client.send(b"\x16\x03\x01\x02\x00\x01").reset()


def bad_handshake(client: Client) -> None:
    client.send(b"\x16" + b"nonsense" * 50)
    with contextlib.suppress(ConnectionResetError):
        client.file.read()


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("size", [5, 20_000_000])
@pytest.mark.parametrize("secure", [False, True])
@pytest.mark.parametrize(
    "behave",
    [
        leave,
        leave_in_head,
        reset_at_once,
        reset_in_head,
        reset_in_body,
        reset_after_request,
        reset_after_answer,
        reset_in_pipeline,
        reset_after_refusal,
        reset_in_handshake,
        bad_handshake,
    ],
)
def test_no_client_can_cause_a_traceback(
    serve: Serve,
    connect: Connect,
    capfd: pytest.CaptureFixture[str],
    server_tls: ssl.SSLContext,
    behave: Any,
    secure: bool,
    size: int,
) -> None:
    body = b"x" * size

    def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        environ["wsgi.input"].read()
        start_response("200 OK", [])
        return [body]

    host = serve(app, ssl_context=server_tls if secure else None)
    behave(connect(host))
    if secure and behave not in (reset_in_handshake, bad_handshake):
        behave(connect(host, tls=True))
    assert len(connect(host).ask(GET).body) == size
    host.stop()
    assert worker_threads() == []
    assert host.handler_errors == []
    assert capfd.readouterr() == ("", "")


def test_a_failure_of_the_host_itself_reaches_the_test(
    serve: Serve,
    connect: Connect,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(*_: Any) -> None:
        raise ZeroDivisionError("host")

    host = serve(hello)
    with monkeypatch.context() as patched:
        patched.setattr("fake_server.hosting.server.Connection.serve", fail)
        assert connect(host).ended()
    with pytest.raises(ZeroDivisionError, match="host") as caught:
        host.check()
    assert caught.value.__notes__ == ["while answering a connection from 127.0.0.1"]
    assert capfd.readouterr() == ("", "")


def test_an_unexpected_end_of_a_callback_reaches_the_test(
    serve: Serve, connect: Connect, capfd: pytest.CaptureFixture[str]
) -> None:
    def leave() -> None:
        raise SystemExit("now")

    host = serve(hello, now=leave)
    assert connect(host).send(GET).ended()
    host.stop()
    with pytest.raises(SystemExit, match="now"):
        host.check()
    host.clear()  # the attempt to answer with a 500 needed the clock as well
    assert capfd.readouterr() == ("", "")


def test_a_thread_that_cannot_start_reaches_the_test(
    serve: Serve,
    connect: Connect,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(self: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    host = serve(hello)
    with monkeypatch.context() as patched:
        patched.setattr(threading.Thread, "start", fail)
        assert connect(host).ended()
    with pytest.raises(RuntimeError, match="can't start new thread"):
        host.check()
    assert connect(host).ask(GET).body == b"hello"
    assert capfd.readouterr() == ("", "")


# Frozen time ---------------------------------------------------------------------------------


def test_frozen_time_does_not_hold_up_the_host(serve: Serve, connect: Connect) -> None:
    with freezegun.freeze_time("2031-05-06"):
        host = serve(hello)
        silent, client = connect(host), connect(host)
        assert client.ask(GET).body == b"hello"
        host.stop()
        assert client.ended()
        assert silent.ended()
        host.start()
        assert connect(host).ask(GET).headers["date"] == "Sun, 17 Mar 2030 17:46:40 GMT"


def test_freezing_and_thawing_does_not_disturb_requests_under_way(
    serve: Serve, connect: Connect
) -> None:
    seconds = iter(range(1_900_000_000, 2_000_000_000))
    host = serve(hello, now=lambda: float(next(seconds)))
    client, done = connect(host), threading.Event()
    replies = []

    def ask() -> None:
        while not done.is_set():
            replies.append(client.ask(GET).status)

    asking = threading.Thread(target=ask)
    asking.start()
    for _ in range(30):
        with freezegun.freeze_time("2031-05-06"):
            pass
    done.set()
    asking.join()
    assert set(replies) == {200}
    host.check()
