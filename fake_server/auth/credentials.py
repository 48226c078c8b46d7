"""Read the credential in an Authorization header, and explain an invalid one.

The forms are those of api.video's authentication guide: Basic with the API key as user name and an
empty password (a password is ignored), Bearer with an access token, and an access token alone.
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from typing import Literal

from fake_server.core import problems
from fake_server.core.problems import Problem

Kind = Literal["none", "basic", "bearer", "bare", "malformed", "api_key", "refresh_token"]
"""The forms of an Authorization header, and the attributes of the bodies of /auth/*."""

_EXPECTED = (
    'Expected "Basic " and base64("<API key>:"), the API key as user name and an empty password, '
    'or "Bearer " and an access token from POST /auth/api-key.'
)
NO_SCHEME = "The value has no scheme in front of it."
NO_COLON = 'The base64 after "Basic" holds no colon: encode the API key with a colon behind it.'


@dataclass(frozen=True)
class Credential:
    """The content of an Authorization header: its form and its secret, or why it is refused."""

    kind: Kind
    secret: str = ""
    refusal: Problem | None = None

    def __repr__(self) -> str:
        return f"<Credential {self.kind}>"


def read_authorization(header: str | None) -> Credential:
    """Return the credential in the value of an Authorization header; never raises."""
    if header is None:
        return Credential("none", refusal=problems.missing_authorization())
    scheme, _, rest = header.strip().partition(" ")
    rest = rest.strip()
    if not scheme:
        return _malformed("The header is empty.")
    if scheme.lower() == "bearer":
        return _bearer(rest)
    if scheme.lower() == "basic":
        return _basic(rest)
    if rest:
        return _malformed("The first word is not a known scheme.")
    if header.count(".") == 2:
        return Credential("bare", scheme)
    return _malformed(NO_SCHEME)


def _bearer(token: str) -> Credential:
    if not token or " " in token:
        return _malformed('"Bearer" is not followed by one token.')
    return Credential("bearer", token)


def _basic(encoded: str) -> Credential:
    try:
        decoded = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        decoded = b""
    if not decoded:
        return _malformed('"Basic" is not followed by base64.')
    key, colon, _ = decoded.partition(
        b":"
    )  # split before decoding: the password may be in any encoding
    if not colon:
        return _malformed(NO_COLON)
    return Credential("basic", key.decode(errors="surrogateescape"))


def _malformed(reason: str) -> Credential:
    refusal = problems.invalid_authorization(f"{reason} {_EXPECTED}")
    return Credential("malformed", refusal=refusal)
