"""Uploads with api.video's official SDK, which renews its token in a thread."""

from __future__ import annotations

import time
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import apivideo
from apivideo.api.videos_api import VideosApi
from apivideo.auth_api_client import AuthenticatedApiClient
from apivideo.model.video_creation_payload import VideoCreationPayload

from video_library.config import Config
from video_library.errors import ApiError, KeyRefused, LibraryError, Problem


class LoginLost(LibraryError):  # noqa: N818 - it reads better without "Error"
    """api.video refuses the SDK's token, and the SDK does not log in again."""


class NotPlayable(LibraryError):  # noqa: N818 - as above
    """The video cannot be played: its encoding failed, or takes too long."""


class Uploader:
    """A context manager that uploads files; the SDK stays logged in until it ends.

    The SDK renews the token ten seconds before it expires. It does not repeat a call after a
    401, and does not renew again after a failed renewal: create a new `Uploader` then.
    """

    def __init__(self, config: Config, *, chunk_size: int = 50 * 1024 * 1024) -> None:
        self._config = config
        self._client: Any = AuthenticatedApiClient(
            config.api_key, production=config.environment == "production"
        )
        self._client.configuration.host = config.base_url
        self._client.configuration.chunk_size = chunk_size
        self._videos = VideosApi(self._client)

    def __enter__(self) -> Self:
        """Log in. Raises KeyRefused if the API key is refused."""
        try:
            self._client.__enter__()
        except apivideo.ApiException as refused:
            raise KeyRefused(self._config.environment, self._config.base_url) from refused
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._client.__exit__(kind, error, traceback)

    def upload(self, path: Path, title: str | None = None) -> str:
        """Upload a file as a new video, in chunks if it is large, and return the video's id.

        Raises LoginLost if the token is refused, and ApiError for any other problem.
        """
        try:
            video = self._videos.create(VideoCreationPayload(title=title or path.stem))
            with path.open("rb") as file:
                self._videos.upload(video.video_id, file)
        except apivideo.ApiException as failed:
            raise _explained(failed) from failed
        return str(video.video_id)

    def wait_until_playable(self, video_id: str, *, every: float = 5, timeout: float = 600) -> None:
        """Wait until the video can be played; check its status `every` seconds.

        Raises NotPlayable if its encoding failed or takes longer than `timeout` seconds.
        """
        for _ in range(int(timeout // every)):
            try:
                encoding = self._videos.get_status(video_id).encoding
            except apivideo.ApiException as failed:
                raise _explained(failed) from failed
            if encoding.playable:
                return
            if encoding.qualities and all(one.status == "failed" for one in encoding.qualities):
                raise NotPlayable(f"the encoding of {video_id} failed")
            time.sleep(every)
        raise NotPlayable(f"{video_id} cannot be played after {timeout:g} seconds")


def _explained(failed: apivideo.ApiException) -> LibraryError:
    if isinstance(failed, apivideo.exceptions.UnauthorizedException):
        return LoginLost("api.video refused the access token: create a new Uploader")
    return ApiError(failed.status, [Problem(failed.reason or "api.video gave no reason.")])
