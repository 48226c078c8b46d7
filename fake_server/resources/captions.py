"""Captions: the words spoken in a video, one VTT file for each language."""

from __future__ import annotations

from fake_server.core import problems
from fake_server.core.files import File
from fake_server.core.languages import language_error, native_name
from fake_server.core.listing import list_all, parameter
from fake_server.core.model import ReadOnly, Viewer, field
from fake_server.core.operations import DELETE, GET, PATCH, POST, Action
from fake_server.core.problems import Problem
from fake_server.core.verbs import find, sent
from fake_server.origins import Source
from fake_server.project import Context
from fake_server.resources._playback_sessions import session_of, viewable
from fake_server.resources._tracks import (
    VTT,
    Track,
    delete_track,
    find_track,
    show_track,
    track_file,
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

    def is_cacheable(self) -> bool:
        """Return False: the video may become private, and then each response has a new token."""
        return False

    def private_path(self, call: Viewer) -> str:
        """Return the part of the URL with a token for a private video."""
        video = call.store.table(Video).get(self.video_id)
        is_private = video is not None and not video.public
        return f"/token/{call.ticket(self.video_id)}" if is_private else ""

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


def show_file(call: Context) -> File:
    """Return the file with the captions of a video in a language."""
    video = viewable(call, find(call, Video))
    file = track_file(call, Caption)
    session_of(call, video)  # uses the token up, now that the file is there
    return file


_FILE = Action(show_file, answers=File, query=(parameter("avh", {"type": "string"}),))
_UPDATE = Action(update_caption, body=(Caption, "patch"), answers=Caption)
_FIELD = Source("documented", "the field `src` in the examples of api.video's documentation")
_SEEN = Source("seen", "2019 to 2021, tests of api.video's java-sdk and nodejs-sdk")

OPERATIONS = (
    GET("/videos/{videoId}/captions", list_all(Caption, rows=tracks(Caption), descending=False)),
    POST("/videos/{videoId}/captions/{language}", upload_track(Caption), file_rule=VTT),
    GET("/videos/{videoId}/captions/{language}", show_track(Caption)),
    PATCH("/videos/{videoId}/captions/{language}", _UPDATE),
    DELETE("/videos/{videoId}/captions/{language}", delete_track(Caption)),
    GET("/vod/{videoId}/captions/{language}.vtt", _FILE, credential="public", source=_FIELD),
    GET(
        "/vod/{videoId}/token/{token}/captions/{language}.vtt",
        _FILE,
        credential="public",
        source=_SEEN,
    ),
)
