"""Deleting videos; and where they are kept for ninety days, if the project can restore them.

A discarded video is in a table of its own, so that nothing under /videos finds it.
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
from fake_server.resources.encoding import EncodedVideo
from fake_server.resources.videos import Assets, Video
from fake_server.time_values import later

V = TypeVar("V", bound=Video)

_KEPT = timedelta(days=90)
_OWN = ("discarded", "discarded_at", "deletes_at", "assets")


def _creation(video: dict[str, Any]) -> datetime:
    created: datetime = video["created_at"]
    return created


def _deletion(video: dict[str, Any]) -> datetime:
    discarded: datetime = video["discarded_at"]
    return later(discarded, _KEPT)


class DiscardedVideo(Video, prefix="vi", collection="discarded_videos"):
    """A video that was deleted and can be restored until it is deleted for good."""

    discarded: ReadOnly[bool] = field(True, doc="True: it was deleted.")
    discarded_at: Timestamp = field(make=_creation, doc="When it was deleted.")
    deletes_at: Timestamp = field(make=_deletion, doc="When it will be gone for good.")
    assets: ReadOnly[Assets | None] = field(None, doc="Null: there is nowhere to watch it.")

    def deadlines(self) -> Mapping[str, datetime | None]:
        """It is deleted for good."""
        return {"discarded-video.expiry": self.deletes_at}

    def keeps(self) -> bool:
        """All answers show it alike: there is no address in it."""
        return True

    def shown(self, call: Viewer) -> DiscardedVideo:
        """The video as it is."""
        return self


@with_config(WIRE)
class Restoration(TypedDict, total=False):
    """False restores the video."""

    discarded: Annotated[
        Any, WithJsonSchema({"type": "boolean", "const": False, "examples": [False]})
    ]


def delete_video(call: Context) -> None:
    """Delete a video: for good or, with the setting `video_restore`, for the time being."""
    with call.store.lock:
        video = find(call, Video)
        if not call.settings.video_restore:
            call.store.remove(Video, video.id)
            return
        call.store.table(Video).remove(video.id)  # what belongs to it waits to be restored with it
        discarded = _turned(video, DiscardedVideo, discarded_at=call.now)
        call.store.table(DiscardedVideo).put(discarded)


def restore_video(call: Context) -> Video:
    """Restore a discarded video."""
    with call.store.lock:
        video = find(call, DiscardedVideo)
        wanted = call.received(Restoration)
        if not wanted:
            return video
        if wanted["discarded"] is not False:
            raise problems.invalid_attribute("discarded", "Value must be false.")
        call.store.table(DiscardedVideo).remove(video.id)
        restored = call.store.table(Video).put(_turned(video, Video))
        if restored.id in call.store.table(EncodedVideo):
            call.store.agenda.drop("video.emptiness", restored.id)
        return restored


def _turned(video: Video, kind: type[V], **facts: Any) -> V:
    """The video as the other kind, with all that both have."""
    common = {name: getattr(video, name) for name in Video.model_fields if name not in _OWN}
    return kind(**common, **facts)


def _expire(call: ProjectContext, video_id: str) -> None:
    """A discarded video, and what belongs to it, is gone for good."""
    call.store.remove(DiscardedVideo, video_id)


EVENT_HANDLERS = {"discarded-video.expiry": EventHandler(_expire)}

OPERATIONS = (
    DELETE("/videos/{videoId}", delete_video),
    GET("/discarded/videos", list_all(DiscardedVideo)),
    GET("/discarded/videos/{videoId}", read(DiscardedVideo)),
    PATCH("/discarded/videos/{videoId}", Action(restore_video, Restoration, Video)),
)
