"""The complete lists of the resources on the account."""

from __future__ import annotations

from typing import Any

from pytest_apivideo.sandbox.account import Account
from pytest_apivideo.sandbox.kinds import Kind

MAX_PAGES = 100
"""Pages of 100 resources: a test account has fewer, and more would take too long."""

_PAGE = "currentPage={page}&pageSize=100"


class CannotLookError(Exception):
    """Raised if a list could not be read to its end; says why."""


def rows(account: Account, kind: Kind) -> list[dict[str, Any]]:
    """Return all resources of a kind on the account.

    Raises CannotLookError if that is not certain, and what sending a request raises.
    """
    found: list[dict[str, Any]] = []
    for page in range(1, MAX_PAGES + 1):
        listed, last = _page(account, kind, page)
        found += listed
        if page >= last:
            return found
    raise CannotLookError(
        f"there are more than {MAX_PAGES} pages of GET {kind.path}: not all of it was looked at"
    )


def _page(account: Account, kind: Kind, page: int) -> tuple[list[dict[str, Any]], int]:
    """Return the rows of a page, and the number of the last page."""
    reply = account.request("GET", f"{kind.path}?{_PAGE.format(page=page)}")
    if reply.status != 200:
        limited = ", and again after a wait" if reply.limited else ""
        raise CannotLookError(f"GET {kind.path} was answered {reply.status}{limited}")
    answer = reply.json()
    listed = answer.get("data") if isinstance(answer, dict) else None
    pagination = answer.get("pagination") if isinstance(answer, dict) else None
    last = pagination.get("pagesTotal") if isinstance(pagination, dict) else None
    well_formed = isinstance(listed, list) and all(isinstance(row, dict) for row in listed)
    if not well_formed or not isinstance(last, int):
        raise CannotLookError(f"GET {kind.path} did not answer with a page of a list")
    return listed or [], last
