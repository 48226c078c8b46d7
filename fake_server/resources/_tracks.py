"""Tracks: VTT files in the languages of a video, as captions and chapters are."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Annotated, Any, Self, TypeVar

from pydantic import AfterValidator
from pydantic_core import PydanticCustomError

from fake_server.core import problems
from fake_server.core.files import File, FileRule, MiB
from fake_server.core.forms import received_file
from fake_server.core.languages import language_error
from fake_server.core.model import Hidden, ReadOnly, Resource, Timestamp, Unset, Viewer, field
from fake_server.core.operations import Action
from fake_server.core.problems import Problem
from fake_server.core.verbs import add, find
from fake_server.project import Context
from fake_server.resources._video import Video

T = TypeVar("T", bound="Track")

VTT = FileRule(
    max_bytes=8 * MiB
)  # as a thumbnail; no page has a limit, and a malformed file is taken
_EXAMPLE = File("en.vtt", "text/vtt", b"WEBVTT\n")


def _supported(language: str) -> str:
    wrong = language_error(language)
    if wrong:
        raise PydanticCustomError("language", "{wrong}", {"wrong": wrong})
    return language


Supported = Annotated[str, AfterValidator(_supported)]


class Track(Resource):
    """A VTT file of a video in one language; its path is its id."""

    uri: ReadOnly[str]
    src: ReadOnly[Unset[str]] = field(None, doc="The URL of the file.")
    video_id: Hidden[str] = field(doc="The video that it belongs to.")
    language: Hidden[Supported] = field(doc="The language of the file.", example="en")
    file: Hidden[File] = field(doc="The file.", example=_EXAMPLE)
    created_at: Hidden[Timestamp] = field(doc="When the first file in this language was added.")

    @classmethod
    def address(cls, video_id: str, language: str) -> str:
        """Return the track's path: `/videos/{videoId}/captions/{language}`."""
        return f"/videos/{video_id}/{cls.collection}/{language}"

    @classmethod
    def new(cls, identifier: str, now: datetime, values: Mapping[str, Any]) -> Self:
        """Create a track; its id follows from the video and the language."""
        return super().new(cls.address(values["video_id"], values["language"]), now, values)

    @classmethod
    def not_found(cls, language: str) -> Problem:
        """Return the problem of a language without a track."""
        return problems.resource_not_found("language")

    def for_response(self, call: Viewer) -> Self:
        """Return the track with the URL of its file."""
        folder = f"/vod/{self.video_id}{self.private_path(call)}"
        src = call.asset_url("cdn", f"{folder}/{self.collection}/{self.language}.vtt")
        return self.model_copy(update={"src": src})

    def private_path(self, call: Viewer) -> str:
        """Return what the URL of the file has for a private video only."""
        return ""


def find_track(call: Context, model: type[T]) -> T:
    """Return the track that the path names; raise the 404 of the video or the language."""
    language = call.parameters["language"]
    track = call.store.table(model).get(model.address(find(call, Video).id, language))
    if track is None:
        raise model.not_found(language)
    return track


def tracks(model: type[T]) -> Callable[[Context], list[T]]:
    """Return the rows for `list_all`: the tracks of the video that the path names."""
    return lambda call: call.store.owned(model, find(call, Video).id)


def upload_track(model: type[Track]) -> Action:
    """Return the action that stores the file of a form, in place of another in its language."""

    def handle(call: Context) -> Track:
        video, language = find(call, Video), call.parameters["language"]
        wrong = language_error(language)
        if wrong:
            raise problems.invalid_attribute("language", wrong)
        values = {"video_id": video.id, "language": language, "file": received_file(call)}
        with call.store.lock:
            find(call, Video)  # it may have been deleted during the upload
            before = call.store.table(model).get(model.address(video.id, language))
            if before is None:
                return add(call, model, values)
            return call.store.table(model).put(before.changed(call.now, values))

    summary = f"Upload the {model.collection} of a video in a language, in place of others in it."
    return Action(handle, answers=model, summary=summary)


def show_track(model: type[Track]) -> Action:
    """Return the action that shows the track in one language."""
    summary = f"Show the {model.collection} of a video in a language."
    return Action(lambda call: find_track(call, model), answers=model, summary=summary)


def delete_track(model: type[Track]) -> Action:
    """Return the action that deletes the track in one language."""

    def handle(call: Context) -> None:
        with call.store.lock:
            call.store.remove(model, find_track(call, model).id)

    return Action(handle, summary=f"Delete the {model.collection} of a video in a language.")


def track_file(call: Context, model: type[Track]) -> File:
    """Return the file in the language that the path names, always as `text/vtt`."""
    return replace(find_track(call, model).file, content_type="text/vtt")
