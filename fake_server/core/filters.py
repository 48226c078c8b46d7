"""Filters of lists: how each reads its query parameter, and which values match.

A filter tests all values of the field in one call, which is several times faster than one by one.
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

    `read` returns the (hashable) wanted value in the query, None if it is absent; `match` yields
    for each of the field's values whether it matches. `schema` is the parameter's JSON schema.
    """

    read: Callable[[Query, str], Any]
    match: Callable[[Iterable[Any], Any], Iterator[bool]]
    schema: Any


def text(query: Query, name: str) -> str | None:
    """Return the last value of a parameter, or None if it is absent."""
    return query[name][-1] if name in query else None


def plain(value: str) -> str:
    """Return a text in lower case and without accents, for comparisons."""
    if value.isascii():
        return value.lower()
    decomposed = unicodedata.normalize("NFKD", value.casefold())
    return "".join(letter for letter in decomposed if not unicodedata.combining(letter))


def _texts(query: Query, name: str) -> tuple[str, ...] | None:
    """Read `tags[]=a&tags[]=b`, `tags[0]=a&tags[1]=b` (PHP) or `tags=a`."""
    key_pattern = re.compile(rf"{name}(\[\d*\])?")
    return (
        tuple(value for key in query if key_pattern.fullmatch(key) for value in query[key]) or None
    )


def _keys_and_values(query: Query, name: str) -> tuple[tuple[str, str], ...] | None:
    """Read `metadata[Author]=Jane`, any number of times."""
    keys = ((re.fullmatch(rf"{name}\[(.+)\]", key), key) for key in query)
    return tuple((match[1], query[key][-1]) for match, key in keys if match) or None


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


def _include_all(values: Iterable[list[str]], wanted: tuple[str, ...]) -> Iterator[bool]:
    if len(wanted) == 1:
        return _include(values, wanted[0])
    needed = set(wanted)
    return (needed.issubset(value) for value in values)


def _include_pairs(values: Iterable[list[Any]], wanted: tuple[Any, ...]) -> Iterator[bool]:
    needed = set(wanted)
    return (needed.issubset((item.key, item.value) for item in value) for value in values)


_STRING = {"type": "string"}
_STRINGS = {"type": "array", "items": _STRING}
_STRING_MAP = {"type": "object", "additionalProperties": _STRING}

contains = Filter(text, _contain, _STRING)
"""The field contains the text, ignoring case."""
resembles = Filter(text, _resemble, _STRING)
"""The field contains the text, ignoring case and accents."""
includes = Filter(text, _include, _STRING)
"""The field, a list, includes the value."""
equals = Filter(text, _equal, _STRING)
"""The field equals the value."""
includes_all = Filter(_texts, _include_all, _STRINGS)
"""The field, a list, includes all of the values."""
includes_pairs = Filter(_keys_and_values, _include_pairs, _STRING_MAP)
"""The field, a list of `key` and `value`, includes all of the pairs."""
