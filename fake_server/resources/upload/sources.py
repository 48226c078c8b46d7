"""The source of a video: what came of it, and how it comes without an upload."""

from __future__ import annotations

from pydantic import InstanceOf

from fake_server.core.files import MiB
from fake_server.core.model import ReadOnly, Resource, field
from fake_server.core.spool import Content
from fake_server.project import Context, Occasion
from fake_server.resources import encoding
from fake_server.resources.upload.received import Piece, Received
from fake_server.resources.videos import Video

_LOOKED_AT = MiB  # bytes at the beginning and at the end of a source, which tell what it is


class ReceivedSource(Resource, owner=Video):
    """What came of a video's source; there is none before anything came."""

    video_id: ReadOnly[str]
    received: InstanceOf[Received] = field(doc="The pieces that are there.")


def received_of(call: Occasion, video_id: str) -> Received | None:
    """What came of a video's source."""
    source = call.store.table(ReceivedSource).get(video_id)
    return None if source is None else source.received


def store(call: Occasion, video: Video, received: Received) -> None:
    """Let this be what came of a video's source; encoding begins when it is complete.

    Hold the store's lock.
    """
    call.store.table(ReceivedSource).put(ReceivedSource(video_id=video.id, received=received))
    if received.is_complete:
        encoding.begin(call, video, _glimpse(received.content))


def fetched(call: Context, url: str) -> Received:
    """The file at an address as a source; if nothing is there, a source that is on its way.

    Raises the problem of a disk that is full.
    """
    content = call.project.remote_files.find(url)
    if content is None:
        return Received("url")
    file = call.project.spool.receive(len(content), call.settings.max_disk)
    try:
        file.write(content)
        return Received("url", (Piece(0, file.keep()),))
    finally:
        file.discard()


def copied(call: Context, video_id: str) -> Received | None:
    """The source of a video as that of a copy; None if it is unknown or not complete."""
    original = received_of(call, video_id) if video_id in call.store.table(Video) else None
    if original is None or not original.is_complete:
        return None
    return Received("clone", original.pieces)


def _glimpse(content: Content) -> bytes:
    """The whole of a small source, the beginning and the end of a large one."""
    end = max(_LOOKED_AT, content.size - _LOOKED_AT)
    return b"".join((*content.pieces(0, _LOOKED_AT), *content.pieces(end)))
