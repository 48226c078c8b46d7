"""What the tests over the operation table need to know of an operation: how to reach it.

A new operation is reached as it stands if its resource has an example for each required field.
"""

from __future__ import annotations

import re
from typing import Any

import httpx

from fake_server.core.files import FileRule
from fake_server.core.model import Resource, adapter, listed, schema_of
from fake_server.core.operations import Operation
from fake_server.resources import OPERATIONS
from pytest_apivideo import ApiVideo

PROTECTED = [operation for operation in OPERATIONS if operation.credential == "authorization"]
CHOSEN = {"metric": "play", "aggregation": "count", "breakdown": "country"}
"""Parameters of paths that are words to choose from, not ids."""
OF_ONE = [operation for operation in PROTECTED if set(operation.parameters) - set(CHOSEN)]
LISTS = [operation for operation in PROTECTED if operation.action.lists]
SORTED = [one for one in LISTS if any(fact.sort for fact in listed(one.action.lists).values())]
WITH_BODY = [operation for operation in PROTECTED if operation.action.body]
UNDER = {"discarded": "discarded_videos"}
"""The collection of resources under a path, if that has another name."""


def model_of(operation: Operation) -> type[Resource] | None:
    """Return the resource that an operation takes or returns."""
    body = operation.action.body
    if isinstance(body, tuple):
        model: type[Resource] = body[0]
        return model
    return operation.action.lists or operation.action.answers


def concrete(operation: Operation, apivideo: ApiVideo) -> str:
    """Return the operation's path with ids of resources that are added for it."""
    _add_the_owner_in_the_body(operation, apivideo)
    if operation not in OF_ONE:
        return operation.path.format_map(CHOSEN)
    root = operation.path.split("/")[1].replace("-", "_")
    root = UNDER.get(root, root)
    known = {name: getattr(apivideo, root).add().id for name in operation.parameters[:1]}
    if "language" in operation.parameters:
        kind = operation.path.split("/")[3]
        known["language"] = getattr(apivideo, kind).add(video_id=known["videoId"]).language
    return re.sub(r"\{(\w+)\}", lambda match: known[match[1]], operation.path)


def _add_the_owner_in_the_body(operation: Operation, apivideo: ApiVideo) -> None:
    """Add the resource that an example body refers to, such as the video of a summary."""
    body = operation.action.body
    owner = body[0].owner if isinstance(body, tuple) and body[1] == "create" else None
    if owner is not None:
        name = owner.id_field
        example = body[0].model_fields[name].examples[0]
        getattr(apivideo, owner.collection).add(**{name: example})


def unknown(operation: Operation) -> str:
    """Return the operation's path with unknown ids."""
    return re.sub(r"\{\w+\}", "nobody", operation.path)


def call(http: httpx.Client, operation: Operation, path: str, **arguments: Any) -> httpx.Response:
    """Call the operation with a body that it accepts, unless another one is given."""
    if operation.file_rule is not None and "files" not in arguments and "content" not in arguments:
        arguments["files"] = {"file": accepted_file(operation.file_rule)}
    if operation.action.body and "content" not in arguments and "json" not in arguments:
        arguments["json"] = accepted_body(operation)
    return http.request(operation.method, path, **arguments)


def accepted_file(rule: FileRule) -> tuple[str, bytes, str]:
    """Return a file that the rule accepts: name, content, content type."""
    extension = rule.types[0] if rule.types else "vtt"
    return f"file.{extension}", b"content", f"any/{extension}"


def accepted_body(operation: Operation) -> dict[str, Any]:
    """Return a body that the operation accepts: the examples of its schema."""
    properties = adapter(shape_of_body(operation)).json_schema()["properties"]
    return {name: one["examples"][0] for name, one in properties.items() if "examples" in one}


def shape_of_body(operation: Operation) -> Any:
    """Return the TypedDict of the operation's body."""
    body = operation.action.body
    return schema_of(*body) if isinstance(body, tuple) else body
