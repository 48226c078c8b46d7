"""Requests to the sandbox itself: within the budget, and after a 429 once more."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from urllib.parse import urlsplit

import httpx

from pytest_apivideo.network.addresses import is_loopback
from pytest_apivideo.sandbox.budget import Budget, rate_of, retry_after
from pytest_apivideo.sandbox.clock import pause

Headers = Iterable[tuple[str, str]]

TOO_MANY = 429
_MAX_DEPTH = 64  # levels of arrays and objects in JSON
_TIMEOUT = httpx.Timeout(60.0, connect=15.0)
# fmt: off
_HOP_BY_HOP = frozenset((
    "accept-encoding", "connection", "content-length", "host", "keep-alive", "proxy-authenticate",
    "proxy-authorization", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade",
))
# fmt: on
_NOT_PASSED_BACK = _HOP_BY_HOP | {"content-encoding"}  # for the body is passed back decoded
_READABLE = ("Accept-Encoding", "identity")  # identifiers and secrets in answers must be seen


class SandboxLost(ConnectionError):  # noqa: N818 - named for what happened
    """Raised if no answer came; names the request and the server.

    `may_arrive` tells that the request may still be worked on, for the answer took too long.
    """

    def __init__(self, words: str, may_arrive: bool = False) -> None:
        super().__init__(words)
        self.may_arrive = may_arrive


@dataclass(frozen=True)
class Outgoing:
    """A request for the sandbox; `target` is its path with the query."""

    method: str
    target: str
    headers: Headers = ()
    body: bytes = field(default=b"", repr=False)

    @property
    def path(self) -> str:
        """The path without the query."""
        return self.target.partition("?")[0]


@dataclass(frozen=True)
class Reply:
    """What came back; `limited` tells that it is a 429 even after waiting once."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes = field(repr=False)
    limited: bool = False

    @cached_property
    def by_name(self) -> dict[str, str]:
        """The headers by their names in lower case."""
        return {name.lower(): value for name, value in self.headers}

    def json(self) -> Any:
        """Return the body as JSON; None if it is not JSON, or nested too deeply."""
        return parse_json(self.body)


def parse_json(body: bytes) -> Any:
    """Return a body as JSON; None if it is not JSON, or nested more than 64 levels deep."""
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return None
    level = [value]
    for _ in range(_MAX_DEPTH):
        level = [child for item in level for child in _children(item)]
        if not level:
            return value
    return None


def _children(value: Any) -> Iterable[Any]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()


class Upstream:
    """The HTTP client for the sandbox; safe to use from several threads."""

    def __init__(
        self, base_url: str, budget: Budget, pause: Callable[[float], None] = pause
    ) -> None:
        self.base_url = base_url
        self.budget = budget
        self._pause = pause
        self._client = httpx.Client(timeout=_TIMEOUT, follow_redirects=False)

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def send(self, outgoing: Outgoing) -> Reply:
        """Send a request within the budget; a 429 is waited for once.

        Raises SandboxLost if no answer comes. Nothing else is ever repeated, for the request may
        have arrived.
        """
        reply = self._one(outgoing)
        if reply.status != TOO_MANY:
            return reply
        seconds = retry_after(reply.by_name)
        self._pause(seconds + random.uniform(0, seconds / 20))  # noqa: S311 - no secret
        again = self._one(outgoing)
        limited = again.status == TOO_MANY
        return Reply(again.status, again.headers, again.body, limited)

    def _one(self, outgoing: Outgoing) -> Reply:
        rate = rate_of(outgoing.method, outgoing.path)
        self.budget.take(rate)
        request = self._request(outgoing)
        try:
            response = self._client.send(request, stream=True)
            try:
                body = response.read()
            finally:
                response.close()
        except httpx.RequestError as error:
            raise SandboxLost(
                f"{outgoing.method} {outgoing.path} got no answer from {self.base_url}: "
                f"{type(error).__name__}: {error}{self._hint(error)}",
                isinstance(error, httpx.ReadTimeout | httpx.WriteTimeout),
            ) from None  # the frames below hold credentials
        pairs = response.headers.multi_items()
        kept = [(name, value) for name, value in pairs if name.lower() not in _NOT_PASSED_BACK]
        reply = Reply(response.status_code, kept, body)
        self.budget.heed(rate, reply.by_name)
        return reply

    def _hint(self, error: httpx.RequestError) -> str:
        if "CERTIFICATE_VERIFY_FAILED" not in str(error) or not is_loopback(self.base_url):
            return ""
        return (
            "\nSet SSL_CERT_FILE to the certificate to trust: `apivideo-fake serve --tls` writes "
            "apivideo-fake-ca.pem. See docs/sandbox.md"
        )

    def _request(self, outgoing: Outgoing) -> httpx.Request:
        prefix = urlsplit(self.base_url).path
        url = httpx.URL(self.base_url).copy_with(raw_path=(prefix + outgoing.target).encode())
        headers = [pair for pair in outgoing.headers if pair[0].lower() not in _HOP_BY_HOP]
        headers.append(_READABLE)
        content = outgoing.body or (b"" if outgoing.method in ("POST", "PUT", "PATCH") else None)
        return httpx.Request(outgoing.method, url, headers=headers, content=content)
