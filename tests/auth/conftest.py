"""A client for the tests of authentication: sends what it is told to, over one connection."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlsplit

import pytest

from fake_server import ApiVideo

PROBLEMS = {
    "authentication-invalid-user-credentials": (400, "The user credentials were incorrect."),
    "authentication-invalid-api-key": (401, "The API key is invalid."),
    "authentication-invalid-refresh-token": (401, "The refresh token is invalid."),
    "authentication-invalid-access-token": (401, "The access token is invalid or expired."),
    "authentication-missing-authorization-header": (
        401,
        'The "Authorization" header is missing.',
    ),
    "authentication-invalid-authorization-header-value": (
        401,
        'The "Authorization" header value is invalid.',
    ),
    "authorization-suspended-account": (403, "Suspended account"),
    "invalid-payload": (400, "The payload is invalid."),
}


@dataclass
class Answer:
    """What a client received."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def slug(self) -> str:
        """Which problem it is, without the address in front."""
        return str(self.json.get("type", "")).rpartition("/")[2]

    def given(self) -> dict[str, Any]:
        """Return the tokens of a successful answer."""
        assert self.status == 200, self.body
        return dict(self.json)

    def is_problem(self, slug: str, **more: Any) -> bool:
        """Fail unless the body is exactly this problem, and what is given in `more`."""
        status, title = PROBLEMS[slug]
        kind = f"https://docs.api.video/reference/{slug}"
        expected = {"type": kind, "title": title, "status": status, **more}
        assert (self.status, self.json) == (status, expected)
        return True


class Client:
    """A client that adds nothing to what it is told to send."""

    def __init__(self, apivideo: ApiVideo) -> None:
        self.apivideo = apivideo
        self.connection = HTTPConnection(urlsplit(apivideo.url).netloc, timeout=30)

    def send(
        self,
        operation: str,
        body: Any = None,
        *,
        authorization: str | bytes | None = None,
        host: str | None = None,
        content_type: str | None = None,
    ) -> Answer:
        """Send bytes as they are, anything else as JSON."""
        method, path = operation.split()
        content = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        fields = {"Authorization": authorization, "Host": host, "Content-Type": content_type}
        headers: dict[str, Any] = {
            name: value for name, value in fields.items() if value is not None
        }
        self.connection.request(method, path, content, headers)
        response = self.connection.getresponse()
        return Answer(response.status, dict(response.getheaders()), response.read())

    def log_in(self, key: str | None = None, **how: Any) -> Answer:
        body = {"apiKey": self.apivideo.api_key if key is None else key}
        return self.send("POST /auth/api-key", body, **how)

    def refresh(self, token: str, **how: Any) -> Answer:
        return self.send("POST /auth/refresh", {"refreshToken": token}, **how)

    def use(self, authorization: str | bytes | None, **how: Any) -> Answer:
        return self.send("GET /videos", authorization=authorization, **how)

    def bearer(self, token: str, **how: Any) -> Answer:
        return self.use(f"Bearer {token}", **how)

    def basic(self, key: str, password: str = "", **how: Any) -> Answer:
        return self.use(self.basic_value(key, password), **how)

    @staticmethod
    def basic_value(key: str, password: str = "") -> str:
        return "Basic " + base64.b64encode(f"{key}:{password}".encode()).decode()

    def close(self) -> None:
        self.connection.close()


ClientOf = Callable[[ApiVideo], Client]


@pytest.fixture
def client_of() -> Iterator[ClientOf]:
    """Provide a function that creates a client of a project with its own connection."""
    clients: list[Client] = []

    def make(apivideo: ApiVideo) -> Client:
        clients.append(Client(apivideo))
        return clients[-1]

    yield make
    for client in clients:
        client.close()


@pytest.fixture
def api(apivideo: ApiVideo, client_of: ClientOf) -> Client:
    """Return a client of the test's project."""
    return client_of(apivideo)
