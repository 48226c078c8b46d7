"""Analytics: metrics of what viewers did, as one number, by dimension, or over time.

A test adds `events`; `query` and `filters` read the query; `metrics` defines the numbers.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from pydantic.alias_generators import to_snake
from typing_extensions import TypedDict

from fake_server.core.listing import Page, list_page, parameter, read_list_query
from fake_server.core.model import ReadOnly, Resource, Timestamp, field
from fake_server.core.operations import GET, Action
from fake_server.core.problems import Problem, combined, invalid_query_parameter, unrecognized_url
from fake_server.project import Context
from fake_server.resources.analytics import filters
from fake_server.resources.analytics.events import DAY, AnalyticsEvent
from fake_server.resources.analytics.filters import BREAKDOWNS
from fake_server.resources.analytics.metrics import MEASURES, NAMED, Frame, Measure, Number
from fake_server.resources.analytics.query import VIEW_DURATIONS, MetricQuery, choice, read_query
from fake_server.time_values import SECOND, at

__all__ = ["OPERATIONS", "AnalyticsEvent"]

INTERVALS = {"minute": 60 * SECOND, "hour": 3600 * SECOND, "day": DAY}
_OF_LISTS = ("currentPage", "pageSize", "sortBy", "sortOrder")


class Bucket(Resource):
    """A metric for one value of a dimension."""

    dimension_value: ReadOnly[str] = field(sort=True, doc="The value, such as FR.")
    metric_value: ReadOnly[Number] = field(sort=True, doc="The metric for the value.")


class Point(Resource):
    """A metric in one interval."""

    emitted_at: Timestamp = field(sort=True, doc="When the interval begins.")
    metric_value: ReadOnly[Number] = field(sort=True, doc="The metric in it.")


class WithContext(TypedDict):
    """The part of a response that repeats the query."""

    context: dict[str, Any]


class Aggregate(WithContext):
    """A metric as one number."""

    data: Number


def aggregate(call: Context) -> dict[str, Any]:
    """Compute a metric as one number."""
    metric, aggregation = call.parameters["metric"], call.parameters["aggregation"]
    measure, wrong = MEASURES.get(f"{metric}/{aggregation}"), list[Problem]()
    if measure is None:
        raise unrecognized_url()
    query = read_query(call, metric, measure, wrong)
    if wrong:
        raise combined(wrong)
    data = query.compute(query.events(call))
    return {"context": query.context(aggregation=aggregation), "data": data}


def break_down(call: Context) -> Page:
    """List a metric for each value of a dimension."""
    metric, breakdown = call.parameters["metric"], call.parameters["breakdown"]
    measure, wrong = _named(metric), list[Problem]()
    if breakdown not in (("media-id",) if measure.over == "ever" else BREAKDOWNS):
        raise unrecognized_url()
    query = read_query(call, metric, measure, wrong, _OF_LISTS)
    listing = read_list_query(call, Bucket, wrong, by="metricValue", descending=True)
    if wrong:
        raise combined(wrong)
    groups = defaultdict[str, list[AnalyticsEvent]](list)
    for event in query.events(call):
        groups[getattr(event, to_snake(breakdown))].append(event)
    rows = [
        Bucket(dimension_value=value, metric_value=query.compute(events))
        for value, events in sorted(groups.items(), reverse=True)
    ]
    return list_page(call, listing, rows, {"context": query.context(breakdown=breakdown)})


def time_series(call: Context) -> Page:
    """List a metric for each interval in which it has events."""
    metric = call.parameters["metric"]
    measure, wrong = _named(metric), list[Problem]()
    if measure.over == "ever":
        raise unrecognized_url()
    query = read_query(call, metric, measure, wrong, (*_OF_LISTS, "interval"))
    listing = read_list_query(call, Point, wrong, by="emittedAt", descending=False)
    interval = _interval(call, query, wrong)
    if wrong:
        raise combined(wrong)
    rows = _points(query, query.events(call), INTERVALS[interval])
    return list_page(call, listing, rows, {"context": query.context(interval=interval)})


def _named(metric: str) -> Measure:
    if metric not in NAMED:
        raise unrecognized_url()
    return NAMED[metric]


def _interval(call: Context, query: MetricQuery, wrong: list[Problem]) -> str:
    """Return the requested interval, by default hours for up to two days and days beyond."""
    interval = choice(call.query, "interval", INTERVALS, "interval", wrong)
    assert query.timeframe is not None  # else it is a total
    length = query.timeframe.to - query.timeframe.since
    if interval == "minute" and length >= 60 * INTERVALS["minute"]:
        detail = "This interval cannot be used with a timeframe over 60 minutes."
        wrong.append(invalid_query_parameter("interval", detail))
    return interval or ("hour" if length <= 2 * DAY else "day")


def _points(query: MetricQuery, events: list[AnalyticsEvent], size: int) -> list[Point]:
    """Return a point for each interval of `size` nanoseconds since the epoch that has events."""
    frame, groups = query.frame, defaultdict[int, list[AnalyticsEvent]](list)
    for event in events:
        first, end = max(event.begin_ns, frame.since), min(event.end_ns, frame.until)
        for number in range(first // size, -(-end // size)):
            groups[number].append(event)
    points = []
    for number, group in groups.items():
        begin, end = number * size, (number + 1) * size
        part = Frame(max(begin, frame.since), min(end, frame.until))
        points.append(Point(emitted_at=at(begin), metric_value=query.compute(group, part)))
    return points


_MOMENT = {"type": "string", "format": "date-time"}
_QUERY = (
    parameter("from", _MOMENT),
    parameter("to", _MOMENT),
    parameter("unique", {"type": "boolean"}),
    parameter("viewDuration", {"type": "string", "enum": list(VIEW_DURATIONS), "default": "5s"}),
    parameter("filterBy", filters.schema()),
)
_INTERVAL = parameter("interval", {"type": "string", "enum": list(INTERVALS)})

OPERATIONS = (
    GET(
        "/data/metrics/{metric}/{aggregation}",
        Action(aggregate, answers=Aggregate, reads_query=True, query=_QUERY),
    ),
    GET(
        "/data/buckets/{metric}/{breakdown}",
        Action(break_down, answers=WithContext, lists=Bucket, reads_query=True, query=_QUERY),
    ),
    GET(
        "/data/timeseries/{metric}",
        Action(
            time_series,
            answers=WithContext,
            lists=Point,
            reads_query=True,
            query=(*_QUERY, _INTERVAL),
        ),
    ),
)
