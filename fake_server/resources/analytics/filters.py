"""`filterBy`: the selection of events by their fields and by the tags of videos."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from typing import Any, get_args

from pydantic.alias_generators import to_camel, to_snake

from fake_server.core.filters import Query
from fake_server.core.problems import Problem, invalid_query_parameter, unexpected_parameter
from fake_server.project import Context
from fake_server.resources._video import Video
from fake_server.resources.analytics.events import AnalyticsEvent, Continent, MediaType

Test = Callable[[AnalyticsEvent], bool]

# fmt: off
BREAKDOWNS = (
    "media-id", "media-type", "continent", "country", "device-type", "operating-system", "browser",
    "referrer",
)
# fmt: on
_FILTERS = (*(to_camel(to_snake(name)) for name in BREAKDOWNS), "tag")
_TOTAL_FILTERS = ("mediaId", "mediaType")
_SINGLE = ("mediaType", "tag")
_CHOICES = {"mediaType": get_args(MediaType), "continent": get_args(Continent)}
_MAX_REFERRER = 2048
_PARAMETER = re.compile(r"filterBy\[(\w+)\](\[\d*\])?", re.ASCII)


def filters(call: Context, total: bool, wrong: list[Problem]) -> list[Test]:
    """Return the tests that events must pass, and add the problems of `filterBy` to `wrong`.

    An event matches one value of each filter. A total has only two filters.
    """
    values_by_name = _values_by_name(call.query, _TOTAL_FILTERS if total else _FILTERS, wrong)
    for name, values in values_by_name.items():
        if detail := _error(name, values):
            wrong.append(invalid_query_parameter(f"filterBy[{name}]", detail))
    return [_test(call, name, values) for name, values in values_by_name.items()]


def _values_by_name(
    query: Query, known: Collection[str], wrong: list[Problem]
) -> Mapping[str, list[str]]:
    """Read `filterBy[browser]=a`, `filterBy[browser][]=a` and `filterBy[browser][0]=a` alike."""
    values_by_name: dict[str, list[str]] = {}
    for key, values in query.items():
        match = _PARAMETER.fullmatch(key)
        if match is None or match[1] not in known:
            if key.partition("[")[0] == "filterBy":
                wrong.append(unexpected_parameter(key))
        elif match[1] not in _SINGLE:
            values_by_name.setdefault(match[1], []).extend(values)
        elif match[2] is None:
            values_by_name[match[1]] = values[-1:]
        else:
            detail = "This value must be of type string."
            wrong.append(invalid_query_parameter(f"filterBy[{match[1]}]", detail))
    return values_by_name


def _error(name: str, values: Collection[str]) -> str | None:
    """Return what is wrong with the values of a filter, or None."""
    if name == "referrer" and any(len(value) > _MAX_REFERRER for value in values):
        return f"This value should not contain more than {_MAX_REFERRER} characters."
    choices = _CHOICES.get(name)
    if choices and not set(values) <= set(choices):
        listing = ", ".join(f'"{one}"' for one in choices)
        return f"This value is invalid. Use one of {listing}."
    return None


def _test(call: Context, name: str, values: Collection[str]) -> Test:
    if name == "tag":
        (tag,) = values
        tagged = {video.id for video in call.store.table(Video) if tag in video.tags}
        return lambda event: event.media_id in tagged
    attribute = to_snake(name)
    return lambda event: getattr(event, attribute) in values


def schema() -> dict[str, Any]:
    """Return the JSON schema of `filterBy`."""
    properties: dict[str, Any] = {}
    for name in _FILTERS:
        value: dict[str, Any] = {"type": "string"}
        if name in _CHOICES:
            value["enum"] = list(_CHOICES[name])
        if name == "referrer":
            value["maxLength"] = _MAX_REFERRER
        properties[name] = value if name in _SINGLE else {"type": "array", "items": value}
    return {"type": "object", "properties": properties, "additionalProperties": False}
