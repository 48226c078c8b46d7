"""Uploads with the official SDK, which has no setting for its address."""

from __future__ import annotations

from pathlib import Path

import apivideo
from apivideo.api.videos_api import VideosApi
from apivideo.model.video_creation_payload import VideoCreationPayload


def upload(path: Path, api_key: str, environment: str = "production") -> str:
    """Upload a file as a new video, and return the video's id."""
    client = apivideo.AuthenticatedApiClient(api_key, production=environment == "production")
    with client:
        videos = VideosApi(client)
        video = videos.create(VideoCreationPayload(title=path.stem))
        with path.open("rb") as file:
            videos.upload(video.video_id, file)
    return str(video.video_id)
