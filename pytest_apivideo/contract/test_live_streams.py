"""Live streams: create, read, update, find, restream, complete, delete."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_apivideo.contract.api import Api, Json
from pytest_apivideo.contract.files import PNG
from pytest_apivideo.contract.schemas import LIVE_STREAM

RESTREAM = {"name": "Other", "serverUrl": "rtmp://example.invalid/app", "streamKey": "key"}


def create(api: Api, name: str, **attributes: Any) -> Json:
    body = {"name": api.mark(name), **attributes}
    return api.post("/live-streams", body).must_be(200, LIVE_STREAM)


def path_of(stream: Json) -> str:
    return f"/live-streams/{stream['liveStreamId']}"


def find(api: Api, **query: Any) -> list[str]:
    return [stream["liveStreamId"] for stream in api.list("/live-streams", LIVE_STREAM, **query)]


def test_a_live_stream_needs_only_a_name(api: Api) -> None:
    stream = create(api, "Lecture")
    expected = {"name": api.mark("Lecture"), "public": True, "broadcasting": False, "restreams": []}
    assert {name: stream[name] for name in expected} == expected


def test_a_live_stream_can_be_private(api: Api) -> None:
    assert create(api, "Live", public=False)["public"] is False


def test_a_live_stream_can_be_read(api: Api, stream: Json) -> None:
    assert api.get(path_of(stream)).must_be(200, LIVE_STREAM) == stream


def test_a_live_stream_without_a_name_is_refused(api: Api) -> None:
    restreams = [{**RESTREAM, "name": api.mark("Other")}]
    answer = api.post("/live-streams", {"public": True, "restreams": restreams})
    answer.must_be_problem(400, "attribute-required", "This attribute is required.", name="name")


def test_live_streams_are_found_by_name_and_stream_key(api: Api, word: str) -> None:
    stream = create(api, f"a {word} b")
    create(api, "another")
    assert find(api, name=word) == [stream["liveStreamId"]]
    assert find(api, streamKey=stream["streamKey"]) == [stream["liveStreamId"]]
    assert find(api, streamKey=stream["streamKey"][:-1]) == []


def test_live_streams_can_be_sorted_by_name(api: Api, word: str) -> None:
    b, a = (create(api, f"{letter} {word}")["liveStreamId"] for letter in "ba")
    assert find(api, name=word, sortBy="name", sortOrder="asc") == [a, b]
    assert find(api, name=word, sortBy="name", sortOrder="desc") == [b, a]
    pages = [find(api, name=word, pageSize=1, currentPage=number) for number in (1, 2)]
    assert [len(page) for page in pages] == [1, 1]


def test_an_update_keeps_other_attributes(api: Api, stream: Json) -> None:
    updated = api.patch(path_of(stream), {"public": False}).must_be(200, LIVE_STREAM)
    assert updated["public"] is False
    for name in ("name", "streamKey", "restreams", "createdAt"):
        assert updated[name] == stream[name], name


def test_restreams_can_be_set_replaced_and_cleared(api: Api) -> None:
    stream = create(api, "Live", restreams=[RESTREAM])
    assert stream["restreams"] == [RESTREAM]
    for restreams in ([RESTREAM, {**RESTREAM, "name": "Third"}], []):
        updated = api.patch(path_of(stream), {"restreams": restreams}).must_be(200)
        assert updated["restreams"] == restreams


@pytest.mark.parametrize(
    "restreams",
    [
        [RESTREAM] * 6,
        [{**RESTREAM, "serverUrl": "http://example.invalid/app"}],
        [{**RESTREAM, "serverUrl": "rtmp://example.invalid"}],
        [{**RESTREAM, "name": ""}],
        [{**RESTREAM, "streamKey": None}],
    ],
    ids=["six", "not RTMP", "without an application", "without a name", "without a key"],
)
def test_invalid_restreams_are_refused(api: Api, restreams: list[Json]) -> None:
    body = {"name": api.mark("Live"), "restreams": restreams}
    api.post("/live-streams", body).must_be_bad_request()


def test_a_thumbnail_can_be_uploaded_and_deleted(api: Api, stream: Json) -> None:
    path = path_of(stream) + "/thumbnail"
    files = {"file": ("a.png", PNG, "image/png")}
    api.post(path, files=files).must_be(201, LIVE_STREAM)
    api.delete(path).must_be(200, LIVE_STREAM)


def test_a_live_stream_can_be_completed(api: Api, stream: Json) -> None:
    api.put(path_of(stream) + "/complete").must_be_empty(202)


def test_a_deleted_live_stream_is_not_found(api: Api, stream: Json) -> None:
    api.must_delete(path_of(stream), "liveStreamId")
