"""The fake's own OpenAPI document, generated from the operation table and the models."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from pydantic import TypeAdapter
from pydantic.json_schema import JsonSchemaMode

from fake_server.core.files import File, FileRule, Stream
from fake_server.core.listing import parameters_of_list
from fake_server.core.model import adapter, schema_of
from fake_server.core.operations import Operation
from fake_server.core.problems import ProblemObject
from fake_server.resources import OPERATIONS

Schemas = dict[tuple[str, str], Any]

_SCHEMA = "#/components/schemas/{model}"
_FILE = {"type": "string", "format": "binary"}
_FILES = (File, Stream)
_SECURITY: dict[str, list[dict[str, list[str]]]] = {
    "authorization": [{"apiKey": []}, {"bearerAuth": []}],
    "api_key": [],
    "refresh_token": [],
    "upload_token": [],
    "admin": [{"adminKey": []}],
    "public": [],
}


def release() -> str:
    """Return the version of the fake, or "unknown" if it is not installed."""
    try:
        return version("pytest-apivideo")
    except PackageNotFoundError:
        return "unknown"


@functools.cache
def document() -> dict[str, Any]:
    """Return the OpenAPI 3.1 document of all operations of the API."""
    schemas, components = _schemas(OPERATIONS)
    paths: dict[str, Any] = {}
    for operation in sorted(OPERATIONS, key=lambda one: one.path):
        paths.setdefault(operation.path, {})[operation.method.lower()] = _entry(operation, schemas)
    return {
        "openapi": "3.1.0",
        "info": {"title": "pytest-apivideo, a fake of api.video", "version": release()},
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


def _schemas(operations: Iterable[Operation]) -> tuple[Schemas, dict[str, Any]]:
    """Return the schemas of all bodies, by operation and role, and the components they use."""
    inputs: list[tuple[tuple[str, str], JsonSchemaMode, TypeAdapter[Any]]] = [
        (("problem", "problem"), "serialization", adapter(ProblemObject))
    ]
    for operation in operations:
        name, action = operation.name, operation.action
        if action.body is not None:
            schema = schema_of(*action.body) if isinstance(action.body, tuple) else action.body
            inputs.append(((name, "body"), "validation", adapter(schema)))
        answer = action.lists or action.answers
        if answer is not None and answer not in _FILES:
            inputs.append(((name, "answer"), "serialization", adapter(answer)))
        if action.lists and action.answers:
            inputs.append(((name, "extra"), "serialization", adapter(action.answers)))
    schemas, definitions = TypeAdapter.json_schemas(inputs, ref_template=_SCHEMA)
    return {key: schema for (key, _), schema in schemas.items()}, definitions["$defs"]


def _entry(operation: Operation, schemas: Schemas) -> dict[str, Any]:
    """Return the entry of one operation."""
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


def _form(rule: FileRule) -> dict[str, Any]:
    texts = {name: {"type": "string"} for name in rule.fields}
    form = {"type": "object", "required": ["file"], "properties": {"file": _FILE, **texts}}
    return {"multipart/form-data": {"schema": form}}


def _answer(operation: Operation, schemas: Schemas) -> dict[str, Any]:
    if operation.action.answers in _FILES:
        return {"description": "The file.", "content": {"*/*": {"schema": _FILE}}}
    schema = schemas.get((operation.name, "answer"))
    if schema is None:
        return {"description": "Success, without content."}
    if operation.action.lists is not None:
        rows = {"type": "array", "items": schema}
        schema = {
            "type": "object",
            "required": ["data", "pagination"],
            "properties": {"data": rows, "pagination": {"type": "object"}},
        }
        if extra := schemas.get((operation.name, "extra")):
            schema = {"allOf": [extra, schema]}
    return {"description": "Success.", **_json(schema)}


def _json(schema: Any) -> dict[str, Any]:
    return {"content": {"application/json": {"schema": schema}}}
