"""The status of a video: which parts of its source were received, and its encoding."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from fake_server.core.model import Schema, Unset
from fake_server.core.operations import GET, Action
from fake_server.core.verbs import find
from fake_server.project import Context
from fake_server.resources._encoded_video import Encoding
from fake_server.resources._encoding import encoding_of
from fake_server.resources._video import Video
from fake_server.resources.upload.received import Received
from fake_server.resources.upload.sources import received_of

IngestStatus = Literal["uploading", "uploaded", "ingesting", "ingested"]

_STATUS: dict[tuple[bool, bool], IngestStatus] = {
    (False, False): "uploading",
    (False, True): "uploaded",
    (True, False): "ingesting",
    (True, True): "ingested",
}
"""By whether the API gets the source itself, and whether the source is complete."""


class BytesRange(Schema):
    """The bytes of one chunk; `to` is the last of them."""

    first: int = Field(serialization_alias="from")
    to: int
    total: Unset[int] = None


class ReceivedParts(Schema):
    """The numbers of the received parts, in order; `total` is null until it is known."""

    parts: tuple[int, ...] = ()
    total: int | None = None


class Ingest(Schema):
    """The state of a video's source, which is uploaded, fetched or copied."""

    status: IngestStatus
    filesize: int | None = None
    received_bytes: tuple[BytesRange, ...] = ()
    received_parts: Unset[ReceivedParts] = None


class VideoStatus(Schema):
    """The status of a video; `ingest` is null before any upload, or with a setting `[]`."""

    ingest: Ingest | list[Any] | None = None
    encoding: Encoding = Encoding()


def status_of(call: Context, video: Video) -> VideoStatus:
    """Return the status of a video."""
    received = received_of(call, video.id)
    ingest = call.settings.empty_ingest if received is None else _ingest(received)
    return VideoStatus(ingest=ingest, encoding=encoding_of(call, video))


def _ingest(received: Received) -> Ingest:
    """Return the state of a source; its size is null, and a range's total absent, until known."""
    status = _STATUS[received.way in ("url", "clone", "live"), received.is_complete]
    size = received.size if received.is_complete else None
    if received.way == "bytes":
        total = received.total
        ranges = tuple(
            BytesRange(first=piece.position, to=piece.last, total=total)
            for piece in received.pieces
        )
        return Ingest(status=status, filesize=total, received_bytes=ranges)
    if received.way == "part":
        numbers = tuple(piece.position for piece in received.pieces)
        parts = ReceivedParts(parts=numbers, total=received.total)
        return Ingest(status=status, filesize=size, received_parts=parts)
    return Ingest(status=status, filesize=size)


def show_status(call: Context) -> VideoStatus:
    """Show what was received of a video's source, and what is encoded."""
    return status_of(call, find(call, Video))


OPERATIONS = (GET("/videos/{videoId}/status", Action(show_status, answers=VideoStatus)),)
