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


def received(call: Call, shape: Any) -> dict[str, Any]:
    """The attributes in the body; what is wrong with one of them is told in the API's style."""
    try:
        return call.received(shape)
    except Problem as problem:
        if problem.name is None:
            raise
        required = problem.slug == "attribute-required"
        raise problems.admin_problem(problem.name, "required" if required else "invalid") from None


def choice(call: Call, name: str, choices: Iterable[str], *, required: bool = False) -> str | None:
    """A query parameter that has one of these values; None if nobody sent it."""
    text = _text(call, name)
    if text is None and required:
        raise problems.admin_problem(name, "required")
    if text is not None and text not in choices:
        raise problems.admin_problem(name, "invalid")
    return text


def filtered(call: Call, rows: Iterable[Any], names: tuple[str, ...]) -> list[Any]:
    """The rows whose attributes of these names contain what the query asks for."""
    wanted = {name: (_text(call, name) or "").lower() for name in names}
    return [row for row in rows if all(text in row[name].lower() for name, text in wanted.items())]


def page_of(call: Call, rows: Iterable[Any], names: tuple[str, ...]) -> dict[str, Any]:
    """A page of the rows, filtered by these attributes, sorted by one of them or by created_at.

    Newest first, unless somebody asks for another order, which then ascends.
    """
    page = _number(call, "page", 1, 10**18)
    size = _number(call, "page_size", 20, _MAX_PER_PAGE)
    sort_by = choice(call, "sort_by", ("created_at", *names))
    order = choice(call, "sort_order", ("asc", "desc"))
    found = filtered(call, rows, names)
    found.sort(key=lambda row: str(row[sort_by or "created_at"]).lower())
    if order == "desc" or (order is None and sort_by is None):
        found.reverse()
    steps = {"previous": page - 1, "self": page, "next": page + 1}
    links = [
        {"rel": rel, "href": _href(call, number, size)}
        for rel, number in steps.items()
        if number >= 1 and (rel != "next" or page * size < len(found))
    ]
    pagination = {"page": page, "page_size": size, "item_count": len(found)}
    items = found[(page - 1) * size : page * size]
    return {"items": items, "pagination": pagination, "links": links}


def _text(call: Call, name: str) -> str | None:
    return call.query[name][0] if name in call.query else None


def _number(call: Call, name: str, default: int, most: int) -> int:
    text = _text(call, name) or str(default)
    if not (text.isascii() and text.isdigit() and len(text) < 20 and 1 <= int(text) <= most):
        raise problems.admin_problem(name, "range")
    return int(text)


def _href(call: Call, page: int, size: int) -> str:
    pages = ("page", "page_size")
    others = {name: values for name, values in call.query.items() if name not in pages}
    query = urlencode({"page_size": size, **others, "page": page}, doseq=True)
    return f"{call.operation.path.format_map(call.parameters)}?{query}"
