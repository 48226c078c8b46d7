"""What api.video's answers are documented to look like, and how to tell what is wrong with one.

A shape is a type; a dict of the fields that must be there (`optional` ones may be absent); a list
of one shape for all elements; a tuple of alternatives; None for null; or a `Check`. More fields
than a shape has are never wrong: they are noted in the report.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Check:
    """A test of one value, and the words for what it wants."""

    words: str
    holds: Callable[[Any], bool]


@dataclass(frozen=True)
class Optional:
    """A field that may be absent."""

    shape: Any


def optional(shape: Any) -> Optional:
    """A field that may be absent."""
    return Optional(shape)


def one_of(*values: Any) -> Check:
    """One of these values, of the same type."""
    return Check(f"one of {values}", lambda value: (type(value), value) in map(_typed, values))


def text(pattern: str, words: str) -> Check:
    """A text that a regular expression matches as a whole."""
    compiled = re.compile(pattern, re.DOTALL)
    return Check(
        words, lambda value: isinstance(value, str) and compiled.fullmatch(value) is not None
    )


def identifier(prefix: str) -> Check:
    """An id with this prefix."""
    return text(prefix + "[0-9A-Za-z]{18,26}", f"an id that begins with {prefix}")


def wrong_with(value: Any, shape: Any, where: str = "") -> list[str]:
    """What is wrong with a value, each in words that begin with where; empty if it is right."""
    place = where or "the body"
    if isinstance(shape, Check):
        return [] if shape.holds(value) else [f"{place}: {value!r} is not {shape.words}"]
    if isinstance(shape, tuple):
        verdicts = [wrong_with(value, one, where) for one in shape]
        return min(verdicts, key=len)
    if isinstance(shape, dict):
        return _wrong_with_object(value, shape, where)
    if isinstance(shape, list):
        if not isinstance(value, list):
            return [f"{place}: {value!r} is not an array"]
        checked = [wrong_with(one, shape[0], f"{where}[{i}]") for i, one in enumerate(value)]
        return [wrong for one in checked for wrong in one]
    return [] if _is(value, shape) else [f"{place}: {value!r} is not {_named(shape)}"]


def _wrong_with_object(value: Any, shape: dict[str, Any], where: str) -> list[str]:
    if not isinstance(value, dict):
        return [f"{where or 'the body'}: {value!r} is not an object"]
    found = []
    for name, expected in shape.items():
        at = f"{where}.{name}" if where else name
        is_optional = isinstance(expected, Optional)
        if name in value:
            found += wrong_with(value[name], expected.shape if is_optional else expected, at)
        elif not is_optional:
            found.append(f"{at} is missing")
    return found


def _typed(value: Any) -> tuple[type, Any]:
    return type(value), value


def _is(value: Any, kind: Any) -> bool:
    if kind is None:
        return value is None
    if isinstance(value, bool):
        return kind is bool
    return isinstance(value, (int, float) if kind is float else kind)


def _named(kind: Any) -> str:
    words = {str: "a string", bool: "true or false", int: "an integer", float: "a number"}
    return words.get(kind, "null" if kind is None else str(kind))


MOMENT = text(
    r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?([+-]\d\d:\d\d|Z)",
    "a moment such as 2019-12-16T08:25:51+00:00",
)
URL = text(r"https?://\S+", "a URL")

TOKEN = {
    "token_type": text("(?i)bearer", "Bearer"),
    "expires_in": int,
    "access_token": text(r"[\w-]+\.[\w-]+\.[\w-]+", "a JWT"),
    "refresh_token": text(r"\S{16,}", "a token"),
}
LINK = {"rel": one_of("self", "first", "previous", "next", "last"), "uri": str}
PAGINATION = {
    "currentPage": int,
    "currentPageItems": int,
    "pageSize": int,
    "pagesTotal": int,
    "itemsTotal": int,
    "links": [LINK],
}
METADATA = {"key": str, "value": str}
VIDEO_ASSETS = {"iframe": str, "player": URL, "hls": URL, "thumbnail": URL, "mp4": optional(URL)}
VIDEO = {
    "videoId": identifier("vi"),
    "title": str,
    "description": (str, None),
    "public": bool,
    "panoramic": bool,
    "mp4Support": bool,
    "publishedAt": (MOMENT, None),
    "createdAt": MOMENT,
    "updatedAt": MOMENT,
    "tags": [str],
    "metadata": [METADATA],
    "source": {"type": str, "uri": str},
    "assets": VIDEO_ASSETS,
    "playerId": optional((str, None)),
    "language": optional((str, None)),
    "languageOrigin": optional((one_of("api", "auto"), None)),
}
LIVE_STREAM = {
    "liveStreamId": identifier("li"),
    "name": str,
    "streamKey": str,
    "public": bool,
    "broadcasting": bool,
    "createdAt": MOMENT,
    "updatedAt": MOMENT,
    "restreams": [{"name": str, "serverUrl": str, "streamKey": str}],
    "assets": {"iframe": str, "player": URL, "hls": URL, "thumbnail": URL},
    "playerId": optional((str, None)),
}
UPLOAD_TOKEN = {
    "token": identifier("to"),
    "ttl": int,
    "createdAt": MOMENT,
    "expiresAt": optional((MOMENT, None)),
}
WEBHOOK = {
    "webhookId": identifier("webhook_"),
    "createdAt": MOMENT,
    "events": [str],
    "url": URL,
    "signatureSecret": optional(identifier("sig_sec_")),
}
WATERMARK = {"watermarkId": identifier("watermark_"), "createdAt": MOMENT}
COLOURS = [
    "text",
    "link",
    "linkHover",
    "linkActive",
    "trackPlayed",
    "trackUnplayed",
    "trackBackground",
    "backgroundTop",
    "backgroundBottom",
    "backgroundText",
]
SWITCHES = ["enableApi", "enableControls", "forceAutoplay", "hideTitle", "forceLoop"]
PLAYER_THEME = {
    "playerId": identifier("pl"),
    "name": optional((str, None)),
    "createdAt": MOMENT,
    "updatedAt": MOMENT,
    **dict.fromkeys(COLOURS, str),
    **dict.fromkeys(SWITCHES, bool),
    "assets": {"logo": (URL, None), "link": optional((str, None))},
}
CAPTION = {
    "uri": str,
    "src": URL,
    "srclang": str,
    "languageName": optional((str, None)),
    "default": bool,
}
CHAPTER = {"uri": str, "src": URL, "language": str}
SUMMARY = {
    "summaryId": identifier("summary_"),
    "createdAt": MOMENT,
    "updatedAt": MOMENT,
    "videoId": identifier("vi"),
    "origin": one_of("api", "auto"),
    "sourceStatus": one_of("missing", "waiting", "failed", "completed", "unprocessable"),
}
INGEST = {
    "status": one_of("uploading", "uploaded", "ingesting", "ingested"),
    "filesize": (int, None),
    "receivedBytes": optional([{"from": int, "to": int, "total": (int, None)}]),
    "receivedParts": optional({"parts": [int], "total": (int, None)}),
}
QUALITY = {
    "type": one_of("hls", "mp4"),
    "quality": text(r"\d+p", "a quality such as 720p"),
    "status": one_of("waiting", "encoding", "encoded", "failed"),
}
STATUS = {
    "ingest": optional((None, INGEST, [str])),
    "encoding": {
        "playable": bool,
        "qualities": [QUALITY],
        "metadata": optional((dict, [str], None)),
    },
}


def page_of(shape: Any) -> dict[str, Any]:
    """A page of a list."""
    return {"data": [shape], "pagination": PAGINATION}
