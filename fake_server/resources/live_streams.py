"""Live streams: where to stream to, where to watch it, and where else it is sent on to."""

from __future__ import annotations

import re
from functools import partial
from typing import Annotated, Any, Self

from pydantic import AfterValidator
from pydantic_core import PydanticCustomError

from fake_server.core import problems
from fake_server.core.files import File
from fake_server.core.filters import contains, equals
from fake_server.core.forms import received_file
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
)
from fake_server.core.mp4 import MediaInfo
from fake_server.core.operations import DELETE, GET, PATCH, POST, PUT, Action
from fake_server.core.store import Ids
from fake_server.core.verbs import change, create, delete, find, read, update
from fake_server.project import Context, ProjectContext
from fake_server.resources.player_themes import PlayerId
from fake_server.resources.thumbnails import THUMBNAIL
from fake_server.resources.upload.sources import stand_in
from fake_server.resources.videos import Video
from fake_server.resources.webhooks import publish

_RTMP = re.compile(r"rtmps?://[^/\s]+(?P<app>/\S*)?", re.IGNORECASE)


def _rtmp(url: str) -> str:
    match = _RTMP.fullmatch(url)
    if match is None:
        raise PydanticCustomError(
            "rtmp", "RTMP URL should have the following format: [rtmp|rtmps]://[host]/[app name]."
        )
    if not (match["app"] or "").strip("/"):
        raise PydanticCustomError("rtmp", "Missing app name: [rtmp|rtmps]://[host]/[app name].")
    return url


class Restream(Schema):
    """Another service that gets the stream, too."""

    name: NotBlank
    server_url: Annotated[NotBlank, AfterValidator(_rtmp)]
    stream_key: NotBlank


class LiveAssets(Schema):
    """Where to watch the stream; api.video documents no other addresses for a private one."""

    iframe: str
    player: str
    hls: str
    thumbnail: str


def _key(stream: dict[str, Any]) -> str:
    """Repeats from run to run with the id, and is another for each live stream."""
    return Ids(stream["live_stream_id"]).uuid()


class LiveStream(Resource, prefix="li", collection="live_streams"):
    """A live stream; it exists before and after anybody streams to it."""

    secret = "stream_key"

    live_stream_id: ReadOnly[str]
    created_at: Timestamp = field(sort=True, doc="When the live stream was made.")
    updated_at: Timestamp = field(sort=True, doc="When the live stream was last changed.")
    stream_key: ReadOnly[str] = field(make=_key, filter=equals, doc="What to stream with.")
    name: NotBlank = field(
        filter=contains, sort=True, doc="What the live stream is called.", example="A live stream"
    )
    public: bool = field(True, doc="False: watching takes a token of its own each time.")
    broadcasting: ReadOnly[bool] = field(False, doc="Whether somebody streams now.")
    player_id: Unset[PlayerId] = field(None, doc="The player theme of the live stream.")
    started_at: Hidden[Timestamp | None] = field(
        None, doc="When the broadcast began, if it goes on."
    )
    restreams: list[Restream] = field(make=list, most=5, doc="Where else the stream is sent.")
    thumbnail: Hidden[File | None] = field(None, doc="The image that was uploaded.")
    assets: ReadOnly[Unset[LiveAssets]] = field(None, doc="Where to watch the live stream.")

    def shown(self, call: Viewer) -> Self:
        """The live stream with the addresses of its assets."""
        player = call.asset_url("embed", f"/live/{self.live_stream_id}")
        assets = LiveAssets(
            iframe=f'<iframe src="{player}" width="100%" height="100%" frameborder="0" '
            'scrolling="no" allowfullscreen="true"></iframe>',
            player=player,
            hls=call.asset_url("live", f"/{self.live_stream_id}.m3u8"),
            thumbnail=call.asset_url("live", f"/{self.live_stream_id}/thumbnail.jpg"),
        )
        return self.model_copy(update={"assets": assets})

    def start(self) -> LiveStream:
        """A lever: somebody begins to stream. Returns the live stream, broadcasting.

        Raises ValueError if it is broadcasting, KeyError if it was deleted, and LookupError for one
        that comes from no collection.
        """
        return _start(self.context(), self.live_stream_id)

    def stop(self) -> Video:
        """A lever: the broadcast ends, and what was streamed becomes a video: the recording.

        Raises ValueError if it is not broadcasting, otherwise as `start`.
        """
        return _stop(self.context(), self.live_stream_id)


