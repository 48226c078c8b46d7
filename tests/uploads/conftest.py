"""Fixtures of the tests of uploads."""

from __future__ import annotations

import httpx
import pytest

from pytest_apivideo import ApiVideo
from tests.uploads.client import Uploader


@pytest.fixture
def upload(apivideo: ApiVideo, api: httpx.Client) -> Uploader:
    """Return an uploader for a new video without a source."""
    return Uploader(apivideo, api)
