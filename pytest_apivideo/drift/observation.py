"""An observation: the structure of one response, without values that differ between requests.

    {"operation": "GET /videos/{videoId}", "status": 200, "media_type": "application/json",
     "headers": ["content-type", …], "body": {"types": ["object"], "fields": {"videoId": …}}}

A node of the body's tree has `types`. An object also has `fields`, each `optional` if only some of
several objects have it; an array has `items`, one node for all elements; a text has `formats`, or
`values` if it belongs to an enumeration. A problem keeps its type, title and name, without ids and
secrets. Of a path, only the segments that are in the operation table are kept.
"""

from __future__ import annotations

import json
import re
from functools import cache
from typing import TYPE_CHECKING, Any, NotRequired
from urllib.parse import urlsplit

from typing_extensions import TypedDict

from pytest_apivideo.drift.sanitize import REMOVED, is_word, sanitize, sanitize_name

if TYPE_CHECKING:
    from fake_server.core.operations import Routes


class Node(TypedDict):
    """The types at one place of a body, and the nodes below it."""

    types: list[str]
    fields: NotRequired[dict[str, Node]]
    items: NotRequired[Node]
    values: NotRequired[list[str]]
    formats: NotRequired[list[str]]
    optional: NotRequired[bool]


class Observation(TypedDict):
    """The structure of one response; `number` is its position in the test."""

    number: int
    operation: str
    status: int
    media_type: str | None
    headers: list[str]
    problem: NotRequired[dict[str, str | None]]
    body: NotRequired[Node]


# fmt: off
ENUMERATED = frozenset((
    "token_type", "status", "type", "quality", "origin", "sourceStatus", "languageOrigin",
    "events", "videoCodec", "audioCodec", "metric", "aggregation",
))
"""The fields with enumerated values, which are kept."""

