"""The encoding of a video: which renditions it has, and which of them are ready."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Literal

from fake_server.core.model import ReadOnly, Resource, Schema, Timestamp, field
from fake_server.resources._video import Format, QualityName, Video
from fake_server.time_values import later

Status = Literal["waiting", "encoding", "encoded", "failed"]

_MAX_SANDBOX_AGE = timedelta(hours=24)


class Rendition(Schema):
    """A format and a quality that a video is encoded in."""

    type: Format
    quality: QualityName
    status: Status = "waiting"

    @property
    def is_finished(self) -> bool:
        """Whether it is encoded, or has failed."""
        return self.status in ("encoded", "failed")


class EncodingMetadata(Schema):
    """The facts that encoding finds in the source; all null before."""

    width: int | None = None
    height: int | None = None
    bitrate: float | None = None
    duration: int | None = None
    framerate: int | None = None
    samplerate: int | None = None
    video_codec: str | None = None
    audio_codec: str | None = None
    aspect_ratio: str | None = None


class Encoding(Schema):
    """The state of a video's encoding; the video is playable when one rendition is encoded."""

    playable: bool = False
    qualities: tuple[Rendition, ...] = ()
    metadata: EncodingMetadata = EncodingMetadata()

    def encoded_as(self, format: Format) -> list[QualityName]:
        """Return the qualities that are encoded in a format."""
        return [
            one.quality for one in self.qualities if one.type == format and one.status == "encoded"
        ]


class EncodedVideo(Resource, owner=Video):
    """The renditions of a video with a complete source; they are encoded in order."""

    video_id: ReadOnly[str]
    created_at: Timestamp = field(doc="When its source was complete.")
    renditions: tuple[Rendition, ...] = field(doc="Its renditions.")
    metadata: EncodingMetadata = field(doc="The facts about its source.")
    pace: float | str = field(doc="The setting `encoding`, when it began.")
    polls: int = field(0, doc="How often its status was read.")

    @property
    def is_playable(self) -> bool:
        """Whether a rendition is encoded."""
        return any(one.status == "encoded" for one in self.renditions)

    @property
    def is_finished(self) -> bool:
        """Whether all renditions are encoded or failed."""
        return all(one.is_finished for one in self.renditions)

    def deadlines(self) -> Mapping[str, datetime | None]:
        """Return when the next rendition is encoded, and when the sandbox deletes the video."""
        return {
            "video.encoding": self._next_rendition_at(),
            "video.sandbox-expiry": later(self.created_at, _MAX_SANDBOX_AGE),
        }

    def _next_rendition_at(self) -> datetime | None:
        if isinstance(self.pace, str) or self.is_finished:
            return None
        position = sum(one.is_finished for one in self.renditions) + 1
        return later(
            self.created_at, timedelta(seconds=self.pace) * position / len(self.renditions)
        )

    def with_status(self, index: int, status: Status) -> EncodedVideo:
        """Return a copy with this status of one rendition; the next waiting one is begun."""
        renditions = list(self.renditions)
        renditions[index] = renditions[index].model_copy(update={"status": status})
        return self.changed(self.created_at, {"renditions": begin_next(renditions)})


def begin_next(renditions: list[Rendition]) -> tuple[Rendition, ...]:
    """Return the renditions, the first waiting one being encoded unless another is."""
    statuses = [one.status for one in renditions]
    if "encoding" not in statuses and "waiting" in statuses:
        first = statuses.index("waiting")
        renditions[first] = renditions[first].model_copy(update={"status": "encoding"})
    return tuple(renditions)
