"""Fixtures for the tests of the host: start one, and talk to it byte by byte."""

from __future__ import annotations

import contextlib
import socket
import ssl
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO, cast

import pytest
import trustme

from fake_server.hosting import Host

NOON = 1_900_000_000.0


@dataclass
class Reply:
    """What a client received."""

    status: int
    reason: str
    headers: dict[str, str]
    body: bytes
    chunks: list[bytes]


class Client:
    """A client that sends exactly the bytes it is told to."""

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        self.file = cast("BinaryIO", sock.makefile("rb"))

    def send(self, data: bytes) -> Client:
        self.sock.sendall(data)
        return self

    def end(self) -> Client:
        self.sock.shutdown(socket.SHUT_WR)
        return self

    def reset(self) -> None:
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close()

    def close(self) -> None:
        self.file.close()
        self.sock.close()

    def ended(self) -> bool:
        return self.file.read(1) == b""

    def head(self) -> Reply:
        line = self.file.readline().decode("latin-1").rstrip("\r\n")
        _, status, reason = line.split(" ", 2)
        headers: dict[str, str] = {}
        while (field := self.file.readline().decode("latin-1").rstrip("\r\n")) != "":
            name, value = field.split(": ", 1)
            assert name.lower() not in headers
            headers[name.lower()] = value
        return Reply(int(status), reason, headers, b"", [])

    def reply(self, *, head_only: bool = False) -> Reply:
        reply = self.head()
        if head_only or reply.status in (100, 204, 304):
            return reply
        if "transfer-encoding" in reply.headers:
            while chunk := self.chunk():
                reply.chunks.append(chunk)
            reply.body = b"".join(reply.chunks)
        else:
            reply.body = self.file.read(int(reply.headers.get("content-length", -1)))
        return reply

    def chunk(self) -> bytes:
        size = int(self.file.readline(), 16)
        data = self.file.read(size)
        assert self.file.read(2) == b"\r\n"
        return data

    def ask(self, data: bytes) -> Reply:
        return self.send(data).reply()


def plain_refusal(status: int, detail: str) -> tuple[str, bytes]:
    return "text/plain", f"{status} {detail}".encode()


Serve = Callable[..., Host]
Connect = Callable[..., Client]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Start a host for an application; at the end it must stop and hold no unread error."""
    hosts: list[Host] = []

    def start(app: Any, **options: Any) -> Host:
        options.setdefault("now", lambda: NOON)
        host = Host(app, error_body=plain_refusal, **options)
        host.start()
        hosts.append(host)
        return host

    yield start
    for host in hosts:
        if host.is_running():
            host.stop()
    for host in hosts:
        host.check()


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    return trustme.CA(key_type=trustme.KeyType.ECDSA)


@pytest.fixture(scope="session")
def server_tls(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    return context


@pytest.fixture(scope="session")
def client_tls(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return context


@pytest.fixture
def connect(client_tls: ssl.SSLContext) -> Iterator[Connect]:
    """Open raw connections to a host; the end of the test closes them."""
    with contextlib.ExitStack() as opened:

        def open_connection(host: Host, *, tls: bool = False, buffer: int = 0) -> Client:
            sock = socket.socket()
            if buffer:
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
            sock.settimeout(20)
            sock.connect((host.host, host.port))
            if tls:
                sock = client_tls.wrap_socket(sock, server_hostname=host.host)
            client = Client(sock)
            opened.callback(client.close)
            return client

        yield open_connection
