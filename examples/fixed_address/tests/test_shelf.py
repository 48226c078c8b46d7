"""A program with a fixed address, https://ws.api.video, tested on the fake."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import requests

from pytest_apivideo import ApiVideo, Interception
from shelf import KeyRefused, Shelf, upload

APPLICATION = Path(__file__).parents[1]


def test_a_video_can_be_added(apivideo: ApiVideo, shelf: Shelf) -> None:
    video = shelf.add("Maths")

    assert list(shelf) == [video]
    assert apivideo.calls[0].headers["Host"] == "ws.api.video"
    assert apivideo.calls[0].environment == "production"


def test_it_logs_in_again_when_the_token_has_expired(apivideo: ApiVideo, shelf: Shelf) -> None:
    shelf.add("Maths")
    apivideo.clock.advance(3601)
    shelf.add("Physics")

    assert [video.title for video in shelf] == ["Maths", "Physics"]
    apivideo.calls.assert_called("POST /auth/api-key", times=2)


def test_the_sandbox_has_its_own_videos(apivideo: ApiVideo, shelf: Shelf) -> None:
    shelf.add("Maths")
    sandbox = Shelf(apivideo.sandbox_key, "sandbox")

    assert list(sandbox) == []
    sandbox.close()


def test_a_key_of_the_other_environment_is_refused(apivideo: ApiVideo) -> None:
    shelf = Shelf(apivideo.sandbox_key)

    with pytest.raises(KeyRefused, match=r"https://ws\.api\.video refused the API key"):
        shelf.add("Maths")
    shelf.close()


def test_many_threads_use_one_shelf(apivideo: ApiVideo, shelf: Shelf) -> None:
    shelf.add("Video 0")
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(shelf.add, (f"Video {number}" for number in range(1, 30))))

    assert len(list(shelf)) == 30


def test_a_file_is_uploaded_by_the_sdk(apivideo: ApiVideo, tmp_path: Path) -> None:
    film = tmp_path / "Maths.mp4"
    film.write_bytes(b"film")

    made = upload(film, apivideo.production_key)

    assert made in [video.id for video in Shelf(apivideo.production_key)]
    apivideo.calls.assert_called("POST /videos/{videoId}/source", times=1)


def test_the_command_line_reaches_the_fake(
    apivideo: ApiVideo, shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    video = shelf.add("Maths")
    monkeypatch.setenv("API_VIDEO_KEY", apivideo.production_key)

    listed = subprocess.run(
        [sys.executable, "-m", "shelf"],
        cwd=APPLICATION,
        capture_output=True,
        text=True,
        check=False,
    )

    assert (listed.stdout, listed.stderr) == (f"{video.id}  Maths\n", "")


def test_the_command_line_reports_a_refused_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("API_VIDEO_KEY", "mistyped")

    listed = subprocess.run(
        [sys.executable, "-m", "shelf"],
        cwd=APPLICATION,
        capture_output=True,
        text=True,
        check=False,
    )

    assert (listed.returncode, listed.stdout) == (1, "")
    assert listed.stderr == "shelf: https://ws.api.video refused the API key\n"


@pytest.mark.filterwarnings("ignore::pytest_apivideo.BlockedHostWarning")
def test_nothing_else_of_api_video_can_be_reached(intercepted: Interception) -> None:
    with pytest.raises(RuntimeError, match=r"pytest-apivideo stopped .* collector\.api\.video"):
        requests.get("https://collector.api.video", timeout=5)

    assert intercepted.blocked == ("collector.api.video",)
