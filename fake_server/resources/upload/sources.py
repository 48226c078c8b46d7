"""The source of a video: the parts received so far, and sources that need no upload."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from datetime import datetime, timedelta

from pydantic import InstanceOf

from fake_server.core.files import MiB
from fake_server.core.model import ReadOnly, Resource, field
from fake_server.core.mp4 import MediaInfo
from fake_server.core.problems import Problem
from fake_server.core.spool import Content
from fake_server.lifecycle import EventHandler
from fake_server.project import ProjectContext
from fake_server.resources import _encoding
from fake_server.resources._video import Video
from fake_server.resources.upload.received import Piece, Received, Way
from fake_server.time_values import later

_EXCERPT = MiB  # bytes at the beginning and at the end of a source, enough to read its measures


class ReceivedSource(Resource, owner=Video):
    """The parts received so far of a video's source."""

    video_id: ReadOnly[str]
    received: InstanceOf[Received] = field(doc="The parts.")

    def deadlines(self) -> Mapping[str, datetime | None]:
        """Return when a source that is being fetched arrives."""
        received = self.received
        return {"video.ingest": None if received.is_complete else received.arrives_at}


def received_of(call: ProjectContext, video_id: str) -> Received | None:
    """Return what was received of a video's source, or None before the first part."""
    source = call.store.table(ReceivedSource).get(video_id)
    return None if source is None else source.received


def store(
    call: ProjectContext, video: Video, received: Received, *, measures: MediaInfo | None = None
) -> None:
    """Store what was received of a video's source, and begin to encode a complete one.

    The caller holds the store's lock. `measures` are read from the source unless given.
    """
    call.store.table(ReceivedSource).put(ReceivedSource(video_id=video.id, received=received))
    if received.is_complete:
        _encoding.begin(call, video, _excerpt(received.content), measures=measures)


def add_placeholder(
    call: ProjectContext, video: Video, way: Way, *, measures: MediaInfo | None = None
) -> None:
    """Give a video a small placeholder as its source; the caller holds the store's lock.

    Raises the problem of a full disk.
    """
    content = f"A stand-in for the file of {video.id}".encode()
    received = Received(way, (_piece(call, content),))
    store(call, video, received, measures=measures)


def fetched(call: ProjectContext, url: str) -> Received:
    """Return the file at a URL as a source, which may arrive later.

    Raises the problem of a full disk.
    """
    remote = call.project.account.remote_files.find(url)
    if remote is None:
        return Received("url", address=url)
    if remote.seconds:
        arrives_at = later(call.now, timedelta(seconds=remote.seconds))
        return Received("url", address=url, arrives_at=arrives_at)
    return Received("url", (_piece(call, remote.content),), address=url)


def copied(call: ProjectContext, video_id: str) -> Received | None:
    """Return a copy of a video's source; None if the video is unknown or its source incomplete."""
    original = received_of(call, video_id) if video_id in call.store.table(Video) else None
    if original is None or not original.is_complete:
        return None
    return Received("clone", original.pieces)


def _arrive(call: ProjectContext, video_id: str) -> None:
    """Store the file at a URL, unless the test has removed it or the disk is full."""
    video, received = call.store.table(Video).get(video_id), received_of(call, video_id)
    remote = call.project.account.remote_files.find(received.address) if received else None
    if video is not None and remote is not None:
        with contextlib.suppress(Problem):
            store(call, video, Received("url", (_piece(call, remote.content),)))


def _piece(call: ProjectContext, content: bytes) -> Piece:
    """Write a whole file to the disk; raise the problem of a full disk."""
    file = call.project.spool.receive(len(content), call.settings.max_disk)
    try:
        file.write(content)
        return Piece(0, file.keep())
    finally:
        file.discard()


def _excerpt(content: Content) -> bytes:
    """Return all of a small source, or the beginning and the end of a large one."""
    end = max(_EXCERPT, content.size - _EXCERPT)
    with contextlib.suppress(FileNotFoundError):  # the project has been closed
        return b"".join((*content.pieces(0, _EXCERPT), *content.pieces(end)))
    return b""


EVENT_HANDLERS = {"video.ingest": EventHandler(_arrive)}
