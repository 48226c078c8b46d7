"""Fixtures that several test files use."""

from __future__ import annotations

from collections.abc import Iterator

import anyio  # noqa: F401 - as httpcore
import httpcore  # noqa: F401 - pytester forgets what a suite under test was first to import; then
import httpx  # a second copy would be loaded, whose errors httpx does not know
import pytest
import trio  # noqa: F401 - as httpcore

from fake_server import clock as clock_module
from fake_server.clock import SECOND
from pytest_apivideo import ApiVideo
from tests import description


@pytest.fixture
def http(apivideo: ApiVideo) -> Iterator[httpx.Client]:
    """A client that knows where the fake is and nothing else: no credential."""
    with httpx.Client(base_url=apivideo.url) as client:
        yield client


@pytest.fixture
def api(apivideo: ApiVideo) -> Iterator[httpx.Client]:
    """A client that sends the API key as Basic credential, so that only the test's calls count."""
    with httpx.Client(base_url=apivideo.url, auth=(apivideo.api_key, "")) as client:
        yield client


@pytest.fixture(autouse=True)
def answers_are_judged(request: pytest.FixtureRequest) -> Iterator[None]:
    """Hold every answer of the fake against api.video's description, where that is given."""
    on_the_fake = {"apivideo", "apivideo_target"} & set(request.fixturenames)
    if not on_the_fake or description.folder() is None:
        yield
        return
    apivideo: ApiVideo = request.getfixturevalue("apivideo")
    yield
    if apivideo.settings.max_body >= 64 * 1024:
        assert description.judge(apivideo.calls) == []


@pytest.fixture
def suite(pytester: pytest.Pytester) -> pytest.Pytester:
    """An empty suite of a user, in which warnings are errors as in ours."""
    pytester.makeini(
        """
        [pytest]
        addopts = -W error -p no:randomly
        asyncio_default_fixture_loop_scope = function
        """
    )
    return pytester


@pytest.fixture
def monotonic(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The real monotonic time as a clock sees it, for the test to move: one number, in ns."""
    reading = [5 * SECOND]
    monkeypatch.setattr(clock_module, "_real_monotonic_ns", lambda: reading[0])
    return reading
