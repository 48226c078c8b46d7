"""Uploads: the source of a video, whole or in pieces, with an API key or an upload token."""

from __future__ import annotations

import re
from typing import Any

from fake_server.api_warnings import of_part_without_video
from fake_server.core import problems
from fake_server.core.content_range import Bytes, Part, read_content_range
from fake_server.core.files import FileRule
from fake_server.core.forms import Upload, received_upload
from fake_server.core.model import Schema
from fake_server.core.operations import POST, Action
from fake_server.core.verbs import add, find
from fake_server.project import Context
from fake_server.resources._video import Video
from fake_server.resources.upload import refusals
from fake_server.resources.upload.received import (
    MAX_PER_REQUEST,
    refuse_if_complete,
    refuse_wrong,
    with_piece,
)
from fake_server.resources.upload.sources import EVENT_HANDLERS, received_of, store
from fake_server.resources.upload_tokens import UploadToken

__all__ = ["EVENT_HANDLERS", "OPERATIONS"]

_CONTENT_RANGE = "Content-Range"


class PieceReceived(Schema):
    """The response while pieces are missing: the video's id alone, as seen in a live trace."""

    video_id: str


def upload_source(call: Context) -> Video | PieceReceived:
    """Upload the file of a video, or one piece of it (`Content-Range: part 2/3`)."""
    video = find(call, Video)  # an unknown video is a 404, whatever was sent
    with received_upload(call, call.project.spool) as upload:
        return _store_piece(call, video.id, upload)


def upload_by_token(call: Context) -> Video | PieceReceived:
    """Upload a file with an upload token, to the video in the field `videoId` or to a new one.

    The token must be valid when the upload begins; later pieces may arrive after it has expired.
    """
    text = call.query.get("token", [""])[-1]
    if not text:
        raise problems.missing_upload_token()
    token = call.store.table(UploadToken).get(text)
    is_active = token is not None and token.is_active(call.now)
    if token is None or not (is_active or _CONTENT_RANGE in call.request.headers):
        raise problems.invalid_upload_token()
    with received_upload(call, call.project.spool) as upload, call.store.lock:
        video_id = upload.fields.get("videoId") or None
        is_deleted = text not in call.store.table(UploadToken)  # during the upload
        if is_deleted or not (is_active or _began_with(call, text, video_id)):
            raise problems.invalid_upload_token()
        return _store_piece(call, video_id, upload, text)


def _began_with(call: Context, token: str, video_id: str | None) -> bool:
    """Return whether the upload of a video's source began with this token."""
    received = None if video_id is None else received_of(call, video_id)
    return received is not None and received.token == token


def _store_piece(
    call: Context, video_id: str | None, upload: Upload, token: str = ""
) -> Video | PieceReceived:
    """Add a piece to a video or, without an id, to a new one; nothing changes on an error."""
    with call.store.lock:
        video = None if video_id is None else call.store.find(Video, video_id)
        before = None if video is None else received_of(call, video.id)
        refuse_if_complete(before)
        piece = _piece(call)
        refuse_wrong(before, piece, upload.file.size)
        received = with_piece(before, piece, upload.file.keep(), token)
        if video is None:
            call.warnings.extend(of_part_without_video(piece))
            video = add(call, Video, {"title": _title(upload.name)})
        store(call, video, received)
    return video if received.is_complete else PieceReceived(video_id=video.id)


def _piece(call: Context) -> Part | Bytes | None:
    """Return the piece that the request contains, or None for a whole file."""
    header = call.request.headers.get(_CONTENT_RANGE)
    if header is None:
        return None
    piece = read_content_range(header)
    if piece is None:
        raise refusals.malformed()
    return piece


def _title(name: str) -> str:
    """Return the title of a new video: the name of its file without any folders."""
    return re.split(r"[/\\]", name)[-1].strip() or "Untitled"


_SOURCE = Action(upload_source, answers=Video)
_TOKEN: dict[str, Any] = {
    "name": "token",
    "in": "query",
    "required": True,
    "schema": {"type": "string"},
}
_BY_TOKEN = Action(upload_by_token, answers=Video, query=(_TOKEN,))
_FILE = FileRule(max_bytes=MAX_PER_REQUEST)
_FILE_BY_TOKEN = FileRule(max_bytes=MAX_PER_REQUEST, fields=("videoId",))

OPERATIONS = (
    POST("/videos/{videoId}/source", _SOURCE, status=201, file_rule=_FILE),
    POST("/upload", _BY_TOKEN, status=201, file_rule=_FILE_BY_TOKEN, credential="upload_token"),
)
