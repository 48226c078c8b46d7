"""Videos: create, list, read and change them; uploads (`upload/`) come later in their life.

Deleting them is in `discarded_videos.py`, as they may come back.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, ValidationInfo
from pydantic_core import PydanticCustomError
from typing_extensions import TypedDict

from fake_server.core.context import Answer
from fake_server.core.files import File
from fake_server.core.filters import contains, equals, includes_all, includes_pairs
from fake_server.core.languages import language_error
from fake_server.core.listing import list_all
from fake_server.core.model import (
    Hidden,
    NotBlank,
    ReadOnly,
    Resource,
    Schema,
    Timestamp,
    Unset,
    Viewer,
    field,
    known,
)
from fake_server.core.operations import GET, PATCH, POST, Action
from fake_server.core.verbs import add, change, find, read, sent
from fake_server.lifecycle import EventHandler
from fake_server.project import Context, ProjectContext
from fake_server.resources.player_themes import PlayerId
from fake_server.resources.watermarks import Watermark
from fake_server.time_values import later

if TYPE_CHECKING:
    from fake_server.resources.upload.received import Received

# fmt: off
_LANGUAGES = frozenset((
    "ar", "ca", "cs", "da", "de", "el", "en", "es", "fa", "fi", "fr", "he", "hi",
    "hr", "hu", "it", "ja", "ko", "ml", "nl", "nn", "no", "pl", "pt", "ru", "sk",
    "sl", "te", "tr", "uk", "ur", "vi", "zh",
))
# fmt: on
_KEPT_EMPTY = timedelta(days=7)


def _supported(language: str) -> str:
    wrong = language_error(language, _LANGUAGES)
    if wrong:
        raise PydanticCustomError("language", "{wrong}", {"wrong": wrong})
    return language


def _last_wins(items: list[Metadata]) -> list[Metadata]:
    return list({item.key: item for item in items}.values())


Language = Annotated[
    str, AfterValidator(_supported), Field(json_schema_extra={"enum": sorted(_LANGUAGES)})
]
Timecode = Annotated[
    str, Field(pattern=r"^(?:\d{2,3}:[0-5]\d:[0-5]\d(?:\.\d{1,3}|\:\d{1,2})?|\d{1,7})$")
]
Length = Annotated[str, Field(pattern=r"^(?:-?\d+(?:\.\d+)?(?:px|%)|initial)$")]


Format = Literal["hls", "mp4"]
QualityName = Literal["240p", "360p", "480p", "720p", "1080p", "2160p"]


class Metadata(Schema):
    """A key and a value that a video is marked with."""

    key: str
    value: str


class Link(Schema):
    """Where more is told of something, and how that is related to it."""

    rel: str
    uri: str


class RecordedLiveStream(Schema):
    """The live stream that a video is a recording of."""

    live_stream_id: str
    links: tuple[Link, ...]


class Source(Schema):
    """Where the video came from."""

    type: str
    uri: str
    live_stream: Unset[RecordedLiveStream] = None


class Assets(Schema):
    """Where to watch the video."""

    iframe: str
    player: str
    hls: str
    thumbnail: str
    mp4: Unset[str] = None


def _source(video: dict[str, Any]) -> Source:
    stream_id, stream = video["live_stream_id"], None
    if stream_id is not None:
        link = Link(rel="self", uri=f"/live-streams/{stream_id}")
        stream = RecordedLiveStream(live_stream_id=stream_id, links=(link,))
    uri = f"/videos/{video['video_id']}/source"
    return Source(type=video["source_type"], uri=uri, live_stream=stream)


def _api(video: Mapping[str, Any]) -> Literal["api"] | None:
    return "api" if video["language"] else None


class Video(Resource, prefix="vi", collection="videos"):
    """A video; it exists before anything is uploaded to it."""

    video_id: ReadOnly[str]
    title: NotBlank = field(
        filter=contains, sort=True, doc="The title of the video.", example="A video"
    )
    description: str = field("", filter=contains, doc="What the video shows.")
    public: bool = field(True, doc="False: watching takes a token of its own each time.")
    panoramic: bool = field(False, doc="Whether it is a 360 degree video.")
    mp4_support: bool = field(True, doc="Whether the assets include an MP4.")
    published_at: Timestamp = field(sort=True, doc="When the video was made.")
    created_at: Timestamp = field(sort=True, doc="When the video was made.")
    updated_at: Timestamp = field(sort=True, doc="When the video was last changed.")
    tags: list[str] = field(make=list, filter=includes_all, doc="Words to find the video by.")
    metadata: Annotated[list[Metadata], AfterValidator(_last_wins)] = field(
        make=list,
        filter=includes_pairs,
        doc="Keys and values to find the video by; of a key the last wins.",
    )
    player_id: Unset[PlayerId] = field(None, doc="The player theme of the video.")
    language: Unset[Language] = field(None, doc="The language spoken in the video.")
    language_origin: ReadOnly[Unset[Literal["api", "auto"]]] = field(make=_api, doc="Who said so.")
    discarded: ReadOnly[bool] = field(False, doc="Whether it was deleted and can be restored.")
    discarded_at: ReadOnly[Timestamp | None] = field(None, doc="When it was deleted.")
    deletes_at: ReadOnly[Timestamp | None] = field(None, doc="When it will be gone for good.")
    source_type: Hidden[str] = field("upload", doc="upload, url or clone.")
    live_stream_id: Hidden[str | None] = field(
        None, filter=equals, doc="The live stream that the video is a recording of."
    )
    source: ReadOnly[Source] = field(make=_source, doc="Where the video came from.")
    thumbnail: Hidden[File | None] = field(None, doc="The image that was uploaded.")
    thumbnail_timecode: Hidden[str | None] = field(None, doc="The moment that was picked.")
    assets: ReadOnly[Unset[Assets]] = field(None, doc="Where to watch the video.")

    def deadlines(self) -> Mapping[str, datetime | None]:
        """A container that stays empty is deleted."""
        return {"video.emptiness": later(self.created_at, _KEPT_EMPTY)}

    def changed(self, now: datetime, values: Mapping[str, Any]) -> Self:
        """As for any resource; who changes the language is its origin."""
        origin = {"language_origin": _api(values)} if "language" in values else {}
        return super().changed(now, {**values, **origin})

    def keeps(self) -> bool:
        """Two answers show a private video with two different tokens."""
        return self.public

    def shown(self, call: Viewer) -> Self:
        """The video with the addresses of its assets; those of a private one with a new token."""
        token = None if self.public else call.ticket(self.video_id)
        private = f"/token/{token}" if token else ""
        base = call.asset_url("vod", f"/vod/{self.video_id}{private}")
        watch = f"?token={token}" if token else ""
        player = call.asset_url("embed", f"/vod/{self.video_id}{watch}")
        assets = Assets(
            iframe=f'<iframe src="{player}" width="100%" height="100%" frameborder="0" '
            'scrolling="no" allowfullscreen="true"></iframe>',
            player=player,
            hls=f"{base}/hls/manifest.m3u8",
            thumbnail=f"{base}/thumbnail.jpg",
            mp4=f"{base}/mp4/source.mp4" if self.mp4_support else None,
        )
        return self.model_copy(update={"assets": assets})

    def encoded(self, form: Format | None = None, quality: QualityName | None = None) -> Self:
        """A lever: encode a form now (`"hls", "240p"`), or without arguments all that are left.

        A video without a source gets one. Raises ValueError for a form that it does not have,
        KeyError for a video that was deleted, and LookupError for one that comes from no
        collection. Returns the video.
        """
        return self._finish("encoded", form, quality)

    def encoding_failed(
        self, form: Format | None = None, quality: QualityName | None = None
    ) -> Self:
        """A lever: let the encoding of a form fail now, or of all that are left; as `encoded`."""
        return self._finish("failed", form, quality)

    def _finish(
        self,
        status: Literal["encoded", "failed"],
        form: Format | None,
        quality: QualityName | None,
    ) -> Self:
        from fake_server.resources.encoding import finish  # which knows videos

        finish(self.context(), self.video_id, status, form, quality)
        return self


class Clip(Schema):
    """The part of the source to keep."""

    start_timecode: Unset[Timecode] = None
    end_timecode: Unset[Timecode] = None


class VideoWatermark(Schema):
    """A watermark to put on the video, and where."""

    id: Annotated[str, known(Watermark)]
    top: Unset[Length] = None
    left: Unset[Length] = None
    bottom: Unset[Length] = None
    right: Unset[Length] = None
    width: Unset[Length] = None
    height: Unset[Length] = None
    opacity: Unset[Annotated[str, Field(pattern=r"^\d+(?:\.\d+)?%$")]] = None


class Transcription(TypedDict, total=False):
    """What to derive from the spoken words."""

    transcript: bool
    transcript_summary: bool
    transcript_summary_attributes: list[Literal["abstract", "takeaways"]]


def _known_source(source: str, info: ValidationInfo) -> str:
    """The address of a file, or the id of a video of the call's project that has a source."""
    call: Context | None = info.context
    if call is not None and not _is_url(source) and _received(call, source) is None:
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
    """What only the creation of a video takes."""

    source: Annotated[str, AfterValidator(_known_source)]
    clip: Clip
    watermark: VideoWatermark


