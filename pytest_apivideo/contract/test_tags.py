"""Tags: the tags of all videos, with the number of videos of each."""

from __future__ import annotations

from typing import Any

from pytest_apivideo.contract.api import Api
from pytest_apivideo.contract.schemas import matching

COUNT = (int, matching(r"\d+"))  # an integer in the schema, a text in its example
TAG = {"value": str, "videoCount": COUNT}


def count_tags(api: Api, **query: Any) -> dict[str, int]:
    return {tag["value"]: int(tag["videoCount"]) for tag in api.list("/tags", TAG, **query)}


def test_tags_have_the_number_of_their_videos(api: Api, word: str) -> None:
    api.make_video(tags=[word, word + "x"])
    api.make_video(tags=[word])
    assert count_tags(api, value=word) == {word: 2, word + "x": 1}


def test_tags_are_found_by_a_part_in_any_case(api: Api, word: str) -> None:
    api.make_video(tags=[word])
    assert count_tags(api, value=word[2:].upper()) == {word: 1}
    assert count_tags(api, value=word + "none") == {}


def test_tags_can_be_sorted_by_count(api: Api, word: str) -> None:
    api.make_video(tags=[word + "a", word + "b"])
    api.make_video(tags=[word + "b"])
    query = {"value": word, "sortBy": "videoCount"}
    assert list(count_tags(api, **query, sortOrder="desc")) == [word + "b", word + "a"]
    assert list(count_tags(api, **query, sortOrder="asc")) == [word + "a", word + "b"]
