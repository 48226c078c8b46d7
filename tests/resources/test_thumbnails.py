"""Thumbnails of videos and live streams, as a client and a viewer see them."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from fake_server.core.files import File
from pytest_apivideo import ApiVideo

IMAGE = ("holiday.png", b"an image", "image/png")


def test_an_uploaded_thumbnail_is_served_from_its_address(
    apivideo: ApiVideo, api: httpx.Client, http: httpx.Client
) -> None:
    before = apivideo.videos.add()
    apivideo.clock.advance(60)
    answer = api.post(f"/videos/{before.id}/thumbnail", files={"file": IMAGE})
    video = answer.json()
    assert answer.status_code == 200
    assert video == api.get(f"/videos/{before.id}").json()
    assert video["updatedAt"] > video["createdAt"]
    assert video["assets"]["thumbnail"] == f"{apivideo.url}/vod/{before.id}/thumbnail.jpg"
    image = http.get(video["assets"]["thumbnail"])
    assert (image.content, image.headers["Content-Type"]) == (b"an image", "image/png")


def test_the_next_thumbnail_takes_the_place_of_the_last(
    apivideo: ApiVideo, api: httpx.Client, http: httpx.Client
) -> None:
    video = apivideo.videos.add()
    for content in (b"one", b"another"):
        api.post(f"/videos/{video.id}/thumbnail", files={"file": ("a.jpg", content)})
        assert http.get(f"/vod/{video.id}/thumbnail.jpg").content == content


@pytest.mark.parametrize("facts", [{"thumbnail": None}, {"public": False}])
def test_an_address_without_an_image_for_everybody_is_a_404(
    apivideo: ApiVideo, http: httpx.Client, facts: dict[str, Any]
) -> None:
    image = File("a.png", "image/png", b"a")
    video = apivideo.videos.add(**{"thumbnail": image, **facts})
    answer = http.get(f"/vod/{video.id}/thumbnail.jpg")
    assert (answer.status_code, answer.json()["name"]) == (404, "videoId")


@pytest.mark.parametrize(
    "timecode",
    ["00:00:00.000", "00:15:22.05", "00:01:00", "00:01:00:24", "100:00:00.5", "124", "0"],
)
def test_a_moment_of_the_video_takes_the_place_of_an_image(
    apivideo: ApiVideo, api: httpx.Client, http: httpx.Client, timecode: str
) -> None:
    video = apivideo.videos.add(thumbnail=File("a.png", "image/png", b"a"))
    answer = api.patch(f"/videos/{video.id}/thumbnail", json={"timecode": timecode})
    assert (answer.status_code, answer.json()["videoId"]) == (200, video.id)
    assert apivideo.videos[video.id].thumbnail_timecode == timecode
    assert http.get(f"/vod/{video.id}/thumbnail.jpg").status_code == 404
    api.post(f"/videos/{video.id}/thumbnail", files={"file": IMAGE})
    assert apivideo.videos[video.id].thumbnail_timecode is None


@pytest.mark.parametrize(
    "timecode", ["", "1:00", "00:01", "00:01:0x", "-1", "1.5", "00:00:00.", "x00:00:00", "0\n"]
)
def test_another_form_of_a_moment_is_refused(
    apivideo: ApiVideo, api: httpx.Client, timecode: str
) -> None:
    video = apivideo.videos.add()
    answer = api.patch(f"/videos/{video.id}/thumbnail", json={"timecode": timecode})
    assert (answer.status_code, answer.json()["name"]) == (400, "timecode")
    assert apivideo.videos[video.id] == video


def test_picking_a_moment_needs_one(apivideo: ApiVideo, api: httpx.Client) -> None:
    answer = api.patch(f"/videos/{apivideo.videos.add().id}/thumbnail", json={})
    assert answer.json()["type"].endswith("/attribute-required")
    assert answer.json()["name"] == "timecode"


def test_the_thumbnail_of_a_private_live_stream_is_not_public(
    apivideo: ApiVideo, api: httpx.Client
) -> None:
    stream = apivideo.live_streams.add(public=False).id
    image = {"file": ("a.png", b"image", "image/png")}
    assert api.post(f"/live-streams/{stream}/thumbnail", files=image).status_code == 201
    assert httpx.get(f"{apivideo.url}/{stream}/thumbnail.jpg").status_code == 404
