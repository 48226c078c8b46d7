"""The Admin API's own style: snake_case bodies, its problems, its pages."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from urllib.parse import urlencode

from fake_server.core import problems
from fake_server.core.context import Context
from fake_server.core.problems import Problem

_MAX_PER_PAGE = 100

Call = Context[Any]


def received(call: Call, schema: Any) -> dict[str, Any]:
    """Return the attributes in the body. Raises problems in the Admin API's style."""
    try:
        return call.received(schema)
    except Problem as problem:
        if problem.name is None:
            raise
        required = problem.slug == "attribute-required"
        raise problems.admin_problem(problem.name, "required" if required else "invalid") from None


def choice(call: Call, name: str, choices: Iterable[str], *, required: bool = False) -> str | None:
    """Return a query parameter that must be one of the choices, or None if it is absent."""
    text = _text(call, name)
    if text is None and required:
        raise problems.admin_problem(name, "required")
    if text is not None and text not in choices:
        raise problems.admin_problem(name, "invalid")
    return text


def filtered(call: Call, rows: Iterable[Any], names: tuple[str, ...]) -> list[Any]:
    """Return the rows with attributes that contain the query parameters of the same names."""
    needles = {name: (_text(call, name) or "").lower() for name in names}
    return [row for row in rows if all(text in row[name].lower() for name, text in needles.items())]


def page_of(call: Call, rows: Iterable[Any], names: tuple[str, ...]) -> dict[str, Any]:
    """Return a page of the rows, filtered by these attributes, sorted by one or by created_at.

    The default order is newest first; with `sort_by` alone, the order is ascending.
    """
    page = _number(call, "page", 1, 10**18)
    size = _number(call, "page_size", 20, _MAX_PER_PAGE)
    sort_by = choice(call, "sort_by", ("created_at", *names))
    order = choice(call, "sort_order", ("asc", "desc"))
    found = filtered(call, rows, names)
    found.sort(key=lambda row: str(row[sort_by or "created_at"]).lower())
    if order == "desc" or (order is None and sort_by is None):
        found.reverse()
    has_next = page * size < len(found)
    numbers = {"previous": page - 1, "self": page, "next": page + 1 if has_next else 0}
    return {
        "items": found[(page - 1) * size : page * size],
        "pagination": {"page": page, "page_size": size, "item_count": len(found)},
        "links": [
            {"rel": rel, "href": _href(call, number, size)}
            for rel, number in numbers.items()
            if number >= 1
        ],
    }


def _text(call: Call, name: str) -> str | None:
    return call.query[name][0] if name in call.query else None


def _number(call: Call, name: str, default: int, maximum: int) -> int:
    text = _text(call, name) or str(default)
    if not (text.isascii() and text.isdigit() and len(text) < 20 and 1 <= int(text) <= maximum):
        raise problems.admin_problem(name, "range")
    return int(text)


def _href(call: Call, page: int, size: int) -> str:
    others = {name: call.query[name] for name in call.query if name not in ("page", "page_size")}
    query = urlencode({"page_size": size, **others, "page": page}, doseq=True)
    return f"{call.operation.path.format_map(call.parameters)}?{query}"
