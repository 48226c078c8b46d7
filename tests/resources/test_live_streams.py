"""Live streams, as a client sees them."""

from __future__ import annotations

import re
import uuid
from typing import Any

import httpx
import pytest

from fake_server.core.files import File
from pytest_apivideo import ApiVideo

DOCS = "https://docs.api.video/reference/"
YOUTUBE = {"name": "YouTube", "serverUrl": "rtmp://youtube.example/live", "streamKey": "dw-dew8"}


@pytest.mark.apivideo(asset_urls="real")
def test_a_new_live_stream_has_every_documented_field_with_its_default(
    apivideo: ApiVideo, api: httpx.Client
) -> None:
    apivideo.clock.freeze("2030-01-01T12:00:00Z")
    answer = api.post("/live-streams", json={"name": "Concert"})
    stream = answer.json()
    name = stream["liveStreamId"]
    assert answer.status_code == 200
    assert re.fullmatch(r"li[0-9A-Za-z]{21,22}", name)
    assert uuid.UUID(stream["streamKey"]).version == 4
    assert stream == {
        "liveStreamId": name,
        "createdAt": "2030-01-01T12:00:00+00:00",
        "updatedAt": "2030-01-01T12:00:00+00:00",
        "streamKey": stream["streamKey"],
        "name": "Concert",
        "public": True,
        "broadcasting": False,
        "restreams": [],
        "assets": {
            "iframe": f'<iframe src="https://embed.api.video/live/{name}" width="100%" '
            'height="100%" frameborder="0" scrolling="no" allowfullscreen="true"></iframe>',
            "player": f"https://embed.api.video/live/{name}",
            "hls": f"https://live.api.video/{name}.m3u8",
            "thumbnail": f"https://live.api.video/{name}/thumbnail.jpg",
        },
    }
    assert api.get(f"/live-streams/{name}").json() == stream


def test_everything_that_may_be_chosen_is_kept(apivideo: ApiVideo, api: httpx.Client) -> None:
    apivideo.players.add(player_id="pl1")
    chosen = {"name": "a", "public": False, "playerId": "pl1", "restreams": [YOUTUBE] * 5}
    stream = api.post("/live-streams", json=chosen).json()
    assert {name: stream[name] for name in chosen} == chosen


def test_two_live_streams_have_two_stream_keys(apivideo: ApiVideo) -> None:
    first, second = apivideo.live_streams.add_many(2)
    assert first.stream_key != second.stream_key


@pytest.mark.parametrize(
    ("change", "field", "value"),
    [
        ({"name": "b"}, "name", "b"),
        ({"public": False}, "public", False),
        ({"playerId": None}, "playerId", None),
        ({"restreams": []}, "restreams", []),
        (
            {"restreams": [{**YOUTUBE, "name": "Other"}]},
            "restreams",
            [{**YOUTUBE, "name": "Other"}],
        ),
        ({}, "restreams", [YOUTUBE, YOUTUBE]),
        ({"streamKey": "mine"}, "name", "a"),
    ],
)
def test_a_patch_changes_only_its_attributes(
    apivideo: ApiVideo, api: httpx.Client, change: dict[str, Any], field: str, value: Any
) -> None:
    apivideo.players.add(player_id="pl1")
    body = {"name": "a", "playerId": "pl1", "restreams": [YOUTUBE, YOUTUBE]}
    before = api.post("/live-streams", json=body).json()
    apivideo.clock.advance(60)
    after = api.patch(f"/live-streams/{before['liveStreamId']}", json=change).json()
    assert after.get(field) == value
    assert after["updatedAt"] > before["updatedAt"]
    others = before.keys() - {field, "updatedAt", "assets"}  # those of a private one have a token
    assert {name: after[name] for name in others} == {name: before[name] for name in others}


def test_a_player_theme_must_exist(apivideo: ApiVideo, api: httpx.Client) -> None:
    answer = api.post("/live-streams", json={"name": "a", "playerId": "plUnknown"})
    assert (answer.status_code, answer.json()["name"]) == (400, "playerId")
    url = f"/live-streams/{apivideo.live_streams.add().id}"
    assert api.patch(url, json={"playerId": "plUnknown"}).status_code == 400
    assert len(apivideo.live_streams) == 1


BLANK = "This value should not be blank."
NULL = "This value should not be null."
NO_RTMP = "RTMP URL should have the following format: [rtmp|rtmps]://[host]/[app name]."
NO_APP = "Missing app name: [rtmp|rtmps]://[host]/[app name]."
WRONG_RESTREAMS: list[tuple[Any, str, str]] = [
    ([{**YOUTUBE, "name": ""}], "restreams[0][name]", BLANK),
    ([{**YOUTUBE, "name": " "}], "restreams[0][name]", BLANK),
    ([{**YOUTUBE, "serverUrl": ""}], "restreams[0][serverUrl]", BLANK),
    ([{**YOUTUBE, "streamKey": ""}], "restreams[0][streamKey]", BLANK),
    ([{**YOUTUBE, "name": None}], "restreams[0][name]", NULL),
    ([{**YOUTUBE, "serverUrl": None}], "restreams[0][serverUrl]", NULL),
    ([{**YOUTUBE, "streamKey": None}], "restreams[0][streamKey]", NULL),
    ([None], "restreams[0]", NULL),
    (None, "restreams", NULL),
    ([YOUTUBE] * 6, "restreams", "This collection should contain 5 elements or less."),
    ([{**YOUTUBE, "serverUrl": "https://a.example/app"}], "restreams[0][serverUrl]", NO_RTMP),
    ([{**YOUTUBE, "serverUrl": "rtmp:a.example/app"}], "restreams[0][serverUrl]", NO_RTMP),
    ([{**YOUTUBE, "serverUrl": "rtmp:///app"}], "restreams[0][serverUrl]", NO_RTMP),
    ([{**YOUTUBE, "serverUrl": "rtmp://a.example/my app"}], "restreams[0][serverUrl]", NO_RTMP),
    ([{**YOUTUBE, "serverUrl": "rtmp://a.example"}], "restreams[0][serverUrl]", NO_APP),
    ([YOUTUBE, {**YOUTUBE, "serverUrl": "rtmps://a.example/"}], "restreams[1][serverUrl]", NO_APP),
    ([{**YOUTUBE, "name": 7}], "restreams[0][name]", "This value must be of type string."),
]


