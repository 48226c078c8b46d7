"""Lists: filters, sorting and pages, read from the query and answered with their links.

A list is computed once for each version of its table and each query, so the pages of a large list
cost no more than those of a small one.
"""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from itertools import compress
from typing import Any
from urllib.parse import urlencode

from pydantic.alias_generators import to_snake

from fake_server.core import problems
from fake_server.core.context import Context, as_json
from fake_server.core.filters import Filter, Query, plain, text
from fake_server.core.model import Resource, listed
from fake_server.core.operations import Action
from fake_server.core.problems import Problem
from fake_server.core.store import Table
from fake_server.core.verbs import readable_name

Rows = Callable[[Context[Any]], Iterable[Resource]]

_MAX_PER_PAGE = 100
_MAX_CACHED_LISTS = 16


@dataclass(frozen=True)
class Page:
    """One page of a list; `extra` are fields that precede its `data`."""

    rows: list[Resource]
    pagination: dict[str, Any]
    extra: Mapping[str, Any] | None = None

    def wire(self, context: Context[Any]) -> bytes:
        """Return the page as JSON."""
        rows = b",".join([row.wire(context) for row in self.rows])
        start = as_json(self.extra)[:-1] + b"," if self.extra else b"{"
        return start + b'"data":[' + rows + b'],"pagination":' + as_json(self.pagination) + b"}"


@dataclass(frozen=True)
class _Selection:
    """The filters and order of a query: the key of a cached list."""

    filters: tuple[tuple[str, Any], ...]
    sort_by: str
    descending: bool


@dataclass(frozen=True)
class ListQuery:
    """The selection that a query requests, and the page of it."""

    model: type[Resource]
    selection: _Selection
    page: int
    size: int


def list_all(
    model: type[Resource],
    *,
    rows: Rows | None = None,
    by: str = "createdAt",
    descending: bool = True,
) -> Action:
    """Create the action that lists the resources of a model.

    `rows` returns them, unless they are those of the table, and may raise a 404. `by` and
    `descending` are the default order; an explicit `sortBy` is ascending by default.
    """

    def handle(context: Context[Any]) -> Page:
        computed = rows(context) if rows else None  # first, as it may raise a 404
        errors = list[Problem]()
        query = read_list_query(context, model, errors, by=by, descending=descending)
        if context.settings.unknown_fields == "refuse":
            unknown = [key for key in context.query if not _is_known(key, model)]
            errors += map(problems.unexpected_parameter, unknown)
        if errors:
            raise problems.combined(errors)
        if computed is not None:
            return list_page(context, query, computed)
        return _page(context, query, _cached(context.store.table(model), query))

    name = readable_name(model)
    plural = name[:-1] + "ies" if name.endswith("y") else name + "s"
    return Action(handle, lists=model, summary=f"List the {plural}.", reads_query=True)


def read_list_query(
    context: Context[Any],
    model: type[Resource],
    errors: list[Problem],
    *,
    by: str,
    descending: bool,
) -> ListQuery:
    """Read the parameters of a list, and append the problems of invalid ones to `errors`."""
    query, sortable = context.query, _sortable(model)
    page = _number(query, "currentPage", 1, None, errors)
    size = _number(query, "pageSize", 25, _MAX_PER_PAGE, errors)
    sort_by = _choice(query, "sortBy", sortable, errors)
    order = _choice(query, "sortOrder", ["asc", "desc"] if sortable else [], errors)
    values = ((name, filter_.read(query, name)) for name, filter_ in _filters(model).items())
    filters = tuple((name, value) for name, value in values if value is not None)
    is_descending = order == "desc" if order else descending and sort_by is None
    return ListQuery(model, _Selection(filters, sort_by or by, is_descending), page, size)


def list_page(
    context: Context[Any],
    query: ListQuery,
    rows: Iterable[Resource],
    extra: Mapping[str, Any] | None = None,
) -> Page:
    """Return the requested page of computed rows; `extra` are fields that precede its `data`."""
    return _page(context, query, _select(rows, query), extra)


def _number(
    query: Query, name: str, default: int, maximum: int | None, errors: list[Problem]
) -> int:
    value = text(query, name)
    if value is None:
        return default
    is_number = value.isascii() and value.isdigit() and len(value) < 20
    if is_number and 1 <= int(value) <= (maximum or int(value)):
        return int(value)
    errors.append(problems.out_of_range(name, 1, maximum))
    return default


def _choice(query: Query, name: str, choices: list[str], errors: list[Problem]) -> str | None:
    value = text(query, name) if choices else None
    if value is None or value in choices:
        return value
    quoted = ", ".join(f'"{choice}"' for choice in choices)
    detail = f"This value is invalid. Use one of {quoted}."
    errors.append(problems.invalid_query_parameter(name, detail))
    return None


