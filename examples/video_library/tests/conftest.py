"""Fixtures that connect the application to the fake."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from pytest_apivideo import ApiVideo

sys.path.insert(0, str(Path(__file__).parents[1]))  # a real project would be installed

from video_library import Client, Config, Library


@pytest.fixture
def config(apivideo: ApiVideo, monkeypatch: pytest.MonkeyPatch) -> Config:
    monkeypatch.setenv("APIVIDEO_API_KEY", apivideo.api_key)
    monkeypatch.setenv("APIVIDEO_BASE_URL", apivideo.url)
    monkeypatch.delenv("APIVIDEO_ENVIRONMENT", raising=False)
    return Config.from_environment()


@pytest.fixture
def client(config: Config) -> Iterator[Client]:
    with Client(config) as client:
        yield client


@pytest.fixture
def library(client: Client) -> Library:
    return Library(client)
