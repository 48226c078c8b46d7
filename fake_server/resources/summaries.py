"""Summaries: an outline of a video and its key points, generated or written by hand."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import Field, with_config
from typing_extensions import TypedDict

from fake_server.core import problems
from fake_server.core.filters import equals
from fake_server.core.listing import list_all
from fake_server.core.model import (
    WIRE,
    Hidden,
    ReadOnly,
    Resource,
    Schema,
    Timestamp,
    Unset,
    WriteOnce,
    field,
)
from fake_server.core.operations import DELETE, GET, PATCH, POST, Action
from fake_server.core.verbs import add, find, sent
from fake_server.project import Context
from fake_server.resources.videos import Video

Origin = Literal["api", "auto"]
Status = Literal["missing", "waiting", "failed", "completed", "unprocessable"]
Takeaways = Annotated[list[str], Field(max_length=3)]


class SummarySource(Schema):
    """What a summary says; empty until it is generated or written."""

    abstract: Unset[str] = None
    takeaways: Unset[Takeaways] = None


def _first_status(summary: dict[str, Any]) -> Status:
    return "waiting" if summary["origin"] == "auto" else "missing"


Attribute = Literal["abstract", "takeaways"]
_ALL: tuple[Attribute, ...] = ("abstract", "takeaways")


class Summary(Resource, prefix="summary_", collection="summaries", owner=Video):
    """The one summary of a video; who made it, and whether it says anything yet."""

    summary_id: ReadOnly[str]
    created_at: Timestamp = field(sort=True, doc="When the summary was asked for.")
    updated_at: Timestamp = field(sort=True, doc="When the summary was last changed.")
    video_id: WriteOnce[str] = field(
        filter=equals, sort=True, doc="The video.", example="viSummaryOfThisVideo1234"
    )
    origin: ReadOnly[Origin] = field("api", filter=equals, doc="api: written; auto: generated.")
    source_status: ReadOnly[Status] = field(
        make=_first_status, filter=equals, doc="What there is of it."
    )
    source: Hidden[SummarySource] = field(make=SummarySource, doc="What it says.")
    attributes: Hidden[tuple[Attribute, ...]] = field(_ALL, doc="What of it is generated.")
    ready_at: Hidden[Timestamp | None] = field(
        None, doc="When it is generated, once that is known."
    )

    def deadlines(self) -> Mapping[str, datetime | None]:
        """It is generated, if it shall be and nobody changed that."""
        is_waiting = self.source_status == "waiting"
        return {"summary.generation": self.ready_at if is_waiting else None}


class Generation(TypedDict, total=False):
    """What shall be generated; without `origin` nothing is."""

    origin: Literal["auto"]
    attributes: list[Attribute]


@with_config(WIRE)
class SummaryText(TypedDict, total=False):
    """What the summary shall say."""

    abstract: str
    takeaways: Takeaways


def summarize(
    call: Context,
    video_id: str,
    origin: Origin,
    name: str,
    attributes: Iterable[Attribute] | None = None,
) -> Summary:
    """Give a video a summary; if it has one, raises the problem under `name`."""
    from fake_server.resources.transcripts import derive  # which knows summaries

    with call.store.lock:
        call.store.find(Video, video_id)
        if any(summary.video_id == video_id for summary in call.store.table(Summary)):
            raise problems.summary_exists(name)
        wanted = tuple(attributes or _ALL)
        facts = {"video_id": video_id, "origin": origin, "attributes": wanted}
        summary = add(call, Summary, facts)
        if origin == "auto":
            derive(call, video_id)
        return call.store.table(Summary).get(summary.id) or summary


def create_summary(call: Context) -> Summary:
    """Create the summary of a video, to be generated or to be written."""
    values = sent(call, Summary, "create", Generation)
    origin, attributes = values.get("origin", "api"), values.get("attributes")
    return summarize(call, values["video_id"], origin, "videoId", attributes)


def summaries(call: Context) -> Iterable[Summary]:
    """The summaries of videos that are not discarded."""
    videos = call.store.table(Video)
    return (summary for summary in call.store.table(Summary) if summary.video_id in videos)


def find_summary(call: Context) -> Summary:
    """The summary that the path names, unless its video is discarded."""
    summary = find(call, Summary)
    if summary.video_id not in call.store.table(Video):
        raise problems.resource_not_found(Summary.path_parameter())
    return summary


def show_source(call: Context) -> SummarySource:
    """Show what a summary says."""
    return find_summary(call).source


def update_source(call: Context) -> SummarySource:
    """Write what a summary says, unless it is being generated."""
    find_summary(call)  # an unknown summary is a 404, whatever was sent
    values = call.received(SummaryText)
    with call.store.lock:
        summary = find_summary(call)
        if summary.source_status == "waiting":
            raise problems.summary_exists()
        if not values:
            return summary.source
        source = summary.source.model_copy(update=values)
        facts = {"source": source, "source_status": "completed"}
        call.store.table(Summary).put(summary.changed(call.now, facts))
        return source


def delete_summary(call: Context) -> None:
    """Delete a summary, generated or not; its video can have another one then."""
    with call.store.lock:
        call.store.remove(Summary, find_summary(call).id)


_CREATE = Action(create_summary, body=(Summary, "create", Generation), answers=Summary)
_SHOW = Action(show_source, answers=SummarySource)
_UPDATE = Action(update_source, SummaryText, SummarySource)

OPERATIONS = (
    GET("/summaries", list_all(Summary, rows=summaries)),
    POST("/summaries", _CREATE, status=201),
    DELETE("/summaries/{summaryId}", delete_summary),
    GET("/summaries/{summaryId}/source", _SHOW),
    PATCH("/summaries/{summaryId}/source", _UPDATE, status=201),  # so api.video's description
)
