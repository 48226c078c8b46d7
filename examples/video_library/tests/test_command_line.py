"""The command line in a child process, which finds the fake by environment variables."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from video_library import Config, Library

APPLICATION = Path(__file__).parents[1]


def video_library(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "video_library", *arguments]
    return subprocess.run(command, cwd=APPLICATION, capture_output=True, text=True, check=False)


def test_lists_the_videos(config: Config, library: Library) -> None:
    video = library.publish("Getting started", tags=["tutorial"])

    listed = video_library("list")

    assert listed.stdout == f"{video.id}  Getting started #tutorial\n"


def test_adds_a_video_with_tags(config: Config, library: Library) -> None:
    added = video_library("add", "Getting started", "--tag", "tutorial", "--tag", "python")

    assert added.returncode == 0
    assert [video.title for video in library.find("python")] == ["Getting started"]


@pytest.mark.parametrize(
    ("variable", "value", "message"),
    [
        pytest.param("APIVIDEO_API_KEY", "", "APIVIDEO_API_KEY is not set", id="no key"),
        pytest.param("APIVIDEO_API_KEY", "mistyped", "refused the API key", id="wrong key"),
        pytest.param(
            "APIVIDEO_ENVIRONMENT", "prod", "sandbox or production", id="unknown environment"
        ),
        pytest.param(
            "APIVIDEO_BASE_URL", "ws.api.video", "begin with https://", id="address without scheme"
        ),
        pytest.param("APIVIDEO_BASE_URL", "http://127.0.0.1:1", "no answer from", id="no server"),
    ],
)
def test_reports_an_invalid_configuration(
    config: Config, monkeypatch: pytest.MonkeyPatch, variable: str, value: str, message: str
) -> None:
    monkeypatch.setenv(variable, value)

    listed = video_library("list")

    assert listed.returncode == 1
    assert message in listed.stderr
    assert "Traceback" not in listed.stderr
