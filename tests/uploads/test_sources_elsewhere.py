"""Videos made from an address or from another video: `POST /videos` with a `source`."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from pytest_apivideo import ApiVideo
from tests.uploads.client import ANY, DOCS, Uploader, slug

URL = "https://files.example/holiday.mp4"


def made_from(api: httpx.Client, source: str, **more: Any) -> httpx.Response:
    return api.post("/videos", json={"title": "A copy", "source": source, **more})


def uploader(apivideo: ApiVideo, api: httpx.Client, answer: httpx.Response) -> Uploader:
    assert answer.status_code == 202, answer.text
    return Uploader(apivideo, api, answer.json()["videoId"])


def test_the_file_at_an_address_becomes_the_source(apivideo: ApiVideo, api: httpx.Client) -> None:
    apivideo.remote_files.add(URL, b"from elsewhere")
    video = uploader(apivideo, api, made_from(api, URL))
    assert video.ingest == {"status": "ingested", "filesize": 14, "receivedBytes": []}
    assert video.status["encoding"]["playable"] is True
    assert video.download() == b"from elsewhere"


def test_an_unknown_url_has_a_placeholder_file(apivideo: ApiVideo, api: httpx.Client) -> None:
    video = uploader(apivideo, api, made_from(api, URL))
    assert video.ingest["status"] == "ingested"
    assert video.download() == b"A stand-in for the file at " + URL.encode()


def test_a_file_takes_its_time_to_come(apivideo: ApiVideo, api: httpx.Client) -> None:
    apivideo.clock.freeze()
    apivideo.remote_files.add(URL, b"from afar", seconds=20)
    video = uploader(apivideo, api, made_from(api, URL))
    assert [due.name for due in apivideo.clock.due][:1] == ["video.ingest"]
    apivideo.clock.advance(19)
    assert video.ingest["status"] == "ingesting"
    apivideo.clock.advance(1)
    assert (video.ingest["status"], video.ingest["filesize"]) == ("ingested", 9)
    assert video.download() == b"from afar"


def test_a_file_removed_before_its_arrival_never_arrives(
    apivideo: ApiVideo, api: httpx.Client
) -> None:
    apivideo.remote_files.add(URL, b"from afar", seconds=20)
    video = uploader(apivideo, api, made_from(api, URL))
    apivideo.remote_files.remove(URL)
    apivideo.clock.advance(60)
    assert video.ingest["status"] == "ingesting"


def test_nothing_at_an_address_leaves_the_video_on_its_way(
    apivideo: ApiVideo, api: httpx.Client
) -> None:
    apivideo.remote_files.remove(URL)
    video = uploader(apivideo, api, made_from(api, URL))
    assert video.ingest == {"status": "ingesting", "filesize": None, "receivedBytes": []}
    assert video.status["encoding"]["playable"] is False


def test_a_remote_file_must_have_a_url(apivideo: ApiVideo) -> None:
    with pytest.raises(ValueError, match=r"http or https URL, not 'holiday\.mp4'"):
        apivideo.remote_files.add("holiday.mp4", b"")
    apivideo.remote_files.add(URL, b"a")
    assert {url: file and file.content for url, file in apivideo.remote_files.known.items()} == {
        URL: b"a"
    }
    with pytest.raises(TypeError, match="must be bytes, not str"):
        apivideo.remote_files.add(URL, "a")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="0 seconds or more"):
        apivideo.remote_files.add(URL, b"a", seconds=-1)
    httpx.post(f"{apivideo.url}/_fake/reset")
    assert apivideo.remote_files.known == {}


def test_the_source_of_a_video_is_copied(apivideo: ApiVideo, api: httpx.Client) -> None:
    original = Uploader(apivideo, api)
    original.send(ANY, "part 1/2")
    original.send(b"end", "part 2/2")
    copy = uploader(apivideo, api, made_from(api, original.video_id))
    assert copy.ingest["status"] == "ingested"
    assert apivideo.disk_use == len(ANY) + 3  # both read the same files
    api.delete(f"/videos/{original.video_id}")
    assert copy.download() == ANY + b"end"


@pytest.mark.parametrize("state", ["unknown", "empty", "half", "discarded"])
@pytest.mark.apivideo(video_restore=True)
def test_a_video_without_a_source_cannot_be_copied(
    apivideo: ApiVideo, api: httpx.Client, state: str
) -> None:
    original = Uploader(apivideo, api, "viUnknown" if state == "unknown" else "")
    if state == "half":
        original.send(ANY, "part 1/2")
    if state == "discarded":
        original.send(b"content")
        api.delete(f"/videos/{original.video_id}")
    before = len(apivideo.videos)
    answer = made_from(api, original.video_id)
    assert (answer.status_code, slug(answer)) == (400, "invalid-attribute")
    assert answer.json()["name"] == "source"
    assert len(apivideo.videos) == before


def test_nothing_can_be_uploaded_to_a_video_from_an_address(
    apivideo: ApiVideo, api: httpx.Client
) -> None:
    video = uploader(apivideo, api, made_from(api, URL))
    assert video.send().json() == {
        "type": DOCS + "video-source-already-downloaded",
        "title": "This video source has already been downloaded when the video was created.",
        "status": 400,
    }
    apivideo.remote_files.remove(URL)
    late = uploader(apivideo, api, made_from(api, URL))
    assert late.refusal(ANY, "part 1/2") == (400, "video-source-already-downloaded")


def test_nothing_can_be_uploaded_to_a_copy(apivideo: ApiVideo, api: httpx.Client) -> None:
    original = Uploader(apivideo, api)
    original.send(b"content")
    copy = uploader(apivideo, api, made_from(api, original.video_id))
    assert copy.refusal() == (400, "video-source-already-copied")
    assert copy.refusal(ANY, "part 1/2") == (400, "video-source-already-copied")


@pytest.mark.apivideo(max_disk=3)
def test_a_source_without_room_makes_no_video(apivideo: ApiVideo, api: httpx.Client) -> None:
    assert made_from(api, URL).status_code == 507
    assert (len(apivideo.videos), apivideo.disk_use) == (0, 0)


@pytest.mark.parametrize("source", ["ftp://a.example/a.mp4", "http://", "https://[", "file:///a"])
def test_an_invalid_url_is_refused(api: httpx.Client, source: str) -> None:
    answer = made_from(api, source)
    assert (answer.status_code, answer.json()["name"]) == (400, "source")


def test_a_part_of_the_source_may_be_asked_for(apivideo: ApiVideo, api: httpx.Client) -> None:
    clip = {"startTimecode": "00:00:01", "endTimecode": "00:00:09"}
    assert uploader(apivideo, api, made_from(api, URL, clip=clip)).ingest["status"] == "ingested"
    wrong = made_from(api, URL, clip={"startTimecode": "one"})
    assert (wrong.status_code, wrong.json()["name"]) == (400, "clip[startTimecode]")
