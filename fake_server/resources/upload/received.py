"""The pieces received of a video's source, and the rules for the next one.

The rules and their order are those of api.video's pages on upload errors; where two apply, no page
says which comes first, and the order here decides.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from fake_server.core.content_range import Bytes, Part
from fake_server.core.files import MiB
from fake_server.core.spool import Content, StoredFile
from fake_server.resources.upload import refusals

MAX_PER_REQUEST = 200 * MiB
MIN_PER_PIECE = 5 * MiB
"""The minimum size in bytes of every piece but the last."""

_MAX_PARTS = 10_000
_MAX_BYTES = 52_428_800_000

Way = Literal["whole", "part", "bytes", "url", "clone", "live"]
"""How a source is received: uploaded whole or in pieces, fetched, copied, or recorded."""


@dataclass(frozen=True)
class Piece:
    """One piece of a source; its position is the part number or the index of the first byte."""

    position: int
    file: StoredFile

    @property
    def last(self) -> int:
        """The index of the last byte, if the position is that of the first."""
        return self.position + self.file.size - 1


@dataclass(frozen=True)
class Received:
    """The received pieces of a source, in order; `total` is its number of parts or bytes.

    `token` is the upload token that its upload began with, empty for an upload with an API key;
    `address` is the URL that it is fetched from, `arrives_at` the time when that is done.
    """

    way: Way
    pieces: tuple[Piece, ...] = ()
    total: int | None = None
    token: str = ""
    address: str = ""
    arrives_at: datetime | None = None

    @property
    def is_complete(self) -> bool:
        """Whether no piece is missing."""
        if self.way == "part":
            return len(self.pieces) == self.total
        if self.way == "bytes":
            return self.size == self.total
        return bool(self.pieces)

    @property
    def size(self) -> int:
        """The number of bytes received."""
        return sum(piece.file.size for piece in self.pieces)

    @property
    def content(self) -> Content:
        """The bytes received, in order."""
        return Content(piece.file for piece in self.pieces)


def refuse_wrong(received: Received | None, piece: Part | Bytes | None, size: int) -> None:
    """Raise a problem if a file of `size` bytes is not valid as the next piece."""
    way = _way(piece)
    if received is not None and piece is None:
        raise refusals.already_initiated()
    if received is not None and received.way != way:
        raise refusals.started_with_part() if way == "bytes" else refusals.started_with_bytes()
    if isinstance(piece, Part):
        _refuse_part(received or Received("part"), piece, size)
    if isinstance(piece, Bytes):
        _refuse_bytes(received or Received("bytes"), piece, size)


def refuse_if_complete(received: Received | None) -> None:
    """Raise a problem if the source takes no more uploads."""
    if received is not None and received.way == "url":
        raise refusals.already_downloaded()
    if received is not None and received.way == "clone":
        raise refusals.already_copied()
    if received is not None and received.is_complete:
        raise refusals.already_uploaded()


def with_piece(
    received: Received | None, piece: Part | Bytes | None, file: StoredFile, token: str
) -> Received:
    """Return what is received with this (valid) piece; `token` came with it, or is empty."""
    before = received or Received(_way(piece), token=token)
    position = piece.number if isinstance(piece, Part) else piece.first if piece else 0
    pieces = sorted((*before.pieces, Piece(position, file)), key=lambda one: one.position)
    total = before.total if piece is None or piece.total is None else piece.total
    return replace(before, pieces=tuple(pieces), total=total)


def _way(piece: Part | Bytes | None) -> Way:
    return "whole" if piece is None else "part" if isinstance(piece, Part) else "bytes"


def _refuse_part(received: Received, part: Part, size: int) -> None:
    known = received.total
    total = known if part.total is None else part.total
    sent = [piece.position for piece in received.pieces]
    others = [number for number in sent if number != part.number]
    if part.number == 0:
        raise refusals.part_zero()
    if part.total == 0:
        raise refusals.total_parts_zero()
    if part.number > _MAX_PARTS:
        raise refusals.part_too_high_allowed(_MAX_PARTS)
    if part.total is not None and part.total > _MAX_PARTS:
        raise refusals.total_parts_too_high(_MAX_PARTS)
    if total is not None and part.number > total:
        raise refusals.part_too_high_total(total)
    if known is not None and total != known:
        raise refusals.different_total_parts(known)
    if total is not None and others and others[-1] > total:
        raise refusals.total_parts_too_low(others[-1])
    if part.number in sent:
        raise refusals.part_already_sent(part.number)
    if size < MIN_PER_PIECE and part.number != total:
        raise refusals.part_too_small()


def _refuse_bytes(received: Received, piece: Bytes, size: int) -> None:
    known = received.total
    total = known if piece.total is None else piece.total
    if piece.total == 0:
        raise refusals.total_bytes_zero()
    if piece.total is not None and piece.total > _MAX_BYTES:
        raise refusals.total_bytes_too_high()
    if piece.last > _MAX_BYTES - 1:
        raise refusals.to_byte_too_high_allowed()
    if piece.first > piece.last:
        raise refusals.from_byte_too_high()
    if total is not None and piece.last >= total:
        raise refusals.to_byte_too_high_total(total)
    if known is not None and total != known:
        raise refusals.different_total_bytes(known)
    highest = received.pieces[-1] if received.pieces else None
    if total is not None and highest is not None and highest.last >= total:
        raise refusals.total_bytes_too_low(highest.position, highest.last)
    if piece.length > MAX_PER_REQUEST:
        raise refusals.range_too_large()
    if size != piece.length:
        raise refusals.range_mismatch(size, piece.length)
    for one in received.pieces:
        if piece.first <= one.last and one.position <= piece.last:
            raise refusals.range_overlap(one.position, one.last)
    if piece.length < MIN_PER_PIECE and piece.last + 1 != total:
        raise refusals.range_too_small()
