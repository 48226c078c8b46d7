"""Live streams: create, read, change, find, restream, complete, delete."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from pytest_apivideo.contract.api import Api
from pytest_apivideo.contract.files import png
from pytest_apivideo.contract.shapes import LIVE_STREAM, page_of

UNKNOWN = "liUnknown0000000000000000"
Mark = Callable[[str], str]
Stream = dict[str, Any]

RESTREAM = {"name": "Other", "serverUrl": "rtmp://example.invalid/app", "streamKey": "key"}


def path_of(stream: Stream) -> str:
    return f"/live-streams/{stream['liveStreamId']}"


def found(api: Api, **query: Any) -> list[str]:
    page = api.get("/live-streams", params=query).must_be(200, page_of(LIVE_STREAM))
    return [stream["liveStreamId"] for stream in page["data"]]


def test_a_live_stream_needs_only_a_name(api: Api, mark: Mark) -> None:
    name = mark("Lecture")
    made = api.post("/live-streams", {"name": name}).must_be(200, LIVE_STREAM)
    assert (made["name"], made["public"], made["broadcasting"]) == (name, True, False)
    assert made["restreams"] == []


def test_a_live_stream_is_private_if_asked_for(api: Api, mark: Mark) -> None:
    made = api.post("/live-streams", {"name": mark("Live"), "public": False})
    assert made.must_be(200, LIVE_STREAM)["public"] is False


def test_a_live_stream_is_read_as_it_was_made(api: Api, stream: Stream) -> None:
    assert api.get(path_of(stream)).must_be(200, LIVE_STREAM) == stream


def test_a_live_stream_without_a_name_is_refused(api: Api, mark: Mark) -> None:
    restreams = [{**RESTREAM, "name": mark("Other")}]
    answer = api.post("/live-streams", {"public": True, "restreams": restreams})
    answer.must_be_problem(400, "attribute-required", "This attribute is required.", name="name")


def test_live_streams_are_found_by_name_and_by_stream_key(api: Api, mark: Mark, word: str) -> None:
    made = api.post("/live-streams", {"name": mark(f"a {word} b")}).must_be(200, LIVE_STREAM)
    api.post("/live-streams", {"name": mark("another")}).must_be(200, LIVE_STREAM)
    assert found(api, name=word) == [made["liveStreamId"]]
    assert found(api, streamKey=made["streamKey"]) == [made["liveStreamId"]]
    assert found(api, streamKey=made["streamKey"][:-1]) == []


def test_live_streams_are_sorted_by_name(api: Api, mark: Mark, word: str) -> None:
    made = [
        api.post("/live-streams", {"name": mark(f"{letter} {word}")}).must_be(200)["liveStreamId"]
        for letter in "ba"
    ]
    assert found(api, name=word, sortBy="name", sortOrder="asc") == made[::-1]
    assert found(api, name=word, sortBy="name", sortOrder="desc") == made
    pages = [found(api, name=word, pageSize=1, currentPage=number) for number in (1, 2)]
    assert [len(page) for page in pages] == [1, 1]


def test_a_change_keeps_what_it_does_not_name(api: Api, stream: Stream) -> None:
    changed = api.patch(path_of(stream), {"public": False}).must_be(200, LIVE_STREAM)
    assert changed["public"] is False
    for name in ("name", "streamKey", "restreams", "createdAt"):
        assert changed[name] == stream[name], name


def test_restreams_are_kept_replaced_and_cleared(api: Api, mark: Mark) -> None:
    body = {"name": mark("Live"), "restreams": [RESTREAM]}
    made = api.post("/live-streams", body).must_be(200, LIVE_STREAM)
    assert made["restreams"] == [RESTREAM]
    two = [RESTREAM, {**RESTREAM, "name": "Third"}]
    assert api.patch(path_of(made), {"restreams": two}).must_be(200)["restreams"] == two
    assert api.patch(path_of(made), {"restreams": []}).must_be(200)["restreams"] == []


@pytest.mark.parametrize(
    "restreams",
    [
        [RESTREAM] * 6,
        [{**RESTREAM, "serverUrl": "http://example.invalid/app"}],
        [{**RESTREAM, "serverUrl": "rtmp://example.invalid"}],
        [{**RESTREAM, "name": ""}],
        [{**RESTREAM, "streamKey": None}],
    ],
    ids=["six", "no rtmp", "no application", "no name", "no key"],
)
def test_restreams_that_cannot_be_are_refused(
    api: Api, mark: Mark, restreams: list[dict[str, Any]]
) -> None:
    body = {"name": mark("Live"), "restreams": restreams}
    assert api.post("/live-streams", body).must_be(400, {"title": str, "type": str})["title"]


def test_a_thumbnail_is_put_up_and_taken_down(api: Api, stream: Stream) -> None:
    path = path_of(stream) + "/thumbnail"
    files = {"file": ("a.png", png(), "image/png")}
    api.post(path, files=files).must_be(201, LIVE_STREAM)
    api.delete(path).must_be(200, LIVE_STREAM)


def test_completing_is_accepted(api: Api, stream: Stream) -> None:
    api.put(path_of(stream) + "/complete").must_be_empty(202)


def test_a_deleted_live_stream_is_gone(api: Api, stream: Stream) -> None:
    api.delete(path_of(stream)).must_be_empty(204)
    api.get(path_of(stream)).must_be_not_found("liveStreamId")
    api.delete(path_of(stream)).must_be_not_found("liveStreamId")


def test_an_unknown_live_stream_is_not_found(api: Api) -> None:
    path = f"/live-streams/{UNKNOWN}"
    api.get(path).must_be_not_found("liveStreamId")
    api.patch(path, {"public": False}).must_be_not_found("liveStreamId")
    api.put(path + "/complete").must_be_not_found("liveStreamId")
