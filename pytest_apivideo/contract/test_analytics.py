"""Analytics: the form of the answers; their numbers need viewers."""

from __future__ import annotations

import pytest

from pytest_apivideo.contract.api import Api
from pytest_apivideo.contract.shapes import MOMENT, optional, page_of

CONTEXT = {
    "metric": str,
    "timeframe": {"from": (MOMENT, None), "to": (MOMENT, None)},
}


@pytest.mark.parametrize("path", ["play/count", "start/count", "watch-time/sum", "ccv/peak"])
def test_a_metric_is_one_number(api: Api, path: str) -> None:
    shape = {"context": {**CONTEXT, "aggregation": optional(str)}, "data": (float, None)}
    api.get(f"/data/metrics/{path}").must_be(200, shape)


@pytest.mark.parametrize("path", ["play/country", "start/media-id", "end/browser"])
def test_a_breakdown_is_a_page(api: Api, path: str) -> None:
    shape = {"context": {**CONTEXT, "breakdown": str}}
    row = {"dimensionValue": (str, None), "metricValue": float}
    api.get(f"/data/buckets/{path}").must_be(200, {**shape, **page_of(row)})


def test_a_series_is_a_page(api: Api) -> None:
    shape = {"context": {**CONTEXT, "interval": str}}
    row = {"emittedAt": MOMENT, "metricValue": float}
    api.get("/data/timeseries/play").must_be(200, {**shape, **page_of(row)})


def test_a_pair_that_there_is_not_is_unknown(api: Api) -> None:
    title = "Unrecognized request URL."
    api.get("/data/metrics/play/peak").must_be_problem(404, "unrecognized-request-url", title)


def test_a_moment_that_is_none_is_refused(api: Api) -> None:
    problem = api.get("/data/metrics/play/count?from=soon").must_be(400, {"title": str})
    assert problem["name"] == "from"
