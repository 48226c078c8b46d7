"""A client of api.video's HTTP API that renews its access token."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any
from urllib.parse import urlsplit

import requests

from video_library.config import Config
from video_library.errors import ApiError, KeyRefused, Unreachable

TIMEOUT = 30
"""Seconds to wait for an answer."""

MARGIN = 30
"""The number of seconds before its expiry at which a token is renewed."""

REFUSED = (400, 401)
"""The statuses of a refused login or refresh: api.video's documents name both."""

Params = Mapping[str, str | int | list[str]]


@dataclass(frozen=True)
class Token:
    """An access token, its refresh token, and the time to renew it (epoch seconds)."""

    access: str = field(repr=False)
    refresh: str = field(repr=False)
    renew_at: float

    @classmethod
    def read(cls, grant: dict[str, Any], asked_at: float) -> Token:
        """Create a token from the answer to a login or a refresh."""
        lifetime = grant["expires_in"]
        renew_at = asked_at + lifetime - min(MARGIN, lifetime / 2)
        return cls(grant["access_token"], grant["refresh_token"], renew_at)


class Client:
    """A client that renews its token when needed; threads can share it.

    `token` is the first token to use, such as that of the parent process after a fork.
    """

    def __init__(self, config: Config, token: Token | None = None) -> None:
        self._config = config
        self._token = token
        self._lock = threading.Lock()
        self._http = requests.Session()

    def __enter__(self) -> Client:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._http.close()

    @property
    def token(self) -> Token | None:
        """The token in use; None before the first call."""
        return self._token

    def call(
        self, method: str, path: str, *, params: Params | None = None, json: Any = None
    ) -> Any:
        """Call an operation and return the JSON of its answer, None for an empty one.

        After a 401 the token is renewed and the call repeated, once. Raises ApiError for an error
        status, KeyRefused if the API key is refused, and Unreachable without an answer.
        """
        token = self._good_token()
        response = self._send(method, path, token=token, params=params, json=json)
        if response.status_code == 401:
            token = self._good_token(refused=token)
            response = self._send(method, path, token=token, params=params, json=json)
        return _content(response)

    def items(self, path: str, params: Params) -> Iterator[dict[str, Any]]:
        """Iterate over all items of a list, following the links between pages."""
        page = self.call("GET", path, params=params)
        yield from page["data"]
        while link := _next(page["pagination"]):
            page = self.call("GET", link)
            yield from page["data"]

    def _send(
        self,
        method: str,
        path: str,
        *,
        token: Token | None = None,
        params: Params | None = None,
        json: Any = None,
    ) -> requests.Response:
        url = self._config.base_url + path
        headers = {"Authorization": f"Bearer {token.access}"} if token else {}
        try:
            return self._http.request(
                method, url, params=params, json=json, headers=headers, timeout=TIMEOUT
            )
        except requests.RequestException as error:
            raise Unreachable(self._config.base_url, error) from error

    def _good_token(self, refused: Token | None = None) -> Token:
        """Return the token to send, which is not the `refused` one.

        If many threads had their token refused, the first one to get the lock renews it. The others
        then find a token that differs from the one that they sent.
        """
        with self._lock:
            token = self._token
            if token is None:
                token = self._log_in()
            elif token == refused or time.time() >= token.renew_at:
                token = self._refresh(token) or self._log_in()
            self._token = token
            return token

    def _log_in(self) -> Token:
        token = self._authenticate("/auth/api-key", {"apiKey": self._config.api_key})
        if token is None:
            raise KeyRefused(self._config.environment, self._config.base_url)
        return token

    def _refresh(self, token: Token) -> Token | None:
        """Return the next token; None if the refresh token was used before, as it works once."""
        return self._authenticate("/auth/refresh", {"refreshToken": token.refresh})

    def _authenticate(self, path: str, payload: dict[str, str]) -> Token | None:
        asked_at = time.time()
        response = self._send("POST", path, json=payload)
        if response.status_code in REFUSED:
            return None
        return Token.read(_content(response), asked_at)


def _content(response: requests.Response) -> Any:
    if not response.ok:
        raise ApiError.read(response)
    return response.json() if response.content else None


def _next(pagination: dict[str, Any]) -> str | None:
    """Return path and query of the next page, without its host: the token is sent nowhere else."""
    uris = {link["rel"]: link["uri"] for link in pagination["links"]}
    if "next" not in uris:
        return None
    uri = urlsplit(uris["next"])
    return f"{uri.path}?{uri.query}"
