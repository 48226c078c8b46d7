"""Whether a resource is new, by the times in the API's answers."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

from pytest_apivideo.sandbox.kinds import Kind

_SLACK = timedelta(minutes=2)  # between the parts of the service that say when it is


def is_new(kind: Kind, item: Mapping[str, Any], headers: Mapping[str, str], seconds: float) -> bool:
    """Return whether a request that took this many seconds created a resource in its answer.

    Both times are the server's own: its `createdAt` and the `Date` of the answer. Without them,
    a kind that can carry a mark counts as old, any other as new.
    """
    created, answered = created_at(item), _date(headers)
    if created is None or answered is None:
        return not kind.marked
    return created >= answered - timedelta(seconds=seconds) - _SLACK


def is_from(item: Mapping[str, Any], begin: datetime, end: datetime) -> bool:
    """Return whether a resource was created between two times; False if it does not say when."""
    created = created_at(item)
    return created is not None and begin - _SLACK <= created <= end + _SLACK


def created_at(item: Mapping[str, Any]) -> datetime | None:
    """Return when a resource was created; None if it does not say."""
    try:
        moment = datetime.fromisoformat(item["createdAt"])
    except (KeyError, TypeError, ValueError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _date(headers: Mapping[str, str]) -> datetime | None:
    try:
        moment = parsedate_to_datetime(headers["date"])
    except (KeyError, TypeError, ValueError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
