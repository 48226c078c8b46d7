"""Validation of bodies: returns what a client sent, or raises all of its problems at once."""

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
_DETAILS = {
    "extra_forbidden": "This field was not expected.",
    "too_long": "This collection should contain {max_length} elements or less.",
    "greater_than_equal": "This value should be greater than or equal to {ge}.",
    "less_than_equal": "This value should be less than or equal to {le}.",
    "string_pattern_mismatch": "This value is not valid.",
    "string_too_long": "This value should not contain more than {max_length} characters.",
}


def validate_body(
    body: bytes,
    schema: Any,
    *,
    refuse_unknown: bool = False,
    read_only: Collection[str] = (),
    context: Any = None,
) -> dict[str, Any]:
    """Return the attributes of a JSON body, under their Python names.

    The content type does not matter. Unknown attributes are ignored or, with `refuse_unknown`,
    problems; `read_only` ones are always ignored. Validators get `context` as `info.context`.
    Raises one Problem that lists all errors.
    """
    extra: Any = "forbid" if refuse_unknown else "ignore"
    try:
        return dict(adapter(schema).validate_json(body, strict=True, extra=extra, context=context))
    except ValidationError as invalid:
        errors = invalid.errors(include_url=False)
    ignored = [("extra_forbidden", (name,)) for name in read_only]
    errors = [error for error in errors if (error["type"], error["loc"]) not in ignored]
    if not errors:
        return validate_body(body, schema, context=context)
    raise problems.combined(map(_problem, errors))


def _problem(error: Any) -> Problem:
    name = attribute_name(error["loc"])
    kind = error["type"]
    if not name:
        return problems.invalid_payload()
    if kind == "missing":
        return problems.attribute_required(name)
    if kind == "list_type" and error["input"] is not None:
        return problems.not_an_array(name)
    if kind == "blank" and len(error["loc"]) == 1:
        return problems.attribute_required(name, error["msg"])
    return problems.invalid_attribute(name, _detail(kind, error.get("ctx", {}), error))


def attribute_name(location: tuple[str | int, ...]) -> str:
    """Return a location in the body as api.video writes it: `restreams[0][serverUrl]`."""
    return "".join(f"[{part}]" if index else str(part) for index, part in enumerate(location))


def _detail(kind: str, limits: dict[str, Any], error: Any) -> str:
    if error["input"] is None:
        return "This value should not be null."
    if kind in _TYPES:
        return f"This value must be of type {_TYPES[kind]}."
    if kind == "literal_error":
        return f"This value is invalid. Use one of {limits['expected'].replace(chr(39), chr(34))}."
    if kind == "too_short":
        minimum = limits["min_length"]
        elements = "element" if minimum == 1 else "elements"
        return f"This collection should contain {minimum} {elements} or more."
    template = _DETAILS.get(kind)
    return template.format_map(limits) if template else str(error["msg"])
