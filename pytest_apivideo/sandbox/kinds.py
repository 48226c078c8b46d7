"""The resources of api.video that runs create: their paths, identifiers and room for marks."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pytest_apivideo.sandbox.marks import marks_in

_IDENTIFIER = re.compile(r"[0-9A-Za-z_-]{1,200}")
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


@dataclass(frozen=True)
class Kind:
    """A kind of resource.

    `identifier` is the attribute that names one; `marked` are the attributes that can carry a mark,
    none for a kind that the API gives no room to. `secret`: its identifier lets in whoever knows
    it, so that only its digest is written down. `owned`: it goes with a video of ours. `has_page`:
    one can be read by itself, at its own path.
    """

    name: str
    path: str
    identifier: str
    marked: tuple[str, ...] = ()
    secret: bool = False
    owned: bool = False
    has_page: bool = True

    def marks_of(self, item: Mapping[str, Any]) -> set[str]:
        """Return the marks on a resource of this kind."""
        return marks_in([item.get(name) for name in self.marked])

    def name_of(self, item: Mapping[str, Any]) -> str | None:
        """Return the identifier of a resource, None if it is invalid in a path."""
        found = item.get(self.identifier)
        return found if is_identifier(found) else None


VIDEO = Kind("video", "/videos", "videoId", ("title", "metadata"))
SUMMARY = Kind("summary", "/summaries", "summaryId", owned=True, has_page=False)
UPLOAD_TOKEN = Kind("upload token", "/upload-tokens", "token", secret=True)
KINDS = (
    VIDEO,
    Kind("live stream", "/live-streams", "liveStreamId", ("name",)),
    Kind("player theme", "/players", "playerId", ("name",)),
    Kind("webhook", "/webhooks", "webhookId", ("url",)),
    Kind("watermark", "/watermarks", "watermarkId", has_page=False),
    UPLOAD_TOKEN,
    SUMMARY,
)
BY_NAME = {kind.name: kind for kind in KINDS}
_BY_PATH = {kind.path: kind for kind in KINDS}
_DISCARDED = "/discarded"


@dataclass(frozen=True)
class RemoteResource:
    """A resource on the account; `prefix` comes before its path while it is in the bin."""

    kind: Kind
    identifier: str
    prefix: str = ""

    @property
    def path(self) -> str:
        """The path of the resource."""
        return f"{self.prefix}{self.kind.path}/{self.identifier}"


def created_by(method: str, path: str) -> Kind | None:
    """Return the kind of resource that a request creates, if any."""
    if method != "POST":
        return None
    return VIDEO if path == "/upload" else _BY_PATH.get(path)


def thing_at(path: str) -> RemoteResource | None:
    """Return the resource that a path is below: `/videos/vi…/captions/en` is about the video."""
    is_discarded = path.startswith(_DISCARDED + VIDEO.path + "/")
    prefix = _DISCARDED if is_discarded else ""
    _, collection, identifier, *_ = [*path.removeprefix(prefix).split("/"), "", ""]
    kind = _BY_PATH.get("/" + collection)
    return RemoteResource(kind, identifier, prefix) if kind and is_identifier(identifier) else None


def one_of(path: str) -> tuple[Kind, str] | None:
    """Return kind and identifier if a path names one resource, such as `/videos/vi…`."""
    thing = thing_at(path)
    return (thing.kind, thing.identifier) if thing and thing.path == path else None


def is_identifier(value: Any) -> bool:
    """Return whether a value is valid as an identifier in a path."""
    return isinstance(value, str) and _IDENTIFIER.fullmatch(value) is not None


def is_digest(value: Any) -> bool:
    """Return whether a value is the digest of a secret identifier."""
    return isinstance(value, str) and _DIGEST.fullmatch(value) is not None


def digest(identifier: str) -> str:
    """Return the digest of a secret identifier, for a ledger."""
    return "sha256:" + hashlib.sha256(identifier.encode()).hexdigest()
