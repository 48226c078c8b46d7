"""The events that a test adds, and that the analytics are computed from."""

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
"""A day in nanoseconds."""

_CCV_SECONDS = 20
_TIMES = {"watch_time": ("view", "ccv"), "impression_time": ("impression",)}


def _moment(moment: Any) -> datetime:
    return at(moment_ns(moment))


def _type_of(event: dict[str, Any]) -> MediaType:
    return "live-stream" if event["media_id"].startswith("li") else "video"


class AnalyticsEvent(Resource, prefix="ev", collection="analytics"):
    """An action of a viewer: its type, time, content and place."""

    event_id: ReadOnly[str]
    event: What = field(doc="The type of action.", example="play")
    emitted_at: Annotated[Timestamp, BeforeValidator(_moment)] = field(
        doc="Its time, by default now."
    )
    media_id: str = field(doc="The video or live stream.", example="vi4k0jvEUuaTdRAEjQ4Jfrgz")
    media_type: MediaType = field(factory=_type_of, doc="By default the type of the media's id.")
    viewer: str = field(factory=lambda event: event["event_id"], doc="By default a new viewer.")
    continent: Continent | Literal[""] = field("", doc="The viewer's continent.")
    country: Annotated[str, Field(pattern=r"^([A-Z]{2})?$")] = field("", doc="ISO 3166 alpha-2.")
    device_type: Device = field("unknown", doc="The viewer's device.")
    operating_system: str = field("", doc="windows, mac osx, android, ios, linux, ...")
    browser: str = field("", doc="chrome, firefox, edge, opera, ...")
    referrer: str = field("", doc="The page with the player.")
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
        """The time of the action, or of its begin."""
        return moment_ns(self.emitted_at)

    @property
    def end_ns(self) -> int:
        """The time of its end: at once, except for a viewer who is watching (ccv)."""
        if self.event != "ccv":
            return self.begin_ns + 1
        seconds = _CCV_SECONDS if self.watch_time is None else self.watch_time
        return self.begin_ns + max(1, duration_ns(seconds))
