"""What viewers did: the events that a test adds, and that the analytics are computed from."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from fake_server.core.model import ReadOnly, Resource, Timestamp, field
from fake_server.time_values import SECOND, at, duration_ns, moment_ns

What = Literal["play", "start", "end", "impression", "view", "ccv"]
MediaType = Literal["video", "live-stream"]
Continent = Literal["AS", "AF", "NA", "SA", "AN", "EU", "AZ"]
Device = Literal["computer", "phone", "tablet", "tv", "console", "wearable", "unknown"]
Seconds = Annotated[float, Field(ge=0)]

DAY = 86_400 * SECOND
"""Nanoseconds in a day."""

_CCV_SECONDS = 20
_TIMES = {"watch_time": ("view", "ccv"), "impression_time": ("impression",)}


def _moment(moment: Any) -> datetime:
    return at(moment_ns(moment))


def _type_of(event: dict[str, Any]) -> MediaType:
    return "live-stream" if event["media_id"].startswith("li") else "video"


class AnalyticsEvent(Resource, prefix="ev", collection="analytics"):
    """Something that a viewer did: what, when, with which content, from where."""

    event_id: ReadOnly[str]
    event: What = field(doc="What happened.", example="play")
    emitted_at: Annotated[Timestamp, BeforeValidator(_moment)] = field(doc="When; by default now.")
    media_id: str = field(doc="The video or live stream.", example="vi4k0jvEUuaTdRAEjQ4Jfrgz")
    media_type: MediaType = field(make=_type_of, doc="By default what the media's id says.")
    viewer: str = field(make=lambda event: event["event_id"], doc="Who; by default a new viewer.")
    continent: Continent | Literal[""] = field("", doc="Where the viewer is.")
    country: Annotated[str, Field(pattern=r"^([A-Z]{2})?$")] = field("", doc="ISO 3166 alpha-2.")
    device_type: Device = field("unknown", doc="What the viewer watches with.")
    operating_system: str = field("", doc="windows, mac osx, android, ios, linux, ...")
    browser: str = field("", doc="chrome, firefox, edge, opera, ...")
    referrer: str = field("", doc="The page that the player is on.")
    watch_time: Seconds | None = field(None, doc="Seconds watched (view) or watching (ccv).")
    impression_time: Seconds | None = field(None, doc="Seconds until the first video frame.")

    @model_validator(mode="after")
    def _times_belong(self) -> Self:
        for name, events in _TIMES.items():
            if getattr(self, name) is not None and self.event not in events:
                raise ValueError(f"{name} belongs to {' and '.join(events)}, not to {self.event}")
        return self

    @property
    def begin_ns(self) -> int:
        """When it happened, or began."""
        return moment_ns(self.emitted_at)

    @property
    def end_ns(self) -> int:
        """When it was over: at once, but for a viewer who is watching (ccv)."""
        if self.event != "ccv":
            return self.begin_ns + 1
        seconds = _CCV_SECONDS if self.watch_time is None else self.watch_time
        return self.begin_ns + max(1, duration_ns(seconds))