_TRANSPORT_HEADERS = frozenset((
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
_METHODS = frozenset(("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"))
_MEDIA_TYPE = re.compile(r"[a-z]+/[a-z0-9.+-]{1,60}")
_CHARSET = re.compile(r"\bcharset=\"?([a-z0-9-]{1,15})(?![a-z0-9-])")
_ID = re.compile(r"(vi|li|to|pl|pr|[a-z_]+_)[0-9A-Za-z]{15,}")
_JSON_TYPES = {str: "string", bool: "boolean", int: "integer", float: "number", type(None): "null"}
_MAX_DEPTH = 30
_NOT_JSON = object()


def observation(response: Any, number: int) -> Observation:
    """Return the observation of an httpx or requests response.

    Raises TypeError for any other object, ValueError if its body was not read or it has no request.
    """
    method, url = _request_of(response)
    content, status, headers = _content_of(response)
    body = _json(content)
    names = {sanitize_name(name.lower()) for name in headers}
    observed: Observation = {
        "number": number,
        "operation": operation_of(method, url),
        "status": status,
        "media_type": _media_type(headers.get("content-type")),
        "headers": sorted(names - _TRANSPORT_HEADERS),
    }
    if status >= 400 and isinstance(body, dict):
        observed["problem"] = {
            key: _problem_text(body[key]) for key in ("type", "title", "name") if key in body
        }
        body = {key: value for key, value in body.items() if key not in ("type", "title")}
    if content:
        observed["body"] = {"types": ["no JSON"]} if body is _NOT_JSON else tree(body)
    return observed


def _request_of(response: Any) -> tuple[str, str]:
    """Return the method and URL of a response's request."""
    try:
        request = response.request
    except AttributeError:
        raise _not_a_response(response) from None
    except RuntimeError:  # httpx: a response that a test created itself
        request = None
    if request is None:
        raise ValueError("this response has no request, which observe() needs for the operation")
    return str(request.method), str(request.url)


def _content_of(response: Any) -> tuple[bytes, int, Any]:
    """Return the body, status and headers of a response."""
    try:
        return response.content, response.status_code, response.headers
    except AttributeError:
        raise _not_a_response(response) from None
    except RuntimeError:  # httpx and requests: a stream
        raise ValueError(
            "the body of this response has not been read: call its read() before observe()"
        ) from None


def _not_a_response(value: object) -> TypeError:
    return TypeError(f"observe() expects an httpx or requests response, not {type(value).__name__}")


def operation_of(method: str, url: str) -> str:
    """Return the operation of a request, such as `"GET /videos/{videoId}"`.

    For an unknown path, segments that no operation has become `{…}`: `"GET /videos/{…}/{…}"`.
    """
    from fake_server.core.problems import Problem

    path = urlsplit(url).path
    try:
        return f"{method} {_routes().find(method, path)[0].path}"
    except Problem:
        known = {part for row in _routes().operations for part in row.path.split("/")}
        parts = [part if part in known and "{" not in part else "{…}" for part in path.split("/")]
        return f"{method if method in _METHODS else REMOVED} {'/'.join(parts)}"


@cache
def _routes() -> Routes:
    from fake_server.core.operations import Routes
    from fake_server.resources import OPERATIONS

    return Routes(OPERATIONS)


def tree(value: Any, name: str = "", depth: int = 0) -> Node:
    """Return the node of a JSON value; `name` is the field that contains it."""
    if depth > _MAX_DEPTH:
        return {"types": ["deeper"]}
    if isinstance(value, dict):
        return {"types": ["object"], "fields": _fields(value, depth)}
    if isinstance(value, list):
        items = [tree(item, name, depth + 1) for item in value]
        return {"types": ["array"], "items": merge(items)} if items else {"types": ["array"]}
    node: Node = {"types": [_JSON_TYPES[type(value)]]}
    if isinstance(value, str):
        if name in ENUMERATED and is_word(value):
            node["values"] = [value]
        elif text_format := _format(value):
            node["formats"] = [text_format]
    return node


def _fields(value: dict[str, Any], depth: int) -> dict[str, Node]:
    """Return the nodes of an object's fields; names that look like values share one node."""
    nodes: dict[str, list[Node]] = {}
    for key, item in value.items():
        nodes.setdefault(sanitize_name(key), []).append(tree(item, key, depth + 1))
    return {name: merge(same_name) for name, same_name in nodes.items()}


def merge(nodes: list[Node]) -> Node:
    """Merge one or more nodes into one."""
    merged: Node = {"types": _union([node["types"] for node in nodes])}
    if values := _union([node.get("values", []) for node in nodes]):
        merged["values"] = values
    if formats := _union([node.get("formats", []) for node in nodes]):
        merged["formats"] = formats
    if items := [node["items"] for node in nodes if "items" in node]:
        merged["items"] = merge(items)
    if objects := [node["fields"] for node in nodes if "fields" in node]:
        names = dict.fromkeys(name for fields in objects for name in fields)
        merged["fields"] = {name: _merge_field(objects, name) for name in names}
    return merged


def _merge_field(objects: list[dict[str, Node]], name: str) -> Node:
    nodes = [fields[name] for fields in objects if name in fields]
    merged = merge(nodes)
    if len(nodes) < len(objects) or any(node.get("optional") for node in nodes):
        merged["optional"] = True
    return merged


def _union(lists: list[list[str]]) -> list[str]:
    return sorted({item for items in lists for item in items})


def _format(text: str) -> str | None:
    if identifier := _ID.fullmatch(text):
        return f"{identifier[1]}… of {len(text)}"
    return next((name for name, pattern in _FORMATS if pattern.fullmatch(text)), None)


def _json(content: bytes) -> Any:
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        return _NOT_JSON


def _problem_text(value: Any) -> str | None:
    """Return the sanitized text of a problem's field; for another type, the type's name."""
    if value is None or isinstance(value, str):
        return value and sanitize(value)
    return tree(value)["types"][0]


def _media_type(header: str | None) -> str | None:
    """Return the media type, with its charset unless that is UTF-8."""
    if header is None:
        return None
    name, _, parameters = (part.strip().lower() for part in header.partition(";"))
    charset = _CHARSET.search(parameters)
    suffix = f"; charset={charset[1]}" if charset and charset[1] != "utf-8" else ""
    is_safe = _MEDIA_TYPE.fullmatch(name) is not None and sanitize(name) == name
    return f"{name}{suffix}" if is_safe else REMOVED
