"""Fixtures for several test files."""

from __future__ import annotations

from collections.abc import Iterator

import anyio  # noqa: F401 - as httpcore
import httpcore  # noqa: F401 - pytester unloads the modules that a suite under test imports first;
import httpx  # httpx would then get a second copy of httpcore, with other exception classes
import pytest
import trio  # noqa: F401 - as httpcore

from fake_server import clock as clock_module
from fake_server.time_values import SECOND
from pytest_apivideo import ApiVideo
from tests import description


@pytest.fixture
def http(apivideo: ApiVideo) -> Iterator[httpx.Client]:
    """Return a client with the base URL of the fake and no credential."""
    with httpx.Client(base_url=apivideo.url) as client:
        yield client


@pytest.fixture
def api(apivideo: ApiVideo) -> Iterator[httpx.Client]:
    """Return a client with the API key as Basic credential, so that it adds no login calls."""
    with httpx.Client(base_url=apivideo.url, auth=(apivideo.api_key, "")) as client:
        yield client


@pytest.fixture(autouse=True)
def answers_match_the_description(request: pytest.FixtureRequest) -> Iterator[None]:
    """Check every answer of the fake against api.video's description, if it is available."""
    on_the_fake = {"apivideo", "apivideo_target"} & set(request.fixturenames)
    if not on_the_fake or description.folder() is None:
        yield
        return
    apivideo: ApiVideo = request.getfixturevalue("apivideo")
    yield
    if apivideo.settings.max_body >= 64 * 1024:
        assert description.violations(apivideo.calls) == []


@pytest.fixture
def suite(pytester: pytest.Pytester) -> pytest.Pytester:
    """Return an empty test suite in which warnings are errors."""
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
    """Replace the monotonic time that clocks read, in ns; the test changes the only item."""
    reading = [5 * SECOND]
    monkeypatch.setattr(clock_module, "real_monotonic_ns", lambda: reading[0])
    return reading
