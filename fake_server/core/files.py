"""Files that are received and answered with, and the rules that small ones must keep."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

KiB = 1024
MiB = 1024 * KiB


@dataclass(frozen=True)
class File:
    """A file that was received, or that an asset's address answers with."""

    name: str
    content_type: str
    content: bytes

    def __repr__(self) -> str:
        return f"<File {self.name!r} {self.content_type} {len(self.content)} bytes>"


@dataclass(frozen=True)
class Stream:
    """A large file that an asset's address answers with, whole or in ranges.

    `pieces(start, stop)` gives its bytes from `start` up to, not including, `stop`.
    """

    content_type: str
    size: int
    pieces: Callable[[int, int], Iterator[bytes]]


@dataclass(frozen=True)
class FileRule:
    """What a file must be: at most so many bytes, and of one of these types, if it says any.

    `types` are extensions (`jpg`); a file passes by the extension of its name or by the subtype of
    its content type, or if it has neither. `told` is how the problem words them, as api.video's
    differs from place to place. `pixels` are the width and height of the largest image; one whose
    size cannot be read passes, so that a test may send any bytes. `fields` are the texts that a
    form may have beside it.
    """

    most: int
    types: tuple[str, ...] = ()
    told: tuple[str, ...] = ()
    pixels: tuple[int, int] | None = None
    fields: tuple[str, ...] = ()
