"""Videos: create, list, read and change them, and encode them by hand.

Their sources are in `upload/`; `discarded_videos.py` deletes them, because it can restore them.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, ValidationInfo
from pydantic_core import PydanticCustomError
from typing_extensions import TypedDict

from fake_server.collection import Collection
from fake_server.core.context import Answer
from fake_server.core.listing import list_all
from fake_server.core.model import Schema, Unset, existing
from fake_server.core.operations import GET, PATCH, POST, Action
from fake_server.core.verbs import add, change, find, read, sent
from fake_server.lifecycle import EventHandler
from fake_server.project import Context, ProjectContext
from fake_server.resources._encoded_video import EncodedVideo
from fake_server.resources._encoding import finish
from fake_server.resources._transcripts import transcribe
from fake_server.resources._video import Format, QualityName, Video
from fake_server.resources.summaries import summarize
from fake_server.resources.upload import sources
from fake_server.resources.upload.received import Received
from fake_server.resources.watermarks import Watermark

__all__ = [
    "EVENT_HANDLERS",
    "OPERATIONS",
    "Format",
    "QualityName",
    "Video",
    "Videos",
    "finish_encoding",
]

Timecode = Annotated[
    str, Field(pattern=r"^(?:\d{2,3}:[0-5]\d:[0-5]\d(?:\.\d{1,3}|\:\d{1,2})?|\d{1,7})$")
]
Length = Annotated[str, Field(pattern=r"^(?:-?\d+(?:\.\d+)?(?:px|%)|initial)$")]


class Clip(Schema):
    """The part of the source to keep."""

    start_timecode: Unset[Timecode] = None
    end_timecode: Unset[Timecode] = None


class VideoWatermark(Schema):
    """A watermark to put on the video, and its position."""

    id: Annotated[str, existing(Watermark)]
    top: Unset[Length] = None
    left: Unset[Length] = None
    bottom: Unset[Length] = None
    right: Unset[Length] = None
    width: Unset[Length] = None
    height: Unset[Length] = None
    opacity: Unset[Annotated[str, Field(pattern=r"^\d+(?:\.\d+)?%$")]] = None


class Transcription(TypedDict, total=False):
    """What to generate from the spoken words."""

    transcript: bool
    transcript_summary: bool
    transcript_summary_attributes: list[Literal["abstract", "takeaways"]]


def _has_source(source: str, info: ValidationInfo) -> str:
    """Check the URL of a file, or the id of a video of the call's project that has a source."""
    call: Context | None = info.context
    if call is not None and not _is_url(source) and sources.copied(call, source) is None:
        raise PydanticCustomError("source", _NO_SOURCE)
    return source


def _is_url(source: str) -> bool:
    try:
        parts = urlsplit(source)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname)


_NO_SOURCE = "This value is neither a URL nor the id of a video that has a source."


class Creation(Transcription, total=False):
    """The attributes that only the creation of a video takes."""

    source: Annotated[str, AfterValidator(_has_source)]
    clip: Clip
    watermark: VideoWatermark
    subtitle: str  # sent by clients since 2025; no page describes it, and no response shows it


def create_video(call: Context) -> Answer:
    """Create a video: 201, or 202 if the API is to fetch or copy its `source`."""
    values = sent(call, Video, "create", Creation)
    attributes, source = _attributes(values), values.get("source")
    if source is None:
        return Answer(_create(call, attributes, values))
    is_url = _is_url(source)
    attributes["source_type"] = "url" if is_url else "clone"
    received = sources.fetched(call, source) if is_url else sources.copied(call, source)
    return Answer(_create(call, attributes, values, received), status=202)


def _create(
    call: Context,
    attributes: dict[str, Any],
    values: dict[str, Any],
    source: Received | None = None,
) -> Video:
    with call.store.lock:
        video = add(call, Video, attributes)
        if source is not None:
            sources.store(call, video, source)
        _transcribe(call, video.id, values)
        return video


def update_video(call: Context) -> Video:
    """Merge what was sent into a video: absent keeps, null clears where it may, lists replace."""
    video = find(call, Video)  # an unknown video is a 404, whatever was sent
    values = sent(call, Video, "patch", Transcription)
    with call.store.lock:
        _transcribe(call, video.id, values)
        return change(call, Video, _attributes(values))


def _transcribe(call: Context, video_id: str, values: dict[str, Any]) -> None:
    if values.get("transcript_summary"):
        attributes = values.get("transcript_summary_attributes")
        summarize(call, video_id, "auto", "transcriptSummary", attributes)
    if values.get("transcript"):
        transcribe(call, video_id)


def _attributes(values: dict[str, Any]) -> dict[str, Any]:
    """Return the values of a body that are fields of the video itself."""
    return {name: value for name, value in values.items() if name not in Creation.__annotations__}


def finish_encoding(
    call: ProjectContext,
    video_id: str,
    status: Literal["encoded", "failed"],
    format: Format | None = None,
    quality: QualityName | None = None,
) -> None:
    """Give renditions of a video a final status now; a video without a source gets one.

    Raises ValueError if the source is incomplete or the video has no such rendition.
    """
    with call.store.lock:
        video = call.store.find(Video, video_id)
        if sources.received_of(call, video_id) is None:
            settings = call.settings.model_copy(update={"encoding": "manual"})
            sources.add_placeholder(replace(call, settings=settings), video, "whole")
        if video_id not in call.store.table(EncodedVideo):
            raise ValueError(
                f"the source of the video {video_id} is not complete, so it has no renditions"
            )
        finish(call, video_id, status, format, quality)


class Videos(Collection[Video]):
    """The videos of a project, oldest first, and how to encode them by hand."""

    kind = Video

    def encode(
        self, video: Video | str, format: Format | None = None, quality: QualityName | None = None
    ) -> Video:
        """Encode a rendition now (`"hls", "240p"`), by default all unfinished ones.

        A video without a source gets one. Returns the video. Raises ValueError for a rendition
        that it does not have, and KeyError for an unknown video.
        """
        return self._finish(video, "encoded", format, quality)

    def fail_encoding(
        self, video: Video | str, format: Format | None = None, quality: QualityName | None = None
    ) -> Video:
        """Make the encoding of a rendition fail now, or of all unfinished ones; see `encode`."""
        return self._finish(video, "failed", format, quality)

    def _finish(
        self,
        video: Video | str,
        status: Literal["encoded", "failed"],
        format: Format | None,
        quality: QualityName | None,
    ) -> Video:
        call = self._project.context()
        with call.store.lock:
            finish_encoding(call, self._find(video).id, status, format, quality)
            return self._find(video)


def _delete_empty(call: ProjectContext, video_id: str) -> None:
    if video_id not in call.store.table(EncodedVideo):
        call.store.remove(Video, video_id)


_CREATE = Action(create_video, body=(Video, "create", Creation), answers=Video)
_UPDATE = Action(update_video, body=(Video, "patch", Transcription), answers=Video)

EVENT_HANDLERS = {
    "video.emptiness": EventHandler(
        _delete_empty, enabled=lambda settings, environment: settings.expire_empty_videos
    )
}

OPERATIONS = (
    GET("/videos", list_all(Video)),
    POST("/videos", _CREATE, status=201),
    GET("/videos/{videoId}", read(Video)),
    PATCH("/videos/{videoId}", _UPDATE),
)
