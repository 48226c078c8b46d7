"""Encoding: what of a video can be played, from the moment that its source is complete.

The status of a video shows it; uploads begin it.
"""

from __future__ import annotations

from typing import Literal

from fake_server.core.model import ReadOnly, Resource, Shape, field
from fake_server.core.operations import Operation
from fake_server.project import Context
from fake_server.resources.videos import Video

Format = Literal["hls", "mp4"]
QualityName = Literal["240p", "360p", "480p", "720p", "1080p", "2160p"]


class Quality(Shape):
    """One form that a video is encoded in."""

    type: Format
    quality: QualityName
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


class EncodedVideo(Resource, owner=Video):
    """How far a video with a complete source is encoded."""

    video_id: ReadOnly[str]
    qualities: tuple[Quality, ...] = field(doc="Its forms, in the order in which they get ready.")
    metadata: EncodingMetadata = field(doc="What is known of its source.")


_LADDER: tuple[QualityName, ...] = ("240p", "360p", "480p", "720p")
_FORMS: tuple[tuple[Format, QualityName], ...] = (*(("hls", it) for it in _LADDER), ("mp4", "720p"))
_METADATA = EncodingMetadata(
    width=1280,
    height=720,
    bitrate=1500.0,
    duration=30,
    framerate=30,
    samplerate=48000,
    video_codec="h264",
    audio_codec="aac",
    aspect_ratio="16/9",
)


def begin(call: Context, video: Video, content: bytes = b"") -> None:
    """Begin to encode a video whose source is complete now; hold the store's lock.

    `content` is the source, or its beginning and its end, if the caller has it: its width, height
    and duration are read from there.
    """
    qualities = tuple(Quality(type=kind, quality=it, status="encoded") for kind, it in _FORMS)
    encoded = EncodedVideo(video_id=video.id, qualities=qualities, metadata=_METADATA)
    call.store.table(EncodedVideo).put(encoded)


def encoding_of(call: Context, video: Video) -> Encoding:
    """How far a video is encoded; nothing is before its source is complete."""
    encoded = call.store.table(EncodedVideo).get(video.id)
    if encoded is None:
        return Encoding()
    playable = any(quality.status == "encoded" for quality in encoded.qualities)
    return Encoding(playable=playable, qualities=encoded.qualities, metadata=encoded.metadata)


def is_playable(call: Context, video: Video) -> bool:
    """Whether a form of the video can be played; its assets answer 202 until then."""
    return encoding_of(call, video).playable


OPERATIONS: tuple[Operation, ...] = ()
