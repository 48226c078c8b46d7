"""The status of a video: what was received of its file, and what of it can be played."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from fake_server.core.model import Shape, Unset
from fake_server.core.operations import GET, Action
from fake_server.core.verbs import find
from fake_server.project import Context
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


class Quality(Shape):
    """One form that a video is encoded in."""

    type: Literal["hls", "mp4"]
    quality: Literal["240p", "360p", "480p", "720p", "1080p", "2160p"]
    status: Literal["waiting", "encoding", "encoded", "failed"]


class EncodingMetadata(Shape):
    """What encoding found out about a video; all null before."""

    width: int | None = None
    height: int | None = None
    bitrate: float | None = None
    duration: int | None = None
    framerate: int | None = None
    samplerate: int | None = None
    video_codec: str | None = None
    audio_codec: str | None = None
    aspect_ratio: str | None = None


class Encoding(Shape):
    """How far a video is encoded; it is playable when one quality is."""

    playable: bool = False
    qualities: tuple[Quality, ...] = ()
    metadata: EncodingMetadata = EncodingMetadata()


class VideoStatus(Shape):
    """How far a video is; `ingest` is null before any upload."""

    ingest: Ingest | None = None
    encoding: Encoding = Encoding()


def status_of(video: Video) -> VideoStatus:
    """How far the video is: nothing was received of it yet, and nothing can be played."""
    return VideoStatus()


def show_status(call: Context) -> VideoStatus:
    """Show what was received of a video, and what of it can be played."""
    return status_of(find(call, Video))


OPERATIONS = (GET("/videos/{videoId}/status", Action(show_status, answers=VideoStatus)),)
