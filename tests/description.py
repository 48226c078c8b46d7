"""Validation of the fake's answers against api.video's OpenAPI description.

The description is read from the folder named in `APIVIDEO_OPENAPI_DIR`. Without it, nothing is
validated, and the tests that need it are skipped. With it, the answers of every test are validated.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
import yaml
from openapi_schema_validator import OAS30Validator

from fake_server.calls import Call
from fake_server.core.operations import canonical

STATUS_EXCEPTIONS = {
    401: "no operation lists it in the description; the table of errors does",
    403: "no operation lists it; the table of errors does, for a suspended account",
    404: "the description omits it for PATCH and DELETE of some resources",
    405: "general errors are in the documentation only",
    413: "the fake's own limit for a JSON body",
    507: "the fake's own limit for the disk",
    500: "general errors are in the documentation only",
    400: "the description has no 400 for GET and DELETE of one resource",
}
"""Statuses that are allowed in addition to the description, with the reason."""

SCHEMA_EXCEPTIONS = {
    ("/discarded/videos", ".assets"): "null in every example of a discarded video",
    ("/videos/", ".ingest"): "empty before any upload, as the official Java and C# clients test it",
    ("/players", ".assets.logo"): "null without a logo, as the official PHP client tests it",
}
"""Allowed schema violations, by path prefix and place in the body, with the reason."""

_MAX_CALLS = 200  # per test


def folder() -> Path | None:
    """Return the folder of the description, or None if it is not set."""
    named = os.environ.get("APIVIDEO_OPENAPI_DIR")
    return Path(named) if named else None


needs_description = pytest.mark.skipif(
    folder() is None, reason="APIVIDEO_OPENAPI_DIR is not set to the folder of the description"
)


@functools.cache
def description(name: str = "openapi.yaml") -> dict[str, Any]:
    """Return a parsed description: by default that of the API, or the file with this name."""
    path = folder()
    assert path is not None
    loaded: dict[str, Any] = yaml.load((path / name).read_text(), Loader=yaml.CSafeLoader)
    return loaded


@functools.cache
def _documented() -> dict[str, tuple[dict[str, Any], Any]]:
    """Return the responses and the components of each operation, by its canonical name."""
    operations = {}
    for document in (description(), description("admin-api.yaml")):
        for path, item in document["paths"].items():
            for method in item.keys() & {"get", "post", "put", "patch", "delete"}:
                name = canonical(f"{method.upper()} {path}")
                operations[name] = (item[method]["responses"], document["components"])
    return operations


@functools.cache
def _validator(operation: str, status: int) -> OAS30Validator | None:
    answers, components = _documented()[operation]
    if str(status) not in answers:
        return None
    content = answers[str(status)].get("content", {})
    schema = content.get("application/json", {}).get("schema", {})
    return OAS30Validator({**schema, "components": components})


def violations(calls: Iterable[Call]) -> list[str]:
    """Return a message for each answer that does not match the description."""
    messages = []
    for call in list(calls)[:_MAX_CALLS]:
        operation = canonical(call.operation)
        if call.fault or operation not in _documented() or len(call.response_body) >= 64 * 1024:
            continue  # answered by a fault, outside the API, or truncated in the record
        validator = _validator(operation, call.status)
        if validator is None:
            if call.status not in STATUS_EXCEPTIONS:
                messages.append(f"{call}: the status is not in the description")
        elif call.response_body:
            messages += [
                f"{call}: {error.json_path}: {error.message}"
                for error in validator.iter_errors(call.answer)
                if not any(
                    call.path.startswith(path) and error.json_path.endswith(place)
                    for path, place in SCHEMA_EXCEPTIONS
                )
            ]
    return messages
