"""API keys: each belongs to one environment of one project."""

from __future__ import annotations

import threading
from collections.abc import Iterator

from fake_server.auth.records import ApiKey, CredentialRecord
from fake_server.auth.secrets import SecretIndex, masked
from fake_server.clock import Clock
from fake_server.core.store import Ids
from fake_server.settings import ENVIRONMENTS, Environment

_LENGTH = 43  # characters of a key that api.video's documentation shows


def check_sendable(value: str, what: str) -> None:
    """Raise ValueError for a key that no client can send as the user name of Basic."""
    if not value.strip() or not value.isprintable() or ":" in value:
        raise ValueError(f"{what} must be printable text without a colon, and not blank")


class Keys:
    """The API keys of one project."""

    def __init__(
        self, project_id: str, ids: Ids, clock: Clock, index: SecretIndex[CredentialRecord]
    ) -> None:
        self.project_id = project_id
        self._ids = ids
        self._clock = clock
        self._index = index
        self._keys: list[ApiKey] = []
        self._lock = threading.Lock()

    def __iter__(self) -> Iterator[ApiKey]:
        return iter(list(self._keys))

    def __len__(self) -> int:
        return len(self._keys)

    def __repr__(self) -> str:
        return f"<Keys {self._keys}>"

    def add(
        self, environment: Environment = "sandbox", value: str | None = None, *, name: str = ""
    ) -> str:
        """Create an API key for an environment and return its value; it works at once.

        Raises ValueError for a value that another credential of this server has, or that no client
        can send: Basic separates the API key from the password by a colon.
        """
        if environment not in ENVIRONMENTS:
            raise ValueError(f"the environment of an API key must be {' or '.join(ENVIRONMENTS)}")
        with self._lock:
            chosen = value if value is not None else self._unused()
            check_sendable(chosen, "an API key")
            if chosen in self._index:
                raise ValueError("another credential of this server has this value")
            identifier, now = self._ids.new("api_key_"), self._clock.now_ns()
            title = name or f"{environment} key"
            key = ApiKey(chosen, environment, self.project_id, identifier, title, now)
            self._keys.append(key)
            self._index.add(key)
        return key.value

    def find(self, value: str, environment: Environment) -> ApiKey | None:
        """Return the project's enabled key of this value for an environment, or None."""
        key = self._own(value)
        return key if key and key.enabled and key.environment == environment else None

    def own(self, value: str) -> ApiKey:
        """Return the project's key of this value, enabled or not, or raise LookupError."""
        key = self._own(value)
        if key is None:
            raise LookupError(f"this project has no API key {masked(value)}")
        return key

    def first(self, environment: Environment) -> ApiKey:
        """Return the project's oldest key for an environment, enabled or not.

        Raises LookupError without one.
        """
        for key in self:
            if key.environment == environment:
                return key
        raise LookupError(f"this project has no {environment} API key: create one with keys.add()")

    def disable(self, value: str) -> None:
        """Refuse this key from now on, at logins and as a Basic credential.

        Access tokens that it obtained stay valid until they expire; its refresh tokens do not.
        Raises LookupError if the project has no such key.
        """
        self.own(value).enabled = False

    def enable(self, value: str) -> None:
        """Accept a disabled key again; raises LookupError if the project has no such key."""
        self.own(value).enabled = True

    def remove(self, value: str) -> None:
        """Delete a key permanently; raises LookupError if the project has no such key."""
        with self._lock:
            key = self.own(value)
            key.enabled = False
            self._keys.remove(key)
            self._index.remove(key)

    def clear(self) -> None:
        """Delete all keys."""
        for key in self:
            self.remove(key.value)

    def _own(self, value: str) -> ApiKey | None:
        key = self._index.find(value)
        return key if isinstance(key, ApiKey) and key.project_id == self.project_id else None

    def _unused(self) -> str:
        while (value := self._ids.text("", _LENGTH)) in self._index:
            pass
        return value
