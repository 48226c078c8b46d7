"""The official Python SDK against the analytics: every method, metric and filter."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import apivideo as sdk
import pytest
from apivideo.api.analytics_api import AnalyticsApi
from apivideo.exceptions import ApiException, NotFoundException
from apivideo.model.filter_by2 import FilterBy2

from fake_server.resources.analytics.filters import BREAKDOWNS
from fake_server.resources.analytics.metrics import MEASURES, NAMED
from pytest_apivideo import ApiVideo


@pytest.fixture
def frozen(apivideo: ApiVideo) -> None:
    """Before the SDK logs in, or its token would be of another time."""
    apivideo.clock.freeze("2030-06-15T12:30:00Z")


@pytest.fixture
def analytics(apivideo: ApiVideo, frozen: None, official: sdk.ApiClient) -> AnalyticsApi:
    """Return the SDK's class, after adding equal events of each kind and one different view."""
    video = apivideo.videos.add(tags=["Cool videos"])
    facts: dict[str, Any] = {
        "media_id": video.video_id,
        "continent": "EU",
        "country": "FR",
        "device_type": "computer",
        "operating_system": "windows",
        "browser": "firefox",
        "referrer": "https://a.example/?a=b&c=d",
    }
    times = {"impression": {"impression_time": 0.5}, "view": {"watch_time": 12.5}}
    for event in ("play", "start", "end", "impression", "view", "ccv"):
        apivideo.analytics.add(event=event, **facts, **times.get(event, {}))
    apivideo.analytics.add(event="view", media_id="li1", watch_time=4)
    return AnalyticsApi(official)


@pytest.mark.parametrize("measure", MEASURES)
def test_it_reads_every_metric_in_every_aggregation(analytics: AnalyticsApi, measure: str) -> None:
    answer = analytics.get_aggregated_metrics(*measure.split("/"))
    special = {
        "impression-time/sum": 500,
        "impression-time/average": 500,
        "watch-time/sum": 16.5,
        "watch-time/average": 8.25,
    }
    assert answer.data == special.get(measure, 1)
    if measure != "play/total":
        assert answer.context.timeframe.to == datetime(2030, 6, 15, 12, 30, tzinfo=UTC)


@pytest.mark.parametrize("metric", NAMED)
@pytest.mark.parametrize("breakdown", BREAKDOWNS)
def test_it_reads_every_metric_in_every_breakdown(
    analytics: AnalyticsApi, metric: str, breakdown: str
) -> None:
    if metric == "play-total" and breakdown != "media-id":
        with pytest.raises(NotFoundException, match="Unrecognized request URL"):
            analytics.get_metrics_breakdown(metric, breakdown)
        return
    page = analytics.get_metrics_breakdown(metric, breakdown)
    assert [row.metric_value for row in page.data] == [1]
    assert page.pagination.items_total == 1


@pytest.mark.parametrize("metric", [name for name in NAMED if name != "play-total"])
def test_it_reads_every_metric_over_time(analytics: AnalyticsApi, metric: str) -> None:
    page = analytics.get_metrics_over_time(metric)
    assert [(row.emitted_at, row.metric_value) for row in page.data] == [
        ("2030-06-15T12:00:00+00:00", 1)
    ]
    assert page.context.interval == "hour"


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({"media_id": ["li1", "nobody"]}, 1),
        ({"media_type": "video"}, 1),
        ({"continent": ["EU", "AZ"]}, 1),
        ({"country": ["FR"], "browser": ["firefox", "chrome"]}, 1),
        ({"country": ["FR"], "browser": ["chrome"]}, 0),
        ({"device_type": ["computer", "unknown"]}, 2),
        ({"operating_system": ["windows"]}, 1),
        ({"tag": "Cool videos"}, 1),
        ({"tag": "cool videos"}, 0),
        ({"referrer": ["https://a.example/?a=b&c=d"]}, 1),
        ({"referrer": [""]}, 1),
    ],
)
def test_it_asks_with_every_filter(
    analytics: AnalyticsApi, filters: dict[str, Any], expected: int
) -> None:
    asked: dict[str, Any] = {
        "_from": datetime(2030, 6, 15, 12, tzinfo=UTC),
        "to": datetime(2030, 6, 15, 12, 30, 1, 500, tzinfo=UTC),
        "unique": True,
        "view_duration": "3s",
        "filter_by": FilterBy2(**filters),
    }
    single = analytics.get_aggregated_metrics("view", "count", **asked)
    assert (single.data, single.context.metric) == (expected, "unique-view-3")
    paging = {"sort_order": "desc", "current_page": 1, "page_size": 10}
    page = analytics.get_metrics_breakdown(
        "view", "media-id", sort_by="dimensionValue", **asked, **paging
    )
    assert sum(row.metric_value for row in page.data) == expected
    page = analytics.get_metrics_over_time(
        "view", sort_by="emittedAt", interval="minute", **asked, **paging
    )
    assert sum(row.metric_value for row in page.data) == expected
    assert page.context.interval == "minute"


def test_a_refused_question_is_an_exception_that_names_the_parameter(
    analytics: AnalyticsApi,
) -> None:
    with pytest.raises(ApiException, match="This field was not expected") as refused:
        analytics.get_aggregated_metrics("play", "count", unique=True)
    assert refused.value.status == 400
    with pytest.raises(ApiException, match="cannot be used with a timeframe over 60 minutes"):
        analytics.get_metrics_over_time("play", interval="minute")
