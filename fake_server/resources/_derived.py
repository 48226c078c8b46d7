"""What is generated from the words spoken in a video, such as captions and summaries.

It is ready when the video is encoded or, if requested later, as long after that as encoding takes.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from fake_server.core.model import Resource
from fake_server.lifecycle import EventHandler
from fake_server.project import ProjectContext
from fake_server.resources._encoded_video import EncodedVideo
from fake_server.resources._video import Video
from fake_server.time_values import later


class Derived(Resource, owner=Video):
    """A base of resources that are generated from a video.

    Subclasses have a field `ready_at`, and a deadline that runs `generation(...)`.
    """

    def requested_at(self) -> datetime | None:
        """Return when it was requested, or None if it is not to be generated."""
        raise NotImplementedError

    def generate(self, call: ProjectContext) -> None:
        """Generate it, unless the video is not playable; the caller holds the store's lock."""
        raise NotImplementedError


def generate_derived(call: ProjectContext, video_id: str) -> None:
    """Generate what was requested of a video, or plan it; the caller holds the store's lock.

    Nothing happens before the video's encoding has begun.
    """
    encoded = call.store.table(EncodedVideo).get(video_id)
    if encoded is None:
        return
    for derived in call.store.owned(Derived, video_id):
        requested_at = derived.requested_at()
        ready_at = requested_at and _ready_at(call, encoded, requested_at)
        if ready_at is not None:
            planned = derived.model_copy(update={"ready_at": ready_at})
            call.store.table(type(derived)).put(planned)
            if ready_at <= call.now:
                planned.generate(call)


def _ready_at(
    call: ProjectContext, encoded: EncodedVideo, requested_at: datetime
) -> datetime | None:
    if not isinstance(encoded.pace, str):
        begun_at = max(encoded.created_at, requested_at)
        return later(begun_at, timedelta(seconds=encoded.pace))
    return call.now if encoded.is_finished else None


def generation(kind: type[Derived]) -> EventHandler:
    """Return the handler of the event that a resource of this kind is ready."""
    return EventHandler(lambda call, subject: call.store.find(kind, subject).generate(call))


def is_playable(call: ProjectContext, video_id: str) -> bool:
    """Return whether a rendition of the video is encoded."""
    encoded = call.store.table(EncodedVideo).get(video_id)
    return encoded is not None and encoded.is_playable
