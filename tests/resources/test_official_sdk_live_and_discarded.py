"""The official Python SDK against live streams, thumbnails, status and discarded videos."""

from __future__ import annotations

from pathlib import Path

import apivideo as sdk
import httpx
import pytest
from apivideo.api.live_streams_api import LiveStreamsApi
from apivideo.api.videos_api import VideosApi
from apivideo.exceptions import ApiException, NotFoundException
from apivideo.model.discarded_video_update_payload import DiscardedVideoUpdatePayload
from apivideo.model.live_stream_creation_payload import LiveStreamCreationPayload
from apivideo.model.live_stream_update_payload import LiveStreamUpdatePayload
from apivideo.model.restreams_request_object import RestreamsRequestObject
from apivideo.model.video_thumbnail_pick_payload import VideoThumbnailPickPayload

from pytest_apivideo import ApiVideo


@pytest.fixture
def videos(official: sdk.ApiClient) -> VideosApi:
    return VideosApi(official)


@pytest.fixture
def live(official: sdk.ApiClient) -> LiveStreamsApi:
    return LiveStreamsApi(official)


@pytest.fixture
def image(tmp_path: Path) -> Path:
    path = tmp_path / "thumbnail.jpg"
    path.write_bytes(b"an image")
    return path


def test_a_live_stream_is_created_read_changed_completed_and_deleted(
    apivideo: ApiVideo, live: LiveStreamsApi
) -> None:
    restream = RestreamsRequestObject(
        name="YouTube", server_url="rtmp://youtube.example/live", stream_key="dw-dew8"
    )
    made = live.create(LiveStreamCreationPayload(name="Concert", restreams=[restream]))
    assert (made.name, made.public, made.broadcasting) == ("Concert", True, False)
    assert made.restreams[0].server_url == "rtmp://youtube.example/live"
    assert live.get(made.live_stream_id).to_dict() == made.to_dict()
    payload = LiveStreamUpdatePayload(name="Lecture", public=False, restreams=[])
    changed = live.update(made.live_stream_id, payload)
    assert (changed.name, changed.public, changed.restreams) == ("Lecture", False, [])
    apivideo.live_streams.change(made.live_stream_id, broadcasting=True)
    assert live.get(made.live_stream_id).broadcasting is True
    assert live.complete(made.live_stream_id) is None
    assert live.get(made.live_stream_id).broadcasting is False
    live.delete(made.live_stream_id)
    with pytest.raises(NotFoundException, match="could not be found"):
        live.get(made.live_stream_id)


def test_live_streams_are_listed_with_every_filter(
    apivideo: ApiVideo, live: LiveStreamsApi
) -> None:
    concert = apivideo.live_streams.add(name="Concert")
    apivideo.live_streams.add(name="Lecture")
    by_key = live.list(stream_key=concert.stream_key, name="conc")
    assert [one.live_stream_id for one in by_key.data] == [concert.id]
    ordered = live.list(sort_by="name", sort_order="desc", current_page=1, page_size=1)
    assert [one.name for one in ordered.data] == ["Lecture"]
    assert ordered.pagination.items_total == 2


def test_a_live_stream_gets_and_loses_a_thumbnail(
    apivideo: ApiVideo, live: LiveStreamsApi, image: Path
) -> None:
    stream = apivideo.live_streams.add()
    with image.open("rb") as file:
        shown = live.upload_thumbnail(stream.id, file)
    assert httpx.get(shown.assets.thumbnail).content == b"an image"
    assert live.delete_thumbnail(stream.id).assets.thumbnail == shown.assets.thumbnail
    assert httpx.get(shown.assets.thumbnail).status_code == 404


def test_a_wrong_restream_is_an_exception_with_its_words(live: LiveStreamsApi) -> None:
    restream = RestreamsRequestObject(name="a", server_url="rtmp://a.example", stream_key="a")
    with pytest.raises(ApiException, match="Missing app name"):
        live.create(LiveStreamCreationPayload(name="a", restreams=[restream]))


def test_a_video_gets_a_thumbnail_by_upload_and_by_time(
    apivideo: ApiVideo, videos: VideosApi, image: Path
) -> None:
    video = apivideo.videos.add()
    with image.open("rb") as file:
        shown = videos.upload_thumbnail(video.id, file)
    assert httpx.get(shown.assets.thumbnail).content == b"an image"
    picked = videos.pick_thumbnail(video.id, VideoThumbnailPickPayload(timecode="00:15:22.05"))
    assert picked.video_id == video.id
    assert apivideo.videos[video.id].thumbnail_timecode == "00:15:22.05"


def test_an_empty_video_has_a_status(apivideo: ApiVideo, videos: VideosApi) -> None:
    status = videos.get_status(apivideo.videos.add().id)
    assert status.ingest is None
    assert status.encoding.playable is False
    assert status.encoding.qualities == []
    assert status.encoding.metadata.width is None


@pytest.mark.apivideo(video_restore=True)
def test_a_discarded_video_is_found_and_restored(apivideo: ApiVideo, videos: VideosApi) -> None:
    video = apivideo.videos.add(title="Maths", tags=["a"])
    videos.delete(video.id)
    shown = videos.get_discarded(video.id)
    assert (shown.discarded, shown.assets) == (True, None)
    assert (shown.deletes_at - shown.discarded_at).days == 90
    query = {"title": "mat", "tags": ["a"], "sort_by": "title", "sort_order": "asc"}
    assert [one.video_id for one in videos.list_discarded(**query).data] == [video.id]
    with pytest.raises(ApiException, match="Value must be false"):
        videos.update_discarded(video.id, DiscardedVideoUpdatePayload(discarded=True))
    restored = videos.update_discarded(video.id, DiscardedVideoUpdatePayload(discarded=False))
    assert (restored.discarded, restored.discarded_at) == (False, None)
    assert videos.list_discarded().data == []
    assert videos.get(video.id).title == "Maths"
