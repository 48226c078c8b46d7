"""The status of a video: what was received of its file, and what of it can be played."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from fake_server.core.model import Schema, Unset
from fake_server.core.operations import GET, Action
from fake_server.core.verbs import find
from fake_server.project import Context
from fake_server.resources.encoding import Encoding, encoding_of
from fake_server.resources.upload.received import Received
from fake_server.resources.upload.sources import received_of
from fake_server.resources.videos import Video

IngestStatus = Literal["uploading", "uploaded", "ingesting", "ingested"]

_STATUS: dict[tuple[bool, bool], IngestStatus] = {
    (False, False): "uploading",
    (False, True): "uploaded",
    (True, False): "ingesting",
    (True, True): "ingested",
}
"""By whether the API fetches the source itself, and whether it has it."""


class BytesRange(Schema):
    """The bytes of one chunk; `to` is the last of them."""

    first: int = Field(serialization_alias="from")
    to: int
    total: Unset[int] = None


class ReceivedParts(Schema):
    """The numbers of the parts that are there, in order; `total` is null until it is known."""

    parts: tuple[int, ...] = ()
    total: int | None = None


class Ingest(Schema):
    """How the file of a video comes in: by upload, or from an address or another video."""

    status: IngestStatus
    filesize: int | None = None
    received_bytes: tuple[BytesRange, ...] = ()
    received_parts: Unset[ReceivedParts] = None


class VideoStatus(Schema):
    """How far a video is; `ingest` is null before any upload."""

    ingest: Ingest | None = None
    encoding: Encoding = Encoding()


def status_of(call: Context, video: Video) -> VideoStatus:
    """What was received of a video, and what of it can be played."""
    received = received_of(call, video.id)
    ingest = None if received is None else _ingest(received)
    return VideoStatus(ingest=ingest, encoding=encoding_of(call, video))


def _ingest(received: Received) -> Ingest:
    """How far the source is. Its size is null, and the total of ranges left out, until known."""
    status = _STATUS[received.way in ("url", "clone", "live"), received.is_complete]
    whole = received.size if received.is_complete else None
    if received.way == "bytes":
        total = received.total
        spans = [(piece.position, piece.last) for piece in received.pieces]
        ranges = tuple(BytesRange(first=first, to=last, total=total) for first, last in spans)
        return Ingest(status=status, filesize=total, received_bytes=ranges)
    if received.way == "part":
        numbers = tuple(piece.position for piece in received.pieces)
        parts = ReceivedParts(parts=numbers, total=received.total)
        return Ingest(status=status, filesize=whole, received_parts=parts)
    return Ingest(status=status, filesize=whole)


def show_status(call: Context) -> VideoStatus:
    """Show what was received of a video, and what of it can be played."""
    return status_of(call, find(call, Video))


OPERATIONS = (GET("/videos/{videoId}/status", Action(show_status, answers=VideoStatus)),)
