"""The status of a video: what was received of its file, and what of it can be played."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from fake_server.core.model import Shape, Unset
from fake_server.core.operations import GET, Action
from fake_server.core.verbs import find
from fake_server.project import Context
from fake_server.resources.encoding import Encoding, encoding_of
from fake_server.resources.videos import Video


class BytesRange(Shape):
    """The bytes of one chunk; `to` is the last of them."""

    start: int = Field(alias="from")
    to: int
    total: int


class ReceivedParts(Shape):
    """The numbers of the parts that are there, in order; `total` is null until it is known."""

    parts: tuple[int, ...] = ()
    total: int | None = None


class Ingest(Shape):
    """How the file of a video comes in: by upload, or from an address or another video."""

    status: Literal["uploading", "uploaded", "ingesting", "ingested"]
    filesize: int | None = None
    received_bytes: tuple[BytesRange, ...] = ()
    received_parts: Unset[ReceivedParts] = None


class VideoStatus(Shape):
    """How far a video is; `ingest` is null before any upload."""

    ingest: Ingest | None = None
    encoding: Encoding = Encoding()


def status_of(call: Context, video: Video) -> VideoStatus:
    """What was received of a video, and what of it can be played."""
    return VideoStatus(encoding=encoding_of(call, video))


def show_status(call: Context) -> VideoStatus:
    """Show what was received of a video, and what of it can be played."""
    return status_of(call, find(call, Video))


OPERATIONS = (GET("/videos/{videoId}/status", Action(show_status, answers=VideoStatus)),)
