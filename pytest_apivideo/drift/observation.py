"""One answer, normalised: what two targets can be compared by, and nothing that changes each time.

    {"operation": "GET /videos/{videoId}", "status": 200, "media_type": "application/json",
     "headers": ["content-type", …], "body": {"types": ["object"], "fields": {"videoId": …}}}

A node of the body's tree has `types`; an object `fields`, each with `optional` if some of several
objects lack it; an array the `items` of all its elements as one node; a text its `formats`, and its
`values` only where it is a word of an enumeration. Of a problem the words are kept that api.video
documents: type, title and name, without what looks like an id or a secret in them. No other value
is kept, and of paths only what stands in the table of operations.
"""

from __future__ import annotations

import json
import re
from functools import cache
from typing import Any, NotRequired
from urllib.parse import urlsplit

from typing_extensions import TypedDict

from pytest_apivideo.drift.plain import LEFT_OUT, is_word, name_or_nothing, plain


class Node(TypedDict):
    """The types that were seen in one place of a body, and what is below it."""

    types: list[str]
    fields: NotRequired[dict[str, Node]]
    items: NotRequired[Node]
    values: NotRequired[list[str]]
    formats: NotRequired[list[str]]
    optional: NotRequired[bool]


class Observation(TypedDict):
    """One answer; `number` tells it from others of its test."""

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
_PROBLEM = ("type", "title", "name")
_METHODS = frozenset(("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"))
_MEDIA_TYPE = re.compile(r"[a-z]+/[a-z0-9.+-]{1,60}")
_CHARSET = re.compile(r"\bcharset=\"?([a-z0-9-]{1,15})(?![a-z0-9-])")
_DEEPEST = 30
_IDENTIFIER = re.compile(r"(vi|li|to|pl|pr|[a-z_]+_)[0-9A-Za-z]{15,}")
_NAMES = {str: "string", bool: "boolean", int: "integer", float: "number", type(None): "null"}


def observation(response: Any, number: int) -> Observation:
    """What an answer of httpx or requests looks like.

    Raises TypeError for what is no such answer, and ValueError if its body was not read or its
    request is not known.
    """
    method, url = _asked(response)
    content, status, headers = _answered(response)
    body = _json(content)
    seen: Observation = {
        "number": number,
        "operation": operation_of(method, url),
        "status": status,
        "media_type": _media_type(headers.get("content-type")),
        "headers": sorted({name_or_nothing(name.lower()) for name in headers} - _PASSING),
    }
    if status >= 400 and isinstance(body, dict):
        seen["problem"] = {key: _words(body[key]) for key in _PROBLEM if key in body}
        body = {key: value for key, value in body.items() if key not in ("type", "title")}
    if content:
        seen["body"] = {"types": ["no JSON"]} if body is _NO_JSON else tree(body)
    return seen


def _asked(response: Any) -> tuple[str, str]:
    """The method and the address that an answer is to."""
    try:
        request = response.request
    except AttributeError:
        raise _no_answer(response) from None
    except RuntimeError:  # httpx, of an answer that a test has made by itself
        request = None
    if request is None:
        raise ValueError("this answer has no request: observe() needs to know what was asked")
    return str(request.method), str(request.url)


def _answered(response: Any) -> tuple[bytes, int, Any]:
    """The body, the status and the headers of an answer."""
    try:
        return response.content, response.status_code, response.headers
    except AttributeError:
        raise _no_answer(response) from None
    except RuntimeError:  # httpx and requests, of a stream
        raise ValueError(
            "the body of this answer has not been read: call its read() before observe()"
        ) from None


def _no_answer(given: object) -> TypeError:
    return TypeError(f"observe() takes an answer of httpx or requests, not {type(given).__name__}")


