"""Uploads files by api.video's official SDK, which renews its token in a thread of its own."""

from __future__ import annotations

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
    """The SDK's token is not accepted any more, and the SDK does not mend that by itself."""


class Uploader:
    """Uploads files while its `with` block lasts; the SDK stays logged in as long.

    The SDK renews the token ten seconds before it expires. It does not repeat a call that was
    answered 401, and after one failed renewal it tries no other: begin a new `Uploader` then.
    """

    def __init__(self, config: Config) -> None:
        self._config = config
        self._client: Any = AuthenticatedApiClient(
            config.api_key, production=config.environment == "production"
        )
        self._client.configuration.host = config.base_url
        self._videos = VideosApi(self._client)

    def __enter__(self) -> Self:
        """Log in; raises KeyRefused."""
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
        """Make a video of a file and return its id.

        Raises LoginLost if the token is refused, and ApiError for any other problem.
        """
        try:
            video = self._videos.create(VideoCreationPayload(title=title or path.stem))
            with path.open("rb") as file:
                self._videos.upload(video.video_id, file)
        except apivideo.exceptions.UnauthorizedException as refused:
            raise LoginLost("api.video does not accept the token any more") from refused
        except apivideo.ApiException as failed:
            reason = Problem(failed.reason or "api.video gave no reason.")
            raise ApiError(failed.status, [reason]) from failed
        return str(video.video_id)
