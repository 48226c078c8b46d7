"""Bodies checked against shapes: what a client sent, or all of its problems at once."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from pydantic import ValidationError

from fake_server.core import problems
from fake_server.core.model import adapter
from fake_server.core.problems import Problem

_TYPES = {
    "bool_type": "boolean",
    "dict_type": "object",
    "float_type": "number",
    "int_type": "integer",
    "int_from_float": "integer",
    "model_type": "object",
    "string_type": "string",
}


def validated(
    body: bytes,
    shape: Any,
    *,
    refuse_unknown: bool = False,
    read_only: Collection[str] = (),
    context: Any = None,
) -> dict[str, Any]:
    """The attributes of a JSON body that were sent, by their Python names.

    Parses and checks in one pass over the bytes, whatever the content type said. Unknown attributes
    are ignored or, with `refuse_unknown`, problems; `read_only` names are ignored in any case.
    `context` is what validators find as theirs.
    Raises a Problem that holds all problems of the body.
    """
    extra: Any = "forbid" if refuse_unknown else "ignore"
    try:
        checked = adapter(shape).validate_json(body, strict=True, extra=extra, context=context)
        return dict(checked)
    except ValidationError as error:
        found = error.errors(include_url=False)
    mine = [
        e
        for e in found
        if not (_is_unknown(e) and e["loc"] == (e["loc"][0],) and e["loc"][0] in read_only)
    ]
    if not mine:
        return validated(body, shape, context=context)
    raise problems.combined([_problem(one) for one in mine])


def _is_unknown(error: Any) -> bool:
    return bool(error["type"] == "extra_forbidden")


def _problem(error: Any) -> Problem:
    name = attribute_name(error["loc"])
    kind, context = error["type"], error.get("ctx", {})
    if not name:
        return problems.invalid_payload()
    if kind == "missing":
        return problems.attribute_required(name)
    if kind == "list_type" and error["input"] is not None:
        return problems.not_an_array(name)
    if kind == "blank" and len(error["loc"]) == 1:
        return problems.attribute_required(name, error["msg"])
    return problems.invalid_attribute(name, _detail(kind, context, error))


def attribute_name(location: tuple[str | int, ...]) -> str:
    """A place in the body as api.video names it: `restreams[0][serverUrl]`."""
    if not location:
        return ""
    first, *rest = location
    return str(first) + "".join(f"[{part}]" for part in rest)


def _detail(kind: str, context: dict[str, Any], error: Any) -> str:
    if error["input"] is None:
        return "This value should not be null."
    if kind in _TYPES:
        return f"This value must be of type {_TYPES[kind]}."
    if kind == "extra_forbidden":
        return "This field was not expected."
    if kind == "literal_error":
        return f"This value is invalid. Use one of {context['expected'].replace(chr(39), chr(34))}."
    if kind == "too_long":
        return f"This collection should contain {context['max_length']} elements or less."
    if kind == "too_short":
        least = context["min_length"]
        elements = "element" if least == 1 else "elements"
        return f"This collection should contain {least} {elements} or more."
    if kind == "greater_than_equal":
        return f"This value should be greater than or equal to {context['ge']}."
    if kind == "less_than_equal":
        return f"This value should be less than or equal to {context['le']}."
    if kind == "string_pattern_mismatch":
        return "This value is not valid."
    if kind == "string_too_long":
        return f"This value should not contain more than {context['max_length']} characters."
    return str(error["msg"])
