"""Captions and chapters: one file for each language of a video."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_apivideo.contract.api import Answer, Api
from pytest_apivideo.contract.files import VTT
from pytest_apivideo.contract.shapes import CAPTION, CHAPTER, page_of

KINDS = [("captions", CAPTION, "srclang"), ("chapters", CHAPTER, "language")]
over_both = pytest.mark.parametrize(
    ("kind", "shape", "language"), KINDS, ids=["captions", "chapters"]
)
UNKNOWN = "viUnknown0000000000000000"
Video = dict[str, Any]


def upload(api: Api, path: str) -> Answer:
    return api.post(path, files={"file": ("en.vtt", VTT, "text/vtt")})


@over_both
def test_a_file_is_put_up_read_listed_and_taken_down(
    api: Api, video: Video, kind: str, shape: Any, language: str
) -> None:
    collection = f"/videos/{video['videoId']}/{kind}"
    path = f"{collection}/en"
    made = upload(api, path).must_be(200, shape)
    assert (made["uri"], made[language]) == (path, "en")
    assert api.get(path).must_be(200, shape) == made
    upload(api, f"{collection}/fr").must_be(200, shape)
    page = api.get(collection).must_be(200, page_of(shape))
    assert sorted(one[language] for one in page["data"]) == ["en", "fr"]
    api.delete(path).must_be_empty(204)
    api.get(path).must_be(404)
    page = api.get(collection).must_be(200, page_of(shape))
    assert [one[language] for one in page["data"]] == ["fr"]


@over_both
def test_nothing_belongs_to_an_unknown_video(
    api: Api, kind: str, shape: Any, language: str
) -> None:
    upload(api, f"/videos/{UNKNOWN}/{kind}/en").must_be_not_found("videoId")
    api.get(f"/videos/{UNKNOWN}/{kind}").must_be_not_found("videoId")


@over_both
def test_a_language_that_is_none_is_refused(
    api: Api, video: Video, kind: str, shape: Any, language: str
) -> None:
    answer = upload(api, f"/videos/{video['videoId']}/{kind}/1234")
    assert answer.must_be(400, {"title": str, "type": str})["type"].endswith("/invalid-attribute")


@over_both
def test_an_upload_without_a_file_is_refused(
    api: Api, video: Video, kind: str, shape: Any, language: str
) -> None:
    path = f"/videos/{video['videoId']}/{kind}/en"
    problem = api.post(path, files={"text": (None, b"x")}).must_be(400, {"type": str})
    assert problem["type"].endswith("/uploaded-file-no-file")


def test_a_caption_becomes_the_default(api: Api, video: Video) -> None:
    path = f"/videos/{video['videoId']}/captions/en"
    assert upload(api, path).must_be(200, CAPTION)["default"] is False
    assert api.patch(path, {"default": True}).must_be(200, CAPTION)["default"] is True
    assert api.get(path).must_be(200, CAPTION)["default"] is True
