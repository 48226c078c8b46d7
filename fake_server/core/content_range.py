"""The header `Content-Range`, by which a request says which piece of a file it carries.

Clients send `part 2/3` or `bytes 5242880-10485759/12000000`; an unknown total is `*`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_HEADER = re.compile(r"(?:bytes ([0-9]{1,99})-([0-9]{1,99})|part ([0-9]{1,99}))/([0-9]{1,99}|\*)")


@dataclass(frozen=True)
class Part:
    """A numbered part, counted from 1; `total` is None while unknown."""

    number: int
    total: int | None


@dataclass(frozen=True)
class Bytes:
    """The bytes `first` to `last`, inclusive, counted from 0; `total` is None while unknown."""

    first: int
    last: int
    total: int | None

    @property
    def length(self) -> int:
        """The number of bytes."""
        return self.last - self.first + 1


def read_content_range(header: str) -> Part | Bytes | None:
    """Parse the header; return None if it is malformed."""
    match = _HEADER.fullmatch(header)
    if match is None:
        return None
    first, last, part, end = match.groups()
    total = None if end == "*" else int(end)
    return Part(int(part), total) if part else Bytes(int(first), int(last), total)
