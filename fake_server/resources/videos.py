"""Videos: create, list, read, change and delete them."""

from __future__ import annotations

from fake_server.core.listing import contains, holds, list_all, pairs
from fake_server.core.model import NotBlank, ReadOnly, Resource, Shape, Stamp, Unset, field
from fake_server.core.operations import DELETE, GET, PATCH, POST
from fake_server.core.verbs import create, delete, read, update


class Metadata(Shape):
    """A key and a value that a video is marked with."""

    key: str
    value: str


class Video(Resource, prefix="vi"):
    """A video; it exists before anything is uploaded to it."""

    video_id: ReadOnly[str]
    title: NotBlank = field(filter=contains, sort=True, doc="The title of the video.")
    description: str = field("", filter=contains, doc="What the video shows.")
    public: bool = field(True, doc="False: watching needs a token of its own each time.")
    panoramic: bool = field(False, doc="Whether it is a 360 degree video.")
    mp4_support: bool = field(True, doc="Whether the assets include an MP4.")
    player_id: Unset[str] = field(None, doc="The player theme in use.")
    published_at: Stamp = field(sort=True, doc="When the video was made.")
    created_at: Stamp = field(sort=True, doc="When the video was made.")
    updated_at: Stamp = field(sort=True, doc="When the video was last changed.")
    tags: list[str] = field(make=list, filter=holds, doc="Words to find the video by.")
    metadata: list[Metadata] = field(make=list, filter=pairs, doc="Keys and values to find it by.")


OPERATIONS = (
    GET("/videos", list_all(Video)),
    POST("/videos", create(Video), status=201),
    GET("/videos/{videoId}", read(Video)),
    PATCH("/videos/{videoId}", update(Video)),
    DELETE("/videos/{videoId}", delete(Video)),
)
