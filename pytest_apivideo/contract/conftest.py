"""Fixtures of the contract suite."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterator

import httpx
import pytest

from pytest_apivideo.contract.api import Api, Json
from pytest_apivideo.contract.authentication import Auth, Tokens
from pytest_apivideo.contract.schemas import LIVE_STREAM
from pytest_apivideo.options import fake_server_url
from pytest_apivideo.targets.target import Target

Mark = Callable[[str], str]
MakeVideo = Callable[..., Json]
WaitASecond = Callable[[], None]


@pytest.fixture
def api(apivideo_target: Target, apivideo_http: httpx.Client) -> Api:
    """Return an authenticated client."""
    return Api(apivideo_http, apivideo_target)


@pytest.fixture
def anonymous(apivideo_target: Target) -> Iterator[Api]:
    """Provide a client without a credential."""
    url, timeout = apivideo_target.url, apivideo_target.timeout
    with httpx.Client(base_url=url, timeout=timeout, verify=url.startswith("https")) as client:
        yield Api(client, apivideo_target)


@pytest.fixture
def auth(anonymous: Api, apivideo_target: Target) -> Auth:
    """Return a client that logs in, refreshes, and sends any credential."""
    return Auth(anonymous, str(apivideo_target.api_key))


@pytest.fixture
def tokens(auth: Auth) -> Tokens:
    """Log in and return the answer."""
    return auth.log_in()


@pytest.fixture
def mark(apivideo_target: Target) -> Mark:
    """Return a function that adds the mark of the run to a name."""
    return apivideo_target.mark


@pytest.fixture
def wait_a_second(request: pytest.FixtureRequest, apivideo_target: Target) -> WaitASecond:
    """Return a function that waits until timestamps differ; api.video rounds them to seconds."""
    if apivideo_target.is_fake and fake_server_url(request.config) is None:
        clock = request.getfixturevalue("apivideo").clock
        return lambda: clock.advance(2)
    return lambda: time.sleep(1.1)


@pytest.fixture
def word() -> str:
    """Return a word that nothing else on the account contains."""
    return "w" + secrets.token_hex(6)


@pytest.fixture
def make_video(api: Api) -> MakeVideo:
    """Return a function that creates a video with these attributes."""
    return api.make_video


@pytest.fixture
def video(api: Api) -> Json:
    """Create a video."""
    return api.make_video()


@pytest.fixture
def video_path(video: Json) -> str:
    """Return the path of the video."""
    return f"/videos/{video['videoId']}"


@pytest.fixture
def stream(api: Api) -> Json:
    """Create a live stream."""
    body = {"name": api.mark("Live")}
    return api.post("/live-streams", body).must_be(200, LIVE_STREAM)
