"""The reading of an analytics query: its metric, timeframe and filters, and its problems."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from fake_server.core.filters import Query, text
from fake_server.core.problems import Problem, invalid_query_parameter, unexpected_parameter
from fake_server.project import Context
from fake_server.resources.analytics.events import DAY, AnalyticsEvent
from fake_server.resources.analytics.filters import Test, filters
from fake_server.resources.analytics.metrics import Frame, Measure, Number
from fake_server.time_values import SECOND, at, moment_ns

VIEW_DURATIONS = ("3s", "5s", "10s", "30s")
NOT_IN_CONTEXT = frozenset(("live", "peak", "play-total", "referrer"))
"""Names that are left out of a response's context: api.video's description does not allow them
there, and the official Python SDK refuses them."""

_EVER = moment_ns("0001-01-01")
_LIVE = 20 * SECOND
_MAX_DAYS = 30
_GRACE = 60 * SECOND  # the client computed the time earlier, or by a clock of its own
_ATOM = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)", re.ASCII)
_NOT_ATOM = (
    "This value is not a valid date-time. Use the ATOM format, URL encoded "
    '(for example "2024-02-05T00:00:00+01:00").'
)


@dataclass(frozen=True)
class Timeframe:
    """The queried time, as responses repeat it; in nanoseconds since the epoch."""

    since: int
    to: int

    def as_json(self) -> dict[str, str]:
        """Return both ends in ATOM format, in UTC."""
        ends = {"from": self.since, "to": self.to}
        return {name: at(end).isoformat(timespec="seconds") for name, end in ends.items()}


@dataclass(frozen=True)
class MetricQuery:
    """A query: a measure over the events in a frame that pass the tests.

    Responses repeat `metric` and `timeframe`; a total has no timeframe.
    """

    measure: Measure
    metric: str
    timeframe: Timeframe | None
    frame: Frame
    tests: tuple[Test, ...]
    unique: bool

    def events(self, call: Context) -> list[AnalyticsEvent]:
        """Return the matching events, without those of the future."""
        return [
            event
            for event in call.store.table(AnalyticsEvent)
            if event.event in self.measure.reads
            and self.frame.touches(event)
            and all(test(event) for test in self.tests)
        ]

    def compute(self, events: Iterable[AnalyticsEvent], frame: Frame | None = None) -> Number:
        """Compute the measure over these events, in the whole frame or a part of it."""
        return self.measure.formula(list(events), frame or self.frame, self.unique)

    def context(self, **chosen: str) -> dict[str, Any]:
        """Return the context that a response repeats."""
        named = {"metric": self.metric, **chosen}
        context: dict[str, Any] = {
            k: value for k, value in named.items() if value not in NOT_IN_CONTEXT
        }
        if self.timeframe is not None:
            context["timeframe"] = self.timeframe.as_json()
        return context


def read_query(
    call: Context, metric: str, measure: Measure, wrong: list[Problem], also: Collection[str] = ()
) -> MetricQuery:
    """Read the query of a call, and add its problems to `wrong`.

    `also` are parameters that the operation reads. Unknown ones are refused, whatever the setting
    `unknown_fields` is.
    """
    query, total = call.query, measure.over == "ever"
    known = {"from", "to", *measure.parameters, *also}
    unknown = [key for key in query if key not in known and key.partition("[")[0] != "filterBy"]
    wrong += [unexpected_parameter(key) for key in unknown]
    timeframe = None if total else _timeframe(call, wrong)
    tests = filters(call, total, wrong)
    if "viewDuration" in measure.parameters:
        duration = choice(query, "viewDuration", VIEW_DURATIONS, "view duration", wrong) or "5s"
        seconds = duration.removesuffix("s")
        metric = f"{metric}-{seconds}"
        tests.append(_lasts(int(seconds)))
    unique = "unique" in measure.parameters and _boolean(query, "unique", wrong)
    if unique:
        metric = f"unique-{metric}"
    until = call.now_ns + 1  # events of now count, unless the query ends before
    if measure.over == "last seconds":
        timeframe = Timeframe(call.now_ns - _LIVE, call.now_ns)
    elif timeframe and "to" in query:
        until = min(until, timeframe.to)
    frame = Frame(timeframe.since if timeframe else _EVER, until)
    return MetricQuery(measure, metric, timeframe, frame, tuple(tests), unique)


def choice(
    query: Query, name: str, choices: Collection[str], word: str, wrong: list[Problem]
) -> str | None:
    """Return the value of a parameter with these choices, or None if it is absent."""
    sent = text(query, name)
    if sent is None or sent in choices:
        return sent
    listing = ", ".join(f'"{one}"' for one in choices)
    wrong.append(invalid_query_parameter(name, f"This {word} is invalid. Use one of {listing}."))
    return None


def _boolean(query: Query, name: str, wrong: list[Problem]) -> bool:
    """Read a boolean; the official Python SDK capitalizes true and false, PHP sends 1 or 0."""
    sent = text(query, name)
    if sent is not None and sent.lower() not in ("true", "false", "1", "0"):
        wrong.append(invalid_query_parameter(name, "This value must be of type boolean."))
    return sent is not None and sent.lower() in ("true", "1")


def _lasts(seconds: int) -> Test:
    """Return a test of a view's duration, which a view without a watch time passes."""
    return lambda event: event.watch_time is None or event.watch_time >= seconds


def _timeframe(call: Context, wrong: list[Problem]) -> Timeframe:
    to = _moment(call.query, "to", call.now_ns, wrong)
    since = _moment(call.query, "from", to - DAY, wrong)
    if since > to:
        wrong.append(invalid_query_parameter("from", 'This value should not be after "to".'))
    elif since > call.now_ns + _GRACE:
        wrong.append(invalid_query_parameter("from", "This value should not be in the future."))
    elif since < call.now_ns - _MAX_DAYS * DAY - _GRACE:
        name = "from" if "from" in call.query else "to"
        detail = f"This value should not be more than {_MAX_DAYS} days ago."
        wrong.append(invalid_query_parameter(name, detail))
    return Timeframe(since, to)


def _moment(query: Query, name: str, default: int, wrong: list[Problem]) -> int:
    sent = text(query, name)
    if sent is None:
        return default
    try:
        if not _ATOM.fullmatch(sent):
            raise ValueError
        return moment_ns(datetime.fromisoformat(sent))
    except ValueError:
        wrong.append(invalid_query_parameter(name, _NOT_ATOM))
        return default
