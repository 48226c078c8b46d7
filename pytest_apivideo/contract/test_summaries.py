"""Summaries written by hand; generated ones would need a video with speech."""

from __future__ import annotations

import pytest

from pytest_apivideo.contract.api import Api, Json
from pytest_apivideo.contract.schemas import SUMMARY

SOURCE = {"abstract": str, "takeaways": [str]}


@pytest.fixture
def summary(api: Api, video: Json) -> Json:
    """Create an empty summary."""
    return api.post("/summaries", {"videoId": video["videoId"]}).must_be(201, SUMMARY)


@pytest.fixture
def source_path(summary: Json) -> str:
    """Return the path of the summary's text."""
    return f"/summaries/{summary['summaryId']}/source"


def test_a_summary_without_an_origin_is_missing_its_source(summary: Json) -> None:
    assert (summary["origin"], summary["sourceStatus"]) == ("api", "missing")


def test_a_summary_can_be_written_and_read(api: Api, source_path: str) -> None:
    source = {"abstract": "Sets are everywhere.", "takeaways": ["a", "b", "c"]}
    api.patch(source_path, source).must_be((200, 201))  # the OpenAPI document has 201
    assert api.get(source_path).must_be(200, SOURCE) == source


def test_a_second_summary_of_a_video_is_refused(api: Api, summary: Json) -> None:
    answer = api.post("/summaries", {"videoId": summary["videoId"]})
    title = "A summary already exists or is being created on this video."
    answer.must_be_problem(409, "summary-already-exists", title)


def test_summaries_are_found_by_video_and_status(api: Api, summary: Json) -> None:
    query = {"videoId": summary["videoId"]}
    summaries = api.list("/summaries", SUMMARY, **query)
    assert [item["summaryId"] for item in summaries] == [summary["summaryId"]]
    assert api.list("/summaries", SUMMARY, **query, sourceStatus="completed") == []


def test_more_than_three_takeaways_are_refused(api: Api, source_path: str) -> None:
    assert api.patch(source_path, {"takeaways": list("abcd")}).must_be(400, {"title": str})["title"]


def test_a_deleted_summary_is_not_found(api: Api, summary: Json, source_path: str) -> None:
    api.must_delete(f"/summaries/{summary['summaryId']}", "summaryId", read=source_path)
