"""Analytics: the structure of the answers; numbers would need viewers."""

from __future__ import annotations

import pytest

from pytest_apivideo.contract.api import Api
from pytest_apivideo.contract.schemas import TIMESTAMP, optional, page_of

CONTEXT = {"metric": str, "timeframe": {"from": (TIMESTAMP, None), "to": (TIMESTAMP, None)}}


@pytest.mark.parametrize("metric", ["play/count", "start/count", "watch-time/sum", "ccv/peak"])
def test_a_metric_is_one_number(api: Api, metric: str) -> None:
    schema = {"context": {**CONTEXT, "aggregation": optional(str)}, "data": (float, None)}
    api.get(f"/data/metrics/{metric}").must_be(200, schema)


@pytest.mark.parametrize("metric", ["play/country", "start/media-id", "end/browser"])
def test_a_breakdown_is_a_page(api: Api, metric: str) -> None:
    row = {"dimensionValue": (str, None), "metricValue": float}
    schema = {"context": {**CONTEXT, "breakdown": str}, **page_of(row)}
    api.get(f"/data/buckets/{metric}").must_be(200, schema)


def test_a_time_series_is_a_page(api: Api) -> None:
    row = {"emittedAt": TIMESTAMP, "metricValue": float}
    schema = {"context": {**CONTEXT, "interval": str}, **page_of(row)}
    api.get("/data/timeseries/play").must_be(200, schema)


def test_an_unsupported_aggregation_is_not_found(api: Api) -> None:
    title = "Unrecognized request URL."
    api.get("/data/metrics/play/peak").must_be_problem(404, "unrecognized-request-url", title)


def test_an_invalid_timestamp_is_refused(api: Api) -> None:
    problem = api.get("/data/metrics/play/count?from=soon").must_be(400, {"title": str})
    assert problem["name"] == "from"
