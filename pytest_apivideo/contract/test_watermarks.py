"""Watermarks: upload, list, delete."""

from __future__ import annotations

from pytest_apivideo.contract.api import Answer, Api
from pytest_apivideo.contract.files import PNG
from pytest_apivideo.contract.schemas import WATERMARK

NEWEST_FIRST = {"sortBy": "createdAt", "sortOrder": "desc", "pageSize": 100}


def upload(api: Api) -> Answer:
    return api.post("/watermarks", files={"file": ("mark.png", PNG, "image/png")})


def test_an_uploaded_watermark_is_listed(api: Api) -> None:
    created = upload(api).must_be(200, WATERMARK)["watermarkId"]
    watermarks = api.list("/watermarks", WATERMARK, **NEWEST_FIRST)
    assert created in [watermark["watermarkId"] for watermark in watermarks]


def test_a_file_that_is_not_an_image_is_refused(api: Api) -> None:
    answer = api.post("/watermarks", files={"file": ("mark.txt", b"a mark", "text/plain")})
    answer.must_be_bad_request("/uploaded-file-extension-invalid")


def test_an_upload_without_a_file_is_refused(api: Api) -> None:
    answer = api.post("/watermarks", files={"text": (None, b"x")})
    answer.must_be_bad_request("/uploaded-file-no-file")


def test_a_deleted_watermark_is_not_found(api: Api) -> None:
    path = f"/watermarks/{upload(api).must_be(200)['watermarkId']}"
    api.delete(path).must_be_empty(204)
    api.delete(path).must_be_not_found("watermarkId")
