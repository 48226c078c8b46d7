"""Summaries of videos, written and (some day) generated."""

from __future__ import annotations

import re
from typing import Any

import httpx
import pytest

from fake_server.resources.summaries import SummarySource
from pytest_apivideo import ApiVideo

DOCS = "https://docs.api.video/reference/"
TEXT = {"abstract": "On numbers.", "takeaways": ["One is less than two.", "Zero is less."]}


def exists(name: str | None) -> dict[str, Any]:
    problem = {
        "type": DOCS + "summary-already-exists",
        "title": "A summary already exists or is being created on this video.",
        "status": 409,
        "detail": "You can delete the existing summary and generate a new one.",
    }
    return problem if name is None else {**problem, "name": name}


@pytest.mark.parametrize(
    ("body", "origin", "status"),
    [
        ({}, "api", "missing"),
        ({"attributes": ["abstract"]}, "api", "missing"),
        ({"origin": "auto"}, "auto", "waiting"),
        ({"origin": "auto", "attributes": ["takeaways", "abstract"]}, "auto", "waiting"),
    ],
)
def test_a_summary_has_an_origin_and_a_status(
    apivideo: ApiVideo, api: httpx.Client, body: dict[str, Any], origin: str, status: str
) -> None:
    apivideo.clock.freeze("2030-01-01T12:00:00Z")
    video = apivideo.videos.add()
    answer = api.post("/summaries", json={"videoId": video.id, **body})
    shown = answer.json()
    assert answer.status_code == 201
    assert re.fullmatch(r"summary_[0-9A-Za-z]{22}", shown["summaryId"])
    assert list(shown.items()) == [
        ("summaryId", shown["summaryId"]),
        ("createdAt", "2030-01-01T12:00:00+00:00"),
        ("updatedAt", "2030-01-01T12:00:00+00:00"),
        ("videoId", video.id),
        ("origin", origin),
        ("sourceStatus", status),
    ]
    assert api.get("/summaries").json()["data"] == [shown]
    assert api.get(f"/summaries/{shown['summaryId']}/source").json() == {}


@pytest.mark.parametrize("status", ["missing", "waiting", "failed", "completed", "unprocessable"])
def test_a_video_has_one_summary_at_a_time(
    apivideo: ApiVideo, api: httpx.Client, status: str
) -> None:
    summary = apivideo.summaries.add(source_status=status)
    body = {"videoId": summary.video_id}
    answer = api.post("/summaries", json=body)
    assert (answer.status_code, answer.json()) == (409, exists("videoId"))
    assert api.delete(f"/summaries/{summary.id}").status_code == 204
    assert api.post("/summaries", json=body).status_code == 201


@pytest.mark.parametrize(
    ("body", "name", "slug"),
    [
        ({}, "videoId", "attribute-required"),
        ({"videoId": "vi1", "origin": "api"}, "origin", "invalid-attribute"),
        ({"videoId": "vi1", "attributes": "abstract"}, "attributes", "invalid-attribute"),
        ({"videoId": "vi1", "attributes": ["poem"]}, "attributes[0]", "invalid-attribute"),
    ],
)
def test_a_wrong_request_for_a_summary_is_refused(
    api: httpx.Client, body: dict[str, Any], name: str, slug: str
) -> None:
    answer = api.post("/summaries", json=body)
    assert (answer.status_code, answer.json()["name"]) == (400, name)
    assert answer.json()["type"] == DOCS + slug


def test_the_video_of_a_summary_must_be_one_of_the_project(
    apivideo: ApiVideo, apivideo_server: Any, api: httpx.Client
) -> None:
    with apivideo_server.project() as other:
        for video_id in ("vi1", other.videos.add().id):
            answer = api.post("/summaries", json={"videoId": video_id})
            assert (answer.status_code, answer.json()["name"]) == (404, "videoId")
    assert len(apivideo.summaries) == 0


@pytest.mark.parametrize("status", ["missing", "failed", "completed", "unprocessable"])
def test_a_written_text_completes_a_summary(
    apivideo: ApiVideo, api: httpx.Client, status: str
) -> None:
    apivideo.clock.freeze("2030-01-01")
    summary = apivideo.summaries.add(source_status=status)
    apivideo.clock.advance(60)
    path = f"/summaries/{summary.id}/source"
    written = api.patch(path, json=TEXT)
    assert (written.status_code, written.json()) == (201, TEXT)
    assert api.get(path).json() == TEXT
    (shown,) = api.get("/summaries").json()["data"]
    assert (shown["origin"], shown["sourceStatus"]) == ("api", "completed")
    assert shown["updatedAt"] == "2030-01-01T00:01:00+00:00"
    changed = {**TEXT, "abstract": "On more numbers."}
    assert api.patch(path, json={"abstract": "On more numbers."}).json() == changed
    assert api.patch(path, json={"takeaways": []}).json() == {**changed, "takeaways": []}


def test_writing_nothing_changes_nothing(apivideo: ApiVideo, api: httpx.Client) -> None:
    summary = apivideo.summaries.add()
    assert api.patch(f"/summaries/{summary.id}/source", json={}).json() == {}
    assert apivideo.summaries[summary.id] == summary


