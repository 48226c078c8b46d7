"""What the tests of the contract share."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from pytest_apivideo.contract.api import Api
from pytest_apivideo.contract.shapes import LIVE_STREAM, VIDEO
from pytest_apivideo.options import fake_server_url
from pytest_apivideo.targets.target import Target

Make = Callable[..., dict[str, Any]]
Later = Callable[[], None]


@pytest.fixture
def api(apivideo_target: Target, apivideo_http: httpx.Client) -> Api:
    """A client that is logged in."""
    return Api(apivideo_http, apivideo_target)


@pytest.fixture
def anyone(apivideo_target: Target) -> Iterator[Api]:
    """A client without a credential."""
    url, patience = apivideo_target.url, apivideo_target.timeout
    with httpx.Client(base_url=url, timeout=patience, verify=url.startswith("https")) as client:
        yield Api(client, apivideo_target)


@pytest.fixture
def mark(apivideo_target: Target) -> Callable[[str], str]:
    """Puts the mark of the run into a name."""
    return apivideo_target.mark


@pytest.fixture
def later(request: pytest.FixtureRequest, apivideo_target: Target) -> Later:
    """Lets more than a second pass, so that two moments differ: api.video tells whole seconds."""
    if apivideo_target.is_fake and fake_server_url(request.config) is None:
        clock = request.getfixturevalue("apivideo").clock
        return lambda: clock.advance(2)
    return lambda: time.sleep(1.1)


@pytest.fixture
def word() -> str:
    """A word that nothing else on the account contains, to filter by."""
    return "w" + secrets.token_hex(6)


@pytest.fixture
def make_video(api: Api, mark: Callable[[str], str]) -> Make:
    """Creates a video with these attributes."""

    def make(title: str = "Maths", **attributes: Any) -> dict[str, Any]:
        made: dict[str, Any] = api.post("/videos", {"title": mark(title), **attributes}).must_be(
            201, VIDEO
        )
        return made

    return make


@pytest.fixture
def video(make_video: Make) -> dict[str, Any]:
    """A video."""
    return make_video()


@pytest.fixture
def stream(api: Api, mark: Callable[[str], str]) -> dict[str, Any]:
    """A live stream."""
    made: dict[str, Any] = api.post("/live-streams", {"name": mark("Live")}).must_be(
        200, LIVE_STREAM
    )
    return made
