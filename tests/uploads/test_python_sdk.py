"""The official Python SDK uploads: small, in chunks, progressively, with an upload token."""

from __future__ import annotations

import hashlib
import io
import os
from pathlib import Path

import apivideo as sdk
import httpx
import pytest
from apivideo.api.videos_api import VideosApi
from apivideo.exceptions import ApiException
from apivideo.model.video_creation_payload import VideoCreationPayload

from pytest_apivideo import ApiVideo
from tests.uploads.client import MiB


@pytest.fixture
def videos(apivideo_client: sdk.ApiClient) -> VideosApi:
    apivideo_client.configuration.chunk_size = 5 * MiB
    return VideosApi(apivideo_client)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "holiday.mp4"
    path.write_bytes(os.urandom(11 * MiB))
    return path


def stored(url: str) -> str:
    return hashlib.sha256(httpx.get(url).content).hexdigest()


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def ranges(apivideo: ApiVideo) -> list[str | None]:
    """Return the Content-Range of each upload."""
    paths = ("/source", "/upload")
    return [c.headers.get("Content-Range") for c in apivideo.calls if c.path.endswith(paths)]


def test_it_uploads_a_small_file(videos: VideosApi, apivideo: ApiVideo, tmp_path: Path) -> None:
    small = tmp_path / "small.mp4"
    small.write_bytes(b"content")
    made = videos.create(VideoCreationPayload(title="Maths"))
    with small.open("rb") as opened:
        video = videos.upload(made.video_id, opened)
    assert (video.video_id, video.title) == (made.video_id, "Maths")
    assert ranges(apivideo) == ["part 1/1"]
    assert stored(video.assets.mp4) == sha256(small)
    status = videos.get_status(made.video_id)
    assert (status.ingest.status, status.ingest.filesize) == ("uploaded", 7)
    assert status.encoding.playable is True


def test_it_uploads_in_chunks(videos: VideosApi, apivideo: ApiVideo, file: Path) -> None:
    made = videos.create(VideoCreationPayload(title="Maths"))
    with file.open("rb") as opened:
        video = videos.upload(made.video_id, opened)
    assert ranges(apivideo) == ["part 1/3", "part 2/3", "part 3/3"]
    assert stored(video.assets.mp4) == sha256(file)
    status = videos.get_status(made.video_id)
    assert (status.ingest.received_parts.parts, status.ingest.received_parts.total) == (
        [1, 2, 3],
        3,
    )


def parts(file: Path) -> list[io.BufferedReader]:
    content = file.read_bytes()
    cut = []
    for n in range(0, len(content), 5 * MiB):
        part = file.with_name(f"{file.name}.part.{n}")
        part.write_bytes(content[n : n + 5 * MiB])
        cut.append(part.open("rb"))
    return cut


def test_it_uploads_progressively(videos: VideosApi, apivideo: ApiVideo, file: Path) -> None:
    made = videos.create(VideoCreationPayload(title="Maths"))
    session = videos.create_upload_progressive_session(made.video_id)
    *most, last = parts(file)
    for part in most:
        session.uploadPart(part)
        status = videos.get_status(made.video_id)
        assert status.ingest.status == "uploading"
        assert status.ingest.received_parts.total is None
    video = session.uploadLastPart(last)
    assert ranges(apivideo) == ["part 1/*", "part 2/*", "part 3/3"]
    assert stored(video.assets.mp4) == sha256(file)
    for part in (*most, last):
        part.close()


def test_it_uploads_with_a_token(videos: VideosApi, apivideo: ApiVideo, tmp_path: Path) -> None:
    token = apivideo.upload_tokens.add().token
    small = tmp_path / "small.mp4"
    small.write_bytes(b"content")
    with small.open("rb") as opened:
        video = videos.upload_with_upload_token(token, opened)
    assert (video.title, ranges(apivideo)) == ("small.mp4", ["part 1/1"])
    assert stored(video.assets.mp4) == sha256(small)


def test_it_uploads_progressively_with_a_token(
    videos: VideosApi, apivideo: ApiVideo, file: Path
) -> None:
    token = apivideo.upload_tokens.add().token
    session = videos.create_upload_with_upload_token_progressive_session(token)
    *most, last = parts(file)
    for part in most:
        session.uploadPart(part)
    video = session.uploadLastPart(last)
    assert ranges(apivideo) == ["part 1/*", "part 2/*", "part 3/3"]
    assert len(apivideo.videos) == 1
    assert stored(video.assets.mp4) == sha256(file)
    for part in (*most, last):
        part.close()


def test_it_shows_a_refusal(videos: VideosApi, apivideo: ApiVideo, tmp_path: Path) -> None:
    small = tmp_path / "small.mp4"
    small.write_bytes(b"content")
    made = videos.create(VideoCreationPayload(title="Maths"))
    with small.open("rb") as opened:
        videos.upload(made.video_id, opened)
    with small.open("rb") as opened, pytest.raises(ApiException, match="already been uploaded"):
        videos.upload(made.video_id, opened)


def test_it_makes_a_video_from_another(
    videos: VideosApi, apivideo: ApiVideo, tmp_path: Path
) -> None:
    small = tmp_path / "small.mp4"
    small.write_bytes(b"content")
    made = videos.create(VideoCreationPayload(title="Maths"))
    with small.open("rb") as opened:
        videos.upload(made.video_id, opened)
    copy = videos.create(VideoCreationPayload(title="A copy", source=made.video_id))
    assert stored(copy.assets.mp4) == sha256(small)
    assert videos.get_status(copy.video_id).ingest.status == "ingested"
