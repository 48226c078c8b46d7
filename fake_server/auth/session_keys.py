"""API keys that last for a whole test run, and the tokens issued for them.

A program that reads its API key at import time keeps the key from test to test, and a client in a
global variable keeps its tokens. Both reach the project of the running test. Each project accepts a
token in the state in which it was issued: what one test does to it does not affect the next.
"""

from __future__ import annotations

from dataclasses import replace

from fake_server.auth.records import Grant
from fake_server.auth.secrets import digest
from fake_server.settings import Environment

_MAX_GRANTS = 10_000  # the oldest are forgotten


class SessionKeys:
    """The keys by environment, empty at first, and the grants issued for them."""

    def __init__(self) -> None:
        self.keys: dict[Environment, str] = {}
        self._grants: dict[bytes, Grant] = {}

    def record(self, grant: Grant) -> None:
        """Remember a grant that was issued for one of these keys."""
        if grant.access.key.value not in self.keys.values():
            return
        kept = replace(grant, access=replace(grant.access), refresh=replace(grant.refresh))
        for text in (grant.access_token, grant.refresh_token):
            self._grants[digest(text)] = kept
        while len(self._grants) > 2 * _MAX_GRANTS:
            del self._grants[next(iter(self._grants))]

    def grant(self, secret: str) -> Grant | None:
        """Return the grant that an access or refresh token belongs to, or None."""
        return self._grants.get(digest(secret)) if self._grants else None