@pytest.mark.parametrize("method", ["POST", "PATCH"])
@pytest.mark.parametrize(("restreams", "name", "detail"), WRONG_RESTREAMS)
def test_a_wrong_restream_is_a_problem_that_names_its_place(
    apivideo: ApiVideo, api: httpx.Client, method: str, restreams: Any, name: str, detail: str
) -> None:
    stream = apivideo.live_streams.add()
    path = "/live-streams" if method == "POST" else f"/live-streams/{stream.id}"
    answer = api.request(method, path, json={"name": "a", "restreams": restreams})
    problem = {
        "type": DOCS + "invalid-attribute",
        "title": "An attribute is invalid.",
        "detail": detail,
        "name": name,
    }
    assert answer.json() == {**problem, "status": 400}
    assert list(apivideo.live_streams) == [stream]


@pytest.mark.parametrize("name", ["name", "serverUrl", "streamKey"])
def test_a_restream_needs_all_of_its_attributes(api: httpx.Client, name: str) -> None:
    restream = {key: value for key, value in YOUTUBE.items() if key != name}
    answer = api.post("/live-streams", json={"name": "a", "restreams": [restream]})
    assert answer.json()["name"] == f"restreams[0][{name}]"
    assert answer.json()["title"] == "This attribute is required."


@pytest.mark.parametrize("url", ["RTMP://a.example/app", "rtmps://a.example:443/app/x?y=z"])
def test_a_server_url_may_have_a_port_and_more_than_an_app_name(
    api: httpx.Client, url: str
) -> None:
    body = {"name": "a", "restreams": [{**YOUTUBE, "serverUrl": url}]}
    assert api.post("/live-streams", json=body).json()["restreams"][0]["serverUrl"] == url


@pytest.mark.parametrize("body", [{}, {"name": ""}, {"name": "  "}])
def test_a_live_stream_needs_a_name(api: httpx.Client, body: dict[str, str]) -> None:
    answer = api.post("/live-streams", json=body)
    assert (answer.status_code, answer.json()["name"]) == (400, "name")
    assert answer.json()["type"] == DOCS + "attribute-required"


def test_a_list_filters_by_a_part_of_the_name_and_by_the_whole_stream_key(
    apivideo: ApiVideo, api: httpx.Client
) -> None:
    concert = apivideo.live_streams.add(name="The Concert")
    apivideo.live_streams.add(name="A lecture")

    def found(**query: str) -> list[str]:
        return [one["name"] for one in api.get("/live-streams", params=query).json()["data"]]

    assert found() == ["A lecture", "The Concert"]
    assert found(name="conc") == ["The Concert"]
    assert found(streamKey=concert.stream_key) == ["The Concert"]
    assert found(streamKey=concert.stream_key[:-1]) == []
    assert found(sortBy="name", sortOrder="desc") == ["The Concert", "A lecture"]


@pytest.mark.parametrize("broadcasting", [True, False])
def test_a_completed_live_stream_does_not_broadcast(
    apivideo: ApiVideo, api: httpx.Client, broadcasting: bool
) -> None:
    stream = apivideo.live_streams.add(broadcasting=broadcasting)
    answer = api.put(f"/live-streams/{stream.id}/complete")
    assert (answer.status_code, answer.content) == (202, b"")
    assert apivideo.live_streams[stream.id].broadcasting is False
    assert api.get(f"/live-streams/{stream.id}").json()["broadcasting"] is False


def test_the_thumbnail_is_served_from_its_address_until_it_is_deleted(
    apivideo: ApiVideo, api: httpx.Client, http: httpx.Client
) -> None:
    stream = apivideo.live_streams.add()
    path = f"/live-streams/{stream.id}/thumbnail"
    for content in (b"one", b"another"):
        answer = api.post(path, files={"file": ("a.webp", content, "image/webp")})
        assert answer.status_code == 201
        image = http.get(answer.json()["assets"]["thumbnail"])
        assert (image.content, image.headers["Content-Type"]) == (content, "image/webp")
    for _ in range(2):
        answer = api.delete(path)
        assert answer.status_code == 200
        address = answer.json()["assets"]["thumbnail"]
        assert address == f"{apivideo.url}/{stream.id}/thumbnail.jpg"
        assert http.get(address).status_code == 404
        assert http.get(address).json()["name"] == "liveStreamId"


def test_a_thumbnail_is_deleted_with_its_live_stream(
    apivideo: ApiVideo, api: httpx.Client, http: httpx.Client
) -> None:
    stream = apivideo.live_streams.add(thumbnail=File("a.png", "image/png", b"a"))
    assert http.get(f"/{stream.id}/thumbnail.jpg").content == b"a"
    assert api.delete(f"/live-streams/{stream.id}").status_code == 204
    assert http.get(f"/{stream.id}/thumbnail.jpg").status_code == 404
