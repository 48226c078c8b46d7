"""Captions and chapters: one file for each language of a video."""

from __future__ import annotations

import pytest

from pytest_apivideo.contract.api import Answer, Api, Json
from pytest_apivideo.contract.files import VTT
from pytest_apivideo.contract.schemas import CAPTION, CHAPTER

SCHEMAS = {"captions": CAPTION, "chapters": CHAPTER}
LANGUAGE = {"captions": "srclang", "chapters": "language"}
captions_and_chapters = pytest.mark.parametrize("kind", SCHEMAS)


def upload(api: Api, path: str) -> Answer:
    return api.post(path, files={"file": ("en.vtt", VTT, "text/vtt")})


def languages(api: Api, path: str, kind: str) -> list[str]:
    return [track[LANGUAGE[kind]] for track in api.list(path, SCHEMAS[kind])]


@captions_and_chapters
def test_a_file_can_be_read_listed_and_deleted(api: Api, video_path: str, kind: str) -> None:
    collection, path = f"{video_path}/{kind}", f"{video_path}/{kind}/en"
    created: Json = upload(api, path).must_be(200, SCHEMAS[kind])
    assert (created["uri"], created[LANGUAGE[kind]]) == (path, "en")
    assert api.get(path).must_be(200, SCHEMAS[kind]) == created
    upload(api, f"{collection}/fr").must_be(200, SCHEMAS[kind])
    assert sorted(languages(api, collection, kind)) == ["en", "fr"]
    api.delete(path).must_be_empty(204)
    api.get(path).must_be(404)
    assert languages(api, collection, kind) == ["fr"]


@captions_and_chapters
def test_an_invalid_language_is_refused(api: Api, video_path: str, kind: str) -> None:
    upload(api, f"{video_path}/{kind}/1234").must_be_bad_request("/invalid-attribute")


@captions_and_chapters
def test_an_upload_without_a_file_is_refused(api: Api, video_path: str, kind: str) -> None:
    answer = api.post(f"{video_path}/{kind}/en", files={"text": (None, b"x")})
    answer.must_be_bad_request("/uploaded-file-no-file")


def test_a_caption_can_become_the_default(api: Api, video_path: str) -> None:
    path = f"{video_path}/captions/en"
    assert upload(api, path).must_be(200, CAPTION)["default"] is False
    assert api.patch(path, {"default": True}).must_be(200, CAPTION)["default"] is True
    assert api.get(path).must_be(200, CAPTION)["default"] is True
