"""What can be created at api.video: where, what carries our mark, and where it is removed."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Kind:
    """One kind of thing.

    `identifier` is the attribute that names one; `marked` are the attributes that can carry a mark,
    none for a kind that the API gives no room to. `secret`: its identifier lets in whoever knows
    it, so that only its digest is written down. `owned`: it goes with something else of ours.
    """

    name: str
    path: str
    identifier: str
    marked: tuple[str, ...] = ()
    secret: bool = False
    owned: bool = False

    def marks_of(self, item: Mapping[str, Any]) -> list[Any]:
        """The values of one of them that may carry a mark."""
        return [item[name] for name in self.marked if item.get(name)]


VIDEO = Kind("video", "/videos", "videoId", ("title", "metadata"))
KINDS = (
    VIDEO,
    Kind("live stream", "/live-streams", "liveStreamId", ("name",)),
    Kind("player theme", "/players", "playerId", ("name",)),
    Kind("webhook", "/webhooks", "webhookId", ("url",)),
    Kind("watermark", "/watermarks", "watermarkId"),
    Kind("upload token", "/upload-tokens", "token", secret=True),
    Kind("summary", "/summaries", "summaryId", owned=True),
)
BY_NAME = {kind.name: kind for kind in KINDS}
_BY_PATH = {kind.path: kind for kind in KINDS} | {"/upload": VIDEO}


def created_by(method: str, path: str) -> Kind | None:
    """The kind that a request creates, if it creates any."""
    return _BY_PATH.get(path) if method == "POST" else None


def one_of(path: str) -> tuple[Kind, str] | None:
    """The kind and the identifier that the path of one thing names: `/videos/vi…`."""
    collection, _, identifier = path.rpartition("/")
    kind = _BY_PATH.get(collection)
    return (kind, identifier) if kind and identifier else None


def digest(identifier: str) -> str:
    """What is written down of an identifier that is a secret."""
    return "sha256:" + hashlib.sha256(identifier.encode()).hexdigest()
