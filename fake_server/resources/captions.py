"""Captions: what is said in a video, as one VTT file for each language."""

from __future__ import annotations

from typing import Any

from fake_server.core import problems
from fake_server.core.languages import language_error, native_name
from fake_server.core.listing import list_all
from fake_server.core.model import ReadOnly, field
from fake_server.core.operations import DELETE, GET, PATCH, POST, Action
from fake_server.core.problems import Problem
from fake_server.core.verbs import sent
from fake_server.project import Context
from fake_server.resources._tracks import (
    VTT,
    Track,
    delete_track,
    find_track,
    show_file,
    show_track,
    tracks,
    upload_track,
)
from fake_server.resources.videos import Video


def _language(track: dict[str, Any]) -> str:
    language: str = track["language"]
    return language


def _native_name(track: dict[str, Any]) -> str | None:
    return native_name(track["language"])


class Caption(Track, prefix="caption_", collection="captions", owner=Video):
    """What is said in a video, in one language."""

    srclang: ReadOnly[str] = field(make=_language, doc="The language that it is in.")
    language_name: ReadOnly[str] = field(make=_native_name, doc="What the language calls itself.")
    default: bool = field(False, doc="Whether it is shown to those who choose none.")

    @classmethod
    def absent(cls, language: str) -> Problem:
        """A language that is not supported has a problem of its own."""
        wrong = language_error(language)
        return problems.invalid_attribute("language", wrong) if wrong else super().absent(language)


def update_caption(call: Context) -> Caption:
    """Make a caption the default of its video, instead of another one, or no longer."""
    find_track(call, Caption)  # an unknown caption is a 404, whatever was sent
    values = sent(call, Caption, "patch")
    with call.store.lock:
        caption, table = find_track(call, Caption), call.store.table(Caption)
        for other in tracks(Caption)(call) if values.get("default") else ():
            table.put(other.changed(call.now, {"default": False}))
        return table.put(caption.changed(call.now, values))


_UPDATE = Action(update_caption, body=(Caption, "patch"), answers=Caption)

OPERATIONS = (
    GET("/videos/{videoId}/captions", list_all(Caption, rows=tracks(Caption), descending=False)),
    POST("/videos/{videoId}/captions/{language}", upload_track(Caption), file_rule=VTT),
    GET("/videos/{videoId}/captions/{language}", show_track(Caption)),
    PATCH("/videos/{videoId}/captions/{language}", _UPDATE),
    DELETE("/videos/{videoId}/captions/{language}", delete_track(Caption)),
    GET("/vod/{videoId}/captions/{language}.vtt", show_file(Caption), credential="public"),
)
