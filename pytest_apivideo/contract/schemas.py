"""Schemas of the answers that api.video documents.

A schema is a type; a dict of fields, some `optional`; a list with one schema for all items; a tuple
of alternatives; or None for null. Additional fields are always valid: the report notes them.
"""

from __future__ import annotations

import functools
import operator
from dataclasses import dataclass
from typing import Annotated, Any, Literal, NotRequired

from pydantic import StringConstraints, TypeAdapter, ValidationError
from typing_extensions import TypedDict


@dataclass(frozen=True)
class Optional:
    """The schema of a field that may be absent."""

    schema: Any


def optional(*alternatives: Any) -> Optional:
    """Return the schema of a field that may be absent."""
    return Optional(alternatives)


def matching(pattern: str) -> Any:
    """Return the schema of a text that matches a regular expression."""
    return Annotated[str, StringConstraints(pattern=f"^(?:{pattern})$")]


def identifier(prefix: str) -> Any:
    """Return the schema of an id with this prefix."""
    return matching(prefix + "[0-9A-Za-z]{18,26}")


def page_of(schema: Any) -> dict[str, Any]:
    """Return the schema of a page of a list."""
    return {"data": [schema], "pagination": PAGINATION}


def errors(value: Any, schema: Any) -> list[str]:
    """Return a message for each place where a value does not match a schema."""
    try:
        TypeAdapter(_type_of(schema)).validate_python(value, strict=True)
    except ValidationError as invalid:
        return [
            f"{'.'.join(map(str, error['loc'])) or 'the body'}: {error['msg']}"
            for error in invalid.errors(include_url=False)
        ]
    return []


def _type_of(schema: Any) -> Any:
    if isinstance(schema, dict):
        fields = {name: _type_of(field) for name, field in schema.items()}
        return TypedDict("Object", fields)  # type: ignore[operator] # mypy expects literal fields
    if isinstance(schema, Optional):
        return NotRequired[_type_of(schema.schema)]
    if isinstance(schema, list):
        return list[_type_of(schema[0])]  # type: ignore[misc] # a type made at run time
    if isinstance(schema, tuple):
        return functools.reduce(operator.or_, map(_type_of, schema))
    return schema


TIMESTAMP = matching(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?([+-]\d\d:\d\d|Z)")
URL = matching(r"https?://\S+")
_CHANGES = {"createdAt": TIMESTAMP, "updatedAt": TIMESTAMP}

TOKEN = {
    "token_type": matching("(?i)bearer"),
    "expires_in": int,
    "access_token": matching(r"[\w-]+\.[\w-]+\.[\w-]+"),
    "refresh_token": matching(r"\S{16,}"),
}
LINK = {"rel": Literal["self", "first", "previous", "next", "last"], "uri": str}
PAGINATION = {
    **dict.fromkeys(("currentPage", "currentPageItems", "pageSize"), int),
    **dict.fromkeys(("pagesTotal", "itemsTotal"), int),
    "links": [LINK],
}
VIDEO_ASSETS = {"iframe": str, "player": URL, "hls": URL, "thumbnail": URL, "mp4": optional(URL)}
VIDEO = {
    "videoId": identifier("vi"),
    "title": str,
    "description": (str, None),
    **dict.fromkeys(("public", "panoramic", "mp4Support"), bool),
    "publishedAt": (TIMESTAMP, None),
    **_CHANGES,
    "tags": [str],
    "metadata": [{"key": str, "value": str}],
    "source": {"type": str, "uri": str},
    "assets": VIDEO_ASSETS,
    "playerId": optional(str, None),
    "language": optional(str, None),
    "languageOrigin": optional(Literal["api", "auto"], None),
}
LIVE_STREAM = {
    "liveStreamId": identifier("li"),
    "name": str,
    "streamKey": str,
    **dict.fromkeys(("public", "broadcasting"), bool),
    **_CHANGES,
    "restreams": [{"name": str, "serverUrl": str, "streamKey": str}],
    "assets": {"iframe": str, "player": URL, "hls": URL, "thumbnail": URL},
    "playerId": optional(str, None),
}
UPLOAD_TOKEN = {
    "token": identifier("to"),
    "ttl": int,
    "createdAt": TIMESTAMP,
    "expiresAt": optional(TIMESTAMP, None),
}
WEBHOOK = {
    "webhookId": identifier("webhook_"),
    "createdAt": TIMESTAMP,
    "events": [str],
    "url": URL,
    "signatureSecret": optional(identifier("sig_sec_")),
}
WATERMARK = {"watermarkId": identifier("watermark_"), "createdAt": TIMESTAMP}
# fmt: off
_COLOURS = (
    "text", "link", "linkHover", "linkActive", "trackPlayed", "trackUnplayed", "trackBackground",
    "backgroundTop", "backgroundBottom", "backgroundText",
)
# fmt: on
_SWITCHES = ["enableApi", "enableControls", "forceAutoplay", "hideTitle", "forceLoop"]
PLAYER_THEME = {
    "playerId": identifier("pl"),
    "name": optional(str, None),
    **_CHANGES,
    **dict.fromkeys(_COLOURS, str),
    **dict.fromkeys(_SWITCHES, bool),
    "assets": {"logo": (URL, None), "link": optional(str, None)},
}
CAPTION = {
    "uri": str,
    "src": URL,
    "srclang": str,
    "languageName": optional(str, None),
    "default": bool,
}
CHAPTER = {"uri": str, "src": URL, "language": str}
SUMMARY = {
    "summaryId": identifier("summary_"),
    **_CHANGES,
    "videoId": identifier("vi"),
    "origin": Literal["api", "auto"],
    "sourceStatus": Literal["missing", "waiting", "failed", "completed", "unprocessable"],
}
INGEST = {
    "status": Literal["uploading", "uploaded", "ingesting", "ingested"],
    "filesize": (int, None),
    "receivedBytes": optional([{"from": int, "to": int, "total": (int, None)}]),
    "receivedParts": optional({"parts": [int], "total": (int, None)}),
}
QUALITY = {
    "type": Literal["hls", "mp4"],
    "quality": matching(r"\d+p"),
    "status": Literal["waiting", "encoding", "encoded", "failed"],
}
STATUS = {
    "ingest": optional(None, INGEST, [str]),
    "encoding": {"playable": bool, "qualities": [QUALITY], "metadata": optional(dict, [str], None)},
}
