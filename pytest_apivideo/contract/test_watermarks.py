"""Watermarks: upload, list, delete."""

from __future__ import annotations

from typing import Any

from pytest_apivideo.contract.api import Answer, Api
from pytest_apivideo.contract.files import png
from pytest_apivideo.contract.shapes import WATERMARK, page_of

UNKNOWN = "watermark_Unknown000000000000"


def upload(api: Api) -> Answer:
    return api.post("/watermarks", files={"file": ("mark.png", png(), "image/png")})


def test_an_image_becomes_a_watermark_that_is_listed(api: Api) -> None:
    made: dict[str, Any] = upload(api).must_be(200, WATERMARK)
    query = {"sortBy": "createdAt", "sortOrder": "desc", "pageSize": 100}
    page = api.get("/watermarks", params=query).must_be(200, page_of(WATERMARK))
    assert made["watermarkId"] in [one["watermarkId"] for one in page["data"]]


def test_what_is_no_image_is_refused(api: Api) -> None:
    answer = api.post("/watermarks", files={"file": ("mark.txt", b"a mark", "text/plain")})
    problem = answer.must_be(400, {"title": str, "type": str})
    assert problem["type"].endswith("/uploaded-file-extension-invalid")


def test_without_a_file_there_is_no_watermark(api: Api) -> None:
    problem = api.post("/watermarks", files={"text": (None, b"x")}).must_be(400, {"type": str})
    assert problem["type"].endswith("/uploaded-file-no-file")


def test_a_deleted_watermark_is_gone(api: Api) -> None:
    path = f"/watermarks/{upload(api).must_be(200)['watermarkId']}"
    api.delete(path).must_be_empty(204)
    api.delete(path).must_be_not_found("watermarkId")


def test_an_unknown_watermark_is_not_found(api: Api) -> None:
    api.delete(f"/watermarks/{UNKNOWN}").must_be_not_found("watermarkId")
