"""Watermarks: images to put on videos when they are created."""

from __future__ import annotations

from fake_server.core.files import File, FileRule, MiB
from fake_server.core.forms import received_file
from fake_server.core.listing import list_all
from fake_server.core.model import Hidden, ReadOnly, Resource, Timestamp, field
from fake_server.core.operations import DELETE, GET, POST, Action
from fake_server.core.verbs import add, delete
from fake_server.project import Context


class Watermark(Resource, prefix="watermark_", collection="watermarks"):
    """An image, which no response and no URL shows."""

    watermark_id: ReadOnly[str]
    created_at: Timestamp = field(sort=True, doc="When the watermark was uploaded.")
    image: Hidden[File] = field(
        doc="The file.", example=File("watermark.png", "image/png", b"an image")
    )


def upload_watermark(call: Context) -> Watermark:
    """Upload a watermark."""
    return add(call, Watermark, {"image": received_file(call)})


_UPLOAD = Action(upload_watermark, answers=Watermark)
_IMAGE = FileRule(
    max_bytes=8 * MiB,  # as a thumbnail; no page has a limit for watermarks
    types=("jpg", "jpeg", "png"),
    type_names=("jpeg", "jpg", "JPG", "JPEG", "png", "PNG"),
)

OPERATIONS = (
    GET("/watermarks", list_all(Watermark)),
    POST("/watermarks", _UPLOAD, file_rule=_IMAGE),
    DELETE("/watermarks/{watermarkId}", delete(Watermark)),
)
