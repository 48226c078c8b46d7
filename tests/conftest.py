"""Fixtures that several test files use."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from pytest_apivideo import ApiVideo


@pytest.fixture
def http(apivideo: ApiVideo) -> Iterator[httpx.Client]:
    """A client that knows where the fake is and nothing else: no credential."""
    with httpx.Client(base_url=apivideo.url) as client:
        yield client
