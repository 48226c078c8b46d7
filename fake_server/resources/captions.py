"""Captions: the words spoken in a video, one VTT file for each language."""

from __future__ import annotations

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
from fake_server.resources._video import Video


class Caption(Track, prefix="caption_", collection="captions", owner=Video):
    """The captions of a video in one language."""

    srclang: ReadOnly[str] = field(
        factory=lambda track: track["language"], doc="The language of the captions."
    )
    language_name: ReadOnly[str] = field(
        factory=lambda track: native_name(track["language"]), doc="The native name of the language."
    )
    default: bool = field(False, doc="Whether it is shown to viewers who choose no language.")

    @classmethod
    def not_found(cls, language: str) -> Problem:
        """Return the problem of a language without captions, or of an unsupported one."""
        wrong = language_error(language)
        if wrong:
            return problems.invalid_attribute("language", wrong)
        return super().not_found(language)


def update_caption(call: Context) -> Caption:
    """Make a caption the default of its video in place of another one, or no longer."""
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
