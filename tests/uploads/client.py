"""How the tests upload: a client that sends what it is told to, and says what came back."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import httpx

from pytest_apivideo import ApiVideo

MiB = 1024 * 1024
MIN = 5 * MiB
"""Bytes of every piece but the last."""
DOCS = "https://docs.api.video/reference/"
ANY = bytes(MIN)


@dataclass
class Uploader:
    """Uploads to one video of the fake; `api` has the API key."""

    apivideo: ApiVideo
    api: httpx.Client
    video_id: str = ""
    statuses: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.video_id = self.video_id or self.apivideo.videos.add(title="A video").video_id

    def send(self, content: bytes = ANY, content_range: str | None = None) -> httpx.Response:
        """Upload a file or, with a Content-Range, a piece of one."""
        headers = {} if content_range is None else {"Content-Range": content_range}
        files = {"file": ("video.mp4", content, "video/mp4")}
        path = f"/videos/{self.video_id}/source"
        return self.api.post(path, files=files, headers=headers)

    def refusal(self, content: bytes = ANY, content_range: str | None = None) -> tuple[int, str]:
        """Upload as `send`; the status and the slug of the problem."""
        answer = self.send(content, content_range)
        assert answer.status_code >= 400, answer.text
        return answer.status_code, slug(answer)

    @property
    def status(self) -> dict[str, Any]:
        """What the API says of the video."""
        told: dict[str, Any] = self.api.get(f"/videos/{self.video_id}/status").json()
        return told

    @property
    def ingest(self) -> Any:
        """What the API says has come of the file."""
        return self.status["ingest"]

    def download(self) -> bytes:
        """Download the MP4 of the video, as a viewer does."""
        assets = self.api.get(f"/videos/{self.video_id}").json()["assets"]
        answer = httpx.get(assets["mp4"])
        assert answer.status_code == 200
        return answer.content


def slug(answer: httpx.Response) -> str:
    """Which problem it is."""
    kind: str = answer.json()["type"]
    return kind.removeprefix(DOCS)


def token_upload(
    http: httpx.Client,
    token: str,
    content: bytes = b"content",
    *,
    name: str = "holiday.mp4",
    content_range: str | None = None,
    **fields: str,
) -> httpx.Response:
    """Upload with an upload token and nothing else."""
    headers = {} if content_range is None else {"Content-Range": content_range}
    files = {"file": (name, content, "video/mp4")}
    return http.post("/upload", params={"token": token}, files=files, data=fields, headers=headers)
