"""Analytics: what the numbers mean, which events count, and what a wrong question is told."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import httpx
import pytest
from pydantic import ValidationError

from fake_server.resources.analytics.filters import BREAKDOWNS
from fake_server.resources.analytics.metrics import MEASURES, NAMED
from fake_server.resources.analytics.query import NOT_IN_CONTEXT
from pytest_apivideo import ApiVideo
from tests.description import description, needs_description

DOCS = "https://docs.api.video/reference/"
NOW = "2030-06-15T12:30:00+00:00"
DAY_BEFORE = "2030-06-14T12:30:00+00:00"
ATOM = (
    "This value is not a valid date-time. Use the ATOM format, URL encoded "
    '(for example "2024-02-05T00:00:00+01:00").'
)
NOT_EXPECTED = "This field was not expected."
NOT_TEXT = "This value must be of type string."


@pytest.fixture(autouse=True)
def now(apivideo: ApiVideo) -> None:
    apivideo.clock.freeze(NOW)


def number(api: httpx.Client, metric: str, **query: Any) -> Any:
    answer = api.get(f"/data/metrics/{metric}", params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()["data"]


def buckets(api: httpx.Client, path: str, **query: Any) -> dict[str, Any]:
    answer = api.get(f"/data/buckets/{path}", params=query)
    assert answer.status_code == 200, answer.text
    return {row["dimensionValue"]: row["metricValue"] for row in answer.json()["data"]}


def series(api: httpx.Client, metric: str, **query: Any) -> dict[str, Any]:
    answer = api.get(f"/data/timeseries/{metric}", params=query)
    assert answer.status_code == 200, answer.text
    return {row["emittedAt"]: row["metricValue"] for row in answer.json()["data"]}


def context(api: httpx.Client, path: str, **query: Any) -> dict[str, Any]:
    told: dict[str, Any] = api.get(f"/data/{path}", params=query).json()["context"]
    return told


def ago(**duration: float) -> datetime:
    return datetime.fromisoformat(NOW) - timedelta(**duration)


# What the numbers mean


@pytest.mark.parametrize(
    ("metric", "expected"),
    [
        ("play/count", 3),
        ("play/sum", 3),
        ("play/total", 4),
        ("play/rate", 0.75),
        ("start/count", 2),
        ("end/count", 1),
        ("impression/count", 4),
        ("impression-time/sum", 450),
        ("impression-time/average", 225),
        ("watch-time/sum", 40),
        ("watch-time/average", 20),
        ("view/count", 3),
        ("ccv/peak", 2),
        ("ccv/live", 1),
        ("ccv/average", (35 * 60 + 20) / (25 * 60 + 20)),
    ],
)
def test_a_metric_is_a_formula_over_the_events_it_is_about(
    apivideo: ApiVideo, api: httpx.Client, metric: str, expected: float
) -> None:
    add, add_many = apivideo.analytics.add, apivideo.analytics.add_many
    add(event="play", emitted_at=ago(days=60))
    add_many(3, event="play")
    add_many(2, event="start")
    add(event="end")
    add_many(2, event="impression")
    add(event="impression", impression_time=0.15)
    add(event="impression", impression_time=0.3)
    add(event="view", watch_time=30)
    add(event="view", watch_time=10)
    add(event="view")
    add(event="ccv", watch_time=600, emitted_at=ago(hours=2))
    add(event="ccv", watch_time=600, emitted_at=ago(hours=2, minutes=-5))
    add(event="ccv", watch_time=600, emitted_at=ago(hours=1))
    add(event="ccv", watch_time=300, emitted_at=ago(minutes=55))
    add(event="ccv", emitted_at=ago(seconds=20))
    assert number(api, metric) == pytest.approx(expected)


@pytest.mark.parametrize("metric", MEASURES)
def test_without_events_a_metric_is_zero(api: httpx.Client, metric: str) -> None:
    assert number(api, metric) == 0


def test_plays_without_impressions_have_the_rate_zero(
    apivideo: ApiVideo, api: httpx.Client
) -> None:
    apivideo.analytics.add(event="play")
    assert number(api, "play/rate") == 0


@pytest.mark.parametrize(
    ("duration", "expected"), [("3s", 4), ("5s", 3), (None, 3), ("10s", 2), ("30s", 1)]
)
def test_a_view_counts_if_it_lasts_long_enough(
    apivideo: ApiVideo, api: httpx.Client, duration: str | None, expected: int
) -> None:
    for seconds in (2.9, 3, 5, 10):
        apivideo.analytics.add(event="view", watch_time=seconds)
    apivideo.analytics.add(event="view")  # nobody said how long
    query = {"viewDuration": duration} if duration else {}
    assert number(api, "view/count", **query) == expected
    assert sum(buckets(api, "view/media-id", **query).values()) == expected
    assert sum(series(api, "view", **query).values()) == expected
    shown = f"view-{(duration or '5s')[:-1]}"
    assert context(api, "metrics/view/count", **query)["metric"] == shown
    assert context(api, "buckets/view/browser", unique="true", **query)["metric"] == (
        f"unique-{shown}"
    )


def test_a_unique_viewer_counts_once_a_day(apivideo: ApiVideo, api: httpx.Client) -> None:
    for hours in (1, 2, 13):  # the last one is yesterday
        apivideo.analytics.add(event="view", viewer="Ann", emitted_at=ago(hours=hours))
    apivideo.analytics.add_many(2, event="view")  # each of them somebody else
    assert number(api, "view/count") == number(api, "view/count", unique="false") == 5
    assert number(api, "view/count", unique="true") == 4
    assert number(api, "view/count", unique="0") == 5  # as PHP spells it
    assert number(api, "view/count", unique="1") == 4


def test_those_who_watch_at_the_same_time_are_concurrent(
    apivideo: ApiVideo, api: httpx.Client
) -> None:
    apivideo.analytics.add_many(2, event="ccv", viewer="Ann", watch_time=60)
    apivideo.analytics.add(event="ccv", viewer="Bob", watch_time=30)
    apivideo.clock.advance(60)
    apivideo.analytics.add(event="ccv", viewer="Cem")  # comes as the others have left
    apivideo.clock.advance(5)
    assert number(api, "ccv/peak") == 3
    assert number(api, "ccv/peak", unique="true") == 2
    assert number(api, "ccv/average", unique="true") == pytest.approx((30 * 2 + 35) / 65)
    assert context(api, "metrics/ccv/average", unique="true")["metric"] == "unique-ccv"
    assert context(api, "timeseries/ccv-peak", unique="true")["metric"] == "unique-ccv-peak"


def test_live_viewers_are_those_of_the_last_twenty_seconds(
    apivideo: ApiVideo, api: httpx.Client
) -> None:
    apivideo.analytics.add_many(3, event="ccv", watch_time=10)
    apivideo.clock.advance(29)
    assert number(api, "ccv/live", to=NOW) == 3  # whatever the timeframe is
    apivideo.clock.advance(1)
    assert number(api, "ccv/live") == 0
    assert context(api, "metrics/ccv/live")["timeframe"] == {
        "from": "2030-06-15T12:30:10+00:00",
        "to": "2030-06-15T12:30:30+00:00",
    }


# Breakdowns and time


@pytest.mark.parametrize(
    ("breakdown", "field", "values", "unsaid"),
    [
        ("media-id", "media_id", ("vi1", "li1"), "vi4k0jvEUuaTdRAEjQ4Jfrgz"),
        ("media-type", "media_type", ("live-stream",), "video"),
        ("continent", "continent", ("EU", "AZ"), ""),
        ("country", "country", ("FR", "DE"), ""),
        ("device-type", "device_type", ("tv", "phone"), "unknown"),
        ("operating-system", "operating_system", ("mac osx", "linux"), ""),
        ("browser", "browser", ("chrome", "edge"), ""),
        ("referrer", "referrer", ("https://a.example/", "https://b.example"), ""),
    ],
)
def test_a_breakdown_has_a_row_for_each_value(
    apivideo: ApiVideo,
    api: httpx.Client,
    breakdown: str,
    field: str,
    values: tuple[str, ...],
    unsaid: str,
) -> None:
    for value in values:
        apivideo.analytics.add_many(2, event="start", **{field: value})
    apivideo.analytics.add(event="start")
    apivideo.analytics.add(event="end", browser="opera")
    assert buckets(api, f"start/{breakdown}") == {**dict.fromkeys(values, 2), unsaid: 1}


def test_the_media_type_is_what_the_id_says(apivideo: ApiVideo) -> None:
    assert apivideo.analytics.add(media_id="li1").media_type == "live-stream"
    assert apivideo.analytics.add(media_id="vi1").media_type == "video"


@pytest.mark.parametrize(
    ("metric", "expected"),
    [
        ("play", {"FR": 1, "DE": 2}),
        ("play-rate", {"FR": 0.5, "DE": 2, "IT": 0}),
        ("impression", {"FR": 2, "DE": 1, "IT": 1}),
        ("ccv-peak", {"FR": 2}),
        ("ccv-average", {"FR": 2}),
    ],
)
def test_every_row_is_the_metric_of_its_own_events(
    apivideo: ApiVideo, api: httpx.Client, metric: str, expected: dict[str, float]
) -> None:
    for country, plays, impressions in (("FR", 1, 2), ("DE", 2, 1), ("IT", 0, 1)):
        apivideo.analytics.add_many(plays, event="play", country=country)
        apivideo.analytics.add_many(impressions, event="impression", country=country)
    apivideo.analytics.add_many(2, event="ccv", country="FR")
    assert buckets(api, f"{metric}/country") == expected


def test_a_total_is_over_all_time(apivideo: ApiVideo, api: httpx.Client) -> None:
    apivideo.analytics.add(media_id="vi1", emitted_at=ago(days=400))
    apivideo.analytics.add(media_id="vi1")
    apivideo.analytics.add(media_id="li1")
    query = {"from": "ignored", "to": "as well"}
    assert number(api, "play/total", **query) == 3
    assert buckets(api, "play-total/media-id", **query) == {"vi1": 2, "li1": 1}
    assert number(api, "play/total", **{"filterBy[mediaType]": "video"}) == 2
    assert number(api, "play/total", **{"filterBy[mediaId]": "li1"}) == 1
    assert context(api, "metrics/play/total") == {"metric": "play", "aggregation": "total"}


def test_a_series_has_a_point_for_each_interval_with_events(
    apivideo: ApiVideo, api: httpx.Client
) -> None:
    for hours in (0, 0.2, 3, 24, 30):
        apivideo.analytics.add(event="play", emitted_at=ago(hours=hours))
    apivideo.analytics.add(event="end", emitted_at=ago(hours=5))
    assert series(api, "play") == {
        "2030-06-14T12:00:00+00:00": 1,
        "2030-06-15T09:00:00+00:00": 1,
        "2030-06-15T12:00:00+00:00": 2,
    }
    assert series(api, "play", interval="day", **{"from": "2030-06-14T00:00:00Z"}) == {
        "2030-06-14T00:00:00+00:00": 2,
        "2030-06-15T00:00:00+00:00": 3,
    }
    assert series(api, "play", interval="minute", **{"from": "2030-06-15T12:00:00Z"}) == {
        "2030-06-15T12:18:00+00:00": 1,
        "2030-06-15T12:30:00+00:00": 1,
    }


def test_who_watches_through_several_intervals_is_in_each(
    apivideo: ApiVideo, api: httpx.Client
) -> None:
    apivideo.analytics.add(event="ccv", watch_time=7200, emitted_at=ago(hours=2))
    apivideo.analytics.add(event="ccv", watch_time=1800, emitted_at=ago(hours=1.5))
    apivideo.analytics.add(event="ccv", watch_time=10**12, emitted_at=ago(minutes=15))
    hours = [f"2030-06-15T{hour}:00:00+00:00" for hour in (10, 11, 12)]
    assert series(api, "ccv-peak") == dict(zip(hours, [1, 2, 2], strict=True))
    assert series(api, "ccv-average") == dict(zip(hours, [1, 1.5, 1.5], strict=True))


@pytest.mark.parametrize(
    ("query", "interval"),
    [
        ({}, "hour"),
        ({"from": "2030-06-13T12:30:00Z"}, "hour"),
        ({"from": "2030-06-13T12:29:59Z"}, "day"),
        ({"from": "2030-06-13T12:29:59Z", "interval": "hour"}, "hour"),
        ({"interval": "day"}, "day"),
        ({"from": "2030-06-15T11:30:01Z", "interval": "minute"}, "minute"),
    ],
)
def test_the_interval_follows_the_timeframe(
    api: httpx.Client, query: dict[str, str], interval: str
) -> None:
    assert context(api, "timeseries/play", **query)["interval"] == interval


# Which events count


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({}, ["now", "an hour ago", "a day ago"]),
        ({"to": NOW}, ["an hour ago", "a day ago"]),
        ({"to": "2030-06-15T14:30:00.001+02:00"}, ["now", "an hour ago"]),
        ({"to": "2030-06-15T11:30:00Z"}, ["a day ago", "25 hours ago"]),
        ({"from": "2030-06-14T12:30:01Z"}, ["now", "an hour ago"]),
        ({"from": "2030-06-13T00:00:00Z"}, ["now", "an hour ago", "a day ago", "25 hours ago"]),
        ({"from": "2030-06-15T11:30:00Z", "to": "2030-06-15T11:30:00Z"}, []),
        ({"from": "2030-06-15T00:00:00Z", "to": "2031-01-01T00:00:00Z"}, ["now", "an hour ago"]),
    ],
)
def test_events_count_from_the_beginning_to_before_the_end(
    apivideo: ApiVideo, api: httpx.Client, query: dict[str, str], expected: list[str]
) -> None:
    events = {"now": 0, "an hour ago": 1, "a day ago": 24, "25 hours ago": 25, "in an hour": -1}
    for name, hours in events.items():
        apivideo.analytics.add(browser=name, emitted_at=ago(hours=hours))
    assert set(buckets(api, "play/browser", **query)) == set(expected)
    assert number(api, "play/count", **query) == len(expected)


def test_an_event_of_the_future_counts_when_the_clock_is_there(
    apivideo: ApiVideo, api: httpx.Client
) -> None:
    apivideo.analytics.add(emitted_at=ago(hours=-1))
    assert number(api, "play/count") == number(api, "play/total") == 0
    apivideo.clock.advance(3600)
    assert number(api, "play/count") == number(api, "play/total") == 1
    apivideo.clock.advance(86_401)
    assert number(api, "play/count") == 0


@pytest.mark.parametrize("moment", ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z"])
def test_the_clock_may_be_anywhere(apivideo: ApiVideo, api: httpx.Client, moment: str) -> None:
    apivideo.clock.travel(moment)
    apivideo.analytics.add(event="play")
    apivideo.analytics.add(event="ccv")
    assert number(api, "play/count") == number(api, "ccv/live") == 1
    for interval in ("hour", "day"):
        assert list(series(api, "play", interval=interval).values()) == [1]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("filterBy[browser]=edge", "b"),
        ("filterBy[browser][]=chrome", "a"),
        ("filterBy[browser][]=chrome&filterBy[browser][]=edge", "ab"),
        ("filterBy[browser][0]=chrome&filterBy[browser][1]=edge", "ab"),
        ("filterBy%5Bbrowser%5D%5B%5D=chrome&filterBy[browser]=edge", "ab"),
        ("filterBy[browser][]=chrome&filterBy[country][]=DE", ""),
        ("filterBy[browser][]=chrome&filterBy[country][]=FR", "a"),
        ("filterBy[browser]=Edge", ""),
        ("filterBy[mediaId][]=vi1&filterBy[mediaId][]=li1", "bc"),
        ("filterBy[mediaType]=live-stream", "c"),
        ("filterBy[continent][]=EU&filterBy[continent][]=SA", "abc"),
        ("filterBy[continent][]=NA", ""),
        ("filterBy[deviceType][]=tv", "b"),
        ("filterBy[operatingSystem][]=mac%20osx", "c"),
        ("filterBy[referrer][]=", "bc"),
        ("filterBy[referrer][]=https%3A%2F%2Fa.example%2F", "a"),
        ("filterBy[referrer][]=https%3A%2F%2Fa.example", ""),
        ("filterBy[tag]=Cool%20videos", "a"),
        ("filterBy[tag]=cool%20videos", ""),
        ("filterBy[tag]=other&filterBy[tag]=Cool%20videos", "a"),
    ],
)
def test_a_filter_lets_through_what_has_one_of_its_values(
    apivideo: ApiVideo, api: httpx.Client, query: str, expected: str
) -> None:
    video = apivideo.videos.add(tags=["Cool videos", "more"])
    apivideo.videos.add(tags=["cool"])
    events: dict[str, dict[str, Any]] = {
        "a": {"media_id": video.video_id, "browser": "chrome", "referrer": "https://a.example/"},
        "b": {"media_id": "vi1", "browser": "edge", "device_type": "tv", "country": "DE"},
        "c": {"media_id": "li1", "operating_system": "mac osx", "country": "CL"},
    }
    for name, facts in events.items():
        defaults = {"continent": "SA" if name == "c" else "EU", "country": "FR"}
        apivideo.analytics.add(event="view", viewer=name, **{**defaults, **facts})
    answer = api.get(f"/data/metrics/view/count?{query}")
    assert (answer.status_code, answer.json()["data"]) == (200, len(expected))
    rows = api.get(f"/data/buckets/view/media-id?{query}").json()["data"]
    found = {row["dimensionValue"] for row in rows}
    assert found == {events[name]["media_id"] for name in expected}


def test_the_other_environment_has_its_own_events(apivideo: ApiVideo, http: httpx.Client) -> None:
    apivideo.analytics.add(event="play")
    answer = http.get(
        "/data/metrics/play/count",
        auth=(apivideo.production_key, ""),
        headers={"Host": "ws.api.video"},
    )
    assert answer.json()["data"] == 0


# What comes back


def test_an_answer_repeats_the_question(api: httpx.Client) -> None:
    query = {"from": "2030-06-15T10:00:00+02:00"}
    timeframe = {"from": "2030-06-15T08:00:00+00:00", "to": NOW}
    asked = {"metric": "play", "timeframe": timeframe}
    assert context(api, "metrics/play/count", **query) == {**asked, "aggregation": "count"}
    assert context(api, "buckets/play/country", **query) == {**asked, "breakdown": "country"}
    assert context(api, "timeseries/play", **query) == {**asked, "interval": "hour"}
    assert context(api, "metrics/end/count")["timeframe"] == {"from": DAY_BEFORE, "to": NOW}


def test_a_list_has_pages_whose_links_keep_the_question(
    apivideo: ApiVideo, api: httpx.Client
) -> None:
    for country, plays in {"FR": 2, "DE": 3, "IT": 1}.items():
        apivideo.analytics.add_many(plays, event="play", country=country)
    query = {"from": "2030-06-15T08:15:05+02:00", "pageSize": "2", "currentPage": "2"}
    answer = api.get("/data/buckets/play/country", params=query).json()
    assert answer["data"] == [{"dimensionValue": "IT", "metricValue": 1}]
    kept = "/data/buckets/play/country?from=2030-06-15T08%3A15%3A05%2B02%3A00"
    pages = {"self": 2, "first": 1, "previous": 1, "last": 2}
    assert answer["pagination"] == {
        "currentPage": 2,
        "currentPageItems": 1,
        "pageSize": 2,
        "pagesTotal": 2,
        "itemsTotal": 3,
        "links": [
            {"rel": rel, "uri": f"{kept}&currentPage={page}&pageSize=2"}
            for rel, page in pages.items()
        ],
    }


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({}, ["DE", "FR", "IT"]),
        ({"sortBy": "metricValue"}, ["IT", "FR", "DE"]),
        ({"sortBy": "metricValue", "sortOrder": "desc"}, ["DE", "FR", "IT"]),
        ({"sortBy": "dimensionValue", "sortOrder": "desc"}, ["IT", "FR", "DE"]),
    ],
)
def test_rows_come_in_the_order_asked_for(
    apivideo: ApiVideo, api: httpx.Client, query: dict[str, str], expected: list[str]
) -> None:
    for country, plays in {"FR": 2, "DE": 3, "IT": 1}.items():
        apivideo.analytics.add_many(plays, event="play", country=country)
    assert list(buckets(api, "play/country", **query)) == expected


def test_equal_rows_come_in_the_order_of_the_alphabet(
    apivideo: ApiVideo, api: httpx.Client
) -> None:
    for country in ("FR", "DE", "IT"):
        apivideo.analytics.add(event="play", country=country)
    assert list(buckets(api, "play/country")) == ["DE", "FR", "IT"]


def test_points_come_oldest_first_unless_asked_otherwise(
    apivideo: ApiVideo, api: httpx.Client
) -> None:
    for hours in (1, 2, 2, 3):
        apivideo.analytics.add(event="play", emitted_at=ago(hours=hours))
    assert list(series(api, "play").values()) == [1, 2, 1]
    values = list(series(api, "play", sortBy="metricValue", sortOrder="desc").values())
    assert values == [2, 1, 1]
    newest = next(iter(series(api, "play", sortBy="emittedAt", sortOrder="desc")))
    assert newest == "2030-06-15T11:00:00+00:00"


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
def test_what_does_not_go_together_is_an_unrecognized_url(api: httpx.Client, path: str) -> None:
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
def test_what_is_just_allowed_is_allowed(api: httpx.Client, query: str) -> None:
    assert api.get(f"/data/metrics/play/count?{query}").status_code == 200


def test_all_that_is_wrong_is_told_at_once(api: httpx.Client) -> None:
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


def test_a_misspelt_name_is_an_error_that_tells_the_names(apivideo: ApiVideo) -> None:
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
def test_a_context_leaves_out_exactly_what_the_description_does_not_let_it_name() -> None:
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