def test_a_summary_that_is_being_generated_cannot_be_written(
    apivideo: ApiVideo, api: httpx.Client
) -> None:
    summary = apivideo.summaries.add(origin="auto")
    answer = api.patch(f"/summaries/{summary.id}/source", json=TEXT)
    assert (answer.status_code, answer.json()) == (409, exists(None))
    assert apivideo.summaries[summary.id] == summary


@pytest.mark.parametrize(
    ("body", "name"),
    [
        ({"takeaways": ["a", "b", "c", "d"]}, "takeaways"),
        ({"takeaways": ["a", 1]}, "takeaways[1]"),
        ({"abstract": None}, "abstract"),
    ],
)
def test_a_wrong_text_is_refused(
    apivideo: ApiVideo, api: httpx.Client, body: dict[str, Any], name: str
) -> None:
    summary = apivideo.summaries.add()
    answer = api.patch(f"/summaries/{summary.id}/source", json=body)
    assert (answer.status_code, answer.json()["name"]) == (400, name)
    assert apivideo.summaries[summary.id] == summary


def test_a_test_can_set_the_generated_text(apivideo: ApiVideo, api: httpx.Client) -> None:
    summary = apivideo.summaries.add(origin="auto")
    source = SummarySource(abstract="On numbers.")
    apivideo.summaries.change(summary.id, source=source, source_status="completed")
    assert api.get(f"/summaries/{summary.id}/source").json() == {"abstract": "On numbers."}


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({}, "cba"),
        ({"videoId": "vi2"}, "b"),
        ({"origin": "auto"}, "ca"),
        ({"sourceStatus": "waiting"}, "a"),
        ({"origin": "auto", "sourceStatus": "completed"}, "c"),
        ({"origin": "nobody"}, ""),
        ({"sortBy": "createdAt"}, "abc"),
        ({"sortBy": "createdAt", "sortOrder": "desc"}, "cba"),
        ({"sortBy": "updatedAt"}, "bca"),
        ({"sortBy": "videoId"}, "cba"),
        ({"sortBy": "videoId", "sortOrder": "desc"}, "abc"),
    ],
)
def test_summaries_are_filtered_and_sorted(
    apivideo: ApiVideo, api: httpx.Client, query: dict[str, str], expected: str
) -> None:
    apivideo.clock.freeze("2030-01-01")
    made = {}
    for name, video_id, facts in (
        ("a", "vi3", {"origin": "auto"}),
        ("b", "vi2", {}),
        ("c", "vi1", {"origin": "auto", "source_status": "completed"}),
    ):
        apivideo.videos.add(video_id=video_id)
        made[apivideo.summaries.add(video_id=video_id, **facts).id] = name
        apivideo.clock.advance(1)
    apivideo.summaries.change(next(iter(made)), source=SummarySource(abstract="a"))
    listed = api.get("/summaries", params=query).json()["data"]
    assert "".join(made[one["summaryId"]] for one in listed) == expected


def test_a_summary_goes_with_its_video(apivideo: ApiVideo, api: httpx.Client) -> None:
    gone, kept = apivideo.summaries.add(), apivideo.summaries.add()
    api.delete(f"/videos/{gone.video_id}")
    assert list(apivideo.summaries) == [kept]
    assert api.get(f"/summaries/{gone.id}/source").status_code == 404


@pytest.mark.apivideo(video_restore=True)
def test_a_summary_comes_back_with_its_video(apivideo: ApiVideo, api: httpx.Client) -> None:
    summary = apivideo.summaries.add()
    listed = api.get("/summaries").json()["data"]
    path = f"/summaries/{summary.id}"
    api.delete(f"/videos/{summary.video_id}")
    assert api.get("/summaries").json()["data"] == []
    for answer in (
        api.get(f"{path}/source"),
        api.patch(f"{path}/source", json=TEXT),
        api.delete(path),
    ):
        assert (answer.status_code, answer.json()["name"]) == (404, "summaryId")
    api.patch(f"/discarded/videos/{summary.video_id}", json={"discarded": False})
    assert api.get("/summaries").json()["data"] == listed


@pytest.mark.parametrize("method", ["POST", "PATCH"])
@pytest.mark.parametrize(("wanted", "count"), [(True, 1), (False, 0)])
def test_a_video_may_be_summarized_as_it_is_made_or_changed(
    apivideo: ApiVideo, api: httpx.Client, method: str, wanted: bool, count: int
) -> None:
    path = "/videos" if method == "POST" else f"/videos/{apivideo.videos.add().id}"
    video = api.request(method, path, json={"title": "a", "transcriptSummary": wanted}).json()
    made = [(one.video_id, one.origin, one.source_status) for one in apivideo.summaries]
    assert made == [(video["videoId"], "auto", "waiting")] * count


def test_a_video_with_a_summary_gets_no_other_and_no_change(
    apivideo: ApiVideo, api: httpx.Client
) -> None:
    video = apivideo.videos.add(title="old")
    apivideo.summaries.add(video_id=video.id)
    path = f"/videos/{video.id}"
    answer = api.patch(path, json={"title": "new", "transcriptSummary": True})
    assert (answer.status_code, answer.json()) == (409, exists("transcriptSummary"))
    assert apivideo.videos[video.id] == video
    assert api.patch(path, json={"title": "new", "transcriptSummary": False}).is_success
