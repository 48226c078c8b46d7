"""Filters of lists: how a query spells what it wants of a field, and which values have it.

A filter looks at all values of the field at once, which is several times as fast as one by one.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

Query = Mapping[str, list[str]]
"""The parameters of a query: each name with its values in order."""


@dataclass(frozen=True)
class Filter:
    """A query parameter that selects by a field.

    `read` finds the (hashable) wanted value in the query, None if nobody asked; `passes` says for
    each of the field's values whether it is let through. `schema` is the parameter's JSON schema.
    """

    read: Callable[[Query, str], Any]
    passes: Callable[[Iterable[Any], Any], Iterator[bool]]
    schema: Any


def text(query: Query, name: str) -> str | None:
    """The value of a parameter, the last if it is there several times; None if nobody sent it."""
    return query[name][-1] if name in query else None


def plain(value: str) -> str:
    """A text without regard to case and accents."""
    if value.isascii():
        return value.lower()
    decomposed = unicodedata.normalize("NFKD", value.casefold())
    return "".join(letter for letter in decomposed if not unicodedata.combining(letter))


def _texts(query: Query, name: str) -> tuple[str, ...] | None:
    """`tags[]=a&tags[]=b`, `tags[0]=a&tags[1]=b` (PHP) and `tags=a` mean the same."""
    spelling = re.compile(rf"{name}(\[\d*\])?")
    found = [value for key in query if spelling.fullmatch(key) for value in query[key]]
    return tuple(found) or None


def _keys_and_values(query: Query, name: str) -> tuple[tuple[str, str], ...] | None:
    """`metadata[Author]=Jane`, as often as wanted."""
    spelling = re.compile(rf"{name}\[(.+)\]")
    found = [(match[1], query[key][-1]) for key in query if (match := spelling.fullmatch(key))]
    return tuple(found) or None


def _contain(values: Iterable[str], wanted: str) -> Iterator[bool]:
    needle = wanted.casefold()
    return (needle in value.casefold() for value in values)


def _resemble(values: Iterable[str], wanted: str) -> Iterator[bool]:
    needle = plain(wanted)
    return (needle in plain(value) for value in values)


def _include(values: Iterable[list[str]], wanted: str) -> Iterator[bool]:
    return (wanted in value for value in values)


def _equal(values: Iterable[Any], wanted: Any) -> Iterator[bool]:
    return (value == wanted for value in values)


def _hold(values: Iterable[list[str]], wanted: tuple[str, ...]) -> Iterator[bool]:
    if len(wanted) == 1:
        return _include(values, wanted[0])
    needed = set(wanted)
    return (needed.issubset(value) for value in values)


def _hold_pairs(values: Iterable[list[Any]], wanted: tuple[Any, ...]) -> Iterator[bool]:
    needed = set(wanted)
    return (needed.issubset((item.key, item.value) for item in value) for value in values)


_STRING = {"type": "string"}
_STRINGS = {"type": "array", "items": _STRING}

contains = Filter(text, _contain, _STRING)
"""The text occurs in the field, in whatever case."""
resembles = Filter(text, _resemble, _STRING)
"""The text occurs in the field, in whatever case and with whatever accents."""
includes = Filter(text, _include, _STRING)
"""The field, a list, holds this value."""
equals = Filter(text, _equal, _STRING)
"""The field is exactly this."""
holds = Filter(_texts, _hold, _STRINGS)
"""The field, a list, holds every one of the given values."""
pairs = Filter(_keys_and_values, _hold_pairs, {"type": "object", "additionalProperties": _STRING})
"""The field, a list of `key` and `value`, holds every one of the given pairs."""
