"""Fixtures for the tests of faults: the same account over plain HTTP and over TLS."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import trustme

from fake_server import ApiVideo, FakeServer


@dataclass
class Wire:
    """An account, and the file of the authority that its clients trust."""

    account: ApiVideo
    ca: str
    tls: bool


@pytest.fixture(scope="session")
def secure_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[FakeServer, Path]]:
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost", "127.0.0.1").configure_cert(context)
    file = tmp_path_factory.mktemp("authority") / "ca.pem"
    authority.cert_pem.write_to_path(str(file))
    with FakeServer(ssl_context=context) as server:
        yield server, file


@pytest.fixture(params=["plain", "TLS"])
def wire(
    request: pytest.FixtureRequest,
    apivideo_server: FakeServer,
    secure_server: tuple[FakeServer, Path],
) -> Iterator[Wire]:
    server, file = secure_server
    if request.param == "plain":
        server = apivideo_server
        server.clear()
    with server.project() as account:
        yield Wire(account, str(file), request.param == "TLS")
