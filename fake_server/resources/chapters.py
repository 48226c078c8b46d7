"""Chapters: the parts of a video, one VTT file for each language."""

from __future__ import annotations

from fake_server.core.listing import list_all
from fake_server.core.model import ReadOnly, field
from fake_server.core.operations import DELETE, GET, POST
from fake_server.resources._tracks import (
    VTT,
    Supported,
    Track,
    delete_track,
    show_file,
    show_track,
    tracks,
    upload_track,
)
from fake_server.resources._video import Video


class Chapter(Track, prefix="chapter_", collection="chapters", owner=Video):
    """The chapters of a video, in one language."""

    language: ReadOnly[Supported] = field(doc="The language of the file.", example="en")


OPERATIONS = (
    GET("/videos/{videoId}/chapters", list_all(Chapter, rows=tracks(Chapter), descending=False)),
    POST("/videos/{videoId}/chapters/{language}", upload_track(Chapter), file_rule=VTT),
    GET("/videos/{videoId}/chapters/{language}", show_track(Chapter)),
    DELETE("/videos/{videoId}/chapters/{language}", delete_track(Chapter)),
    GET("/vod/{videoId}/chapters/{language}.vtt", show_file(Chapter), credential="public"),
)
