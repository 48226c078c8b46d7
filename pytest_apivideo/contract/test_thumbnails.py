"""Thumbnails of a video: an image of one's own, or a moment of the video."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_apivideo.contract.api import Api
from pytest_apivideo.contract.files import png
from pytest_apivideo.contract.shapes import VIDEO

UNKNOWN = "viUnknown0000000000000000"
IMAGE = {"file": ("a.png", png(), "image/png")}
Video = dict[str, Any]


def test_an_image_is_taken_also_before_the_video_has_a_source(api: Api, video: Video) -> None:
    answer = api.post(f"/videos/{video['videoId']}/thumbnail", files=IMAGE)
    assert answer.must_be(200, VIDEO)["assets"]["thumbnail"]


def test_a_moment_is_picked(api: Api, video: Video) -> None:
    path = f"/videos/{video['videoId']}/thumbnail"
    api.patch(path, {"timecode": "00:00:01.000"}).must_be(200, VIDEO)


@pytest.mark.parametrize("body", [{}, {"timecode": "soon"}], ids=["nothing", "a word"])
def test_a_moment_that_is_none_is_refused(api: Api, video: Video, body: dict[str, str]) -> None:
    path = f"/videos/{video['videoId']}/thumbnail"
    assert api.patch(path, body).must_be(400, {"title": str, "type": str})["title"]


def test_what_is_no_image_is_refused(api: Api, video: Video) -> None:
    files = {"file": ("a.txt", b"text", "text/plain")}
    answer = api.post(f"/videos/{video['videoId']}/thumbnail", files=files)
    problem = answer.must_be(400, {"title": str, "type": str})
    assert problem["type"].endswith("/uploaded-file-extension-invalid")


def test_an_unknown_video_has_no_thumbnail(api: Api) -> None:
    path = f"/videos/{UNKNOWN}/thumbnail"
    api.post(path, files=IMAGE).must_be_not_found("videoId")
    api.patch(path, {"timecode": "00:00:01.000"}).must_be_not_found("videoId")
