"""Chapters: the parts of a video, one VTT file for each language."""

from __future__ import annotations

from fake_server.core.files import File
from fake_server.core.listing import list_all
from fake_server.core.model import ReadOnly, field
from fake_server.core.operations import DELETE, GET, POST, Action
from fake_server.origins import Source
from fake_server.project import Context
from fake_server.resources._tracks import (
    VTT,
    Supported,
    Track,
    delete_track,
    show_track,
    track_file,
    tracks,
    upload_track,
)
from fake_server.resources._video import Video


class Chapter(Track, prefix="chapter_", collection="chapters", owner=Video):
    """The chapters of a video, in one language."""

    language: ReadOnly[Supported] = field(doc="The language of the file.", example="en")


def show_file(call: Context) -> File:
    """Return the file with the chapters of a video in a language."""
    return track_file(call, Chapter)


_FILE = Action(show_file, answers=File)
_FIELD = Source("documented", "the field `src` in the examples of api.video's documentation")

OPERATIONS = (
    GET("/videos/{videoId}/chapters", list_all(Chapter, rows=tracks(Chapter), descending=False)),
    POST("/videos/{videoId}/chapters/{language}", upload_track(Chapter), file_rule=VTT),
    GET("/videos/{videoId}/chapters/{language}", show_track(Chapter)),
    DELETE("/videos/{videoId}/chapters/{language}", delete_track(Chapter)),
    GET("/vod/{videoId}/chapters/{language}.vtt", _FILE, credential="public", source=_FIELD),
)
