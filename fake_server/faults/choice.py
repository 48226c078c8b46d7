"""Which requests a fault fires for."""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from werkzeug.datastructures import Headers

from fake_server.auth.records import AccessToken, RefreshToken
from fake_server.core.names import matches


@dataclass(frozen=True)
class FaultRequest:
    """One request, as the `where` of a fault sees it.

    `operation` is the name in the operation table, or method and path where there is none;
    `headers` ignore case; `body` is empty for forms and files; `part` is the number of an upload's
    part, by its Content-Range; `token` is the access token of the request, at POST /auth/refresh
    its refresh token, known to the fake or None.
    """

    operation: str
    method: str
    path: str
    query: str
    headers: Headers = field(repr=False)
    body: bytes = field(repr=False)
    token: AccessToken | RefreshToken | None = None
    part: int | None = None

    @property
    def json(self) -> Any:
        """The body, read as JSON; None if it was empty."""
        return json.loads(self.body) if self.body else None


@dataclass
class Matcher:
    """Which requests a fault fires for."""

    operation: str
    nth: int | None
    part: int | None
    times: int | None
    probability: float | None
    where: Callable[[FaultRequest], object] | None
    optional: bool
    chance: random.Random
    seen: int = 0
    misses: Counter[str] = field(default_factory=Counter)

    def unlike(self, asked: FaultRequest, *, wants_token: bool) -> str | None:
        """Why a request is none that it speaks of; an empty text if it is another operation's."""
        if not matches(self.operation, asked.operation, f"{asked.method} {asked.path}"):
            return ""
        if self.part is not None and asked.part != self.part:
            sent = "no part of an upload" if asked.part is None else f"part {asked.part}"
            return f"it was {sent}, not part {self.part}"
        if self.where is not None and not self.where(asked):
            return "`where` said no"
        if wants_token and asked.token is None:
            return "it came without a token that the fake knows"
        return None

    def not_yet(self, fired: int) -> str | None:
        """Why not to fire for the next request that it speaks of, which it counts."""
        self.seen += 1
        if self.nth is not None and self.seen < self.nth:
            return f"not number {self.nth}"
        if self.times is not None and fired >= self.times:
            return "the fault was over"
        if self.nth is not None and self.times is None and self.seen > self.nth:
            return f"not number {self.nth}"
        if self.probability is not None and self.chance.random() >= self.probability:
            return "chance let it pass"
        return None
