"""Secrets are looked up by digest and compared in constant time."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
from collections.abc import Iterable, Iterator
from typing import Generic, Protocol, TypeVar
from urllib.parse import quote, quote_plus


class Secret(Protocol):
    """Anything that is found by a secret value."""

    @property
    def value(self) -> str:
        """The secret itself."""


S = TypeVar("S", bound=Secret)


class SecretIndex(Generic[S]):
    """Finds what belongs to a secret without telling by its timing how close a guess was."""

    def __init__(self) -> None:
        self._found: dict[bytes, S] = {}

    def __contains__(self, value: str) -> bool:
        return self.find(value) is not None

    def add(self, item: S) -> None:
        """Make the item findable by its value."""
        self._found[digest(item.value)] = item

    def remove(self, item: S) -> None:
        """Forget the item; nothing happens if it is not there."""
        self._found.pop(digest(item.value), None)

    def forget(self, value: str) -> None:
        """Forget what is found by a value, if anything is."""
        self._found.pop(digest(value), None)

    def find(self, value: str) -> S | None:
        """The item with exactly this value, or None."""
        item = self._found.get(digest(value))
        if item is None or not hmac.compare_digest(_bytes(item.value), _bytes(value)):
            return None
        return item


def _bytes(value: str) -> bytes:
    return value.encode("utf-8", "surrogatepass")


def digest(value: str) -> bytes:
    """What a secret is looked up by."""
    return hashlib.sha256(_bytes(value)).digest()


def masked(value: str) -> str:
    """A secret as it may be shown: enough to tell two apart, too little to use."""
    return f"{value[:3]}…{value[-4:]}" if len(value) > 12 else "…"


_SHAPES = re.compile(
    r"eyJ[\w-]{8,}\.[\w-]+(?:\.[\w-]*)?"  # an access token, also its beginning
    r"|def50200[0-9a-f]{16,}"  # a refresh token, as well
    r"|(?<=[?&]token=)[\w-]{8,}|(?<=/token/)[\w-]{8,}"  # of an upload or a private asset
)
_SHORTENED = re.compile(r"(?<=\.\.\.)[\w-]{40,}")  # what pytest leaves of a long text's end
_MIN = 8


def _forms(value: str) -> Iterator[str]:
    """The spellings of a secret that a text may have: as it is, escaped, line by line."""
    yield value
    if len(value) >= _MIN:
        yield _beginning_of_basic(value)
    if not value.isalnum():
        yield repr(value)[1:-1]
        yield json.dumps(value)[1:-1]
        yield quote(value, safe="")
        yield quote_plus(value)
        yield from value.splitlines()


def _beginning_of_basic(user: str) -> str:
    """What every Basic credential of this user name begins with, whatever the password."""
    raw = user.encode()
    return base64.b64encode(raw[: len(raw) // 3 * 3]).decode()


class Mask:
    """Hides secrets in texts that are shown: the given ones, and what has the shape of a token.

    A secret is also hidden as the user name of a Basic credential. Values of less than eight
    characters are no secrets: hiding them would hide words.
    """

    def __init__(self, secrets: Iterable[str]) -> None:
        kept = {form for value in secrets for form in _forms(value) if len(form) >= _MIN}
        self._secrets = sorted(kept, key=len, reverse=True)

    def __call__(self, text: str) -> str:
        """The text without the secrets in it."""
        for secret in self._secrets:
            if secret in text:
                text = text.replace(secret, masked(secret))
        return _SHORTENED.sub("…", _SHAPES.sub(lambda found: masked(found[0]), text))
