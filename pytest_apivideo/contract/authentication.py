"""Login, refresh, and requests with any credential, for the tests of authentication."""

from __future__ import annotations

import base64
from typing import Any

from pytest_apivideo.contract.api import Answer, Api, Json
from pytest_apivideo.contract.schemas import TOKEN

MISSING = ("authentication-missing-authorization-header", 'The "Authorization" header is missing.')
MALFORMED = (
    "authentication-invalid-authorization-header-value",
    'The "Authorization" header value is invalid.',
)
BAD_TOKEN = ("authentication-invalid-access-token", "The access token is invalid or expired.")
BAD_KEY = ("authentication-invalid-api-key", "The API key is invalid.")
BAD_REFRESH = ("authentication-invalid-refresh-token", "The refresh token is invalid.")
_BAD_CREDENTIALS = (
    "authentication-invalid-user-credentials",
    "The user credentials were incorrect.",
)

Tokens = Json


class Auth:
    """A client that logs in and sends any credential; `key` is the sandbox API key.

    `run` is the mark of the run: the relay of the sandbox lets an unknown credential pass in a
    login only if it contains the mark, so that no key of another account is sent by mistake.
    """

    def __init__(self, api: Api, key: str) -> None:
        self.api, self.key, self.found, self.run = api, key, api.found, api.target.run

    def log_in(self) -> Tokens:
        """Log in with the API key and return the tokens."""
        return self.login({"apiKey": self.key}).must_be(200, TOKEN)

    def login(self, body: Any, **options: Any) -> Answer:
        """Send a login with this body."""
        return self.api.post("/auth/api-key", body, **options)

    def refresh(self, refresh_token: str, authorization: str | None = None) -> Answer:
        """Send a refresh token, with an Authorization header if given."""
        headers = {} if authorization is None else {"Authorization": authorization}
        return self.api.post("/auth/refresh", {"refreshToken": refresh_token}, headers=headers)

    def get(self, authorization: str) -> Answer:
        """Request an empty page of videos with this Authorization header."""
        headers = {"Authorization": authorization}
        return self.api.get("/videos?title=nobodysTitle", headers=headers)

    def with_token(self, tokens: Tokens) -> Answer:
        """Request an empty page of videos with an access token."""
        return self.get(f"Bearer {tokens['access_token']}")

    def must_refuse(self, answer: Answer, problem: tuple[str, str]) -> None:
        """Fail unless a login or a refresh is refused, as either source documents.

        The OpenAPI document has 400, the table of errors 401 with this problem.
        """
        if answer.status == 401:
            answer.must_be_problem(401, *problem)
        else:
            answer.must_be_problem(400, *_BAD_CREDENTIALS)
        self.found("auth_errors", "docs" if answer.status == 401 else "spec")


def basic(credentials: str) -> str:
    """Return the Authorization header of HTTP Basic."""
    return "Basic " + base64.b64encode(credentials.encode()).decode()
