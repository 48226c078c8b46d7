"""Encoding: what of a video can be played, from the moment that its source is complete.

The status of a video shows it; uploads begin it, and the setting `encoding` says how fast it goes.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from math import gcd
from typing import Literal, get_args

from fake_server.core.model import ReadOnly, Resource, Schema, Timestamp, field
from fake_server.core.mp4 import MediaInfo, read_media_info
from fake_server.core.operations import Operation
from fake_server.lifecycle import EventHandler
from fake_server.project import ProjectContext
from fake_server.resources.videos import Format, QualityName, Video
from fake_server.resources.webhooks import publish
from fake_server.time_values import later

Status = Literal["waiting", "encoding", "encoded", "failed"]

_LADDER: tuple[QualityName, ...] = get_args(QualityName)
_MAX_IN_SANDBOX = 30
_KEPT_IN_SANDBOX = timedelta(hours=24)
_UNFINISHED = ("waiting", "encoding")


class Quality(Schema):
    """One form that a video is encoded in."""

    type: Format
    quality: QualityName
    status: Status


class EncodingMetadata(Schema):
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


class Encoding(Schema):
    """How far a video is encoded; it is playable when one quality is."""

    playable: bool = False
    qualities: tuple[Quality, ...] = ()
    metadata: EncodingMetadata = EncodingMetadata()


class EncodedVideo(Resource, owner=Video):
    """How far a video is encoded whose source is complete; its qualities get ready in order."""

    video_id: ReadOnly[str]
    created_at: Timestamp = field(doc="When its source was complete.")
    qualities: tuple[Quality, ...] = field(doc="Its forms.")
    metadata: EncodingMetadata = field(doc="What is known of its source.")
    pace: float | str = field(doc="How fast it is encoded: the setting, when it began.")
    polls: int = field(0, doc="How often somebody looked.")

    @property
    def is_playable(self) -> bool:
        """Whether one form of it can be played."""
        return any(one.status == "encoded" for one in self.qualities)

    @property
    def is_finished(self) -> bool:
        """Whether nothing more is to come."""
        return not any(one.status in _UNFINISHED for one in self.qualities)

    def deadlines(self) -> Mapping[str, datetime | None]:
        """The next form gets ready, if it takes so many seconds; the sandbox keeps no videos."""
        return {
            "video.encoding": self._next_form_at(),
            "video.sandbox-expiry": later(self.created_at, _KEPT_IN_SANDBOX),
        }

    def _next_form_at(self) -> datetime | None:
        if isinstance(self.pace, str) or self.is_finished:
            return None
        done = sum(one.status not in _UNFINISHED for one in self.qualities)
        return later(
            self.created_at, timedelta(seconds=self.pace) * (done + 1) / len(self.qualities)
        )

    def with_status(self, at: int, status: Status) -> EncodedVideo:
        """The same with this status of one form; then the first that waits is encoded."""
        changed = list(self.qualities)
        changed[at] = changed[at].model_copy(update={"status": status})
        return self.changed(self.created_at, {"qualities": _next_begun(changed)})


def _next_begun(qualities: list[Quality]) -> tuple[Quality, ...]:
    """The forms; the first of those that wait is being encoded, if no other is."""
    statuses = [one.status for one in qualities]
    if "encoding" not in statuses and "waiting" in statuses:
        first = statuses.index("waiting")
        qualities[first] = qualities[first].model_copy(update={"status": "encoding"})
    return tuple(qualities)


def begin(
    call: ProjectContext, video: Video, content: bytes = b"", *, measures: MediaInfo | None = None
) -> None:
    """Begin to encode a video whose source is complete now; hold the store's lock.

    `content` is the source, or its beginning and its end, if the caller has it: its width, height
    and duration are read from there, unless the caller knows the `measures` themselves.
    """
    measures = measures or read_media_info(content)
    height = measures.height or call.settings.source_height
    facts = {
        "qualities": _forms(height, video.mp4_support),
        "metadata": _metadata(call, measures, height),
        "pace": call.settings.encoding,
    }
    begun = EncodedVideo.new(video.id, call.now, facts)
    call.store.table(EncodedVideo).put(begun)
    call.store.agenda.drop("video.emptiness", video.id)
    if begun.pace in ("instant", 0):
        _all(call, begun, "encoded")
    elif begun.pace == "fail":
        _all(call, begun, "failed")
    else:
        _derive(call, video.id)


def encoding_of(call: ProjectContext, video: Video) -> Encoding:
    """How far a video is encoded; nothing is before its source is complete.

    Each call is a look at it, which `encoding="polls(n)"` counts.
    """
    encoded = call.store.table(EncodedVideo).get(video.id)
    if encoded is None:
        return Encoding()
    encoded = _looked_at(call, encoded)
    metadata = encoded.metadata if encoded.is_playable else EncodingMetadata()
    return Encoding(playable=encoded.is_playable, qualities=encoded.qualities, metadata=metadata)


def finish(
    call: ProjectContext,
    video_id: str,
    status: Status,
    form: Format | None,
    quality: QualityName | None,
) -> None:
    """A lever: give the forms of a video this status, all that are unfinished or those named.

    A video without a source gets a small one. Raises ValueError for a form that it does not have
    and for a video whose source is still coming, and KeyError for a video that was deleted.
    """
    with call.store.lock:
        video, table = call.store.table(Video).get(video_id), call.store.table(EncodedVideo)
        if video is None:
            raise KeyError(f"the video {video_id} was deleted")
        if video_id not in table:
            _give_a_source(_by_hand(call), video)
        encoded = table.get(video_id)
        assert encoded is not None  # it has just begun, or before
        wanted = [
            number
            for number, one in enumerate(encoded.qualities)
            if form in (None, one.type) and quality in (None, one.quality)
            if form is not None or quality is not None or one.status in _UNFINISHED
        ]
        if not wanted and (form is not None or quality is not None):
            known = ", ".join(f"{one.type} {one.quality}" for one in encoded.qualities)
            raise ValueError(
                f"the video {video_id} is not encoded as {form or 'any'} {quality or 'quality'}; "
                f"its source has: {known}"
            )
        for number in wanted:
            _set(call, video_id, number, status)


def _give_a_source(call: ProjectContext, video: Video) -> None:
    from fake_server.resources.upload import sources  # which knows encoding

    if sources.received_of(call, video.id) is not None:
        raise ValueError(f"the source of the video {video.id} is not complete, so it has no forms")
    sources.stand_in(call, video, "whole")


def _by_hand(call: ProjectContext) -> ProjectContext:
    by_hand = call.settings.model_copy(update={"encoding": "manual"})
    return ProjectContext(call.project, call.environment, by_hand, call.store, call.now_ns)


def _forms(height: int, mp4: bool) -> tuple[Quality, ...]:
    """HLS in every quality up to the source's height, the lowest in any case; MP4 in the best."""
    fitting = [one for one in _LADDER if int(one[:-1]) <= height] or list(_LADDER[:1])
    forms = [Quality(type="hls", quality=one, status="waiting") for one in fitting]
    if mp4:
        forms.append(Quality(type="mp4", quality=fitting[-1], status="waiting"))
    return _next_begun(forms)


