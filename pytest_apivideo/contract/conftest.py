"""Fixtures of the contract suite."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from pytest_apivideo.contract.api import Api
from pytest_apivideo.contract.authentication import Auth, Tokens
from pytest_apivideo.contract.schemas import LIVE_STREAM, VIDEO
from pytest_apivideo.options import fake_server_url
from pytest_apivideo.targets.target import Target

Mark = Callable[[str], str]
MakeVideo = Callable[..., dict[str, Any]]
WaitASecond = Callable[[], None]


@pytest.fixture
def api(apivideo_target: Target, apivideo_http: httpx.Client) -> Api:
    """Provide an authenticated client."""
    return Api(apivideo_http, apivideo_target)


@pytest.fixture
def anonymous(apivideo_target: Target) -> Iterator[Api]:
    """Provide a client without a credential."""
    url, timeout = apivideo_target.url, apivideo_target.timeout
    with httpx.Client(base_url=url, timeout=timeout, verify=url.startswith("https")) as client:
        yield Api(client, apivideo_target)


@pytest.fixture
def auth(anonymous: Api, apivideo_target: Target) -> Auth:
    """Login, refresh, and requests with any credential."""
    return Auth(anonymous, str(apivideo_target.api_key))


@pytest.fixture
def tokens(auth: Auth) -> Tokens:
    """Provide the answer to a login."""
    return auth.log_in()


@pytest.fixture
def mark(apivideo_target: Target) -> Mark:
    """Provide a function that adds the mark of the run to a name."""
    return apivideo_target.mark


@pytest.fixture
def wait_a_second(request: pytest.FixtureRequest, apivideo_target: Target) -> WaitASecond:
    """Provide a function that waits until timestamps differ, which api.video rounds to seconds."""
    if apivideo_target.is_fake and fake_server_url(request.config) is None:
        clock = request.getfixturevalue("apivideo").clock
        return lambda: clock.advance(2)
    return lambda: time.sleep(1.1)


@pytest.fixture
def word() -> str:
    """Provide a word that nothing else on the account contains."""
    return "w" + secrets.token_hex(6)


@pytest.fixture
def make_video(api: Api, mark: Mark) -> MakeVideo:
    """Provide a function that creates a video with the given attributes."""

    def make(title: str = "Maths", **attributes: Any) -> dict[str, Any]:
        body = {"title": mark(title), **attributes}
        video: dict[str, Any] = api.post("/videos", body).must_be(201, VIDEO)
        return video

    return make


@pytest.fixture
def video(make_video: MakeVideo) -> dict[str, Any]:
    """Provide a video."""
    return make_video()


@pytest.fixture
def video_path(video: dict[str, Any]) -> str:
    """Provide the path of the video."""
    return f"/videos/{video['videoId']}"


@pytest.fixture
def stream(api: Api, mark: Mark) -> dict[str, Any]:
    """Provide a live stream."""
    answer = api.post("/live-streams", {"name": mark("Live")})
    stream: dict[str, Any] = answer.must_be(200, LIVE_STREAM)
    return stream
