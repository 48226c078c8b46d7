"""Credentials that outlive a project: API keys of a whole test run, and the tokens given for them.

A program that reads its key when it is imported keeps it from test to test, and so does a client in
a global with its tokens. With them it reaches the project of whichever test runs. Every project
takes a token as it was when it was given out: what one test did to it is no matter of the next.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from fake_server.auth.secrets import digest
from fake_server.settings import Environment

if TYPE_CHECKING:
    from fake_server.auth.tokens import Grant

_MAX_KEPT = 10_000  # grants; the oldest are forgotten


class Standing:
    """The keys by their environment, none at first, and what was granted for them."""

    def __init__(self) -> None:
        self.keys: dict[Environment, str] = {}
        self._grants: dict[bytes, Grant] = {}

    def keep(self, grant: Grant) -> None:
        """Remember what was given out for a key, if it is one of these."""
        if grant.access.key.value not in self.keys.values():
            return
        kept = replace(grant, access=replace(grant.access), refresh=replace(grant.refresh))
        for text in (grant.access_token, grant.refresh_token):
            self._grants[digest(text)] = kept
        while len(self._grants) > 2 * _MAX_KEPT:
            del self._grants[next(iter(self._grants))]

    def grant(self, secret: str) -> Grant | None:
        """What was given out with an access or refresh token in it; None for any other secret."""
        return self._grants.get(digest(secret)) if self._grants else None
