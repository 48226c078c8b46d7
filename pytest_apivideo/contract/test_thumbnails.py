"""Thumbnails of a video: an uploaded image, or a frame of the video."""

from __future__ import annotations

import pytest

from pytest_apivideo.contract.api import Api, Json
from pytest_apivideo.contract.files import PNG
from pytest_apivideo.contract.schemas import VIDEO

IMAGE = {"file": ("a.png", PNG, "image/png")}
TIMECODE = {"timecode": "00:00:01.000"}


def test_an_image_is_accepted_before_the_video_has_a_source(api: Api, video_path: str) -> None:
    answer = api.post(f"{video_path}/thumbnail", files=IMAGE)
    assert answer.must_be(200, VIDEO)["assets"]["thumbnail"]


def test_a_frame_can_be_picked_by_timecode(api: Api, video_path: str) -> None:
    api.patch(f"{video_path}/thumbnail", TIMECODE).must_be(200, VIDEO)


@pytest.mark.parametrize("body", [{}, {"timecode": "soon"}], ids=["nothing", "a word"])
def test_an_invalid_timecode_is_refused(api: Api, video_path: str, body: Json) -> None:
    api.patch(f"{video_path}/thumbnail", body).must_be_bad_request()


def test_a_file_that_is_not_an_image_is_refused(api: Api, video_path: str) -> None:
    files = {"file": ("a.txt", b"text", "text/plain")}
    answer = api.post(f"{video_path}/thumbnail", files=files)
    answer.must_be_bad_request("/uploaded-file-extension-invalid")
