"""The official SDK renews its token in a thread, which follows the fake's clock."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from pytest_apivideo import ApiVideo, FakeServer
from video_library import Config, KeyRefused
from video_library.errors import ApiError
from video_library.uploader import LoginLost, NotPlayable, Uploader

MiB = 1024 * 1024


@pytest.fixture
def film(tmp_path: Path) -> Path:
    """Create a file to upload."""
    path = tmp_path / "Holidays.mp4"
    path.write_bytes(b"film")
    return path


def test_uploads_a_file_under_its_name(config: Config, apivideo: ApiVideo, film: Path) -> None:
    with Uploader(config) as uploader:
        name = uploader.upload(film)

    assert apivideo.videos[name].title == "Holidays"
    assert apivideo.content(name).read() == b"film"


def test_uploads_a_large_file_in_chunks(config: Config, apivideo: ApiVideo, film: Path) -> None:
    film.write_bytes(os.urandom(11 * MiB))
    with Uploader(config, chunk_size=5 * MiB) as uploader:
        name = uploader.upload(film)

    uploads = apivideo.calls.of("POST /videos/{videoId}/source")
    ranges = [call.headers["Content-Range"] for call in uploads]
    assert ranges == ["part 1/3", "part 2/3", "part 3/3"]
    assert apivideo.content(name).read() == film.read_bytes()


def test_a_failed_chunk_raises_an_error(config: Config, apivideo: ApiVideo, film: Path) -> None:
    film.write_bytes(os.urandom(11 * MiB))
    apivideo.on("POST /videos/{videoId}/source", part=2).respond(503)
    with Uploader(config, chunk_size=5 * MiB) as uploader, pytest.raises(ApiError) as raised:
        uploader.upload(film)

    assert raised.value.status == 503
    (video,) = apivideo.videos
    assert apivideo.content(video.video_id).size == 5 * MiB  # the first chunk, and no other


@pytest.mark.apivideo(encoding=30)
def test_waits_until_a_video_can_be_played(
    config: Config, apivideo: ApiVideo, apivideo_sleeps: list[float], film: Path
) -> None:
    with Uploader(config) as uploader:
        uploader.wait_until_playable(uploader.upload(film))

    assert apivideo_sleeps == [5, 5]  # of five renditions in 30 seconds, the first takes 6


@pytest.mark.parametrize(
    ("outcome", "message"),
    [
        pytest.param("failed", "failed", marks=pytest.mark.apivideo(encoding="fail")),
        pytest.param("never", "after 600", marks=pytest.mark.apivideo(encoding="never")),
    ],
)
def test_gives_up_on_a_video_that_is_never_encoded(
    config: Config, apivideo_sleeps: list[float], film: Path, outcome: str, message: str
) -> None:
    with Uploader(config) as uploader:
        name = uploader.upload(film)
        with pytest.raises(NotPlayable, match=message):
            uploader.wait_until_playable(name)

    assert sum(apivideo_sleeps) == (600 if outcome == "never" else 0)


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


def test_the_sdk_does_not_renew_a_refused_token(
    config: Config, apivideo: ApiVideo, film: Path
) -> None:
    with Uploader(config) as uploader:
        apivideo.tokens.expire_all()
        with pytest.raises(LoginLost):
            uploader.upload(film)

    apivideo.calls.assert_called("POST /videos", times=1)  # no second try
    apivideo.calls.assert_called("POST /auth/refresh", times=0)


def test_a_failed_renewal_is_the_last_one(
    config: Config, apivideo: ApiVideo, apivideo_server: FakeServer, film: Path
) -> None:
    refresh = apivideo_server.expect_oneshot_request("/auth/refresh")
    refresh.respond_with_data("try again later", status=503)

    with Uploader(config) as uploader:
        apivideo.clock.advance(3600)  # the SDK tries to renew, once, and gives up
        apivideo.clock.advance(3600)
        with pytest.raises(LoginLost):
            uploader.upload(film)

    apivideo.calls.assert_called("POST /auth/refresh", times=0)  # the 503 came from the rule


def test_a_new_uploader_logs_in(config: Config, apivideo: ApiVideo, film: Path) -> None:
    apivideo.tokens.revoke_all()

    with Uploader(config) as uploader:
        assert uploader.upload(film) in apivideo.videos


def test_a_key_of_the_other_environment_raises_an_error(apivideo: ApiVideo) -> None:
    wrong = Config(apivideo.production_key, apivideo.url)

    with pytest.raises(KeyRefused, match="sandbox environment"), Uploader(wrong):
        pass
