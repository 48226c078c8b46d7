"""Access and refresh tokens: how they are issued, expire, are renewed and revoked.

An access token is a JWT in the shape of api.video's tokens of 2022 (`iat`, `nbf` and `exp` with
fractions of a second, `projectId`), signed HS256 where api.video signs RS256. It is opaque to
clients; what counts here is the record of it, judged by the project's clock. A refresh token is
opaque, single-use and replaced by each use.
"""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass, field, replace

import jwt

from fake_server.auth.keys import ApiKey, Keys
from fake_server.auth.secrets import SecretIndex, masked
from fake_server.auth.standing import Standing
from fake_server.clock import Clock
from fake_server.core.store import Ids
from fake_server.history import History
from fake_server.settings import Environment, Settings
from fake_server.time_values import SECOND, Duration, duration_ns

_MAX_KEPT = 10_000  # grants; the oldest are forgotten
_REFRESH_PREFIX, _REFRESH_BYTES = "def50200", 386  # 780 characters, as in the description


@dataclass(eq=False)
class AccessToken:
    """An access token; times in nanoseconds since the epoch."""

    value: str
    key: ApiKey
    issued_ns: int
    expires_ns: int
    revoked: bool = False

    @property
    def environment(self) -> Environment:
        """The environment that the token works in: its key's."""
        return self.key.environment

    def __repr__(self) -> str:
        state = " revoked" if self.revoked else ""
        return f"<AccessToken {masked(self.value)} {self.environment}{state}>"

    def __str__(self) -> str:
        return self.value


@dataclass(eq=False)
class RefreshToken:
    """A refresh token; `expires_ns` is None if it lives until it is used.

    `answer_lost`: a fault hit its use, so the client may rightly try it again.
    """

    value: str
    key: ApiKey
    access: AccessToken
    expires_ns: int | None
    spent: bool = False
    answer_lost: bool = False
    revoked: bool = False

    def __repr__(self) -> str:
        state = " revoked" if self.revoked else " spent" if self.spent else ""
        return f"<RefreshToken {masked(self.value)} {self.key.environment}{state}>"

    def __str__(self) -> str:
        return self.value


@dataclass(frozen=True)
class Grant:
    """What a login or a refresh gives; `expires_in` in seconds."""

    access: AccessToken
    refresh: RefreshToken
    expires_in: float

    token_type = "Bearer"

    @property
    def access_token(self) -> str:
        """The access token's text, for an Authorization header."""
        return self.access.value

    @property
    def refresh_token(self) -> str:
        """The refresh token's text, for POST /auth/refresh."""
        return self.refresh.value

    def as_json(self) -> dict[str, str | int | float]:
        """The answer of POST /auth/api-key and POST /auth/refresh."""
        return {
            "token_type": self.token_type,
            "expires_in": int(self.expires_in),  # whole seconds, as in the description
            "access_token": self.access_token,
            "refresh_token": self.refresh_token,
        }


@dataclass
class TokenIndexes:
    """Finds the tokens of all projects of a server."""

    access: SecretIndex[AccessToken]
    refresh: SecretIndex[RefreshToken]
    standing: Standing = field(default_factory=Standing)


