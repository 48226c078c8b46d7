"""api.video's own description as an outside judge of the fake's answers.

Read from the folder in `APIVIDEO_OPENAPI_DIR`; without it nothing is judged and the tests that need
it are skipped. Every answer that any test of the suite gets from the fake is judged.
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

DIFFERENCES = {
    401: "the description lists no 401 for any operation; the table of errors does",
    403: "as 401: the table of errors has it for a suspended account",
    404: "the description leaves it out for PATCH and DELETE of some resources",
    405: "general errors stand in the documentation only",
    413: "the fake's own bound on a JSON body",
    507: "the fake's own bound on the disk",
    500: "general errors stand in the documentation only",
    400: "DELETE and GET of one resource cannot be wrong in the description",
}
"""Statuses that an operation may answer beyond its description, and why."""

OTHER_VALUES = {
    ("/discarded/videos", ".assets"): "null in every example of a discarded video",
    ("/videos/", ".ingest"): "empty before any upload, as the official Java and C# clients test it",
    ("/players", ".assets.logo"): "null without a logo, as the official PHP client tests it",
}
"""Places in the answers of operations under a path that the description has otherwise, and why."""

_MAX_JUDGED = 200  # of one test's calls


def folder() -> Path | None:
    """Where the description lies, if somebody said so."""
    named = os.environ.get("APIVIDEO_OPENAPI_DIR")
    return Path(named) if named else None


needs_description = pytest.mark.skipif(
    folder() is None, reason="APIVIDEO_OPENAPI_DIR does not name the folder of the description"
)


@functools.cache
def description(name: str = "openapi.yaml") -> dict[str, Any]:
    """The description of the API, or by its file name that of the Admin API."""
    place = folder()
    assert place is not None
    loaded: dict[str, Any] = yaml.load((place / name).read_text(), Loader=yaml.CSafeLoader)
    return loaded


@functools.cache
def _documented() -> dict[str, tuple[dict[str, Any], Any]]:
    """The responses of each operation and the components they use, by its canonical name."""
    found = {}
    for document in (description(), description("admin-api.yaml")):
        for path, item in document["paths"].items():
            for method in item.keys() & {"get", "post", "put", "patch", "delete"}:
                name = canonical(f"{method.upper()} {path}")
                found[name] = (item[method]["responses"], document["components"])
    return found


@functools.cache
def _judge(operation: str, status: int) -> OAS30Validator | None:
    answers, components = _documented()[operation]
    if str(status) not in answers:
        return None
    content = answers[str(status)].get("content", {})
    schema = content.get("application/json", {}).get("schema", {})
    return OAS30Validator({**schema, "components": components})


def judge(calls: Iterable[Call]) -> list[str]:
    """What the description has against these answers."""
    verdicts = []
    for call in list(calls)[:_MAX_JUDGED]:
        operation = canonical(call.operation)
        if call.fault or operation not in _documented() or len(call.response_body) >= 64 * 1024:
            continue  # spoilt on purpose, not one of the API's, or cut in the record
        validator = _judge(operation, call.status)
        if validator is None:
            if call.status not in DIFFERENCES:
                verdicts.append(f"{call}: the status is not in the description")
        elif call.response_body:
            verdicts += [
                f"{call}: {error.json_path}: {error.message}"
                for error in validator.iter_errors(call.answer)
                if not any(
                    call.path.startswith(path) and error.json_path.endswith(place)
                    for path, place in OTHER_VALUES
                )
            ]
    return verdicts
