"""The library: what the application does, in its own words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from video_library.client import Client, Params

PAGE_SIZE = 100
"""Videos to ask for at once: as many as api.video allows."""


@dataclass(frozen=True)
class Video:
    """A video, as far as the library cares."""

    id: str
    title: str
    tags: tuple[str, ...] = ()

    @classmethod
    def read(cls, data: dict[str, Any]) -> Video:
        """Read api.video's object; attributes that we do not know are none of our business."""
        return cls(data["videoId"], data["title"], tuple(data["tags"]))


class Library:
    """The videos of one account."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def publish(self, title: str, tags: Iterable[str] = ()) -> Video:
        """Add a video."""
        made = self._client.call("POST", "/videos", json={"title": title, "tags": list(tags)})
        return Video.read(made)

    def rename(self, video: Video, title: str) -> Video:
        """Give a video another title."""
        return Video.read(self._client.call("PATCH", f"/videos/{video.id}", json={"title": title}))

    def remove(self, video: Video) -> None:
        """Delete a video for good."""
        self._client.call("DELETE", f"/videos/{video.id}")

    def find(self, tag: str) -> list[Video]:
        """Return the videos that have a tag, sorted by title."""
        return list(self._listed({"tags[]": [tag]}))

    def catalogue(self) -> list[Video]:
        """Return all videos, sorted by title."""
        return list(self._listed({}))

    def _listed(self, wanted: Params) -> Iterator[Video]:
        params = {"sortBy": "title", "sortOrder": "asc", "pageSize": PAGE_SIZE, **wanted}
        return map(Video.read, self._client.items("/videos", params))