def create_video(call: Context) -> Answer:
    """Create a video: 201, or 202 if the API shall fetch or copy its `source`."""
    values = sent(call, Video, "create", Creation)
    source = values.get("source")
    attributes = _of_video(values)
    if source is None:
        return Answer(_create(call, attributes, values))
    attributes["source_type"] = "url" if _is_url(source) else "clone"
    video = _create(call, attributes, values, _received(call, source))
    return Answer(video, status=202)


def _create(
    call: Context,
    attributes: dict[str, Any],
    values: dict[str, Any],
    source: Received | None = None,
) -> Video:
    from fake_server.resources.upload import sources  # which knows videos

    with call.store.lock:
        video = add(call, Video, attributes)
        if source is not None:
            sources.store(call, video, source)
        _transcribe(call, video.id, values)
        return video


def _received(call: Context, source: str) -> Received | None:
    """What comes from an address, or from the video with this id; None if that has no source."""
    from fake_server.resources.upload import sources  # which knows videos

    return sources.fetched(call, source) if _is_url(source) else sources.copied(call, source)


def update_video(call: Context) -> Video:
    """Merge what was sent into a video: absent keeps, null clears where it may, lists replace."""
    video = find(call, Video)  # an unknown video is a 404, whatever was sent
    values = sent(call, Video, "patch", Transcription)
    with call.store.lock:
        _transcribe(call, video.id, values)
        return change(call, Video, _of_video(values))


