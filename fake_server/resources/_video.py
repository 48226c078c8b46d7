"""The video: its fields, and the URLs of its assets."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from fake_server.core.files import File
from fake_server.core.filters import contains, equals, includes_all, includes_pairs
from fake_server.core.languages import language_error
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
)
from fake_server.resources.player_themes import PlayerId
from fake_server.time_values import later

# fmt: off
_LANGUAGES = frozenset((
    "ar", "ca", "cs", "da", "de", "el", "en", "es", "fa", "fi", "fr", "he", "hi",
    "hr", "hu", "it", "ja", "ko", "ml", "nl", "nn", "no", "pl", "pt", "ru", "sk",
    "sl", "te", "tr", "uk", "ur", "vi", "zh",
))
# fmt: on
_MAX_EMPTY_AGE = timedelta(days=7)


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
Format = Literal["hls", "mp4"]
QualityName = Literal["240p", "360p", "480p", "720p", "1080p", "2160p"]


class Metadata(Schema):
    """A key and a value attached to a video."""

    key: str
    value: str


class Link(Schema):
    """A link to a related resource."""

    rel: str
    uri: str


class RecordedLiveStream(Schema):
    """The live stream that a video is a recording of."""

    live_stream_id: str
    links: tuple[Link, ...]


class Source(Schema):
    """The origin of a video."""

    type: str
    uri: str
    live_stream: Unset[RecordedLiveStream] = None


class Assets(Schema):
    """The URLs at which a video can be watched."""

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


def _language_origin(video: Mapping[str, Any]) -> Literal["api"] | None:
    return "api" if video["language"] else None


class Video(Resource, prefix="vi", collection="videos"):
    """A video, with or without a source."""

    video_id: ReadOnly[str]
    title: NotBlank = field(
        filter=contains, sort=True, doc="The title of the video.", example="A video"
    )
    description: str = field("", filter=contains, doc="The description of the video.")
    public: bool = field(True, doc="False: each viewer needs a token.")
    panoramic: bool = field(False, doc="Whether it is a 360 degree video.")
    mp4_support: bool = field(True, doc="Whether the assets include an MP4.")
    published_at: Timestamp = field(sort=True, doc="When the video was created.")
    created_at: Timestamp = field(sort=True, doc="When the video was created.")
    updated_at: Timestamp = field(sort=True, doc="When the video was last changed.")
    tags: list[str] = field(factory=list, filter=includes_all, doc="Words to find the video by.")
    metadata: Annotated[list[Metadata], AfterValidator(_last_wins)] = field(
        factory=list,
        filter=includes_pairs,
        doc="Keys and values to find the video by; the last value of a key wins.",
    )
    player_id: Unset[PlayerId] = field(None, doc="The player theme of the video.")
    language: Unset[Language] = field(None, doc="The language spoken in the video.")
    language_origin: ReadOnly[Unset[Literal["api", "auto"]]] = field(
        factory=_language_origin, doc="Whether a client set the language or it was detected."
    )
    discarded: ReadOnly[bool] = field(False, doc="Whether it was deleted and can be restored.")
    discarded_at: ReadOnly[Timestamp | None] = field(None, doc="When it was deleted.")
    deletes_at: ReadOnly[Timestamp | None] = field(None, doc="When it is deleted permanently.")
    source_type: Hidden[str] = field("upload", doc="upload, url or clone.")
    live_stream_id: Hidden[str | None] = field(
        None, filter=equals, doc="The live stream that the video is a recording of."
    )
    source: ReadOnly[Source] = field(factory=_source, doc="The origin of the video.")
    thumbnail: Hidden[File | None] = field(None, doc="The image that was uploaded.")
    thumbnail_timecode: Hidden[str | None] = field(None, doc="The frame that was picked.")
    assets: ReadOnly[Unset[Assets]] = field(None, doc="The URLs of the video's assets.")

    def deadlines(self) -> Mapping[str, datetime | None]:
        """Return when a video without a source is deleted."""
        return {"video.emptiness": later(self.created_at, _MAX_EMPTY_AGE)}

    def changed(self, now: datetime, values: Mapping[str, Any]) -> Self:
        """Return a changed copy; a new language has a new origin."""
        origin = {"language_origin": _language_origin(values)} if "language" in values else {}
        return super().changed(now, {**values, **origin})

    def is_cacheable(self) -> bool:
        """Return whether the video is public: each response gives a private one a new token."""
        return self.public

    def for_response(self, call: Viewer) -> Self:
        """Return the video with the URLs of its assets; those of a private one have a new token."""
        token = None if self.public else call.ticket(self.video_id)
        private = f"/token/{token}" if token else ""
        base = call.asset_url("vod", f"/vod/{self.video_id}{private}")
        query = f"?token={token}" if token else ""
        player = call.asset_url("embed", f"/vod/{self.video_id}{query}")
        assets = Assets(
            iframe=iframe(player),
            player=player,
            hls=f"{base}/hls/manifest.m3u8",
            thumbnail=f"{base}/thumbnail.jpg",
            mp4=f"{base}/mp4/source.mp4" if self.mp4_support else None,
        )
        return self.model_copy(update={"assets": assets})


def iframe(player: str) -> str:
    """Return the HTML that embeds a player."""
    return (
        f'<iframe src="{player}" width="100%" height="100%" frameborder="0" '
        'scrolling="no" allowfullscreen="true"></iframe>'
    )
