"""Our own OpenAPI document, made from the operation table and the models behind it."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from pydantic import TypeAdapter

from fake_server.core.files import File, FileRule, Stream
from fake_server.core.listing import parameters_of_list
from fake_server.core.model import adapter, schema_of
from fake_server.core.operations import Operation
from fake_server.core.problems import ProblemObject
from fake_server.resources import OPERATIONS

_SCHEMA = "#/components/schemas/{model}"
_SECURITY: dict[str, list[dict[str, list[str]]]] = {
    "authorization": [{"apiKey": []}, {"bearerAuth": []}],
    "api_key": [],
    "refresh_token": [],
    "upload_token": [],
    "admin": [{"adminKey": []}],
    "public": [],
}


def release() -> str:
    """Which version of the fake this is; unknown where it runs without being installed."""
    try:
        return version("pytest-apivideo")
    except PackageNotFoundError:
        return "unknown"


@functools.cache
def document() -> dict[str, Any]:
    """The OpenAPI 3.1 document of every operation of the API that the fake serves."""
    schemas, components = _schemas(OPERATIONS)
    paths: dict[str, Any] = {}
    for operation in sorted(OPERATIONS, key=lambda one: one.path):
        paths.setdefault(operation.path, {})[operation.method.lower()] = _entry(operation, schemas)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "pytest-apivideo, a fake of api.video",
            "version": release(),
        },
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": {
                "apiKey": {"type": "http", "scheme": "basic"},
                "adminKey": {"type": "http", "scheme": "basic"},
                "bearerAuth": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"},
            },
        },
    }


_FILE = {"type": "string", "format": "binary"}
_FILES = (File, Stream)

Schemas = dict[tuple[str, str], Any]


def _schemas(operations: Iterable[Operation]) -> tuple[Schemas, dict[str, Any]]:
    """The schemas of all bodies by operation and direction, and the components they refer to."""
    wanted: list[tuple[str, Any, TypeAdapter[Any]]] = [
        ("problem", "serialization", adapter(ProblemObject))
    ]
    for operation in operations:
        action = operation.action
        if action.body is not None:
            wanted.append((f"{operation.name} body", "validation", adapter(_shape(action.body))))
        shown = action.lists or action.answers
        if shown is not None and shown not in _FILES:
            wanted.append((f"{operation.name} answer", "serialization", adapter(shown)))
        if action.lists and action.answers:
            beside = adapter(action.answers)
            wanted.append((f"{operation.name} beside", "serialization", beside))
    found, definitions = TypeAdapter.json_schemas(wanted, ref_template=_SCHEMA)
    schemas = {
        (key.rpartition(" ")[0] or key, key.rpartition(" ")[2]): schema
        for (key, _), schema in found.items()
    }
    return schemas, definitions["$defs"]


def _shape(body: Any) -> Any:
    return schema_of(*body) if isinstance(body, tuple) else body


def _entry(operation: Operation, schemas: Schemas) -> dict[str, Any]:
    """What the document tells of one operation."""
    action = operation.action
    entry: dict[str, Any] = {
        "operationId": re.sub(r"\W+", "-", operation.name).strip("-"),
        "summary": operation.summary,
        "security": _SECURITY[operation.credential],
        "parameters": [
            {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
            for name in operation.parameters
        ],
        "responses": {
            str(operation.status): _answer(operation, schemas),
            "default": {"description": "A problem.", **_json(schemas["problem", "problem"])},
        },
    }
    if action.lists is not None:
        entry["parameters"] += parameters_of_list(action.lists)
    entry["parameters"] += action.query
    if action.body is not None:
        entry["requestBody"] = {"required": True, **_json(schemas[operation.name, "body"])}
    if operation.file_rule:
        entry["requestBody"] = {"required": True, "content": _form(operation.file_rule)}
    return entry


def _form(takes: FileRule) -> dict[str, Any]:
    texts = {name: {"type": "string"} for name in takes.fields}
    form = {"type": "object", "required": ["file"], "properties": {"file": _FILE, **texts}}
    return {"multipart/form-data": {"schema": form}}


def _answer(operation: Operation, schemas: Schemas) -> dict[str, Any]:
    if operation.action.answers in _FILES:
        return {"description": "The file.", "content": {"*/*": {"schema": _FILE}}}
    schema = schemas.get((operation.name, "answer"))
    if schema is None:
        return {"description": "Done; the answer is empty."}
    if operation.action.lists is not None:
        rows = {"type": "array", "items": schema}
        schema = {
            "type": "object",
            "required": ["data", "pagination"],
            "properties": {"data": rows, "pagination": {"type": "object"}},
        }
        if beside := schemas.get((operation.name, "beside")):
            schema = {"allOf": [beside, schema]}
    return {"description": "Done.", **_json(schema)}


def _json(schema: Any) -> dict[str, Any]:
    return {"content": {"application/json": {"schema": schema}}}