def _transcribe(call: Context, video_id: str, values: dict[str, Any]) -> None:
    from fake_server.resources.summaries import summarize  # which knows videos
    from fake_server.resources.transcripts import transcribe  # as well

    if values.get("transcript_summary"):
        attributes = values.get("transcript_summary_attributes")
        summarize(call, video_id, "auto", "transcriptSummary", attributes)
    if values.get("transcript"):
        transcribe(call, video_id)


def _of_video(values: dict[str, Any]) -> dict[str, Any]:
    """What of a body is part of the video itself."""
    return {name: value for name, value in values.items() if name not in Creation.__annotations__}


_CREATE = Action(create_video, body=(Video, "create", Creation), answers=Video)
_UPDATE = Action(update_video, body=(Video, "patch", Transcription), answers=Video)


def _delete_empty(call: ProjectContext, video_id: str) -> None:
    from fake_server.resources.encoding import EncodedVideo  # which knows videos

    if video_id not in call.store.table(EncodedVideo):
        call.store.remove(Video, video_id)


EVENT_HANDLERS = {
    "video.emptiness": EventHandler(
        _delete_empty, counts=lambda settings, environment: settings.expire_empty_videos
    )
}

OPERATIONS = (
    GET("/videos", list_all(Video)),
    POST("/videos", _CREATE, status=201),
    GET("/videos/{videoId}", read(Video)),
    PATCH("/videos/{videoId}", _UPDATE),
)
