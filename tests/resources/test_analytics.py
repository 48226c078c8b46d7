"""Analytics: what the numbers mean, and which events count."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from fake_server.resources.analytics.metrics import MEASURES
from pytest_apivideo import ApiVideo
from tests.resources.analytics import (
    DAY_BEFORE,
    NOW,
    ago,
    buckets,
    context,
    number,
    series,
)


@pytest.fixture(autouse=True)
def now(apivideo: ApiVideo) -> None:
    apivideo.clock.freeze(NOW)


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


def test_the_media_type_follows_the_id(apivideo: ApiVideo) -> None:
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
def test_a_filter_selects_items_with_one_of_its_values(
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


def test_links_of_pages_keep_the_query(apivideo: ApiVideo, api: httpx.Client) -> None:
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