def _metadata(call: ProjectContext, measures: MediaInfo, height: int) -> EncodingMetadata:
    width = measures.width or round(height * 16 / 9 / 2) * 2
    duration = measures.duration or call.settings.source_duration
    if call.environment == "sandbox":
        duration = min(duration, _MAX_IN_SANDBOX)
    return EncodingMetadata(
        width=width,
        height=height,
        bitrate=1500.0,
        duration=round(duration),
        framerate=30,
        samplerate=48000,
        video_codec="h264",
        audio_codec="aac",
        aspect_ratio=_ratio(width, height),
    )


def _ratio(width: int, height: int) -> str:
    usual = ((16, 9), (4, 3), (1, 1), (9, 16), (21, 9))
    near = [(a, b) for a, b in usual if abs(width * b - height * a) <= b * 2]
    a, b = near[0] if near else (width // gcd(width, height), height // gcd(width, height))
    return f"{a}/{b}"


def _looked_at(call: ProjectContext, encoded: EncodedVideo) -> EncodedVideo:
    if not isinstance(encoded.pace, str) or not encoded.pace.startswith("polls"):
        return encoded
    with call.store.lock:
        table = call.store.table(EncodedVideo)
        encoded = table.get(encoded.id) or encoded
        encoded = table.put(encoded.changed(call.now, {"polls": encoded.polls + 1}))
        if encoded.polls == int(str(encoded.pace)[len("polls(") : -1]):
            _all(call, encoded, "encoded")
        return table.get(encoded.id) or encoded


def _all(call: ProjectContext, encoded: EncodedVideo, status: Status) -> None:
    for number, one in enumerate(encoded.qualities):
        if one.status in _UNFINISHED:
            _set(call, encoded.id, number, status)


def _next(call: ProjectContext, video_id: str) -> None:
    """The next form is ready."""
    encoded = call.store.table(EncodedVideo).get(video_id)
    if encoded is not None and not encoded.is_finished:
        statuses = [one.status for one in encoded.qualities]
        _set(call, video_id, statuses.index("encoding"), "encoded")


def _set(call: ProjectContext, video_id: str, number: int, status: Status) -> None:
    """Give one form of a video a status, and tell of it."""
    table, video = call.store.table(EncodedVideo), call.store.table(Video).get(video_id)
    encoded = table.get(video_id)
    assert encoded is not None  # the caller has it from there
    encoded = table.put(encoded.with_status(number, status))
    form = encoded.qualities[number]
    if status == "encoded" and video is not None:  # nobody is told of a discarded one
        facts = {"videoId": video_id, "encoding": form.type, "quality": form.quality}
        if video.live_stream_id is not None:
            facts = {"liveStreamId": video.live_stream_id, **facts}
        publish(call, "video.encoding.quality.completed", facts)
    if encoded.is_finished:
        _derive(call, video_id)


def _derive(call: ProjectContext, video_id: str) -> None:
    from fake_server.resources.transcripts import derive  # which knows encoding

    derive(call, video_id)


def _expire(call: ProjectContext, video_id: str) -> None:
    """The sandbox deletes the video, also one that was discarded."""
    from fake_server.resources.discarded_videos import DiscardedVideo  # which knows encoding

    call.store.remove(DiscardedVideo, video_id)
    call.store.remove(Video, video_id)


EVENT_HANDLERS = {
    "video.encoding": EventHandler(_next),
    "video.sandbox-expiry": EventHandler(
        _expire,
        counts=lambda settings, environment: (
            settings.expire_sandbox_videos and environment == "sandbox"
        ),
    ),
}

OPERATIONS: tuple[Operation, ...] = ()
