"""Transcripts: captions that are generated from the words spoken in a video."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from fake_server.core.files import File
from fake_server.core.model import ReadOnly, Timestamp, field
from fake_server.project import ProjectContext
from fake_server.resources._derived import Derived, generate_derived, generation, is_playable
from fake_server.resources._video import Video
from fake_server.resources.captions import Caption
from fake_server.resources.webhooks import publish

_DETECTED_LANGUAGE = "en"
_VTT = b"WEBVTT\n\n00:00:00.000 --> 00:00:04.000\nThese words stand for what is spoken here.\n"


class Transcript(Derived, owner=Video):
    """A request for the captions of a video, until they are generated."""

    video_id: ReadOnly[str]
    created_at: Timestamp = field(doc="When they were requested.")
    ready_at: ReadOnly[Timestamp | None] = field(None, doc="When they are ready, once known.")

    def deadlines(self) -> Mapping[str, datetime | None]:
        """Return when the captions are ready."""
        return {"caption.generation": self.ready_at}

    def requested_at(self) -> datetime | None:
        """Return when they were requested."""
        return self.created_at

    def generate(self, call: ProjectContext) -> None:
        """Add the captions, unless the video is not playable or has captions already."""
        call.store.table(Transcript).remove(self.video_id)
        videos, captions = call.store.table(Video), call.store.table(Caption)
        video = videos.get(self.video_id)
        if video is None or not is_playable(call, video.id):
            return
        language = video.language or _DETECTED_LANGUAGE
        if Caption.address(video.id, language) in captions:
            return
        if video.language is None:
            detected = {"language": language, "language_origin": "auto"}
            videos.put(video.model_copy(update=detected).changed(call.now, {}))
        file = File(f"{language}.vtt", "text/vtt", _VTT)
        facts = {"video_id": video.id, "language": language, "file": file}
        captions.put(Caption.new("", call.now, facts))
        event = {
            "videoId": video.id,
            "captionId": call.store.ids.new(Caption.prefix),
            "generationMode": "transcript",
            "language": language,
        }
        publish(call, "video.caption.generated", event)


def transcribe(call: ProjectContext, video_id: str) -> None:
    """Request the captions of a video; the caller holds the store's lock."""
    call.store.table(Transcript).put(Transcript.new(video_id, call.now, {}))
    generate_derived(call, video_id)


EVENT_HANDLERS = {"caption.generation": generation(Transcript)}
