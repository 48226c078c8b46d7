"""The records of credentials: API keys, admin keys, access tokens, refresh tokens, grants.

They hold state only. `keys.py` and `tokens.py` decide what a credential may do.
"""

from __future__ import annotations

from dataclasses import dataclass

from fake_server.auth.secrets import masked
from fake_server.settings import Environment


@dataclass
class ApiKey:
    """An API key; a disabled one is refused like an unknown one.

    `id`, `name` and `created_ns` (nanoseconds since the epoch) are shown by the Admin API.
    """

    value: str
    environment: Environment
    project_id: str
    id: str
    name: str
    created_ns: int
    enabled: bool = True

    def __repr__(self) -> str:
        state = "" if self.enabled else " disabled"
        return f"<ApiKey {masked(self.value)} {self.environment}{state}>"


@dataclass(frozen=True)
class AdminKey:
    """The key for the Admin API of a project's account."""

    value: str
    project_id: str

    def __repr__(self) -> str:
        return f"<AdminKey {masked(self.value)}>"


@dataclass(eq=False)
class _KeyToken:
    """The base of access and refresh tokens: both belong to the API key that obtained them."""

    value: str
    key: ApiKey

    @property
    def environment(self) -> Environment:
        """The environment of the key that obtained the token."""
        return self.key.environment

    @property
    def project_id(self) -> str:
        """The id of the project that the token belongs to."""
        return self.key.project_id

    def __str__(self) -> str:
        return self.value


@dataclass(eq=False)
class AccessToken(_KeyToken):
    """An access token; times in nanoseconds since the epoch."""

    issued_ns: int
    expires_ns: int
    revoked: bool = False

    def __repr__(self) -> str:
        state = " revoked" if self.revoked else ""
        return f"<AccessToken {masked(self.value)} {self.environment}{state}>"


@dataclass(eq=False)
class RefreshToken(_KeyToken):
    """A refresh token; `expires_ns` is None if it lives until it is used.

    `answer_lost` is true if a fault hit its use, so that the client may rightly retry it.
    """

    access: AccessToken
    expires_ns: int | None
    spent: bool = False
    answer_lost: bool = False
    revoked: bool = False

    def __repr__(self) -> str:
        state = " revoked" if self.revoked else " spent" if self.spent else ""
        return f"<RefreshToken {masked(self.value)} {self.environment}{state}>"


@dataclass(frozen=True)
class Grant:
    """The answer to a login or a refresh; `expires_in` in seconds."""

    access: AccessToken
    refresh: RefreshToken
    expires_in: float

    token_type = "Bearer"

    @property
    def access_token(self) -> str:
        """The text of the access token, for an Authorization header."""
        return self.access.value

    @property
    def refresh_token(self) -> str:
        """The text of the refresh token, for POST /auth/refresh."""
        return self.refresh.value

    def as_json(self) -> dict[str, str | int | float]:
        """Return the body that POST /auth/api-key and POST /auth/refresh answer with."""
        return {
            "token_type": self.token_type,
            "expires_in": int(self.expires_in),  # whole seconds, as in the description
            "access_token": self.access_token,
            "refresh_token": self.refresh_token,
        }


Token = AccessToken | RefreshToken
CredentialRecord = ApiKey | AdminKey | AccessToken | RefreshToken
"""What a secret can be the value of."""
