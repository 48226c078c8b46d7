"""Issue, renew, expire and revoke access and refresh tokens.

An access token is a JWT in the shape of api.video's tokens of 2022 (`iat`, `nbf` and `exp` with
fractions of a second, `projectId`), signed HS256 where api.video signs RS256. It is opaque to
clients; what counts here is its record, checked against the project's clock. A refresh token is
opaque, works once, and is replaced by each use.
"""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import replace
from typing import Protocol

import jwt

from fake_server.auth.credential_index import CredentialIndex
from fake_server.auth.keys import Keys
from fake_server.auth.records import AccessToken, ApiKey, Grant, RefreshToken, Token
from fake_server.clock import Clock
from fake_server.core.store import Ids
from fake_server.history import History
from fake_server.settings import Environment, Settings
from fake_server.time_values import SECOND, Duration, duration_ns

_MAX_GRANTS = 10_000  # the oldest are forgotten
_REFRESH_PREFIX, _REFRESH_BYTES = "def50200", 386  # 780 characters, as in the description


class TokenRules(Protocol):
    """The part of an account that decides about tokens."""

    clock: Clock
    settings: Settings
    history: History


class Tokens:
    """The tokens of one project: issue, list, expire, revoke."""

    def __init__(self, keys: Keys, ids: Ids, index: CredentialIndex, rules: TokenRules) -> None:
        self._keys = keys
        self._ids = ids
        self._index = index
        self._clock = rules.clock
        self._settings = rules.settings
        self._history = rules.history
        self._signing_key = ids.secret(32)
        self._grants: deque[Grant] = deque()
        self._lock = threading.RLock()
        self._imports_expire_ns: int | None = None
        self._imports_revoked = False

    def __repr__(self) -> str:
        return f"<Tokens {len(self.active)} active of {len(self)}>"

    def __len__(self) -> int:
        return len(self._grants)

    @property
    def active(self) -> list[AccessToken]:
        """The access tokens that are valid now, oldest first."""
        now = self._clock.now_ns()
        return [token for token in self.issued if self.is_valid(token, now)]

    @property
    def issued(self) -> list[AccessToken]:
        """All remembered access tokens, valid or not, oldest first."""
        return [grant.access for grant in self._all()]

    def issue(self, *, expires_in: Duration | None = None, key: str | None = None) -> Grant:
        """Issue an access token and its refresh token, as a login does.

        `expires_in` is in seconds, by default the setting's; `key` is an API key of this project,
        by default its first one for the setting `environment`. Raises LookupError without such a
        key.
        """
        lifetime = self._settings.expires_in if expires_in is None else expires_in
        owner = self._keys.first(self._settings.environment) if key is None else self._keys.own(key)
        grant = self._grant(owner, duration_ns(lifetime), self._clock.now_ns())
        return self._noted("issued by the test", grant)

    def log_in(self, key: ApiKey, now_ns: int) -> Grant:
        """Issue the tokens of a login with an accepted key."""
        lifetime = duration_ns(self._settings.expires_in)
        with self._lock:
            if self._settings.revoke_on_login:
                for grant in self._grants:
                    if grant.refresh.key is key:
                        grant.refresh.revoked = True
            return self._noted("issued at a login", self._grant(key, lifetime, now_ns))

    def refresh(self, value: str, environment: Environment, now_ns: int) -> Grant | None:
        """Renew the tokens with a refresh token; return None if it is not valid."""
        lifetime = duration_ns(self._settings.expires_in)
        with self._lock:
            token = self._index.find(value)
            if not isinstance(token, RefreshToken) or token.environment != environment:
                return None
            if not self.can_refresh(token, now_ns):
                return None
            if self._settings.revoke_access_on_refresh:
                token.access.revoked = True
            token.spent = self._settings.rotate_refresh
            kept = None if token.spent else token
            return self._noted("renewed", self._grant(token.key, lifetime, now_ns, kept))

    def import_grant(self, earlier: Grant) -> None:
        """Accept a grant of an earlier project, issued for an API key that this project has too.

        Its state is that of its issue, changed by what this project did to all tokens since it
        began. Raises LookupError without the key.
        """
        with self._lock:
            known = self._index.find(earlier.access_token)
            if known is not None and known.project_id == self._keys.project_id:
                return
            key, revoked = self._keys.own(earlier.access.key.value), self._imports_revoked
            expires = earlier.access.expires_ns
            if self._imports_expire_ns is not None:
                expires = min(expires, self._imports_expire_ns)
            access = replace(earlier.access, key=key, expires_ns=expires, revoked=revoked)
            refresh = replace(earlier.refresh, key=key, access=access, revoked=revoked)
            self._add(replace(earlier, access=access, refresh=refresh))
            self._history.note(f"{access!r} taken over, issued before this test")

    def can_refresh(self, token: RefreshToken, now_ns: int) -> bool:
        """Return whether a refresh token of this project is accepted at a moment."""
        in_time = token.expires_ns is None or now_ns < token.expires_ns + self._skew_ns
        mine = token.project_id == self._keys.project_id and token.key.enabled
        return mine and in_time and not (token.spent or token.revoked)

    def is_valid(self, token: AccessToken, now_ns: int) -> bool:
        """Return whether an access token is accepted at a moment; at its expiry it is not."""
        return not token.revoked and now_ns < token.expires_ns + self._skew_ns

    def latest_expiry_ns(self) -> int | None:
        """Return the moment when the last of the valid access tokens stops being accepted."""
        return max((token.expires_ns + self._skew_ns for token in self.active), default=None)

    def expire(self, token: Token) -> None:
        """Expire one token now."""
        with self._lock:
            past = self._clock.now_ns() - self._skew_ns
            ends = token.expires_ns
            token.expires_ns = past if ends is None else min(ends, past)
            self._history.note(f"{token!r} expired by the test")

    def revoke(self, token: Token) -> None:
        """Revoke one token."""
        with self._lock:
            token.revoked = True
            self._history.note(f"{token!r} by the test")

    def expire_all(self) -> None:
        """Expire every access token now; the refresh tokens stay valid."""
        with self._lock:
            past = self._clock.now_ns() - self._skew_ns
            for grant in self._grants:
                grant.access.expires_ns = min(grant.access.expires_ns, past)
            self._imports_expire_ns = past
            self._history.note("all access tokens expired by the test")

    def revoke_all(self) -> None:
        """Revoke every access token and every refresh token; the API keys stay valid."""
        with self._lock:
            for grant in self._grants:
                grant.access.revoked = grant.refresh.revoked = True
            self._imports_revoked = True
            self._history.note("all access and refresh tokens revoked by the test")

    def values(self) -> list[str]:
        """Return the values of all remembered tokens."""
        return [text for grant in self._all() for text in (grant.access_token, grant.refresh_token)]

    def clear(self) -> None:
        """Forget all tokens."""
        with self._lock:
            while self._grants:
                self._forget(self._grants.popleft())
            self._imports_expire_ns, self._imports_revoked = None, False
            self._signing_key = self._ids.secret(32)  # no later token equals a forgotten one

    @property
    def _skew_ns(self) -> int:
        return duration_ns(self._settings.clock_skew)

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
            self._add(grant)
            self._index.session.record(grant)
            if len(self._grants) > _MAX_GRANTS:
                self._make_room(now_ns)
        return grant

    def _add(self, grant: Grant) -> None:
        self._grants.append(grant)
        self._index.add(grant.access)
        self._index.add(grant.refresh)

    def _make_room(self, now_ns: int) -> None:
        """Forget the grants that cannot be used any more, or else the oldest."""
        for grant in list(self._grants):
            usable = self.is_valid(grant.access, now_ns) or self.can_refresh(grant.refresh, now_ns)
            if not usable:
                self._grants.remove(grant)
                self._forget(grant)
        while len(self._grants) > _MAX_GRANTS:
            self._forget(self._grants.popleft())

    def _forget(self, grant: Grant) -> None:
        self._index.remove(grant.access)
        if grant.refresh.access is grant.access:  # else a later grant still uses it
            self._index.remove(grant.refresh)

    def _jwt(self, issued_ns: int, expires_ns: int) -> str:
        issued, expires = (ns // 1000 / 1_000_000 for ns in (issued_ns, expires_ns))
        claims: dict[str, float | str] = {
            "iat": issued,
            "nbf": issued,
            "exp": expires,
            "projectId": self._keys.project_id,
        }
        while (token := jwt.encode(claims, self._signing_key)) in self._index:
            claims["jti"] = self._ids.hexadecimal(40)  # two tokens of one microsecond must differ
        return token

    def _refresh_token(self, key: ApiKey, access: AccessToken, now_ns: int) -> RefreshToken:
        lifetime = self._settings.refresh_expires_in
        expires = None if lifetime is None else now_ns + duration_ns(lifetime)
        value = _REFRESH_PREFIX + self._ids.hexadecimal(_REFRESH_BYTES)
        return RefreshToken(value, key, access, expires)
