"""Files in requests and answers, and the rules for uploaded files."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

KiB = 1024
MiB = 1024 * KiB


@dataclass(frozen=True)
class File:
    """A file that was uploaded, or that an asset's URL returns."""

    name: str
    content_type: str
    content: bytes

    def __repr__(self) -> str:
        return f"<File {self.name!r} {self.content_type} {len(self.content)} bytes>"


@dataclass(frozen=True)
class Stream:
    """A large file that an asset's URL returns, whole or in ranges.

    `pieces(start, stop)` yields its bytes from `start` up to, not including, `stop`.
    """

    content_type: str
    size: int
    pieces: Callable[[int, int], Iterator[bytes]]


@dataclass(frozen=True)
class FileRule:
    """The limits of an uploaded file.

    `types` are extensions (`jpg`): the extension of the file's name or the subtype of its content
    type must be among them, unless it has neither. `type_names` are the types as the problem lists
    them, which differ between operations. `pixels` are the largest width and height of an image; an
    unreadable image passes, so that tests may send any bytes. `fields` are the form's text fields.
    """

    max_bytes: int
    types: tuple[str, ...] = ()
    type_names: tuple[str, ...] = ()
    pixels: tuple[int, int] | None = None
    fields: tuple[str, ...] = ()
