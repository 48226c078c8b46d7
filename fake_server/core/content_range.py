"""The header `Content-Range`: which piece of a file a request brings.

Two forms, of which clients send the first: `part 2/3` and `bytes 5242880-10485759/12000000`; the
total is `*` while it is unknown.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_FORMS = re.compile(r"(?:bytes ([0-9]{1,99})-([0-9]{1,99})|part ([0-9]{1,99}))/([0-9]{1,99}|\*)")


@dataclass(frozen=True)
class Part:
    """One of so many parts, counted from 1; `total` is None while it is unknown."""

    number: int
    total: int | None


@dataclass(frozen=True)
class Bytes:
    """The bytes from `first` to `last`, both counted from 0; `total` is None while unknown."""

    first: int
    last: int
    total: int | None

    @property
    def length(self) -> int:
        """How many bytes these are."""
        return self.last - self.first + 1


def read_content_range(header: str) -> Part | Bytes | None:
    """What the header says; None for one that is malformed."""
    match = _FORMS.fullmatch(header)
    if match is None:
        return None
    first, last, part, end = match.groups()
    total = None if end == "*" else int(end)
    return Part(int(part), total) if part else Bytes(int(first), int(last), total)
