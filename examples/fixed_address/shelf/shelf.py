"""The videos of an account, over plain HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import requests

HOSTS = {"production": "https://ws.api.video", "sandbox": "https://sandbox.api.video"}
TIMEOUT = 30
"""Seconds to wait for an answer."""


class KeyRefused(Exception):  # noqa: N818 - it reads better without "Error"
    """api.video does not accept the API key in this environment."""


@dataclass(frozen=True)
class Video:
    """A video: its id, its title, and the URL of its thumbnail."""

    id: str
    title: str
    thumbnail: str | None = None

    @classmethod
    def read(cls, data: dict[str, Any]) -> Video:
        """Create a video from api.video's JSON object."""
        return cls(data["videoId"], data["title"], data.get("assets", {}).get("thumbnail"))


class Shelf:
    """The videos of one account; it logs in again when its token has expired."""

    def __init__(self, api_key: str, environment: str = "production") -> None:
        self._api_key = api_key
        self._host = HOSTS[environment]
        self._http = requests.Session()

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def add(self, title: str) -> Video:
        """Create a video."""
        return Video.read(self._call("POST", "/videos", json={"title": title}))

    def __iter__(self) -> Iterator[Video]:
        """Iterate over all videos, page by page."""
        page, pages = 1, 1
        while page <= pages:
            listed = self._call("GET", "/videos", params={"currentPage": page, "sortBy": "title"})
            yield from map(Video.read, listed["data"])
            page, pages = page + 1, listed["pagination"]["pagesTotal"]

    def _call(self, method: str, path: str, **options: Any) -> Any:
        """Call an operation; log in before the first one, and again if the token is refused."""
        if "Authorization" not in self._http.headers:
            self._log_in()
        answer = self._send(method, path, **options)
        if answer.status_code == 401:
            self._log_in()
            answer = self._send(method, path, **options)
        answer.raise_for_status()
        return answer.json()

    def _log_in(self) -> None:
        self._http.headers.pop("Authorization", None)
        answer = self._send("POST", "/auth/api-key", json={"apiKey": self._api_key})
        if answer.status_code in (400, 401):
            raise KeyRefused(f"{self._host} refused the API key")
        answer.raise_for_status()
        self._http.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"

    def _send(self, method: str, path: str, **options: Any) -> requests.Response:
        return self._http.request(method, self._host + path, timeout=TIMEOUT, **options)
