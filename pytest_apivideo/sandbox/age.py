"""Whether something was created just now, by what the API tells of its age."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

from pytest_apivideo.sandbox.kinds import Kind

_SLACK = timedelta(minutes=2)  # between the parts of the service that say when it is


def is_new(kind: Kind, item: Mapping[str, Any], headers: Mapping[str, str], seconds: float) -> bool:
    """Whether a thing in an answer was created by the request, which took that many seconds.

    Both times are the server's own: its `createdAt` and the `Date` of the answer. Without them,
    what can carry a mark and does not is taken for old, all else for new.
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
    """When a thing was created; None if it does not say so."""
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
