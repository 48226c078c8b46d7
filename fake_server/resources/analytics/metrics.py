"""What the metrics mean: which events each of them reads, and what it makes of them."""

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
    """A stretch of time in nanoseconds since the epoch, its end not included."""

    since: int
    until: int

    def touches(self, event: AnalyticsEvent) -> bool:
        """Whether any of the event is in the frame."""
        return event.begin_ns < self.until and event.end_ns > self.since


Formula = Callable[[Events, Frame, bool], Number]
"""Gets the events, the frame that they are in, and whether a viewer counts once."""


@dataclass(frozen=True)
class Measure:
    """One metric in one aggregation: the events that it reads, and its formula over them.

    `takes` names the parameters that only this metric has, `over` the time that it looks at.
    """

    reads: tuple[What, ...]
    formula: Formula
    takes: tuple[str, ...] = ()
    over: Literal["timeframe", "ever", "last seconds"] = "timeframe"


def _count(events: Events, frame: Frame, unique: bool) -> int:
    return len(events)


def _views(events: Events, frame: Frame, unique: bool) -> int:
    """Viewers are unique for a day, of UTC."""
    if not unique:
        return len(events)
    return len({(event.viewer, event.begin_ns // DAY) for event in events})


def _rate(events: Events, frame: Frame, unique: bool) -> Number:
    plays = sum(event.event == "play" for event in events)
    impressions = len(events) - plays
    return plays / impressions if impressions else 0


def _times(events: Events) -> list[float]:
    """Those that somebody said: seconds watched, milliseconds until the first frame."""
    watched = [event.watch_time for event in events if event.watch_time is not None]
    loading = [event.impression_time for event in events if event.impression_time is not None]
    return [*watched, *(round(seconds * 1000, 6) for seconds in loading)]


def _sum(events: Events, frame: Frame, unique: bool) -> Number:
    return fsum(_times(events))


def _average(events: Events, frame: Frame, unique: bool) -> Number:
    times = _times(events)
    return fsum(times) / len(times) if times else 0


def _peak(events: Events, frame: Frame, unique: bool) -> int:
    return max((viewers for viewers, _ in _crowds(events, frame, unique)), default=0)


def _average_crowd(events: Events, frame: Frame, unique: bool) -> Number:
    """The mean over the time in which anybody watched."""
    crowds = _crowds(events, frame, unique)
    watched = sum(length for _, length in crowds)
    total = sum(viewers * length for viewers, length in crowds)
    return round(total / watched, 6) if watched else 0  # now is a nanosecond long


def _crowds(events: Events, frame: Frame, unique: bool) -> list[tuple[int, int]]:
    """How many watched at the same time, and for how long; whenever anybody did."""
    steps = []
    for event in events:
        who = event.viewer if unique else event.id
        steps.append((max(event.begin_ns, frame.since), 1, who))
        steps.append((min(event.end_ns, frame.until), -1, who))
    crowds, watching, before = [], Counter[str](), frame.since
    for moment, step, who in sorted(steps):  # at one moment, those who leave come first
        if watching and moment > before:
            crowds.append((len(watching), moment - before))
        before = moment
        watching[who] += step
        if not watching[who]:
            del watching[who]
    return crowds


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
    "ccv/average": Measure(("ccv",), _average_crowd, _UNIQUE),
    "view/count": Measure(("view",), _views, ("unique", "viewDuration")),
}
"""By metric and aggregation, as paths under `/data/metrics` spell them."""

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
"""By the names that `/data/buckets` and `/data/timeseries` have for them."""
