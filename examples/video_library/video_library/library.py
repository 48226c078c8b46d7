"""The library: the operations of the application."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from video_library.client import Client, Params

PAGE_SIZE = 100
"""The number of videos on a page, the maximum that api.video allows."""


@dataclass(frozen=True)
class Video:
    """A video, with the attributes that the library uses."""

    id: str
    title: str
    tags: tuple[str, ...] = ()

    @classmethod
    def read(cls, data: dict[str, Any]) -> Video:
        """Create a video from api.video's JSON object; ignore unknown attributes."""
        return cls(data["videoId"], data["title"], tuple(data["tags"]))


class Library:
    """The videos of one account."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def publish(self, title: str, tags: Iterable[str] = ()) -> Video:
        """Create a video."""
        made = self._client.call("POST", "/videos", json={"title": title, "tags": list(tags)})
        return Video.read(made)

    def rename(self, video: Video, title: str) -> Video:
        """Change the title of a video."""
        return Video.read(self._client.call("PATCH", f"/videos/{video.id}", json={"title": title}))

    def remove(self, video: Video) -> None:
        """Delete a video."""
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
