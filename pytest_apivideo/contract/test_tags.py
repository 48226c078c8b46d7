"""Tags: the words on videos, and how many carry each."""

from __future__ import annotations

from typing import Any

from pytest_apivideo.contract.api import Api
from pytest_apivideo.contract.conftest import Make
from pytest_apivideo.contract.shapes import page_of, text

COUNT = (int, text(r"\d+", "a number"))  # the schema has an integer, its example a text
TAG = {"value": str, "videoCount": COUNT}


def counted(api: Api, **query: Any) -> dict[str, int]:
    page = api.get("/tags", params=query).must_be(200, page_of(TAG))
    return {tag["value"]: int(tag["videoCount"]) for tag in page["data"]}


def test_tags_are_counted(api: Api, make_video: Make, word: str) -> None:
    make_video(tags=[word, word + "x"])
    make_video(tags=[word])
    assert counted(api, value=word) == {word: 2, word + "x": 1}


def test_tags_are_found_by_part_without_regard_to_case(
    api: Api, make_video: Make, word: str
) -> None:
    make_video(tags=[word])
    assert counted(api, value=word[2:].upper()) == {word: 1}
    assert counted(api, value=word + "none") == {}


def test_tags_are_sorted_by_count(api: Api, make_video: Make, word: str) -> None:
    make_video(tags=[word + "a", word + "b"])
    make_video(tags=[word + "b"])
    query = {"value": word, "sortBy": "videoCount"}
    assert list(counted(api, **query, sortOrder="desc")) == [word + "b", word + "a"]
    assert list(counted(api, **query, sortOrder="asc")) == [word + "a", word + "b"]
