"""Summaries: written by hand for a video; their generation needs a video with speech."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_apivideo.contract.api import Api
from pytest_apivideo.contract.shapes import SUMMARY, page_of

UNKNOWN = "summary_Unknown00000000000000"
SOURCE = {"abstract": str, "takeaways": [str]}
Summary = dict[str, Any]


@pytest.fixture
def summary(api: Api, video: dict[str, Any]) -> Summary:
    """A summary without words."""
    made: Summary = api.post("/summaries", {"videoId": video["videoId"]}).must_be(201, SUMMARY)
    return made


def test_a_summary_without_an_origin_waits_to_be_written(summary: Summary) -> None:
    assert (summary["origin"], summary["sourceStatus"]) == ("api", "missing")


def test_a_summary_is_written_and_read(api: Api, summary: Summary) -> None:
    path = f"/summaries/{summary['summaryId']}/source"
    words = {"abstract": "Sets are everywhere.", "takeaways": ["a", "b", "c"]}
    api.patch(path, words).must_be((200, 201))  # the description has 201
    assert api.get(path).must_be(200, SOURCE) == words


def test_a_video_has_one_summary(api: Api, summary: Summary) -> None:
    answer = api.post("/summaries", {"videoId": summary["videoId"]})
    title = "A summary already exists or is being created on this video."
    answer.must_be_problem(409, "summary-already-exists", title)


def test_summaries_are_listed_by_video(api: Api, summary: Summary) -> None:
    query = {"videoId": summary["videoId"]}
    page = api.get("/summaries", params=query).must_be(200, page_of(SUMMARY))
    assert [one["summaryId"] for one in page["data"]] == [summary["summaryId"]]
    query["sourceStatus"] = "completed"
    assert api.get("/summaries", params=query).must_be(200, page_of(SUMMARY))["data"] == []


def test_more_than_three_takeaways_are_refused(api: Api, summary: Summary) -> None:
    path = f"/summaries/{summary['summaryId']}/source"
    assert api.patch(path, {"takeaways": list("abcd")}).must_be(400, {"title": str})["title"]


def test_a_deleted_summary_is_gone(api: Api, summary: Summary) -> None:
    path = f"/summaries/{summary['summaryId']}"
    api.delete(path).must_be_empty(204)
    api.get(path + "/source").must_be_not_found("summaryId")
    api.delete(path).must_be_not_found("summaryId")


def test_an_unknown_summary_is_not_found(api: Api) -> None:
    api.get(f"/summaries/{UNKNOWN}/source").must_be_not_found("summaryId")
    api.delete(f"/summaries/{UNKNOWN}").must_be_not_found("summaryId")
