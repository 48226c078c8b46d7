"""Authenticated `requests` sessions.

The token is added by the adapter, below redirects and hooks: each hop of a redirect is checked
by its own URL, and the request that the caller sees never contains the token.
"""

from collections.abc import Mapping
from copy import copy
from functools import partial
from typing import Any, Protocol

import requests
from requests.adapters import HTTPAdapter
from requests.auth import AuthBase

from pytest_apivideo.clients.shared_token import SharedToken
from pytest_apivideo.clients.tokens import (
    Answer,
    Clock,
    Target,
    Token,
    TokenCall,
    same_origin,
    wall_clock,
)

__all__ = ["new_session"]

Timeout = float | tuple[float, float] | tuple[float, None] | None
Certificate = bytes | str | tuple[bytes | str, bytes | str] | None


def new_session(
    base_url: str, api_key: str, *, now: Clock = wall_clock, timeout: float | None = 30.0
) -> requests.Session:
    """Create a session that logs in on first use, renews its token, and accepts relative URLs.

    `now` is the clock of the token's age; `timeout`, in seconds, is the default of requests and
    logins. A request with its own `Authorization` header or `auth` is sent unchanged, and
    `~/.netrc` is not read. After a 401 the token is renewed once and the request repeated, unless
    its body is an iterator or a file that cannot be rewound.

    Requests raise `LoginRefused` if the login fails.
    """
    target = Target(base_url)
    adapter = _Adapter(SharedToken(target, api_key, now), timeout)
    session = _Session(target)
    session.mount("http://", adapter)
    session.mount("https://", adapter)
    return session


class _IgnoreNetrc(AuthBase):
    """A no-op, because `requests` does not read `~/.netrc` for a session with an `auth`."""

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        return request


class _Session(requests.Session):
    def __init__(self, target: Target) -> None:
        super().__init__()
        self.auth = _IgnoreNetrc()
        self._target = target

    def prepare_request(self, request: requests.Request) -> requests.PreparedRequest:
        absolute = copy(request)
        absolute.url = self._absolute(request.url)
        return super().prepare_request(absolute)

    def rebuild_auth(
        self, prepared_request: requests.PreparedRequest, response: requests.Response
    ) -> None:
        """Remove the caller's own credentials on a redirect to another origin."""
        headers = prepared_request.headers
        if not same_origin(response.request.url or "", prepared_request.url or ""):
            headers.pop("Authorization", None)

    def _absolute(self, url: str | bytes) -> str:
        text = url.decode() if isinstance(url, bytes) else str(url)
        return text if "://" in text.partition("?")[0] else self._target.at("/" + text.lstrip("/"))


class _Send(Protocol):
    """A function that sends a request with the caller's timeout, certificates and proxies."""

    def __call__(
        self, request: requests.PreparedRequest, stream: bool = False
    ) -> requests.Response: ...


class _Adapter(HTTPAdapter):
    def __init__(self, shared: SharedToken, timeout: float | None) -> None:
        super().__init__()
        self._shared = shared
        self._timeout = timeout

    def send(
        self,
        request: requests.PreparedRequest,
        stream: bool = False,
        timeout: Timeout = None,
        verify: bool | str = True,
        cert: Certificate = None,
        proxies: Mapping[str, str] | None = None,
    ) -> requests.Response:
        effective_timeout = self._timeout if timeout is None else timeout
        send: _Send = partial(
            super().send, timeout=effective_timeout, verify=verify, cert=cert, proxies=proxies
        )
        if not _wants_token(request, self._shared.target):
            return send(request, stream=stream)
        try:
            response = self._send_with_token(request, stream, send)
        except requests.RequestException as error:
            error.request = request  # not the login, nor the copy that holds the token
            raise
        response.request = request
        return response

    def _send_with_token(
        self, request: requests.PreparedRequest, stream: bool, send: _Send
    ) -> requests.Response:
        start = _position(request.body)
        exchange = partial(_exchange, send)
        token = self._shared.obtain(exchange)
        response = send(_signed(request, token), stream=stream)
        if response.status_code != requests.codes.unauthorized:
            return response
        try:
            repeat = _can_repeat(request.body, start)
            if repeat:
                response.raw.drain_conn()  # gives the connection back, for the renewal
            token = self._shared.obtain(exchange, refused=token)
        except BaseException:
            response.close()
            raise
        if not repeat:
            return response
        response.close()
        return send(_signed(request, token), stream=stream)


def _exchange(send: _Send, call: TokenCall) -> Answer:
    posted = requests.Request("POST", call.url, json=dict(call.payload)).prepare()
    try:
        with send(posted) as response:
            return Answer(response.status_code, response.content)
    except requests.RequestException as error:
        raise error.with_traceback(None) from None  # the frames below hold the API key


def _wants_token(request: requests.PreparedRequest, target: Target) -> bool:
    return "Authorization" not in request.headers and target.wants_token(request.url or "")


def _signed(request: requests.PreparedRequest, token: Token) -> requests.PreparedRequest:
    signed = request.copy()
    signed.headers["Authorization"] = token.authorization
    return signed


def _position(body: Any) -> int | None:
    """Return the position of a file; None for other bodies."""
    try:
        return int(body.tell())
    except (AttributeError, OSError):
        return None


def _can_repeat(body: Any, start: int | None) -> bool:
    """Return whether a body can be sent again; a file is rewound to its start position."""
    if body is None or isinstance(body, bytes | str):
        return True
    if start is None:
        return False
    try:
        body.seek(start)
    except (AttributeError, OSError):
        return False
    return True