def _is_known(key: str, model: type[Resource]) -> bool:
    """Check that a list has this parameter, and that only one with several values has brackets."""
    name, bracket, _ = key.partition("[")
    schema = _schemas(model).get(name)
    return schema is not None and (not bracket or schema["type"] in ("array", "object"))


def _cached(table: Table[Any], query: ListQuery) -> list[Resource]:
    version = table.version
    cached = table.lists.get(query.selection)
    if cached is not None and cached[0] == version:
        return cached[1]
    rows = _select(table, query, in_order=table.in_order)
    if len(table.lists) >= _MAX_CACHED_LISTS:
        table.lists.clear()
    table.lists[query.selection] = (version, rows)
    return rows


def _select(
    rows: Iterable[Resource], query: ListQuery, *, in_order: bool = False
) -> list[Resource]:
    """Filter and sort the rows; `in_order`: they come oldest first."""
    selection, selected = query.selection, list(rows)
    for name, wanted in selection.filters:
        values = map(operator.attrgetter(to_snake(name)), selected)
        selected = list(compress(selected, _filters(query.model)[name].match(values, wanted)))
    if not (in_order and selection.sort_by == "createdAt"):
        selected.sort(key=_sort_key(selected, operator.attrgetter(to_snake(selection.sort_by))))
    if selection.descending:
        selected.reverse()
    return selected


def _sort_key(rows: list[Resource], value: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Return a sort key that ignores case and accents of texts; a missing text is empty."""
    first = next((one for row in rows if (one := value(row)) is not None), None)
    return (lambda row: plain(value(row) or "")) if isinstance(first, str) else value


def _page(
    context: Context[Any],
    query: ListQuery,
    rows: list[Resource],
    extra: Mapping[str, Any] | None = None,
) -> Page:
    page, size = query.page, query.size
    shown = rows[(page - 1) * size : page * size]
    last = -(-len(rows) // size)
    uri = _uri_without_page(context)
    pagination = {
        "currentPage": page,
        "currentPageItems": len(shown),
        "pageSize": size,
        "pagesTotal": last,
        "itemsTotal": len(rows),
        "links": [
            {"rel": rel, "uri": f"{uri}currentPage={number}&pageSize={size}"}
            for rel, number in _linked_pages(page, last).items()
        ],
    }
    return Page(shown, pagination, extra)


def _linked_pages(page: int, last: int) -> dict[str, int]:
    """Return the pages that a page links to, by relation.

    The real service was seen to answer an empty list, and a page past the end, with fewer links.
    """
    if page > last:
        return {"first": 1, "last": last} if last else {"first": 1}
    steps = {"self": page, "first": 1, "previous": page - 1, "next": page + 1, "last": last}
    return {rel: number for rel, number in steps.items() if 1 <= number <= last}


def _uri_without_page(context: Context[Any]) -> str:
    pages = ("currentPage", "pageSize")
    others = {key: values for key, values in context.query.items() if key not in pages}
    path = context.operation.path.format_map(context.parameters)
    return f"{path}?{urlencode(others, doseq=True)}&" if others else f"{path}?"


def parameters_of_list(model: type[Resource]) -> list[dict[str, Any]]:
    """Return the query parameters of a list, for an OpenAPI document."""
    return [parameter(name, schema) for name, schema in _schemas(model).items()]


def _schemas(model: type[Resource]) -> dict[str, Any]:
    schemas: dict[str, Any] = {
        "currentPage": {"type": "integer", "minimum": 1, "default": 1},
        "pageSize": {"type": "integer", "minimum": 1, "maximum": _MAX_PER_PAGE, "default": 25},
    }
    if sortable := _sortable(model):
        schemas["sortBy"] = {"type": "string", "enum": sortable}
        schemas["sortOrder"] = {"type": "string", "enum": ["asc", "desc"]}
    return schemas | {name: filter_.schema for name, filter_ in _filters(model).items()}


@functools.cache
def _sortable(model: type[Resource]) -> list[str]:
    return [name for name, options in listed(model).items() if options.sort]


@functools.cache
def _filters(model: type[Resource]) -> dict[str, Filter]:
    return {name: options.filter for name, options in listed(model).items() if options.filter}


def parameter(name: str, schema: Any) -> dict[str, Any]:
    """Return a query parameter, for an OpenAPI document."""
    if schema["type"] == "array":
        return {"name": f"{name}[]", "in": "query", "explode": True, "schema": schema}
    style = {"style": "deepObject"} if schema["type"] == "object" else {}
    return {"name": name, "in": "query", **style, "schema": schema}
