"""Summaries: an abstract and the key points of a video, generated or written by hand."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field, with_config
from typing_extensions import TypedDict

from fake_server.core import problems
from fake_server.core.filters import equals
from fake_server.core.listing import list_all
from fake_server.core.model import (
    WIRE,
    Hidden,
    ReadOnly,
    Schema,
    Timestamp,
    Unset,
    WriteOnce,
    field,
)
from fake_server.core.operations import DELETE, GET, PATCH, POST, Action
from fake_server.core.verbs import add, find, sent
from fake_server.project import Context, ProjectContext
from fake_server.resources._derived import Derived, generate_derived, generation, is_playable
from fake_server.resources._video import Video
from fake_server.resources.webhooks import publish

Origin = Literal["api", "auto"]
Status = Literal["missing", "waiting", "failed", "completed", "unprocessable"]
Attribute = Literal["abstract", "takeaways"]
Takeaways = Annotated[list[str], Field(max_length=3)]

_ALL: tuple[Attribute, ...] = ("abstract", "takeaways")
_ABSTRACT = (
    "This text stands for the abstract that api.video would generate from the words spoken in the "
    "video; it has more than twenty words, as a real one."
)
_TAKEAWAYS = ["The first takeaway.", "The second takeaway.", "The third takeaway."]


class SummarySource(Schema):
    """The text of a summary; empty until it is generated or written."""

    abstract: Unset[str] = None
    takeaways: Unset[Takeaways] = None


class Summary(Derived, prefix="summary_", collection="summaries", owner=Video):
    """The summary of a video, which has at most one."""

    summary_id: ReadOnly[str]
    created_at: Timestamp = field(sort=True, doc="When the summary was requested.")
    updated_at: Timestamp = field(sort=True, doc="When the summary was last changed.")
    video_id: WriteOnce[str] = field(
        filter=equals, sort=True, doc="The video.", example="viSummaryOfThisVideo1234"
    )
    origin: ReadOnly[Origin] = field("api", filter=equals, doc="api: written; auto: generated.")
    source_status: ReadOnly[Status] = field(
        factory=lambda summary: "waiting" if summary["origin"] == "auto" else "missing",
        filter=equals,
        doc="Whether the summary has a text.",
    )
    source: Hidden[SummarySource] = field(factory=SummarySource, doc="The text.")
    attributes: Hidden[tuple[Attribute, ...]] = field(_ALL, doc="The parts that are generated.")
    ready_at: Hidden[Timestamp | None] = field(None, doc="When it is generated, once known.")

    def deadlines(self) -> Mapping[str, datetime | None]:
        """Return when the summary is generated."""
        return {"summary.generation": self.requested_at() and self.ready_at}

    def requested_at(self) -> datetime | None:
        """Return when it was requested, or None if it does not wait to be generated."""
        return self.created_at if self.source_status == "waiting" else None

    def generate(self, call: ProjectContext) -> None:
        """Generate the text, or fail if the video is not playable."""
        table = call.store.table(Summary)
        if not is_playable(call, self.video_id):
            table.put(self.changed(call.now, {"source_status": "failed"}))
            return
        source = SummarySource(
            abstract=_ABSTRACT if "abstract" in self.attributes else None,
            takeaways=_TAKEAWAYS if "takeaways" in self.attributes else None,
        )
        table.put(self.changed(call.now, {"source": source, "source_status": "completed"}))
        facts = {"videoId": self.video_id, "summaryId": self.id}
        publish(call, "video.summary.generated", facts)


class Generation(TypedDict, total=False):
    """The parts to generate; without `origin` nothing is generated."""

    origin: Literal["auto"]
    attributes: list[Attribute]


@with_config(WIRE)
class SummaryText(TypedDict, total=False):
    """The text to write."""

    abstract: str
    takeaways: Takeaways


def summarize(
    call: Context,
    video_id: str,
    origin: Origin,
    name: str,
    attributes: Iterable[Attribute] | None = None,
) -> Summary:
    """Add a summary to a video; raise the problem under `name` if it has one."""
    with call.store.lock:
        call.store.find(Video, video_id)
        if call.store.owned(Summary, video_id):
            raise problems.summary_exists(name)
        chosen = tuple(attributes or _ALL)
        facts = {"video_id": video_id, "origin": origin, "attributes": chosen}
        summary = add(call, Summary, facts)
        if origin == "auto":
            generate_derived(call, video_id)
        return call.store.find(Summary, summary.id)


def create_summary(call: Context) -> Summary:
    """Create the summary of a video, to be generated or to be written."""
    values = sent(call, Summary, "create", Generation)
    origin, attributes = values.get("origin", "api"), values.get("attributes")
    return summarize(call, values["video_id"], origin, "videoId", attributes)


def summaries(call: Context) -> Iterable[Summary]:
    """Return the summaries of videos that are not discarded."""
    videos = call.store.table(Video)
    return (summary for summary in call.store.table(Summary) if summary.video_id in videos)


def find_summary(call: Context) -> Summary:
    """Return the summary that the path names; raise the 404 problem if its video is discarded."""
    summary = find(call, Summary)
    if summary.video_id not in call.store.table(Video):
        raise problems.resource_not_found(Summary.path_parameter())
    return summary


def show_source(call: Context) -> SummarySource:
    """Show the text of a summary."""
    return find_summary(call).source


def update_source(call: Context) -> SummarySource:
    """Write the text of a summary, unless it is being generated."""
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
    """Delete a summary; its video can have another one then."""
    with call.store.lock:
        call.store.remove(Summary, find_summary(call).id)


_CREATE = Action(create_summary, body=(Summary, "create", Generation), answers=Summary)
_SHOW = Action(show_source, answers=SummarySource)
_UPDATE = Action(update_source, SummaryText, SummarySource)

EVENT_HANDLERS = {"summary.generation": generation(Summary)}

OPERATIONS = (
    GET("/summaries", list_all(Summary, rows=summaries)),
    POST("/summaries", _CREATE, status=201),
    DELETE("/summaries/{summaryId}", delete_summary),
    GET("/summaries/{summaryId}/source", _SHOW),
    PATCH("/summaries/{summaryId}/source", _UPDATE, status=201),  # so api.video's description
)
