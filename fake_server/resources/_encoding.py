"""The encoding of videos, from the time when their source is complete.

The setting `encoding` says how long it takes.
"""

from __future__ import annotations

from math import gcd
from typing import get_args

from fake_server.core.mp4 import MediaInfo, read_media_info
from fake_server.lifecycle import EventHandler
from fake_server.project import ProjectContext
from fake_server.resources._derived import generate_derived
from fake_server.resources._encoded_video import (
    EncodedVideo,
    Encoding,
    EncodingMetadata,
    Rendition,
    Status,
    begin_next,
)
from fake_server.resources._video import Format, QualityName, Video
from fake_server.resources.webhooks import publish

_QUALITIES: tuple[QualityName, ...] = get_args(QualityName)
_ASPECT_RATIOS = ((16, 9), (4, 3), (1, 1), (9, 16), (21, 9))
_MAX_SANDBOX_SECONDS = 30


def begin(
    call: ProjectContext, video: Video, content: bytes = b"", *, measures: MediaInfo | None = None
) -> None:
    """Begin to encode a video with a complete source; the caller holds the store's lock.

    `content` is the source, or its beginning and end; width, height and duration are read from it
    unless `measures` are given.
    """
    measures = measures or read_media_info(content)
    height = measures.height or call.settings.source_height
    facts = {
        "renditions": _renditions(height, video.mp4_support),
        "metadata": _metadata(call, measures, height),
        "pace": call.settings.encoding,
    }
    encoded = EncodedVideo.new(video.id, call.now, facts)
    call.store.table(EncodedVideo).put(encoded)
    call.store.agenda.drop("video.emptiness", video.id)
    if encoded.pace in ("instant", 0):
        finish(call, video.id, "encoded")
    elif encoded.pace == "fail":
        finish(call, video.id, "failed")
    else:
        generate_derived(call, video.id)


def encoding_of(call: ProjectContext, video: Video) -> Encoding:
    """Return the state of a video's encoding; `encoding="polls(n)"` counts each call."""
    encoded = call.store.table(EncodedVideo).get(video.id)
    if encoded is None:
        return Encoding()
    encoded = _polled(call, encoded)
    metadata = encoded.metadata if encoded.is_playable else EncodingMetadata()
    return Encoding(playable=encoded.is_playable, qualities=encoded.renditions, metadata=metadata)


def finish(
    call: ProjectContext,
    video_id: str,
    status: Status,
    format: Format | None = None,
    quality: QualityName | None = None,
) -> None:
    """Give a video's renditions this status: those named, or all unfinished ones.

    The caller holds the store's lock. Raises ValueError for a rendition that the video lacks.
    """
    renditions = call.store.find(EncodedVideo, video_id).renditions
    is_named = format is not None or quality is not None
    chosen = [
        index
        for index, one in enumerate(renditions)
        if format in (None, one.type) and quality in (None, one.quality)
        if is_named or not one.is_finished
    ]
    if is_named and not chosen:
        known = ", ".join(f"{one.type} {one.quality}" for one in renditions)
        raise ValueError(
            f"the video {video_id} is not encoded as {format or 'any'} {quality or 'quality'}; "
            f"its renditions are: {known}"
        )
    for index in chosen:
        _set_status(call, video_id, index, status)


def _renditions(height: int, mp4: bool) -> tuple[Rendition, ...]:
    """Return HLS in each quality up to the source's height (at least one); MP4 in the best."""
    fitting = [one for one in _QUALITIES if int(one[:-1]) <= height] or list(_QUALITIES[:1])
    renditions = [Rendition(type="hls", quality=one) for one in fitting]
    if mp4:
        renditions.append(Rendition(type="mp4", quality=fitting[-1]))
    return begin_next(renditions)


def _metadata(call: ProjectContext, measures: MediaInfo, height: int) -> EncodingMetadata:
    width = measures.width or round(height * 16 / 9 / 2) * 2
    duration = measures.duration or call.settings.source_duration
    if call.environment == "sandbox":
        duration = min(duration, _MAX_SANDBOX_SECONDS)
    return EncodingMetadata(
        width=width,
        height=height,
        bitrate=1500.0,
        duration=round(duration),
        framerate=30,
        samplerate=48000,
        video_codec="h264",
        audio_codec="aac",
        aspect_ratio=_aspect_ratio(width, height),
    )


def _aspect_ratio(width: int, height: int) -> str:
    close = [(a, b) for a, b in _ASPECT_RATIOS if abs(width * b - height * a) <= b * 2]
    a, b = close[0] if close else (width // gcd(width, height), height // gcd(width, height))
    return f"{a}/{b}"


def _polled(call: ProjectContext, encoded: EncodedVideo) -> EncodedVideo:
    if not isinstance(encoded.pace, str) or not encoded.pace.startswith("polls"):
        return encoded
    with call.store.lock:
        table = call.store.table(EncodedVideo)
        encoded = table.get(encoded.id) or encoded
        encoded = table.put(encoded.changed(call.now, {"polls": encoded.polls + 1}))
        if encoded.polls == int(str(encoded.pace)[len("polls(") : -1]):
            finish(call, encoded.id, "encoded")
        return table.get(encoded.id) or encoded


def _finish_next(call: ProjectContext, video_id: str) -> None:
    statuses = [one.status for one in call.store.find(EncodedVideo, video_id).renditions]
    _set_status(call, video_id, statuses.index("encoding"), "encoded")


def _set_status(call: ProjectContext, video_id: str, index: int, status: Status) -> None:
    """Give one rendition of a video a status, and notify webhooks when it is encoded."""
    encoded = call.store.find(EncodedVideo, video_id).with_status(index, status)
    call.store.table(EncodedVideo).put(encoded)
    video = call.store.table(Video).get(video_id)
    if status == "encoded" and video is not None:  # None: a discarded one, without webhooks
        rendition = encoded.renditions[index]
        facts = {"videoId": video_id, "encoding": rendition.type, "quality": rendition.quality}
        if video.live_stream_id is not None:
            facts = {"liveStreamId": video.live_stream_id, **facts}
        publish(call, "video.encoding.quality.completed", facts)
    if encoded.is_finished:
        generate_derived(call, video_id)


EVENT_HANDLERS = {"video.encoding": EventHandler(_finish_next)}
