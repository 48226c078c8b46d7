"""Transcripts: captions and summaries that are generated from the words spoken in a video.

They are ready when the video is encoded or, asked for later, as long after that as encoding takes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import TypeVar

from fake_server.core.files import File
from fake_server.core.model import ReadOnly, Resource, Timestamp, field
from fake_server.core.operations import Operation
from fake_server.lifecycle import EventHandler
from fake_server.project import ProjectContext
from fake_server.resources.captions import Caption
from fake_server.resources.encoding import EncodedVideo
from fake_server.resources.summaries import Summary, SummarySource
from fake_server.resources.videos import Video
from fake_server.resources.webhooks import publish
from fake_server.time_values import later

_SPOKEN = "en"
_VTT = b"WEBVTT\n\n00:00:00.000 --> 00:00:04.000\nThese words stand for what is spoken here.\n"
_ABSTRACT = (
    "This text stands for the abstract that api.video would generate from the words spoken in the "
    "video; it has more than twenty words, as a real one."
)
_TAKEAWAYS = ["The first takeaway.", "The second takeaway.", "The third takeaway."]


class Transcript(Resource, owner=Video):
    """The captions of a video that were asked for and are not generated yet."""

    video_id: ReadOnly[str]
    created_at: Timestamp = field(doc="When they were asked for.")
    ready_at: ReadOnly[Timestamp | None] = field(
        None, doc="When they are ready, once that is known."
    )

    def deadlines(self) -> Mapping[str, datetime | None]:
        """They get ready."""
        return {"caption.generation": self.ready_at}


T = TypeVar("T", Transcript, Summary)
Generate = Callable[[ProjectContext, str], None]


def transcribe(call: ProjectContext, video_id: str) -> None:
    """Ask for the captions of a video; hold the store's lock."""
    call.store.table(Transcript).put(Transcript.new(video_id, call.now, {}))
    derive(call, video_id)


def derive(call: ProjectContext, video_id: str) -> None:
    """Generate what was asked for of a video, or plan it, once its encoding is far enough."""
    waiting = [one for one in call.store.table(Summary) if one.video_id == video_id]
    for summary in waiting:
        if summary.source_status == "waiting":
            _plan(call, summary, video_id, _summarize)
    transcript = call.store.table(Transcript).get(video_id)
    if transcript is not None:
        _plan(call, transcript, video_id, _caption)


def _plan(call: ProjectContext, asked: T, video_id: str, generate: Generate) -> None:
    encoded = call.store.table(EncodedVideo).get(video_id)
    if encoded is None:
        return
    if not isinstance(encoded.pace, str):
        begun = max(encoded.created_at, asked.created_at)
        ready = later(begun, timedelta(seconds=encoded.pace))
    elif encoded.is_finished:
        ready = call.now
    else:
        return
    call.store.table(type(asked)).put(asked.model_copy(update={"ready_at": ready}))
    if ready <= call.now:
        generate(call, asked.id)


def _summarize(call: ProjectContext, summary_id: str) -> None:
    """A summary is ready, or cannot be made of a video that cannot be played."""
    table = call.store.table(Summary)
    summary = table.get(summary_id)
    if summary is None or summary.source_status != "waiting":
        return
    if not _is_playable(call, summary.video_id):
        table.put(summary.changed(call.now, {"source_status": "failed"}))
        return
    wanted = summary.attributes
    source = SummarySource(
        abstract=_ABSTRACT if "abstract" in wanted else None,
        takeaways=_TAKEAWAYS if "takeaways" in wanted else None,
    )
    table.put(summary.changed(call.now, {"source": source, "source_status": "completed"}))
    facts = {"videoId": summary.video_id, "summaryId": summary_id}
    publish(call, "video.summary.generated", facts)


def _caption(call: ProjectContext, video_id: str) -> None:
    """The captions of a video are ready, unless it cannot be played or has some already."""
    call.store.table(Transcript).remove(video_id)
    videos, captions = call.store.table(Video), call.store.table(Caption)
    video = videos.get(video_id)
    if video is None or not _is_playable(call, video_id):
        return
    language = video.language or _SPOKEN
    if Caption.address(video_id, language) in captions:
        return
    if video.language is None:
        detected = {"language": language, "language_origin": "auto"}
        videos.put(video.model_copy(update=detected).changed(call.now, {}))
    file = File(f"{language}.vtt", "text/vtt", _VTT)
    captions.put(
        Caption.new("", call.now, {"video_id": video_id, "language": language, "file": file})
    )
    publish(
        call,
        "video.caption.generated",
        {
            "videoId": video_id,
            "captionId": call.store.ids.new(Caption.prefix),
            "generationMode": "transcript",
            "language": language,
        },
    )


def _is_playable(call: ProjectContext, video_id: str) -> bool:
    encoded = call.store.table(EncodedVideo).get(video_id)
    return encoded is not None and encoded.is_playable


EVENT_HANDLERS = {
    "caption.generation": EventHandler(_caption),
    "summary.generation": EventHandler(_summarize),
}

OPERATIONS: tuple[Operation, ...] = ()
