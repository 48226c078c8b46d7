"""Lists: filters, sorting and pages, read from the query and answered with their links.

A list is computed once for each version of its table and each question, so that turning the pages
of a large list costs no more than those of a small one.
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

Rows = Callable[[Context[Any]], Iterable[Resource]]

_MAX_PER_PAGE = 100
_MAX_KEPT_LISTS = 16


@dataclass(frozen=True)
class Page:
    """One page of a list, ready for the answer; `beside` is what stands in front of it."""

    rows: list[Resource]
    pagination: dict[str, Any]
    beside: Mapping[str, Any] | None = None

    def wire(self, context: Context[Any]) -> bytes:
        """The page as JSON."""
        rows = b",".join([row.wire(context) for row in self.rows])
        begin = as_json(self.beside)[:-1] + b"," if self.beside else b"{"
        return begin + b'"data":[' + rows + b'],"pagination":' + as_json(self.pagination) + b"}"


@dataclass(frozen=True)
class _Question:
    """What a query asks of a list; equal questions to an unchanged table have one answer."""

    wanted: tuple[tuple[str, Any], ...]
    sort_by: str
    descending: bool


@dataclass(frozen=True)
class Asked:
    """What a query asks of a list, and which page of it."""

    model: type[Resource]
    question: _Question
    page: int
    size: int


def list_all(
    model: type[Resource],
    *,
    rows: Rows | None = None,
    by: str = "createdAt",
    descending: bool = True,
) -> Action:
    """The action that lists a kind of resource.

    `rows` computes them, where they are not simply those of the table; it raises the 404 of a
    resource that they are under. `by` and `descending` are the order that nobody asked for; an
    order that somebody asked for ascends unless told otherwise.
    """

    def handle(context: Context[Any]) -> Page:
        given = rows(context) if rows else None  # before all else, as it may raise a 404
        wrong = list[Problem]()
        asked = ask_list(context, model, wrong, by=by, descending=descending)
        if context.settings.unknown_fields == "refuse":
            unknown = [key for key in context.query if not _is_known(key, model)]
            wrong += map(problems.unexpected_parameter, unknown)
        if wrong:
            raise problems.combined(wrong)
        if given is not None:
            return answer_list(context, asked, given)
        return _page(context, asked, _kept(context.store.table(model), asked.question, model))

    word = to_snake(model.__name__).replace("_", " ")
    words = word[:-1] + "ies" if word.endswith("y") else word + "s"
    return Action(handle, lists=model, summary=f"List the {words}.", reads_query=True)


def ask_list(
    context: Context[Any],
    model: type[Resource],
    wrong: list[Problem],
    *,
    by: str,
    descending: bool,
) -> Asked:
    """Read the parameters of a list; adds to `wrong` what is wrong with them."""
    query, sortable, filters = context.query, _sortable(model), _filters(model)
    page = _number(query, "currentPage", 1, None, wrong)
    size = _number(query, "pageSize", 25, _MAX_PER_PAGE, wrong)
    sort_by = _choice(query, "sortBy", sortable, wrong)
    order = _choice(query, "sortOrder", ["asc", "desc"] if sortable else [], wrong)
    wanted = tuple(
        (name, value)
        for name, filter_ in filters.items()
        if (value := filter_.read(query, name)) is not None
    )
    falls = order == "desc" if order else descending and sort_by is None
    return Asked(model, _Question(wanted, sort_by or by, falls), page, size)


def answer_list(
    context: Context[Any],
    asked: Asked,
    rows: Iterable[Resource],
    beside: Mapping[str, Any] | None = None,
) -> Page:
    """The page that was asked for, out of computed rows; `beside` is what stands in front of it."""
    return _page(context, asked, _answer(rows, asked.question, asked.model), beside)


def _number(query: Query, name: str, default: int, most: int | None, wrong: list[Problem]) -> int:
    sent = text(query, name)
    if sent is None:
        return default
    digits = sent.isascii() and sent.isdigit() and len(sent) < 20
    if digits and 1 <= int(sent) <= (most or int(sent)):
        return int(sent)
    wrong.append(problems.out_of_range(name, 1, most))
    return default


def _choice(query: Query, name: str, choices: list[str], wrong: list[Problem]) -> str | None:
    sent = text(query, name) if choices else None
    if sent is not None and sent not in choices:
        listing = ", ".join(f'"{choice}"' for choice in choices)
        wrong.append(
            problems.invalid_query_parameter(name, f"This value is invalid. Use one of {listing}.")
        )
        return None
    return sent


def _is_known(key: str, model: type[Resource]) -> bool:
    """Whether a list has this parameter; only one for several values may have brackets."""
    name, bracket, _ = key.partition("[")
    schema = _schemas(model).get(name)
    return schema is not None and (not bracket or schema["type"] in ("array", "object"))


def _kept(table: Table[Any], question: _Question, model: type[Resource]) -> list[Resource]:
    version = table.version
    kept = table.lists.get(question)
    if kept is not None and kept[0] == version:
        return kept[1]
    found = _answer(table, question, model, in_order=table.in_order)
    if len(table.lists) >= _MAX_KEPT_LISTS:
        table.lists.clear()
    table.lists[question] = (version, found)
    return found


def _answer(
    rows: Iterable[Resource], question: _Question, model: type[Resource], *, in_order: bool = False
) -> list[Resource]:
    """The rows that the question asks for; `in_order` tells that they come oldest first."""
    found = list(rows)
    for name, wanted in question.wanted:
        values = map(operator.attrgetter(to_snake(name)), found)
        found = list(compress(found, _filters(model)[name].passes(values, wanted)))
    if not (in_order and question.sort_by == "createdAt"):
        found.sort(key=_sort_key(found, operator.attrgetter(to_snake(question.sort_by))))
    if question.descending:
        found.reverse()
    return found


def _sort_key(rows: list[Resource], value: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """What to sort by: texts without regard to case and accents, anything else as it is.

    A text that is not there counts as empty.
    """
    first = next((one for row in rows if (one := value(row)) is not None), None)
    if isinstance(first, str):
        return lambda row: plain(value(row) or "")
    return value


def _page(
    context: Context[Any],
    asked: Asked,
    found: list[Resource],
    beside: Mapping[str, Any] | None = None,
) -> Page:
    page, size = asked.page, asked.size
    start = (page - 1) * size
    rows = found[start : start + size]
    last = -(-len(found) // size)
    uri = _uri_without_page(context)
    links = [
        {"rel": rel, "uri": f"{uri}currentPage={number}&pageSize={size}"}
        for rel, number in _linked_pages(page, last).items()
    ]
    pagination = {
        "currentPage": page,
        "currentPageItems": len(rows),
        "pageSize": size,
        "pagesTotal": last,
        "itemsTotal": len(found),
        "links": links,
    }
    return Page(rows, pagination, beside)


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
    """The query parameters of a list, for an OpenAPI document."""
    return [parameter(name, schema) for name, schema in _schemas(model).items()]


def _schemas(model: type[Resource]) -> dict[str, Any]:
    """The query parameters of a list, each with its schema; a list may have no order to choose."""
    sortable = _sortable(model)
    schemas: dict[str, Any] = {
        "currentPage": {"type": "integer", "minimum": 1, "default": 1},
        "pageSize": {"type": "integer", "minimum": 1, "maximum": _MAX_PER_PAGE, "default": 25},
    }
    if sortable:
        schemas["sortBy"] = {"type": "string", "enum": sortable}
        schemas["sortOrder"] = {"type": "string", "enum": ["asc", "desc"]}
    return schemas | {name: filter_.schema for name, filter_ in _filters(model).items()}


@functools.cache
def _sortable(model: type[Resource]) -> list[str]:
    return [name for name, fact in listed(model).items() if fact.sort]


@functools.cache
def _filters(model: type[Resource]) -> dict[str, Filter]:
    return {name: fact.filter for name, fact in listed(model).items() if fact.filter}


def parameter(name: str, schema: Any) -> dict[str, Any]:
    """A query parameter, for an OpenAPI document."""
    if schema["type"] == "array":
        return {"name": f"{name}[]", "in": "query", "explode": True, "schema": schema}
    if schema["type"] == "object":
        return {"name": name, "in": "query", "style": "deepObject", "schema": schema}
    return {"name": name, "in": "query", "schema": schema}
