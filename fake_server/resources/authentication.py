"""Authentication: exchange an API key for an access token, and refresh it.

Only these responses have attributes in snake_case.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pydantic import with_config
from typing_extensions import TypedDict

from fake_server.core import problems
from fake_server.core.model import WIRE
from fake_server.core.operations import POST, Action
from fake_server.core.problems import Problem
from fake_server.project import Context


@with_config(WIRE)
class ApiKeyPayload(TypedDict):
    """The body of POST /auth/api-key."""

    api_key: str


@with_config(WIRE)
class RefreshTokenPayload(TypedDict):
    """The body of POST /auth/refresh: the refresh token of the last login or refresh."""

    refresh_token: str


class AccessToken(TypedDict):
    """The response of both operations; `expires_in` in seconds."""

    token_type: str
    expires_in: int
    access_token: str
    refresh_token: str


def log_in(call: Context) -> dict[str, Any]:
    """Exchange an API key of this environment for an access token and a refresh token."""
    value = call.received(ApiKeyPayload)["api_key"]
    key = call.project.keys.find(value, call.environment)
    if key is None:
        raise _refusal(call, value, problems.invalid_api_key)
    return call.project.tokens.log_in(key, call.now_ns).as_json()


def refresh(call: Context) -> dict[str, Any]:
    """Exchange a refresh token for the next access token and the next refresh token."""
    value = call.received(RefreshTokenPayload)["refresh_token"]
    grant = call.project.tokens.refresh(value, call.environment, call.now_ns)
    if grant is None:
        raise _refusal(call, value, problems.invalid_refresh_token)
    return grant.as_json()


def _refusal(call: Context, secret: str, documented: Callable[[str | None], Problem]) -> Problem:
    hint = call.project.credentials.explanation(secret)
    if call.settings.auth_errors == "docs":
        return documented(hint)
    return problems.invalid_user_credentials(hint)


OPERATIONS = (
    POST("/auth/api-key", Action(log_in, ApiKeyPayload, AccessToken), credential="api_key"),
    POST(
        "/auth/refresh",
        Action(refresh, RefreshTokenPayload, AccessToken),
        credential="refresh_token",
    ),
)