def _start(call: ProjectContext, stream_id: str) -> LiveStream:
    with call.store.lock:
        stream = _stream(call, stream_id)
        if stream.broadcasting:
            raise ValueError(f"the live stream {stream_id} is broadcasting already")
        began = {"broadcasting": True, "started_at": call.now}
        stream = call.store.table(LiveStream).put(stream.changed(call.now, began))
        publish(call, "live-stream.broadcast.started", {"liveStreamId": stream_id})
        return stream.held(partial(call.project.context, call.environment))


def _stop(call: ProjectContext, stream_id: str) -> Video:
    with call.store.lock:
        stream = _stream(call, stream_id)
        if not stream.broadcasting:
            raise ValueError(f"the live stream {stream_id} is not broadcasting: start() it first")
        ended = {"broadcasting": False, "started_at": None}
        call.store.table(LiveStream).put(stream.changed(call.now, ended))
        publish(call, "live-stream.broadcast.ended", {"liveStreamId": stream_id})
        return _record(call, stream)


def _record(call: ProjectContext, stream: LiveStream) -> Video:
    """The recording of a broadcast that ends now: a video of its name, which is encoded."""
    facts = {
        "title": stream.name,
        "public": stream.public,
        "player_id": stream.player_id,
        "source_type": "liveStream",
        "live_stream_id": stream.id,
    }
    video = call.store.table(Video).put(Video.new(call.store.new_id(Video), call.now, facts))
    video = video.held(partial(call.project.context, call.environment))
    told = {"liveStreamId": stream.id, "videoId": video.id}
    publish(call, "video.source.recorded", told)
    lasted = (call.now - (stream.started_at or call.now)).total_seconds()
    stand_in(call, video, "live", measures=MediaInfo(duration=max(lasted, 1)))
    return video


def _stream(call: ProjectContext, stream_id: str) -> LiveStream:
    stream = call.store.table(LiveStream).get(stream_id)
    if stream is None:
        raise KeyError(f"the live stream {stream_id} was deleted")
    return stream


def complete(call: Context) -> None:
    """Complete a live stream that is broadcasting; nothing happens to one that is not."""
    with call.store.lock:
        stream = find(call, LiveStream)
        if stream.broadcasting:
            _stop(call, stream.id)


def upload_thumbnail(call: Context) -> LiveStream:
    """Upload the thumbnail of a live stream."""
    find(call, LiveStream)  # an unknown live stream is a 404, whatever was sent
    return change(call, LiveStream, {"thumbnail": received_file(call)})


def delete_thumbnail(call: Context) -> LiveStream:
    """Delete the thumbnail of a live stream; without one nothing happens."""
    with call.store.lock:
        stream = find(call, LiveStream)
        return change(call, LiveStream, {"thumbnail": None}) if stream.thumbnail else stream


def show_thumbnail(call: Context) -> File:
    """The thumbnail of a live stream; its address ends in `.jpg` whatever the image is."""
    stream = find(call, LiveStream)
    if stream.thumbnail is None or not stream.public:
        raise problems.resource_not_found(LiveStream.path_parameter())
    return stream.thumbnail


_UPLOAD = Action(upload_thumbnail, answers=LiveStream)
_DELETE = Action(delete_thumbnail, answers=LiveStream)
_SHOW = Action(show_thumbnail, answers=File)

OPERATIONS = (
    GET("/live-streams", list_all(LiveStream)),
    POST("/live-streams", create(LiveStream)),
    GET("/live-streams/{liveStreamId}", read(LiveStream)),
    PATCH("/live-streams/{liveStreamId}", update(LiveStream)),
    DELETE("/live-streams/{liveStreamId}", delete(LiveStream)),
    PUT("/live-streams/{liveStreamId}/complete", complete, status=202),
    POST("/live-streams/{liveStreamId}/thumbnail", _UPLOAD, status=201, file_rule=THUMBNAIL),
    DELETE("/live-streams/{liveStreamId}/thumbnail", _DELETE, status=200),
    GET("/{liveStreamId}/thumbnail.jpg", _SHOW, credential="public"),
)
