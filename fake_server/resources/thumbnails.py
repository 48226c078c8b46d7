"""Thumbnails of videos: an uploaded image, or a frame of the video."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, with_config
from typing_extensions import TypedDict

from fake_server.core.files import FileRule, MiB
from fake_server.core.forms import received_file
from fake_server.core.model import WIRE
from fake_server.core.operations import PATCH, POST, Action
from fake_server.core.verbs import change, find
from fake_server.project import Context
from fake_server.resources._video import Video

THUMBNAIL = FileRule(
    max_bytes=8 * MiB,
    types=("jpg", "jpeg", "png", "webp"),
    type_names=("jpeg", "jpg", "JPG", "JPEG"),  # as api.video's message lists them, without webp
)
Timecode = Annotated[
    str, Field(pattern=r"^(?:\d{2,}:\d{2}:\d{2}(?:\.\d+|:\d+)?|\d+)$", examples=["00:01:00.000"])
]
"""`hh:mm:ss.ms`, `hh:mm:ss:frame` or seconds; one beyond the video's end means its beginning."""


@with_config(WIRE)
class ThumbnailPick(TypedDict):
    """The frame of the video to show."""

    timecode: Timecode


def upload_thumbnail(call: Context) -> Video:
    """Upload an image as a video's thumbnail; the video may be empty."""
    find(call, Video)  # an unknown video is a 404, whatever was sent
    return change(call, Video, {"thumbnail": received_file(call), "thumbnail_timecode": None})


def pick_thumbnail(call: Context) -> Video:
    """Pick a frame of the video as its thumbnail, in place of an uploaded image."""
    find(call, Video)  # an unknown video is a 404, whatever was sent
    timecode = call.received(ThumbnailPick)["timecode"]
    return change(call, Video, {"thumbnail": None, "thumbnail_timecode": timecode})


_UPLOAD = Action(upload_thumbnail, answers=Video)
_PICK = Action(pick_thumbnail, ThumbnailPick, Video)

OPERATIONS = (
    POST("/videos/{videoId}/thumbnail", _UPLOAD, file_rule=THUMBNAIL),
    PATCH("/videos/{videoId}/thumbnail", _PICK),
)
