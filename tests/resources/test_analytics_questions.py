"""Analytics: wrong questions, events that a test adds, and api.video's description."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import httpx
import pytest
from pydantic import ValidationError

from fake_server.resources.analytics.filters import BREAKDOWNS
from fake_server.resources.analytics.metrics import MEASURES, NAMED
from fake_server.resources.analytics.query import NOT_IN_CONTEXT
from pytest_apivideo import ApiVideo
from tests.description import description, needs_description
from tests.resources.analytics import (
    ATOM,
    DOCS,
    NOT_EXPECTED,
    NOT_TEXT,
    NOW,
    number,
)


@pytest.fixture(autouse=True)
def now(apivideo: ApiVideo) -> None:
    apivideo.clock.freeze(NOW)


# Wrong questions


@pytest.mark.parametrize(
    "path",
    [
        "metrics/plays/count",
        "metrics/play/peak",
        "metrics/start/rate",
        "metrics/end/total",
        "metrics/impression-time/count",
        "metrics/watch-time/count",
        "metrics/view/average",
        "metrics/ccv/count",
        "buckets/watch-time/country",
        "buckets/ccv/country",
        "buckets/play/city",
        "buckets/play/mediaId",
        "buckets/play/media_id",
        "buckets/play-total/country",
        "timeseries/play-total",
        "timeseries/impression-time",
    ],
)
def test_an_invalid_combination_is_an_unrecognized_url(api: httpx.Client, path: str) -> None:
    answer = api.get(f"/data/{path}?nonsense=too")
    assert answer.status_code == 404
    assert answer.json() == {
        "type": DOCS + "unrecognized-request-url",
        "title": "Unrecognized request URL.",
        "status": 404,
    }


def one_of(word: str, *choices: str) -> str:
    return f"This {word} is invalid. Use one of {', '.join(choices)}."


DURATION = one_of("view duration", '"3s"', '"5s"', '"10s"', '"30s"')
INTERVAL = one_of("interval", '"minute"', '"hour"', '"day"')
TOO_LONG_FOR_MINUTES = "This interval cannot be used with a timeframe over 60 minutes."
TOO_LONG = "This value should not contain more than 2048 characters."
TOO_OLD = "This value should not be more than 30 days ago."
MEDIA_TYPE = one_of("value", '"video"', '"live-stream"')
CONTINENT = one_of("value", '"AS"', '"AF"', '"NA"', '"SA"', '"AN"', '"EU"', '"AZ"')


@pytest.mark.parametrize(
    ("path", "query", "name", "detail"),
    [
        ("metrics/play/count", "color=red", "color", NOT_EXPECTED),
        (
            "metrics/play/count",
            "from:2024-05-20T09:15:05%2B02:00",
            "from:2024-05-20T09:15:05+02:00",
            NOT_EXPECTED,
        ),
        ("metrics/play/count", "from[]=2030-06-15T00:00:00Z", "from[]", NOT_EXPECTED),
        ("metrics/play/count", "unique=true", "unique", NOT_EXPECTED),
        ("metrics/play/count", "viewDuration=5s", "viewDuration", NOT_EXPECTED),
        ("metrics/ccv/peak", "viewDuration=5s", "viewDuration", NOT_EXPECTED),
        ("metrics/play/count", "interval=hour", "interval", NOT_EXPECTED),
        ("metrics/play/count", "currentPage=1", "currentPage", NOT_EXPECTED),
        ("buckets/play/country", "interval=hour", "interval", NOT_EXPECTED),
        ("buckets/start/country", "unique=true", "unique", NOT_EXPECTED),
        ("buckets/play/country", "filterBy[city]=Paris", "filterBy[city]", NOT_EXPECTED),
        ("metrics/play/count", "filterBy=FR", "filterBy", NOT_EXPECTED),
        ("metrics/play/count", "filterByX=FR", "filterByX", NOT_EXPECTED),
        ("metrics/play/count", "filterBy[tag", "filterBy[tag", NOT_EXPECTED),
        ("metrics/play/total", "filterBy[country][]=FR", "filterBy[country][]", NOT_EXPECTED),
        ("buckets/play-total/media-id", "filterBy[tag]=a", "filterBy[tag]", NOT_EXPECTED),
        ("metrics/play/count", "filterBy[tag][]=a", "filterBy[tag]", NOT_TEXT),
        ("metrics/play/count", "filterBy[mediaType][0]=video", "filterBy[mediaType]", NOT_TEXT),
        ("metrics/play/count", "filterBy[mediaType]=film", "filterBy[mediaType]", MEDIA_TYPE),
        ("metrics/play/count", "filterBy[continent][]=Europe", "filterBy[continent]", CONTINENT),
        (
            "metrics/play/count",
            f"filterBy[referrer][]=a&filterBy[referrer][]={'a' * 2049}",
            "filterBy[referrer]",
            TOO_LONG,
        ),
        ("metrics/view/count", "viewDuration=7s", "viewDuration", DURATION),
        ("buckets/view/browser", "viewDuration=5", "viewDuration", DURATION),
        ("timeseries/view", "viewDuration=", "viewDuration", DURATION),
        ("metrics/view/count", "unique=yes", "unique", "This value must be of type boolean."),
        ("metrics/ccv/live", "unique=", "unique", "This value must be of type boolean."),
        ("timeseries/play", "interval=week", "interval", INTERVAL),
        ("timeseries/play", "interval=minute", "interval", TOO_LONG_FOR_MINUTES),
        (
            "timeseries/play",
            "interval=minute&from=2030-06-15T11:30:00Z",
            "interval",
            TOO_LONG_FOR_MINUTES,
        ),
        ("metrics/play/count", "from=2030-06-15", "from", ATOM),
        ("metrics/play/count", "from=2030-06-15T00:00:00", "from", ATOM),
        ("metrics/play/count", "from=2030-06-15T00:00:00+02:00", "from", ATOM),  # + is a space
        ("metrics/play/count", "from=2030-06-31T00:00:00Z", "from", ATOM),
        ("metrics/play/count", "to=2030-06-15T07%2B00:00:00:00", "to", ATOM),
        ("metrics/play/count", "to=now", "to", ATOM),
        ("metrics/play/count", "to=0001-01-01T00:00:00%2B14:00", "to", ATOM),
        ("metrics/play/count", "from=2030-05-16T12:28:59Z", "from", TOO_OLD),
        ("metrics/play/count", "to=2030-05-17T12:28:59Z", "to", TOO_OLD),
        (
            "metrics/play/count",
            "from=2030-06-15T13:00:00Z",
            "from",
            'This value should not be after "to".',
        ),
        (
            "metrics/play/count",
            "from=2030-06-15T12:31:01Z&to=2030-06-16T00:00:00Z",
            "from",
            "This value should not be in the future.",
        ),
    ],
)
def test_a_wrong_parameter_is_named(
    api: httpx.Client, path: str, query: str, name: str, detail: str
) -> None:
    answer = api.get(f"/data/{path}?{query}")
    assert answer.status_code == 400
    problem = answer.json()
    assert problem == {
        "type": DOCS + "request-invalid-query-parameter",
        "title": "A query parameter is invalid.",
        "status": 400,
        "detail": detail,
        "name": name,
    }


@pytest.mark.parametrize(
    "query",
    [
        "from=2030-05-16T12:30:00Z",
        "from=2030-06-15T12:31:00Z&to=2030-06-16T00:00:00Z",
        "filterBy[referrer][]=" + "a" * 2048,
    ],
)
def test_limit_values_are_allowed(api: httpx.Client, query: str) -> None:
    assert api.get(f"/data/metrics/play/count?{query}").status_code == 200


def test_all_problems_are_listed_at_once(api: httpx.Client) -> None:
    query = "from=x&interval=week&pageSize=0&sortBy=x&filterBy[city]=a&viewDuration=1s&color=red"
    problem = api.get(f"/data/timeseries/view?{query}").json()
    assert {one["name"] for one in problem["problems"]} == {
        "color",
        "from",
        "filterBy[city]",
        "viewDuration",
        "pageSize",
        "sortBy",
        "interval",
    }


# What a test adds


def test_an_event_is_by_default_a_play_that_happens_now(apivideo: ApiVideo) -> None:
    event = apivideo.analytics.add()
    assert (event.event, event.emitted_at) == ("play", datetime.fromisoformat(NOW))
    assert event.viewer == event.event_id


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        (datetime(2030, 6, 15, 10), datetime(2030, 6, 15, 10, tzinfo=UTC)),
        (date(2030, 6, 15), datetime(2030, 6, 15, tzinfo=UTC)),
        ("2030-06-15T12:00:00+02:00", datetime(2030, 6, 15, 10, tzinfo=UTC)),
        (1907748000, datetime(2030, 6, 15, 10, tzinfo=UTC)),
    ],
)
def test_an_event_takes_every_moment_that_the_clock_takes(
    apivideo: ApiVideo, moment: Any, expected: datetime
) -> None:
    assert apivideo.analytics.add(emitted_at=moment).emitted_at == expected


def test_a_misspelt_name_is_an_error_with_the_valid_names(apivideo: ApiVideo) -> None:
    with pytest.raises(TypeError, match=r"has no evnt; it has: event_id, event, .*, watch_time"):
        apivideo.analytics.add(evnt="play")


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"event": "pley"}, "'play', 'start', 'end', 'impression', 'view' or 'ccv'"),
        ({"event": "play", "watch_time": 3}, "watch_time belongs to view and ccv, not to play"),
        ({"event": "view", "impression_time": 3}, "belongs to impression, not to view"),
        ({"event": "view", "watch_time": -1}, "greater than or equal to 0"),
        ({"event": "view", "watch_time": float("inf")}, "finite"),
        ({"continent": "Europe"}, "'EU'"),
        ({"country": "France"}, "pattern"),
        ({"device_type": "laptop"}, "'computer'"),
        ({"media_type": "film"}, "'live-stream'"),
        ({"emitted_at": "yesterday"}, "not a moment in ISO 8601"),
    ],
)
def test_a_value_that_no_event_can_have_is_an_error(
    apivideo: ApiVideo, values: dict[str, Any], words: str
) -> None:
    with pytest.raises(ValidationError, match=words):
        apivideo.analytics.add(**values)


def test_events_can_be_changed_removed_and_restored(apivideo: ApiVideo, api: httpx.Client) -> None:
    event = apivideo.analytics.add(event="play")
    before = apivideo.snapshot()
    apivideo.analytics.change(event.event_id, event="end")
    assert (number(api, "play/count"), number(api, "end/count")) == (0, 1)
    del apivideo.analytics[event.event_id]
    assert number(api, "end/count") == 0
    apivideo.restore(before)
    assert number(api, "play/count") == 1


# Beside the description


def parameters_of(path: str) -> dict[str, Any]:
    entry = description()["paths"][path]["get"]
    return {one["name"]: one["schema"] for one in entry["parameters"] if "name" in one}


@needs_description
def test_metrics_aggregations_and_breakdowns_are_those_of_the_description() -> None:
    single = parameters_of("/data/metrics/{metric}/{aggregation}")
    pairs = [key.split("/") for key in MEASURES]
    assert {metric for metric, _ in pairs} == set(single["metric"]["enum"])
    assert {aggregation for _, aggregation in pairs} == set(single["aggregation"]["enum"])
    broken_down = parameters_of("/data/buckets/{metric}/{breakdown}")
    assert set(NAMED) == set(broken_down["metric"]["enum"])
    assert list(BREAKDOWNS) == broken_down["breakdown"]["enum"]
    over_time = parameters_of("/data/timeseries/{metric}")
    assert set(NAMED) - {"play-total"} == set(over_time["metric"]["enum"])


@needs_description
def test_a_context_has_only_the_fields_of_the_description() -> None:
    schemas = description()["components"]["schemas"]

    def named(answer: str, member: str) -> set[str]:
        properties = schemas[f"analytics-{answer}-response"]["properties"]["context"]["properties"]
        return set(properties[member]["enum"])

    aggregations = {key.partition("/")[2] for key in MEASURES}
    missing = aggregations - named("aggregated-metrics", "aggregation")
    missing |= set(BREAKDOWNS) - named("metrics-breakdown", "breakdown")
    missing |= set(NAMED) - {"view"} - named("metrics-breakdown", "metric")
    assert missing == NOT_IN_CONTEXT


@needs_description
def test_filters_are_those_of_the_description(http: httpx.Client) -> None:
    theirs = description()["components"]["parameters"]["filterBy"]["schema"]["properties"]
    document = http.get("/_fake/openapi.json").json()
    for path in ("/data/metrics/{metric}/{aggregation}", "/data/timeseries/{metric}"):
        parameters = document["paths"][path]["get"]["parameters"]
        ours = next(one for one in parameters if one["name"] == "filterBy")["schema"]["properties"]
        assert set(ours) == set(theirs)
        for name, schema in theirs.items():
            assert ours[name]["type"] == schema["type"]
            theirs_items, ours_items = schema.get("items", schema), ours[name].get("items", {})
            assert ours_items.get("maxLength") == theirs_items.get("maxLength")
            if "enum" in theirs_items:
                assert (ours_items or ours[name])["enum"] == theirs_items["enum"]
