"""Fixtures of the tests of uploads."""

from __future__ import annotations

import httpx
import pytest

from pytest_apivideo import ApiVideo
from tests.uploads.client import Uploader


@pytest.fixture
def upload(apivideo: ApiVideo, api: httpx.Client) -> Uploader:
    """Provide a function that uploads to a new video."""
    return Uploader(apivideo, api)
