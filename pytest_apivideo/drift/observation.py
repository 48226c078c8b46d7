"""One answer, normalised: what two targets can be compared by, and nothing that changes each time.

    {"operation": "GET /videos/{videoId}", "status": 200, "media_type": "application/json",
     "headers": ["content-type", …], "body": {"types": ["object"], "fields": {"videoId": …}}}

A node of the body's tree has `types`; an object `fields`, each with `optional` if some of several
objects lack it; an array the `items` of all its elements as one node; a text its `formats`, and its
`values` only where it is one of an enumeration. No other value is kept, so no secret can be.
"""

from __future__ import annotations

import json
import re
from functools import cache
from typing import Any, NotRequired
from urllib.parse import urlsplit

from typing_extensions import TypedDict

Node = dict[str, Any]


class Observation(TypedDict):
    """One answer; `number` tells it from others of its test."""

    number: int
    operation: str
    status: int
    media_type: str | None
    headers: list[str]
    problem: NotRequired[dict[str, Any]]
    body: NotRequired[Node]


# fmt: off
ENUMERATED = frozenset((
    "token_type", "status", "type", "quality", "origin", "sourceStatus", "languageOrigin",
    "events", "videoCodec", "audioCodec", "metric", "aggregation",
))
"""Fields whose texts are one of a few, so that the texts themselves are kept."""

_PASSING = frozenset((
    "age", "alt-svc", "cf-cache-status", "cf-ray", "connection", "content-encoding",
    "content-length", "date", "keep-alive", "nel", "report-to", "server", "set-cookie",
    "transfer-encoding", "vary", "via",
))
# fmt: on
_FORMATS = (
    ("date-time with offset", re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d\d:\d\d")),
    ("date-time with Z", re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")),
    ("date-time", re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d.*")),
    ("uuid", re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")),
    ("jwt", re.compile(r"eyJ[\w-]+\.[\w-]+\.[\w-]+")),
    ("url", re.compile(r"[a-z]+://.*")),
    ("digits", re.compile(r"\d+")),
)
_IDENTIFIER = re.compile(r"(vi|li|to|pl|pr|[a-z_]+_)[0-9A-Za-z]{15,}")
_NAMES = {str: "string", bool: "boolean", int: "integer", float: "number", type(None): "null"}


def observation(response: Any, number: int) -> Observation:
    """What an answer of httpx or requests looks like."""
    headers = {name.lower() for name in response.headers}
    body = _json(response.content)
    seen: Observation = {
        "number": number,
        "operation": operation_of(response.request.method, str(response.request.url)),
        "status": response.status_code,
        "media_type": _media_type(response),
        "headers": sorted(headers - _PASSING),
    }
    if response.status_code >= 400 and isinstance(body, dict):
        seen["problem"] = {key: body[key] for key in ("type", "title", "name") if key in body}
        body = {key: value for key, value in body.items() if key not in ("type", "title")}
    if response.content:
        seen["body"] = {"types": ["no JSON"]} if body is _NO_JSON else tree(body)
    return seen


def operation_of(method: str, url: str) -> str:
    """The operation that a request is for, `"GET /videos/{videoId}"`; its path as it is if none."""
    path = urlsplit(url).path
    for name, segments in _known():
        verb, _, template = name.partition(" ")
        if verb == method and _fits(path.split("/"), segments):
            return f"{method} {template}"
    return f"{method} {path}"


def tree(value: Any, name: str = "") -> Node:
    """The types in a JSON value; `name` is the field that it is in."""
    if isinstance(value, dict):
        return {"types": ["object"], "fields": {key: tree(one, key) for key, one in value.items()}}
    if isinstance(value, list):
        items = merged([tree(one, name) for one in value])
        return {"types": ["array"], "items": items} if items else {"types": ["array"]}
    node: Node = {"types": [_NAMES[type(value)]]}
    if isinstance(value, str):
        if name in ENUMERATED:
            node["values"] = [value]
        elif kind := _format(value):
            node["formats"] = [kind]
    return node


def merged(nodes: list[Node]) -> Node | None:
    """Several nodes as one; None if there are none."""
    if not nodes:
        return None
    made: Node = {"types": _all(nodes, "types")}
    for key in ("values", "formats"):
        if found := _all(nodes, key):
            made[key] = found
    if items := merged([node["items"] for node in nodes if "items" in node]):
        made["items"] = items
    objects = [node["fields"] for node in nodes if "fields" in node]
    if objects:
        made["fields"] = {name: _field(objects, name) for name in _names(objects)}
    return made


def _field(objects: list[dict[str, Node]], name: str) -> Node:
    found = [fields[name] for fields in objects if name in fields]
    node = merged(found) or {}
    is_optional = len(found) < len(objects) or any(one.get("optional") for one in found)
    return {**node, "optional": True} if is_optional else node


def _names(objects: list[dict[str, Node]]) -> list[str]:
    return list(dict.fromkeys(name for fields in objects for name in fields))


def _all(nodes: list[Node], key: str) -> list[str]:
    return sorted({one for node in nodes for one in node.get(key, ())})


def _format(text: str) -> str | None:
    identifier = _IDENTIFIER.fullmatch(text)
    if identifier:
        return f"{identifier.group(1)}… of {len(text)}"
    return next((name for name, pattern in _FORMATS if pattern.fullmatch(text)), None)


_NO_JSON = object()


def _json(content: bytes) -> Any:
    try:
        return json.loads(content)
    except ValueError:
        return _NO_JSON


def _media_type(response: Any) -> str | None:
    sent = response.headers.get("content-type")
    return None if sent is None else str(sent).partition(";")[0].strip().lower()


def _fits(parts: list[str], segments: list[str]) -> bool:
    return len(parts) == len(segments) and all(
        segment.startswith("{") or segment == part
        for part, segment in zip(parts, segments, strict=True)
    )


@cache
def _known() -> list[tuple[str, list[str]]]:
    """The operations and the segments of their paths; fixed paths before those with parameters."""
    from fake_server.resources import OPERATIONS

    found = [(one.name, one.path.split("/")) for one in OPERATIONS]
    return sorted(found, key=lambda pair: pair[0].count("{"))
