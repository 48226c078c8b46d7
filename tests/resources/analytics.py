"""Questions that the tests of analytics ask."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import httpx

DOCS = "https://docs.api.video/reference/"
NOW = "2030-06-15T12:30:00+00:00"
DAY_BEFORE = "2030-06-14T12:30:00+00:00"
ATOM = (
    "This value is not a valid date-time. Use the ATOM format, URL encoded "
    '(for example "2024-02-05T00:00:00+01:00").'
)
NOT_EXPECTED = "This field was not expected."
NOT_TEXT = "This value must be of type string."


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
