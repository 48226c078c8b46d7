"""The source of a video: what came of it, and how it comes without an upload."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from datetime import datetime, timedelta

from pydantic import InstanceOf

from fake_server.core.files import MiB
from fake_server.core.model import ReadOnly, Resource, field
from fake_server.core.mp4 import MediaInfo
from fake_server.core.problems import Problem
from fake_server.core.spool import Content, StoredFile
from fake_server.lifecycle import EventHandler
from fake_server.project import ProjectContext
from fake_server.resources import encoding
from fake_server.resources.upload.received import Piece, Received, Way
from fake_server.resources.videos import Video
from fake_server.time_values import later

_LOOKED_AT = MiB  # bytes at the beginning and at the end of a source, which tell what it is


class ReceivedSource(Resource, owner=Video):
    """What came of a video's source; there is none before anything came."""

    video_id: ReadOnly[str]
    received: InstanceOf[Received] = field(doc="The pieces that are there.")

    def deadlines(self) -> Mapping[str, datetime | None]:
        """A source from elsewhere arrives, if it takes a time."""
        received = self.received
        return {"video.ingest": None if received.is_complete else received.arrives_at}


def received_of(call: ProjectContext, video_id: str) -> Received | None:
    """What came of a video's source."""
    source = call.store.table(ReceivedSource).get(video_id)
    return None if source is None else source.received


def store(
    call: ProjectContext, video: Video, received: Received, *, measures: MediaInfo | None = None
) -> None:
    """Let this be what came of a video's source; encoding begins when it is complete.

    Hold the store's lock. Its `measures`, if the caller knows them, are not read from it then.
    """
    call.store.table(ReceivedSource).put(ReceivedSource(video_id=video.id, received=received))
    if received.is_complete:
        encoding.begin(call, video, _glimpse(received.content), measures=measures)


def stand_in(
    call: ProjectContext, video: Video, way: Way, *, measures: MediaInfo | None = None
) -> None:
    """Give a video a small source that stands in for one; hold the store's lock.

    Raises the problem of a disk that is full.
    """
    content = f"A stand-in for the file of {video.id}".encode()
    received = Received(way, (Piece(0, _kept(call, content)),))
    store(call, video, received, measures=measures)


def fetched(call: ProjectContext, url: str) -> Received:
    """The file at an address as a source; if it takes a time, one that is on its way.

    Raises the problem of a disk that is full.
    """
    remote = call.project.remote_files.find(url)
    if remote is None:
        return Received("url", address=url)
    if remote.seconds:
        arrives_at = later(call.now, timedelta(seconds=remote.seconds))
        return Received("url", address=url, arrives_at=arrives_at)
    return Received("url", (Piece(0, _kept(call, remote.content)),), address=url)


def copied(call: ProjectContext, video_id: str) -> Received | None:
    """The source of a video as that of a copy; None if it is unknown or not complete."""
    original = received_of(call, video_id) if video_id in call.store.table(Video) else None
    if original is None or not original.is_complete:
        return None
    return Received("clone", original.pieces)


def _arrive(call: ProjectContext, video_id: str) -> None:
    """The file at an address is there, unless a test has removed it, or there is no room."""
    video, received = call.store.table(Video).get(video_id), received_of(call, video_id)
    remote = call.project.remote_files.find(received.address) if received else None
    if video is not None and remote is not None:
        with contextlib.suppress(Problem):
            store(call, video, Received("url", (Piece(0, _kept(call, remote.content)),)))


def _kept(call: ProjectContext, content: bytes) -> StoredFile:
    file = call.project.spool.receive(len(content), call.settings.max_disk)
    try:
        file.write(content)
        return file.keep()
    finally:
        file.discard()


def _glimpse(content: Content) -> bytes:
    """The whole of a small source, the beginning and the end of a large one."""
    end = max(_LOOKED_AT, content.size - _LOOKED_AT)
    with contextlib.suppress(FileNotFoundError):  # the project was closed meanwhile
        return b"".join((*content.pieces(0, _LOOKED_AT), *content.pieces(end)))
    return b""


EVENT_HANDLERS = {"video.ingest": EventHandler(_arrive)}
