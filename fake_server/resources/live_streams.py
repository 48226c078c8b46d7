"""Live streams, their broadcasts, and the recordings of those."""

from __future__ import annotations

import re
from typing import Annotated, Any, Self

from pydantic import AfterValidator
from pydantic_core import PydanticCustomError

from fake_server.collection import Collection
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
from fake_server.resources._video import Video, iframe
from fake_server.resources.player_themes import PlayerId
from fake_server.resources.thumbnails import THUMBNAIL
from fake_server.resources.upload.sources import add_placeholder
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
    """Another service that receives the stream."""

    name: NotBlank
    server_url: Annotated[NotBlank, AfterValidator(_rtmp)]
    stream_key: NotBlank


class LiveAssets(Schema):
    """The URLs of a stream."""

    iframe: str
    player: str
    hls: str
    thumbnail: str


def _stream_key(stream: dict[str, Any]) -> str:
    """Return a key that depends on the id only, so that it repeats from run to run."""
    return Ids(stream["live_stream_id"]).uuid()


class LiveStream(Resource, prefix="li", collection="live_streams"):
    """A live stream, broadcasting or not."""

    secret = "stream_key"

    live_stream_id: ReadOnly[str]
    created_at: Timestamp = field(sort=True, doc="When the live stream was created.")
    updated_at: Timestamp = field(sort=True, doc="When the live stream was last changed.")
    stream_key: ReadOnly[str] = field(
        factory=_stream_key, filter=equals, doc="The key to stream with."
    )
    name: NotBlank = field(
        filter=contains, sort=True, doc="The name of the live stream.", example="A live stream"
    )
    public: bool = field(True, doc="False: each viewer needs a token.")
    broadcasting: ReadOnly[bool] = field(False, doc="Whether it is on the air.")
    player_id: Unset[PlayerId] = field(None, doc="The player theme of the live stream.")
    started_at: Hidden[Timestamp | None] = field(None, doc="When the present broadcast began.")
    restreams: list[Restream] = field(
        factory=list, max_length=5, doc="The other services that receive the stream."
    )
    thumbnail: Hidden[File | None] = field(None, doc="The image that was uploaded.")
    assets: ReadOnly[Unset[LiveAssets]] = field(None, doc="The URLs of the live stream.")

    def is_cacheable(self) -> bool:
        """Return whether it is public: each response gives a private one a new token."""
        return self.public

    def asset_base(self, call: Viewer, token: str | None) -> str:
        """Return the beginning of the URLs of its manifest and thumbnail."""
        private = f"/private/{token}" if token else ""
        return call.asset_url("live", f"{private}/{self.live_stream_id}")

    def for_response(self, call: Viewer) -> Self:
        """Return the live stream with the URLs of its assets, with a new token if private."""
        token = None if self.public else call.ticket(self.live_stream_id)
        base, query = self.asset_base(call, token), f"?token={token}" if token else ""
        player = call.asset_url("embed", f"/live/{self.live_stream_id}{query}")
        assets = LiveAssets(
            iframe=iframe(player),
            player=player,
            hls=f"{base}.m3u8",
            thumbnail=f"{base}/thumbnail.jpg",
        )
        return self.model_copy(update={"assets": assets})


def start(call: ProjectContext, stream_id: str) -> LiveStream:
    """Start the broadcast of a live stream; raise ValueError if it is broadcasting already."""
    with call.store.lock:
        stream = call.store.find(LiveStream, stream_id)
        if stream.broadcasting:
            raise ValueError(f"the live stream {stream_id} is broadcasting already")
        started = {"broadcasting": True, "started_at": call.now}
        stream = call.store.table(LiveStream).put(stream.changed(call.now, started))
        publish(call, "live-stream.broadcast.started", {"liveStreamId": stream_id})
        return stream


def stop(call: ProjectContext, stream_id: str) -> Video:
    """End a broadcast and return its recording; raise ValueError if the stream is not broadcasting.

    The recording is a video of the stream's name, which is encoded like any other.
    """
    with call.store.lock:
        stream = call.store.find(LiveStream, stream_id)
        if not stream.broadcasting:
            raise ValueError(f"the live stream {stream_id} is not broadcasting: start it first")
        ended = {"broadcasting": False, "started_at": None}
        call.store.table(LiveStream).put(stream.changed(call.now, ended))
        publish(call, "live-stream.broadcast.ended", {"liveStreamId": stream_id})
        facts = {
            "title": stream.name,
            "public": stream.public,
            "player_id": stream.player_id,
            "source_type": "liveStream",
            "live_stream_id": stream.id,
        }
        video = call.store.table(Video).put(Video.new(call.store.new_id(Video), call.now, facts))
        recorded = {"liveStreamId": stream.id, "videoId": video.id}
        publish(call, "video.source.recorded", recorded)
        seconds = (call.now - (stream.started_at or call.now)).total_seconds()
        add_placeholder(call, video, "live", measures=MediaInfo(duration=max(seconds, 1)))
        return video


class LiveStreams(Collection[LiveStream]):
    """The live streams of a project, oldest first, and their broadcasts."""

    kind = LiveStream

    def start(self, stream: LiveStream | str) -> LiveStream:
        """Start a broadcast, and return the live stream.

        Raises ValueError if it is broadcasting already, and KeyError for an unknown stream.
        """
        call = self._project.context()
        with call.store.lock:
            return start(call, self._find(stream).id)

    def stop(self, stream: LiveStream | str) -> Video:
        """End a broadcast, and return the video that was recorded.

        Raises ValueError if it is not broadcasting, and KeyError for an unknown stream.
        """
        call = self._project.context()
        with call.store.lock:
            return stop(call, self._find(stream).id)


def complete(call: Context) -> None:
    """Complete a live stream that is broadcasting; nothing happens to one that is not."""
    with call.store.lock:
        stream = find(call, LiveStream)
        if stream.broadcasting:
            stop(call, stream.id)


def upload_thumbnail(call: Context) -> LiveStream:
    """Upload the thumbnail of a live stream."""
    find(call, LiveStream)  # an unknown live stream is a 404, whatever was sent
    return change(call, LiveStream, {"thumbnail": received_file(call)})


def delete_thumbnail(call: Context) -> LiveStream:
    """Delete the thumbnail of a live stream; without one nothing happens."""
    with call.store.lock:
        stream = find(call, LiveStream)
        return change(call, LiveStream, {"thumbnail": None}) if stream.thumbnail else stream


_UPLOAD = Action(upload_thumbnail, answers=LiveStream)
_DELETE = Action(delete_thumbnail, answers=LiveStream)

OPERATIONS = (
    GET("/live-streams", list_all(LiveStream)),
    POST("/live-streams", create(LiveStream)),
    GET("/live-streams/{liveStreamId}", read(LiveStream)),
    PATCH("/live-streams/{liveStreamId}", update(LiveStream)),
    DELETE("/live-streams/{liveStreamId}", delete(LiveStream)),
    PUT("/live-streams/{liveStreamId}/complete", complete, status=202),
    POST("/live-streams/{liveStreamId}/thumbnail", _UPLOAD, status=201, file_rule=THUMBNAIL),
    DELETE("/live-streams/{liveStreamId}/thumbnail", _DELETE, status=200),
)