class Tokens:
    """The tokens of one project, and the levers on them."""

    def __init__(
        self,
        keys: Keys,
        ids: Ids,
        clock: Clock,
        settings: Settings,
        indexes: TokenIndexes,
        history: History,
    ) -> None:
        self._keys = keys
        self._ids = ids
        self._clock = clock
        self._settings = settings
        self._indexes = indexes
        self._history = history
        self._signing_key = ids.secret(32)
        self._grants: deque[Grant] = deque()
        self._lock = threading.RLock()
        self._earlier_expired_ns: int | None = None
        self._earlier_revoked = False

    def __repr__(self) -> str:
        return f"<Tokens {len(self.active)} active of {len(self)}>"

    def __len__(self) -> int:
        return len(self._grants)

    @property
    def active(self) -> list[AccessToken]:
        """The access tokens that are good now, oldest first."""
        now = self._clock.now_ns()
        return [grant.access for grant in self._all() if self.is_good(grant.access, now)]

    @property
    def issued(self) -> list[AccessToken]:
        """All access tokens that are remembered, good or not, oldest first."""
        return [grant.access for grant in self._all()]

    def issue(self, *, expires_in: Duration | None = None, key: str | None = None) -> Grant:
        """Give out an access token and its refresh token, as a login does.

        `expires_in` in seconds, by default the setting's; `key` is an API key of this project, by
        default its first one for the setting `environment`. Raises LookupError without such a key.
        """
        lifetime = self._settings.expires_in if expires_in is None else expires_in
        owner = self._keys.first(self._settings.environment) if key is None else self._keys.own(key)
        grant = self._grant(owner, duration_ns(lifetime), self._clock.now_ns())
        return self._noted("issued by the test", grant)

    def log_in(self, key: ApiKey, now_ns: int) -> Grant:
        """What POST /auth/api-key gives at a moment for a good key."""
        lifetime = duration_ns(self._settings.expires_in)
        with self._lock:
            if self._settings.revoke_on_login:
                for grant in self._grants:
                    if grant.refresh.key is key:
                        grant.refresh.revoked = True
            return self._noted("issued at a login", self._grant(key, lifetime, now_ns))

    def refresh(self, value: str, environment: Environment, now_ns: int) -> Grant | None:
        """What POST /auth/refresh gives at a moment for a refresh token; None if it is not good."""
        lifetime = duration_ns(self._settings.expires_in)
        with self._lock:
            token = self._indexes.refresh.find(value)
            if token is None or token.key.environment != environment:
                return None
            if not self.can_refresh(token, now_ns):
                return None
            if self._settings.revoke_access_on_refresh:
                token.access.revoked = True
            token.spent = self._settings.rotate_refresh
            kept = None if token.spent else token
            return self._noted("renewed", self._grant(token.key, lifetime, now_ns, kept))

    def adopt(self, earlier: Grant) -> None:
        """Take over what an earlier project gave out for a key that this one has too.

        It is as it was then, but for what this project has done to all tokens since it began.
        Raises LookupError without the key.
        """
        with self._lock:
            known = self._indexes.access.find(earlier.access_token)
            if known is not None and known.key.project_id == self._keys.project_id:
                return
            key, revoked = self._keys.own(earlier.access.key.value), self._earlier_revoked
            expires = earlier.access.expires_ns
            if self._earlier_expired_ns is not None:
                expires = min(expires, self._earlier_expired_ns)
            access = replace(earlier.access, key=key, expires_ns=expires, revoked=revoked)
            refresh = replace(earlier.refresh, key=key, access=access, revoked=revoked)
            grant = replace(earlier, access=access, refresh=refresh)
            self._grants.append(grant)
            self._indexes.access.add(access)
            self._indexes.refresh.add(refresh)
            self._history.note(f"{access!r} taken over, issued before this test")

    def can_refresh(self, token: RefreshToken, now_ns: int) -> bool:
        """Whether a refresh token of this project is accepted at a moment."""
        skew = duration_ns(self._settings.clock_skew)
        in_time = token.expires_ns is None or now_ns < token.expires_ns + skew
        mine = token.key.project_id == self._keys.project_id and token.key.enabled
        return mine and in_time and not (token.spent or token.revoked)

    def is_good(self, token: AccessToken, now_ns: int) -> bool:
        """Whether an access token is accepted at a moment; at its expiry it is not any more."""
        skew = duration_ns(self._settings.clock_skew)
        return not token.revoked and now_ns < token.expires_ns + skew

    def latest_expiry_ns(self) -> int | None:
        """When the last of the good access tokens stops being accepted."""
        skew = duration_ns(self._settings.clock_skew)
        return max((token.expires_ns + skew for token in self.active), default=None)

    def expire(self, token: AccessToken | RefreshToken) -> None:
        """End the life of one token now."""
        with self._lock:
            past = self._clock.now_ns() - duration_ns(self._settings.clock_skew)
            ends = token.expires_ns
            token.expires_ns = past if ends is None else min(ends, past)
            self._history.note(f"{token!r} expired by the test")

    def revoke(self, token: AccessToken | RefreshToken) -> None:
        """Make one token worthless."""
        with self._lock:
            token.revoked = True
            self._history.note(f"{token!r} by the test")

    def expire_all(self) -> None:
        """End the life of every access token now; the refresh tokens stay good."""
        with self._lock:
            past = self._clock.now_ns() - duration_ns(self._settings.clock_skew)
            for grant in self._grants:
                grant.access.expires_ns = min(grant.access.expires_ns, past)
            self._earlier_expired_ns = past
            self._history.note("all access tokens expired by the test")

    def revoke_all(self) -> None:
        """Make every access token and every refresh token worthless; the API keys stay good."""
        with self._lock:
            for grant in self._grants:
                grant.access.revoked = grant.refresh.revoked = True
            self._earlier_revoked = True
            self._history.note("all access and refresh tokens revoked by the test")

    def values(self) -> list[str]:
        """The values of all tokens that are remembered."""
        return [text for grant in self._all() for text in (grant.access_token, grant.refresh_token)]

    def clear(self) -> None:
        """Forget all tokens."""
        with self._lock:
            while self._grants:
                self._forget(self._grants.popleft())
            self._earlier_expired_ns, self._earlier_revoked = None, False
            self._signing_key = self._ids.secret(32)  # no later token equals a forgotten one

    def _all(self) -> list[Grant]:
        with self._lock:
            return list(self._grants)

    def _noted(self, how: str, grant: Grant) -> Grant:
        self._history.note(f"{grant.access!r} {how}, lives {grant.expires_in:g} s")
        return grant

    def _grant(
        self, key: ApiKey, lifetime_ns: int, now_ns: int, refresh: RefreshToken | None = None
    ) -> Grant:
        expires_ns = now_ns + lifetime_ns
        with self._lock:
            access = AccessToken(self._jwt(now_ns, expires_ns), key, now_ns, expires_ns)
            if refresh is None:
                refresh = self._refresh_token(key, access, now_ns)
            refresh.access = access
            grant = Grant(access, refresh, lifetime_ns / SECOND)
            self._grants.append(grant)
            self._indexes.access.add(access)
            self._indexes.refresh.add(refresh)
            self._indexes.standing.keep(grant)
            if len(self._grants) > _MAX_KEPT:
                self._make_room(now_ns)
        return grant

    def _make_room(self, now_ns: int) -> None:
        """Forget the grants that are of no use any more, or else the oldest."""
        for grant in list(self._grants):
            if not self.is_good(grant.access, now_ns) and not self.can_refresh(
                grant.refresh, now_ns
            ):
                self._grants.remove(grant)
                self._forget(grant)
        while len(self._grants) > _MAX_KEPT:
            self._forget(self._grants.popleft())

    def _forget(self, grant: Grant) -> None:
        self._indexes.access.remove(grant.access)
        if grant.refresh.access is grant.access:  # else a later grant still uses it
            self._indexes.refresh.remove(grant.refresh)

    def _jwt(self, issued_ns: int, expires_ns: int) -> str:
        issued, expires = (ns // 1000 / 1_000_000 for ns in (issued_ns, expires_ns))
        claims: dict[str, float | str] = {
            "iat": issued,
            "nbf": issued,
            "exp": expires,
            "projectId": self._keys.project_id,
        }
        while (token := jwt.encode(claims, self._signing_key)) in self._indexes.access:
            claims["jti"] = self._ids.hexadecimal(40)  # two tokens of one microsecond must differ
        return token

    def _refresh_token(self, key: ApiKey, access: AccessToken, now_ns: int) -> RefreshToken:
        lifetime = self._settings.refresh_expires_in
        expires = None if lifetime is None else now_ns + duration_ns(lifetime)
        value = _REFRESH_PREFIX + self._ids.hexadecimal(_REFRESH_BYTES)
        return RefreshToken(value, key, access, expires)
