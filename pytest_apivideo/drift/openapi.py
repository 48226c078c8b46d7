"""Fields that only an OpenAPI document has: described for a response, seen on neither target."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pytest_apivideo.drift.compare import Drift
from pytest_apivideo.drift.files import FileError
from pytest_apivideo.drift.observation import Node
from pytest_apivideo.drift.report import Report, select_target

_MAX_DEPTH = 8


def read_document(path: Path) -> dict[str, Any]:
    """Read an OpenAPI document in JSON or YAML. Raises FileError."""
    try:
        document = _load(path)
    except (OSError, ValueError, RecursionError) as error:
        message = " ".join(str(error).split())
        raise FileError(f"{path} is not an OpenAPI document: {message}") from None
    if not isinstance(document, dict) or not isinstance(document.get("paths"), dict):
        raise FileError(f"{path} is not an OpenAPI document: it has no paths")
    return document


def _load(path: Path) -> Any:
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".json":
        return json.loads(text)
    try:
        import yaml
    except ModuleNotFoundError:
        raise FileError(
            "an OpenAPI document in YAML needs the extra contract: "
            "pip install 'pytest-apivideo[contract]'; one in JSON does not"
        ) from None
    try:
        return yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506
    except yaml.YAMLError as error:
        raise ValueError(str(error)) from None


def described_only(first: Report, second: Report, document: dict[str, Any]) -> list[Drift]:
    """Return the fields that a document describes for the observed responses and neither has."""
    observed: dict[tuple[str, str], set[str]] = {}
    for report, preferred in ((first, "fake"), (second, "sandbox")):
        for check in select_target(report, preferred)[1]["checks"].values():
            for one in check["seen"]:
                key = (one["operation"], str(one["status"]))
                observed.setdefault(key, set()).update(_observed_fields(one.get("body")))
    drifts = []
    for (operation, status), fields in sorted(observed.items()):
        method, _, path = operation.partition(" ")
        response = _lookup(document, "paths", path, method.lower(), "responses", status)
        schema = _lookup(response, "content", "application/json", "schema")
        for field in _described_fields(schema, document, "", 0):
            parent = field.rpartition(".")[0].removesuffix("[]")
            if field not in fields and parent in fields | {""}:
                where = f"{status} body.{field}"
                drifts.append(Drift("spec-only", operation, where, "absent", "absent"))
    return drifts


def _observed_fields(node: Node | None, where: str = "") -> Iterator[str]:
    if node is None:
        return
    yield from _observed_fields(node.get("items"), where + "[]")
    for name, child in node.get("fields", {}).items():
        field = f"{where}.{name}" if where else name
        yield field
        yield from _observed_fields(child, field)


def _described_fields(
    schema: dict[str, Any], document: dict[str, Any], where: str, depth: int
) -> Iterator[str]:
    if depth > _MAX_DEPTH:
        return
    for part in _included(schema, document):
        yield from _described_fields(part, document, where, depth + 1)
    if "items" in schema:
        yield from _described_fields(_lookup(schema, "items"), document, where + "[]", depth + 1)
    for name in _lookup(schema, "properties"):
        field = f"{where}.{name}" if where else name
        yield field
        child = _lookup(schema, "properties", name)
        yield from _described_fields(child, document, field, depth + 1)


def _included(schema: dict[str, Any], document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the schemas that a schema includes by `$ref` and `allOf`."""
    if isinstance(schema.get("$ref"), str):
        yield _lookup(document, *schema["$ref"].removeprefix("#/").split("/"))
    all_of = schema.get("allOf")
    for part in all_of if isinstance(all_of, list) else ():
        yield _lookup(part)


def _lookup(value: Any, *keys: str) -> dict[str, Any]:
    """Return the object at this path, or an empty one."""
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value if isinstance(value, dict) else {}
