"""The official SDK renews its token in a thread of its own; the fake's clock moves it too."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from pytest_apivideo import ApiVideo, FakeServer
from video_library import Config, KeyRefused
from video_library.uploader import LoginLost, Uploader


@pytest.fixture
def film(tmp_path: Path, config: Config, apivideo_server: FakeServer) -> Path:
    """A file to upload. A rule takes its bytes, which the fake does not do yet."""
    apivideo_server.expect_request(
        re.compile(r"/videos/\w+/source"), method="POST"
    ).respond_with_json({"videoId": "taken"}, status=201)
    path = tmp_path / "Holidays.mp4"
    path.write_bytes(b"film")
    return path


def test_uploads_a_file_under_its_name(config: Config, apivideo: ApiVideo, film: Path) -> None:
    with Uploader(config) as uploader:
        name = uploader.upload(film)

    assert apivideo.videos[name].title == "Holidays"


def test_stays_logged_in_for_hours(config: Config, apivideo: ApiVideo, film: Path) -> None:
    with Uploader(config) as uploader:
        for _ in range(3):
            apivideo.clock.advance(3600)  # returns when the SDK's thread has renewed the token
            uploader.upload(film)

    apivideo.calls.assert_called("POST /auth/refresh", times=3)
    assert [call.status for call in apivideo.calls.of("POST /videos")] == [201, 201, 201]


def test_renews_ten_seconds_before_the_token_expires(config: Config, apivideo: ApiVideo) -> None:
    with Uploader(config):
        apivideo.clock.advance(3589)
        apivideo.calls.assert_called("POST /auth/refresh", times=0)
        apivideo.clock.advance(1)
        apivideo.calls.assert_called("POST /auth/refresh", times=1)


def test_a_refused_token_is_not_mended_by_the_sdk(
    config: Config, apivideo: ApiVideo, film: Path
) -> None:
    with Uploader(config) as uploader:
        apivideo.tokens.expire_all()
        with pytest.raises(LoginLost):
            uploader.upload(film)

    apivideo.calls.assert_called("POST /videos", times=1)  # no second try
    apivideo.calls.assert_called("POST /auth/refresh", times=0)


def test_one_failed_renewal_ends_all_renewal(
    config: Config, apivideo: ApiVideo, apivideo_server: FakeServer, film: Path
) -> None:
    refresh = apivideo_server.expect_oneshot_request("/auth/refresh")
    refresh.respond_with_data("try again later", status=503)

    with Uploader(config) as uploader:
        apivideo.clock.advance(3600)  # the SDK tries to renew, once, and gives up
        apivideo.clock.advance(3600)
        with pytest.raises(LoginLost):
            uploader.upload(film)

    apivideo.calls.assert_called("POST /auth/refresh", times=0)  # none but the one that failed


def test_a_new_uploader_logs_in_by_itself(config: Config, apivideo: ApiVideo, film: Path) -> None:
    apivideo.tokens.revoke_all()

    with Uploader(config) as uploader:
        assert uploader.upload(film) in apivideo.videos


def test_a_key_of_the_other_environment_is_told(apivideo: ApiVideo) -> None:
    wrong = Config(apivideo.production_key, apivideo.url)

    with pytest.raises(KeyRefused, match="sandbox environment"), Uploader(wrong):
        pass
