"""Secrets: looked up by digest, compared in constant time, masked in texts."""

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
    """An object with a secret value."""

    @property
    def value(self) -> str:
        """The secret itself."""


S = TypeVar("S", bound=Secret)


class SecretIndex(Generic[S]):
    """Finds an object by its secret value; its timing does not reveal how close a guess is."""

    def __init__(self) -> None:
        self._found: dict[bytes, S] = {}

    def __contains__(self, value: str) -> bool:
        return self.find(value) is not None

    def add(self, item: S) -> None:
        """Add an item under its value."""
        self._found[digest(item.value)] = item

    def remove(self, item: S) -> None:
        """Remove an item, if it is there."""
        self._found.pop(digest(item.value), None)

    def forget(self, value: str) -> None:
        """Remove the item with this value, if there is one."""
        self._found.pop(digest(value), None)

    def find(self, value: str) -> S | None:
        """Return the item with exactly this value, or None."""
        item = self._found.get(digest(value))
        if item is None or not hmac.compare_digest(_bytes(item.value), _bytes(value)):
            return None
        return item


def _bytes(value: str) -> bytes:
    return value.encode("utf-8", "surrogatepass")


def digest(value: str) -> bytes:
    """Return the key under which a secret is looked up."""
    return hashlib.sha256(_bytes(value)).digest()


def masked(value: str) -> str:
    """Return a secret as it may be shown: enough to tell two apart, too little to use."""
    return f"{value[:3]}…{value[-4:]}" if len(value) > 12 else "…"


_SHAPES = re.compile(
    r"eyJ[\w-]{8,}\.[\w-]+(?:\.[\w-]*)?"  # an access token or its beginning
    r"|def50200[0-9a-f]{16,}"  # a refresh token or its beginning
    r"|(?<=[?&]token=)[\w-]{8,}|(?<=/token/)[\w-]{8,}"  # of an upload or a private asset
    r"|(?<=/private/)[0-9a-f]{8}-[0-9a-f-]{4,}"  # of a private live stream
)
_SHORTENED = re.compile(r"(?<=\.\.\.)[\w-]{40,}")  # the end of a long text, cut by pytest
_MIN = 8


def _spellings(value: str) -> Iterator[str]:
    """Yield the spellings of a secret in a text: plain, as Basic, escaped, quoted, by line."""
    yield value
    if len(value) >= _MIN:
        yield _basic_prefix(value)
    if not value.isalnum():
        yield repr(value)[1:-1]
        yield json.dumps(value)[1:-1]
        yield quote(value, safe="")
        yield quote_plus(value)
        yield from value.splitlines()


def _basic_prefix(user: str) -> str:
    """Return the beginning of every Basic credential with this user name."""
    raw = user.encode()
    return base64.b64encode(raw[: len(raw) // 3 * 3]).decode()


class Mask:
    """Hides secrets in texts: the given ones, and everything in the shape of a token.

    A secret is also hidden as the user name of a Basic credential. Values shorter than eight
    characters are not hidden: they could be words.
    """

    def __init__(self, secrets: Iterable[str]) -> None:
        kept = {form for value in secrets for form in _spellings(value) if len(form) >= _MIN}
        self._secrets = sorted(kept, key=len, reverse=True)

    def __call__(self, text: str) -> str:
        """Return the text with its secrets masked."""
        for secret in self._secrets:
            if secret in text:
                text = text.replace(secret, masked(secret))
        return _SHORTENED.sub("…", _SHAPES.sub(lambda found: masked(found[0]), text))
