"""The metrics: the events that each of them reads, and its formula."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import fsum
from typing import Literal

from fake_server.resources.analytics.events import DAY, AnalyticsEvent, What

Number = int | float
Events = Sequence[AnalyticsEvent]


@dataclass(frozen=True)
class Frame:
    """A half-open interval of time, in nanoseconds since the epoch."""

    since: int
    until: int

    def touches(self, event: AnalyticsEvent) -> bool:
        """Return whether the event overlaps the frame."""
        return event.begin_ns < self.until and event.end_ns > self.since


Formula = Callable[[Events, Frame, bool], Number]
"""Computes a metric from events, their frame, and whether viewers count only once."""


@dataclass(frozen=True)
class Measure:
    """A metric in one aggregation; `parameters` are those that other metrics lack."""

    reads: tuple[What, ...]
    formula: Formula
    parameters: tuple[str, ...] = ()
    over: Literal["timeframe", "ever", "last seconds"] = "timeframe"


def _count(events: Events, frame: Frame, unique: bool) -> int:
    return len(events)


def _views(events: Events, frame: Frame, unique: bool) -> int:
    """Count the views, of each viewer one per day in UTC if they are to be unique."""
    if not unique:
        return len(events)
    return len({(event.viewer, event.begin_ns // DAY) for event in events})


def _rate(events: Events, frame: Frame, unique: bool) -> Number:
    plays = sum(event.event == "play" for event in events)
    impressions = len(events) - plays
    return plays / impressions if impressions else 0


def _times(events: Events) -> list[float]:
    """Return the known times: seconds watched, milliseconds until the first frame."""
    watched = [event.watch_time for event in events if event.watch_time is not None]
    loading = [event.impression_time for event in events if event.impression_time is not None]
    return [*watched, *(round(seconds * 1000, 6) for seconds in loading)]


def _sum(events: Events, frame: Frame, unique: bool) -> Number:
    return fsum(_times(events))


def _average(events: Events, frame: Frame, unique: bool) -> Number:
    times = _times(events)
    return fsum(times) / len(times) if times else 0


def _peak(events: Events, frame: Frame, unique: bool) -> int:
    return max((viewers for viewers, _ in _concurrent(events, frame, unique)), default=0)


def _average_concurrent(events: Events, frame: Frame, unique: bool) -> Number:
    """Return the mean over the time with at least one viewer."""
    counts = _concurrent(events, frame, unique)
    watched = sum(length for _, length in counts)
    total = sum(viewers * length for viewers, length in counts)
    return (
        round(total / watched, 6) if watched else 0
    )  # a frame that ends now has an extra nanosecond


def _concurrent(events: Events, frame: Frame, unique: bool) -> list[tuple[int, int]]:
    """Return each number of concurrent viewers above zero, with its duration."""
    steps = []
    for event in events:
        who = event.viewer if unique else event.id
        steps.append((max(event.begin_ns, frame.since), 1, who))
        steps.append((min(event.end_ns, frame.until), -1, who))
    counts, watching, before = [], Counter[str](), frame.since
    for moment, step, who in sorted(steps):  # at the same time, those who leave come first
        if watching and moment > before:
            counts.append((len(watching), moment - before))
        before = moment
        watching[who] += step
        if not watching[who]:
            del watching[who]
    return counts


_UNIQUE = ("unique",)

MEASURES = {
    "play/count": Measure(("play",), _count),
    "play/sum": Measure(("play",), _count),  # a guide has it, the description does not
    "play/rate": Measure(("play", "impression"), _rate),
    "play/total": Measure(("play",), _count, over="ever"),
    "start/count": Measure(("start",), _count),
    "end/count": Measure(("end",), _count),
    "impression/count": Measure(("impression",), _count),
    "impression-time/average": Measure(("impression",), _average),
    "impression-time/sum": Measure(("impression",), _sum),
    "watch-time/average": Measure(("view",), _average),
    "watch-time/sum": Measure(("view",), _sum),
    "ccv/peak": Measure(("ccv",), _peak, _UNIQUE),
    "ccv/live": Measure(("ccv",), _peak, _UNIQUE, over="last seconds"),
    "ccv/average": Measure(("ccv",), _average_concurrent, _UNIQUE),
    "view/count": Measure(("view",), _views, ("unique", "viewDuration")),
}
"""By metric and aggregation, as in paths under `/data/metrics`."""

NAMED = {
    "play": MEASURES["play/count"],
    "play-rate": MEASURES["play/rate"],
    "play-total": MEASURES["play/total"],
    "start": MEASURES["start/count"],
    "end": MEASURES["end/count"],
    "impression": MEASURES["impression/count"],
    "ccv-peak": MEASURES["ccv/peak"],
    "ccv-average": MEASURES["ccv/average"],
    "view": MEASURES["view/count"],
}
"""By their names in `/data/buckets` and `/data/timeseries`."""