def operation_of(method: str, url: str) -> str:
    """The operation that a request is for, `"GET /videos/{videoId}"`.

    Of a path that is none's only the words stay that others have, `"GET /videos/{…}/nothing"`.
    """
    parts = urlsplit(url).path.split("/")
    for name, segments in _known():
        verb, _, template = name.partition(" ")
        if verb == method and _fits(parts, segments):
            return f"{method} {template}"
    told = [part if part in _words_of_paths() else "{…}" for part in parts]
    return f"{method if method in _METHODS else LEFT_OUT} {'/'.join(told)}"


def tree(value: Any, name: str = "", depth: int = 0) -> Node:
    """The types in a JSON value; `name` is the field that it is in."""
    if depth > _DEEPEST:
        return {"types": ["deeper"]}
    if isinstance(value, dict):
        return {"types": ["object"], "fields": _fields(value, depth)}
    if isinstance(value, list):
        items = merged([tree(one, name, depth + 1) for one in value])
        return {"types": ["array"], "items": items} if items else {"types": ["array"]}
    node: Node = {"types": [_NAMES[type(value)]]}
    if isinstance(value, str):
        if name in ENUMERATED and is_word(value):
            node["values"] = [value]
        elif kind := _format(value):
            node["formats"] = [kind]
    return node


def _fields(value: dict[str, Any], depth: int) -> dict[str, Node]:
    """The nodes of an object's fields; those whose names look like values are one."""
    nodes: dict[str, list[Node]] = {}
    for key, one in value.items():
        nodes.setdefault(name_or_nothing(key), []).append(tree(one, key, depth + 1))
    return {name: _together(found) for name, found in nodes.items()}


def merged(nodes: list[Node]) -> Node | None:
    """Several nodes as one; None if there are none."""
    return _together(nodes) if nodes else None


def _together(nodes: list[Node]) -> Node:
    made: Node = {"types": _all([node["types"] for node in nodes])}
    if values := _all([node.get("values", []) for node in nodes]):
        made["values"] = values
    if formats := _all([node.get("formats", []) for node in nodes]):
        made["formats"] = formats
    if items := merged([node["items"] for node in nodes if "items" in node]):
        made["items"] = items
    objects = [node["fields"] for node in nodes if "fields" in node]
    if objects:
        made["fields"] = {name: _field(objects, name) for name in _names(objects)}
    return made


def _field(objects: list[dict[str, Node]], name: str) -> Node:
    found = [fields[name] for fields in objects if name in fields]
    node = _together(found)
    if len(found) < len(objects) or any(one.get("optional") for one in found):
        node["optional"] = True
    return node


def _names(objects: list[dict[str, Node]]) -> list[str]:
    return list(dict.fromkeys(name for fields in objects for name in fields))


def _all(lists: list[list[str]]) -> list[str]:
    return sorted({one for found in lists for one in found})


def _format(text: str) -> str | None:
    identifier = _IDENTIFIER.fullmatch(text)
    if identifier:
        return f"{identifier.group(1)}… of {len(text)}"
    return next((name for name, pattern in _FORMATS if pattern.fullmatch(text)), None)


_NO_JSON = object()


def _json(content: bytes) -> Any:
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        return _NO_JSON


def _words(value: Any) -> str | None:
    """What of a problem's type, title or name is kept; of what is no text, its type."""
    return None if value is None else plain(value) if isinstance(value, str) else _type(value)


def _type(value: Any) -> str:
    return tree(value)["types"][0]


def _media_type(sent: str | None) -> str | None:
    """A media type, with its charset if that is not the one of JSON."""
    if sent is None:
        return None
    kind, _, rest = (part.strip().lower() for part in sent.partition(";"))
    found = _CHARSET.search(rest)
    charset = f"; charset={found[1]}" if found and found[1] != "utf-8" else ""
    fits = _MEDIA_TYPE.fullmatch(kind) is not None and plain(kind) == kind
    return f"{kind}{charset}" if fits else LEFT_OUT


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


@cache
def _words_of_paths() -> frozenset[str]:
    """All that stands in the paths of operations and is no parameter."""
    segments = {segment for _, found in _known() for segment in found}
    return frozenset(segment for segment in segments if not segment.startswith("{"))
