"""Deleted videos, which the API keeps for ninety days if the project can restore them.

They have a table of their own, so that no operation under /videos finds them.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Annotated, Any, TypeVar

from pydantic import WithJsonSchema, with_config
from typing_extensions import TypedDict

from fake_server.core import problems
from fake_server.core.listing import list_all
from fake_server.core.model import WIRE, ReadOnly, Timestamp, Viewer, field
from fake_server.core.operations import DELETE, GET, PATCH, Action
from fake_server.core.verbs import find, read
from fake_server.lifecycle import EventHandler
from fake_server.project import Context, ProjectContext
from fake_server.resources._encoded_video import EncodedVideo
from fake_server.resources._video import Assets, Video
from fake_server.time_values import later

V = TypeVar("V", bound=Video)

_RESTORABLE_FOR = timedelta(days=90)
_NOT_COPIED = ("discarded", "discarded_at", "deletes_at", "assets")


class DiscardedVideo(Video, prefix="vi", collection="discarded_videos"):
    """A deleted video that can be restored until it is deleted permanently."""

    discarded: ReadOnly[bool] = field(True, doc="True: it was deleted.")
    discarded_at: Timestamp = field(
        factory=lambda video: video["created_at"], doc="When it was deleted."
    )
    deletes_at: Timestamp = field(
        factory=lambda video: later(video["discarded_at"], _RESTORABLE_FOR),
        doc="When it is deleted permanently.",
    )
    assets: ReadOnly[Assets | None] = field(None, doc="Null: it cannot be watched.")

    def deadlines(self) -> Mapping[str, datetime | None]:
        """Return when it is deleted permanently."""
        return {"discarded-video.expiry": self.deletes_at}

    def is_cacheable(self) -> bool:
        """Return True, as it shows no URLs."""
        return True

    def for_response(self, call: Viewer) -> DiscardedVideo:
        """Return the video unchanged."""
        return self


@with_config(WIRE)
class Restoration(TypedDict, total=False):
    """False restores the video."""

    discarded: Annotated[
        Any, WithJsonSchema({"type": "boolean", "const": False, "examples": [False]})
    ]


def delete_video(call: Context) -> None:
    """Delete a video: permanently or, with the setting `video_restore`, so that it can return."""
    with call.store.lock:
        video = find(call, Video)
        if not call.settings.video_restore:
            call.store.remove(Video, video.id)
            return
        call.store.table(Video).remove(video.id)  # what belongs to it is restored with it
        discarded = _converted(video, DiscardedVideo, discarded_at=call.now)
        call.store.table(DiscardedVideo).put(discarded)


def restore_video(call: Context) -> Video:
    """Restore a discarded video."""
    with call.store.lock:
        video = find(call, DiscardedVideo)
        values = call.received(Restoration)
        if not values:
            return video
        if values["discarded"] is not False:
            raise problems.invalid_attribute("discarded", "Value must be false.")
        call.store.table(DiscardedVideo).remove(video.id)
        restored = call.store.table(Video).put(_converted(video, Video))
        if restored.id in call.store.table(EncodedVideo):
            call.store.agenda.drop("video.emptiness", restored.id)
        return restored


def _converted(video: Video, kind: type[V], **facts: Any) -> V:
    """Return the video as the other kind, with all that both have."""
    common = {name: getattr(video, name) for name in Video.model_fields if name not in _NOT_COPIED}
    return kind(**common, **facts)


def _expire_discarded(call: ProjectContext, video_id: str) -> None:
    call.store.remove(DiscardedVideo, video_id)


def _expire_in_sandbox(call: ProjectContext, video_id: str) -> None:
    call.store.remove(DiscardedVideo, video_id)
    call.store.remove(Video, video_id)


EVENT_HANDLERS = {
    "discarded-video.expiry": EventHandler(_expire_discarded),
    "video.sandbox-expiry": EventHandler(
        _expire_in_sandbox,
        enabled=lambda settings, environment: (
            settings.expire_sandbox_videos and environment == "sandbox"
        ),
    ),
}

OPERATIONS = (
    DELETE("/videos/{videoId}", delete_video),
    GET("/discarded/videos", list_all(DiscardedVideo)),
    GET("/discarded/videos/{videoId}", read(DiscardedVideo)),
    PATCH("/discarded/videos/{videoId}", Action(restore_video, Restoration, Video)),
)
