"""`filterBy`: which events a query is about, by what is known of each and by the tags of videos."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from typing import Any, get_args

from pydantic.alias_generators import to_camel, to_snake

from fake_server.core.filters import Query
from fake_server.core.problems import Problem, invalid_query_parameter, unexpected_parameter
from fake_server.project import Context
from fake_server.resources.analytics.events import AnalyticsEvent, Continent, MediaType
from fake_server.resources.videos import Video

Test = Callable[[AnalyticsEvent], bool]

# fmt: off
BREAKDOWNS = (
    "media-id", "media-type", "continent", "country", "device-type", "operating-system", "browser",
    "referrer",
)
# fmt: on
_FILTERS = (*(to_camel(to_snake(name)) for name in BREAKDOWNS), "tag")
_FILTERS_OF_TOTAL = ("mediaId", "mediaType")
_SINGLE = ("mediaType", "tag")
_CHOICES = {"mediaType": get_args(MediaType), "continent": get_args(Continent)}
_LONGEST_REFERRER = 2048
_SPELLING = re.compile(r"filterBy\[(\w+)\](\[\d*\])?", re.ASCII)


def filters(call: Context, total: bool, wrong: list[Problem]) -> list[Test]:
    """The tests that events have to pass; adds to `wrong` what is wrong with `filterBy`.

    Of several values of a filter one has to fit, of several filters all. A total knows but two.
    """
    wanted = _wanted(call.query, _FILTERS_OF_TOTAL if total else _FILTERS, wrong)
    for name, values in wanted.items():
        if detail := _fault(name, values):
            wrong.append(invalid_query_parameter(f"filterBy[{name}]", detail))
    return [_test(call, name, values) for name, values in wanted.items()]


def _wanted(query: Query, known: Collection[str], wrong: list[Problem]) -> Mapping[str, list[str]]:
    """`filterBy[browser]=a`, `filterBy[browser][]=a` and `filterBy[browser][0]=a` are the same."""
    wanted: dict[str, list[str]] = {}
    for key, values in query.items():
        spelled = _SPELLING.fullmatch(key)
        if spelled is None or spelled[1] not in known:
            if key.partition("[")[0] == "filterBy":
                wrong.append(unexpected_parameter(key))
        elif spelled[1] not in _SINGLE:
            wanted.setdefault(spelled[1], []).extend(values)
        elif spelled[2] is None:
            wanted[spelled[1]] = values[-1:]
        else:
            detail = "This value must be of type string."
            wrong.append(invalid_query_parameter(f"filterBy[{spelled[1]}]", detail))
    return wanted


def _fault(name: str, values: Collection[str]) -> str | None:
    """What is wrong with the values of a filter, if anything is."""
    if name == "referrer" and any(len(value) > _LONGEST_REFERRER for value in values):
        return f"This value should not contain more than {_LONGEST_REFERRER} characters."
    choices = _CHOICES.get(name)
    if choices and not set(values) <= set(choices):
        listing = ", ".join(f'"{one}"' for one in choices)
        return f"This value is invalid. Use one of {listing}."
    return None


def _test(call: Context, name: str, values: Collection[str]) -> Test:
    if name == "tag":
        (tag,) = values
        marked = {video.id for video in call.store.table(Video) if tag in video.tags}
        return lambda event: event.media_id in marked
    attribute = to_snake(name)
    return lambda event: getattr(event, attribute) in values


def schema() -> dict[str, Any]:
    """The JSON schema of `filterBy`."""
    properties: dict[str, Any] = {}
    for name in _FILTERS:
        value: dict[str, Any] = {"type": "string"}
        if name in _CHOICES:
            value["enum"] = list(_CHOICES[name])
        if name == "referrer":
            value["maxLength"] = _LONGEST_REFERRER
        properties[name] = value if name in _SINGLE else {"type": "array", "items": value}
    return {"type": "object", "properties": properties, "additionalProperties": False}
