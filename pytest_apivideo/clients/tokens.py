"""The life of a token, without any I/O: where it is sent, and when and how it is renewed."""

import json
import math
import time
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import SplitResult, urlsplit

__all__ = [
    "Answer",
    "Clock",
    "Hidden",
    "LoginRefused",
    "Target",
    "Token",
    "TokenCall",
    "renewal",
    "same_origin",
    "wall_clock",
]

LOGIN = "/auth/api-key"
REFRESH = "/auth/refresh"
OPEN_PATHS = (LOGIN, REFRESH, "/upload")
DEFAULT_PORTS = {"http": 80, "https": 443}
LONGEST_MARGIN = 10.0


# Returns the time by which a token ages, in seconds since the epoch.
Clock = Callable[[], float]


def wall_clock() -> float:
    """Return the process's time; looked up at each call, so that a frozen time applies."""
    return time.time()


class Hidden(str):
    """Text with a masked repr, so that tracebacks with arguments do not show it."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "'***'"


class LoginRefused(Exception):  # noqa: N818  named for what happened, as api.video says it
    """Raised if a login gives no token; the message says what to check.

    `url` is the login's, `status` its HTTP status, `problem` its problem object or None. None of
    them contains the key.
    """

    def __init__(self, url: str, status: int, problem: dict[str, Any] | None) -> None:
        super().__init__(url, status, problem)
        self.url = url
        self.status = status
        self.problem = problem

    def __str__(self) -> str:
        title = (self.problem or {}).get("title") or "no problem title"
        return (
            f"POST {self.url} gave no token: {self.status}, {title}\n{_what_to_check(self.status)}"
        )


def _what_to_check(status: int) -> str:
    if 400 <= status < 500:
        return (
            "Check that the API key is complete, was not deleted, and belongs to the environment "
            "that the base URL names: sandbox and production have different keys."
        )
    return "Check that the base URL names an api.video server and that this server works."


class Target:
    """The server that a token is for, known by its base URL."""

    def __init__(self, base_url: str) -> None:
        self.base_url = base_url.rstrip("/")
        parts = urlsplit(self.base_url)
        self.scheme, self.host, self.port = self._origin = _origin(parts)
        self._open_paths = {parts.path + path for path in OPEN_PATHS}

    def __repr__(self) -> str:
        return f"Target({self.scheme}://{self.host}:{self.port})"

    def at(self, path: str) -> str:
        """Return the URL of a path that begins with a slash."""
        return self.base_url + path

    def wants_token(self, url: str) -> bool:
        """Return whether a request for this URL should have the token.

        False for other origins, for login and refresh, and for uploads with an upload token.
        """
        parts = urlsplit(url)
        return _origin(parts) == self._origin and parts.path not in self._open_paths


def same_origin(url: str, other: str) -> bool:
    """Return whether scheme, host and port are equal; a default port equals an explicit one."""
    return _origin(urlsplit(url)) == _origin(urlsplit(other))


def _origin(parts: SplitResult) -> tuple[str, str, int | None]:
    port = parts.port or DEFAULT_PORTS.get(parts.scheme)
    return parts.scheme, parts.hostname or "", port


@dataclass(frozen=True, eq=False)
class Token:
    """An access token, the token that renews it, and when to do so (seconds since the epoch)."""

    access: Hidden
    refresh: Hidden | None
    renew_at: float

    @property
    def authorization(self) -> Hidden:
        """The value of the `Authorization` header."""
        return Hidden(f"Bearer {self.access}")


@dataclass(frozen=True)
class TokenCall:
    """A request for a token, to be sent as a POST with a JSON body and without credentials."""

    url: str
    payload: Mapping[str, Hidden]


@dataclass(frozen=True)
class Answer:
    """The response to a `TokenCall`."""

    status: int
    body: bytes = field(repr=False)


def renewal(
    target: Target, api_key: Hidden, old: Token | None, now: Clock
) -> Generator[TokenCall, Answer, Token]:
    """Return a token, by refreshing the old one, else by logging in.

    A generator that yields one or two calls and receives their answers. Raises LoginRefused.
    """
    if old is not None and old.refresh:
        issued = now()
        answer = yield TokenCall(target.at(REFRESH), {"refreshToken": old.refresh})
        if (token := _token(answer, issued)) is not None:
            return token
    issued = now()
    answer = yield TokenCall(target.at(LOGIN), {"apiKey": api_key})
    if (token := _token(answer, issued)) is not None:
        return token
    problem = _without(api_key, _object(answer.body)) if answer.status >= 400 else None
    raise LoginRefused(target.at(LOGIN), answer.status, problem or None)


def _token(answer: Answer, issued: float) -> Token | None:
    fields = _object(answer.body)
    access, refresh = fields.get("access_token"), fields.get("refresh_token")
    if not 200 <= answer.status < 300 or not isinstance(access, str) or not access:
        return None
    renew_at = issued + _lifetime(fields.get("expires_in"))
    return Token(Hidden(access), Hidden(refresh) if isinstance(refresh, str) else None, renew_at)


def _lifetime(expires_in: object) -> float:
    """Return the seconds for which a token is used: its validity less a margin, or infinity."""
    if not isinstance(expires_in, int | float):
        return math.inf
    return expires_in - min(LONGEST_MARGIN, expires_in / 10)


def _object(body: bytes) -> dict[str, Any]:
    try:
        parsed = json.loads(body)
    except ValueError:
        return {}
    return parsed if isinstance(parsed, dict) else {}


def _without(secret: str, value: Any) -> Any:
    """Return a copy of JSON without a secret that the server may have echoed."""
    if isinstance(value, dict):
        return {_without(secret, key): _without(secret, item) for key, item in value.items()}
    if isinstance(value, list):
        return [_without(secret, item) for item in value]
    return value.replace(secret, "***") if secret and isinstance(value, str) else value
