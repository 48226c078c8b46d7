"""Videos, as a client sees them."""

from __future__ import annotations

import re
from typing import Any

import httpx
import pytest

from pytest_apivideo import ApiVideo, FakeServer

DOCS = "https://docs.api.video/reference/"


def create(api: httpx.Client, **body: Any) -> dict[str, Any]:
    answer = api.post("/videos", json={"title": "Maths", **body})
    assert answer.is_success, answer.text
    return dict(answer.json())


@pytest.mark.apivideo(asset_urls="real")
def test_a_new_video_has_every_documented_field_with_its_default(
    apivideo: ApiVideo, api: httpx.Client
) -> None:
    apivideo.clock.freeze("2030-01-01T12:00:00.9Z")
    answer = api.post("/videos", json={"title": "Maths"})
    video = answer.json()
    name = video["videoId"]
    assert answer.status_code == 201
    assert re.fullmatch(r"vi[0-9A-Za-z]{21,22}", name)
    assert video == {
        "videoId": name,
        "title": "Maths",
        "description": "",
        "public": True,
        "panoramic": False,
        "mp4Support": True,
        "publishedAt": "2030-01-01T12:00:00+00:00",
        "createdAt": "2030-01-01T12:00:00+00:00",
        "updatedAt": "2030-01-01T12:00:00+00:00",
        "tags": [],
        "metadata": [],
        "discarded": False,
        "discardedAt": None,
        "deletesAt": None,
        "source": {"type": "upload", "uri": f"/videos/{name}/source"},
        "assets": {
            "iframe": f'<iframe src="https://embed.api.video/vod/{name}" width="100%" height="100%"'
            ' frameborder="0" scrolling="no" allowfullscreen="true"></iframe>',
            "player": f"https://embed.api.video/vod/{name}",
            "hls": f"https://vod.api.video/vod/{name}/hls/manifest.m3u8",
            "thumbnail": f"https://vod.api.video/vod/{name}/thumbnail.jpg",
            "mp4": f"https://vod.api.video/vod/{name}/mp4/source.mp4",
        },
    }
    assert list(video)[:3] == ["videoId", "title", "description"]
    assert api.get(f"/videos/{name}").json() == video


def test_everything_that_may_be_chosen_is_kept(apivideo: ApiVideo, api: httpx.Client) -> None:
    apivideo.players.add(player_id="pl45KFKdlddgk654dspkze")
    chosen = {
        "title": "Ünïcode ✓",
        "description": "About\nlines",
        "public": True,
        "panoramic": True,
        "mp4Support": False,
        "playerId": "pl45KFKdlddgk654dspkze",
        "tags": ["a b", "c"],
        "metadata": [{"key": "Author", "value": "Jane"}],
        "language": "no",
    }
    video = create(api, **chosen)
    assert {name: video[name] for name in chosen} == chosen
    assert video["languageOrigin"] == "api"
    assert "mp4" not in video["assets"]


def test_write_only_attributes_are_accepted_and_not_shown(
    apivideo: ApiVideo, api: httpx.Client
) -> None:
    apivideo.watermarks.add(watermark_id="watermark_1")
    extras = {
        "clip": {"startTimecode": "00:01:15", "endTimecode": "00:02:33"},
        "watermark": {"id": "watermark_1", "top": "10px", "opacity": "70%", "width": "initial"},
        "transcript": True,
        "transcriptSummary": True,
        "transcriptSummaryAttributes": ["abstract", "takeaways"],
    }
    assert not set(extras) & set(create(api, **extras))


def test_read_only_and_unknown_attributes_are_ignored(api: httpx.Client) -> None:
    video = create(api, videoId="mine", createdAt="2000-01-01", assets={}, whatever=1)
    assert video["videoId"] != "mine"
    assert "whatever" not in video


@pytest.mark.apivideo(unknown_fields="refuse")
def test_unknown_attributes_and_parameters_are_refused_by_setting(api: httpx.Client) -> None:
    body = {
        "title": "a",
        "videoId": "read-only ones stay ignored",
        "colour": "blue",
        "metadata": [{"key": "k", "value": "v", "unit": "m"}],
    }
    answer = api.post("/videos", json=body)
    assert answer.status_code == 400
    names = [problem["name"] for problem in answer.json()["problems"]]
    assert sorted(names) == ["colour", "metadata[0][unit]"]
    assert answer.json()["problems"][0]["detail"] == "This field was not expected."
    assert create(api, videoId="mine")

    listed = api.get("/videos?tags[]=a&metadata[k]=v&page=2&sort[by]=x")
    assert [problem["name"] for problem in listed.json()["problems"]] == ["page", "sort[by]"]


@pytest.mark.parametrize(("source", "kind"), [("https://a.example/a.mp4", "url"), (None, "clone")])
def test_a_source_to_fetch_or_copy_is_accepted_with_202(
    apivideo: ApiVideo, api: httpx.Client, source: str | None, kind: str
) -> None:
    source = source or uploaded(apivideo, api)
    answer = api.post("/videos", json={"title": "a", "source": source})
    assert answer.status_code == 202
    assert answer.json()["source"]["type"] == kind


def uploaded(apivideo: ApiVideo, api: httpx.Client) -> str:
    video = apivideo.videos.add()
    assert api.post(f"/videos/{video.id}/source", files={"file": b"content"}).status_code == 201
    return video.id


def test_a_source_that_is_neither_address_nor_video_is_refused(
    apivideo: ApiVideo, api: httpx.Client
) -> None:
    answer = api.post("/videos", json={"title": "a", "source": "vi4k0jvEUuaTdRAEjQ4Jfrgz"})
    assert (answer.status_code, answer.json()["name"]) == (400, "source")
    assert len(apivideo.videos) == 0


REQUIRED = ("attribute-required", "This attribute is required.", None)
NOT_AN_ARRAY = ("invalid-attribute", "This attribute must be an array.", None)


def invalid(detail: str) -> tuple[str, str, str]:
    return "invalid-attribute", "An attribute is invalid.", detail


WRONG = [
    ({}, "title", REQUIRED),
    ({"title": None}, "title", invalid("This value should not be null.")),
    ({"title": 1}, "title", invalid("This value must be of type string.")),
    ({"title": " "}, "title", (*REQUIRED[:2], "This value should not be blank.")),
    ({"title": "a", "public": "true"}, "public", invalid("This value must be of type boolean.")),
    ({"title": "a", "tags": "a"}, "tags", NOT_AN_ARRAY),
    ({"title": "a", "tags": {"0": "a"}}, "tags", NOT_AN_ARRAY),
    ({"title": "a", "tags": ["a", 1]}, "tags[1]", invalid("This value must be of type string.")),
    ({"title": "a", "metadata": {}}, "metadata", NOT_AN_ARRAY),
    ({"title": "a", "metadata": [1]}, "metadata[0]", invalid("This value must be of type object.")),
    ({"title": "a", "metadata": [{"value": "b"}]}, "metadata[0][key]", REQUIRED),
    (
        {"title": "a", "language": "en_GB"},
        "language",
        invalid(
            'The "language" attribute must contain only letters and dashes '
            '(for example "fr", "fr-BE").'
        ),
    ),
    (
        {"title": "a", "language": "xx"},
        "language",
        invalid('The "language" attribute is not valid.'),
    ),
    (
        {"title": "a", "transcriptSummaryAttributes": ["poem"]},
        "transcriptSummaryAttributes[0]",
        invalid('This value is invalid. Use one of "abstract" or "takeaways".'),
    ),
]


@pytest.mark.parametrize(("body", "name", "expected"), WRONG)
def test_each_wrong_attribute_has_its_documented_problem(
    apivideo: ApiVideo,
    api: httpx.Client,
    body: dict[str, Any],
    name: str,
    expected: tuple[str, str, str | None],
) -> None:
    slug, title, detail = expected
    answer = api.post("/videos", json=body)
    problem = answer.json()
    assert answer.status_code == problem["status"] == 400
    assert (problem["type"], problem["title"], problem["name"]) == (DOCS + slug, title, name)
    assert problem.get("detail") == detail
    assert len(apivideo.videos) == 0


@pytest.mark.parametrize("where", ["clip", "watermark"])
def test_malformed_clips_and_watermarks_are_refused(api: httpx.Client, where: str) -> None:
    wrong = {
        "clip": {"startTimecode": "1:5"},
        "watermark": {"id": "w", "top": "10em", "opacity": "10px"},
    }[where]
    answer = api.post("/videos", json={"title": "a", where: wrong})
    assert answer.status_code == 400
    assert answer.json()["name"].startswith(f"{where}[")


@pytest.mark.parametrize(
    ("body", "name"),
    [({"playerId": "plUnknown"}, "playerId"), ({"watermark": {"id": "w"}}, "watermark[id]")],
)
def test_resources_that_a_video_refers_to_must_exist(
    apivideo: ApiVideo, api: httpx.Client, body: dict[str, Any], name: str
) -> None:
    answer = api.post("/videos", json={"title": "a", **body})
    assert (answer.status_code, answer.json()["name"]) == (400, name)
    assert answer.json()["title"] == "An attribute is invalid."
    assert len(apivideo.videos) == 0


@pytest.mark.parametrize(
    "body",
    [{"title": ""}, {"title": "a", "language": "x!"}, {"title": "a", "tags": "b"}],
    ids=["title", "language", "tags"],
)
def test_a_single_problem_is_not_listed(api: httpx.Client, body: dict[str, Any]) -> None:
    problem = api.post("/videos", json=body).json()
    assert problem["status"] == 400
    assert "problems" not in problem


@pytest.mark.apivideo(unknown_fields="refuse")
def test_a_subtitle_is_accepted_at_creation_and_shown_nowhere(api: httpx.Client) -> None:
    answer = api.post("/videos", json={"title": "a", "subtitle": "b"})
    assert answer.status_code == 201
    assert "subtitle" not in answer.json()
    assert "subtitle" not in api.get(f"/videos/{answer.json()['videoId']}").json()
    wrong = api.post("/videos", json={"title": "a", "subtitle": 1})
    assert (wrong.status_code, wrong.json()["name"]) == (400, "subtitle")


def test_all_problems_of_a_request_are_listed_at_once(api: httpx.Client) -> None:
    answer = api.post("/videos", json={"tags": "a", "metadata": "b", "public": 1}).json()
    first, *others = answer.pop("problems")
    assert {**first, "status": 400} == answer
    assert "status" not in first
    assert [problem["name"] for problem in (first, *others)] == [
        "title",
        "public",
        "tags",
        "metadata",
    ]


@pytest.mark.parametrize("body", [b"", b"[]", b"null", b'"title"', b"{", b"title=a", b"\xff"])
def test_a_body_that_is_no_json_object_is_an_invalid_payload(
    api: httpx.Client, body: bytes
) -> None:
    problem = api.post("/videos", content=body).json()
    assert problem["type"] == DOCS + "invalid-payload"
    assert problem["title"] == "The payload is invalid."


@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", "text/plain", "nonsense"])
def test_json_is_read_with_any_content_type(api: httpx.Client, kind: str) -> None:
    answer = api.post("/videos", content=b'{"title": "a"}', headers={"Content-Type": kind})
    assert answer.status_code == 201


def test_a_patch_merges(apivideo: ApiVideo, api: httpx.Client) -> None:
    apivideo.clock.freeze("2030-01-01")
    apivideo.players.add(player_id="pl1")
    video = create(
        api, description="old", tags=["a"], playerId="pl1", metadata=[{"key": "k", "value": "v"}]
    )
    apivideo.clock.advance(60)
    url = f"/videos/{video['videoId']}"
    patched = api.patch(url, json={"tags": ["b"], "playerId": None, "metadata": []})
    assert patched.status_code == 200
    expected = {**video, "tags": ["b"], "metadata": [], "updatedAt": "2030-01-01T00:01:00+00:00"}
    del expected["playerId"]
    assert patched.json() == expected
    assert api.get(url).json() == expected
    assert api.patch(url, json={}).json() == expected


def test_a_refused_patch_changes_nothing(api: httpx.Client) -> None:
    video = create(api)
    url = f"/videos/{video['videoId']}"
    refused = api.patch(url, json={"title": "new", "tags": "wrong"})
    assert (refused.status_code, refused.json()["name"]) == (400, "tags")
    assert api.patch(url, json={"title": None}).status_code == 400
    assert api.get(url).json() == video


def test_the_language_has_an_origin_and_is_cleared_by_null(api: httpx.Client) -> None:
    url = f"/videos/{create(api)['videoId']}"
    chosen = api.patch(url, json={"language": "fr"}).json()
    assert (chosen["language"], chosen["languageOrigin"]) == ("fr", "api")
    assert "language" not in api.patch(url, json={"language": None}).json()


def test_a_deleted_video_is_not_found(api: httpx.Client) -> None:
    url = f"/videos/{create(api)['videoId']}"
    deleted = api.delete(url)
    assert (deleted.status_code, deleted.content) == (204, b"")
    for again in (api.delete(url), api.get(url), api.patch(url, json={"title": "a"})):
        assert again.status_code == 404
        assert again.json() == {
            "type": DOCS + "resource-not-found",
            "title": "The requested resource could not be found.",
            "status": 404,
            "name": "videoId",
        }


def test_an_unknown_video_is_a_404_before_its_body_is_read(api: httpx.Client) -> None:
    assert api.patch("/videos/vi1", content=b"nonsense").status_code == 404


@pytest.mark.apivideo(asset_urls="real")
def test_a_private_video_has_a_new_token_in_its_assets_at_each_read(api: httpx.Client) -> None:
    video = create(api, public=False)
    first, second = (api.get(f"/videos/{video['videoId']}").json()["assets"] for _ in range(2))
    path = re.escape(f"/vod/{video['videoId']}")
    uuid = r"([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})"
    hls = re.fullmatch(f"https://vod.api.video{path}/token/{uuid}/hls/manifest.m3u8", first["hls"])
    assert hls is not None
    assert first["player"] == f"https://embed.api.video/vod/{video['videoId']}?token={hls[1]}"
    assert first["mp4"].endswith(f"/token/{hls[1]}/mp4/source.mp4")
    assert first["hls"] != second["hls"]


def test_assets_have_the_address_that_the_client_used(
    apivideo: ApiVideo, api: httpx.Client
) -> None:
    url = f"/videos/{create(api)['videoId']}"
    assert api.get(url).json()["assets"]["hls"].startswith(apivideo.url + "/vod/")
    other = {"Host": f"localhost:{httpx.URL(apivideo.url).port}"}
    assert api.get(url, headers=other).json()["assets"]["hls"].startswith("http://localhost:")


def test_sandbox_and_production_have_their_own_videos(apivideo: ApiVideo) -> None:
    hosts = {"ws.api.video": apivideo.production_key, "sandbox.api.video": apivideo.sandbox_key}
    for host, key in hosts.items():
        with httpx.Client(base_url=apivideo.url, auth=(key, ""), headers={"Host": host}) as client:
            client.post("/videos", json={"title": host})
            titles = [video["title"] for video in client.get("/videos").json()["data"]]
            assert titles == [host]


@pytest.mark.apivideo(extra_fields={"futureField": 1})
def test_extra_fields_are_in_every_object_of_an_answer(
    apivideo: ApiVideo, api: httpx.Client
) -> None:
    assert create(api)["futureField"] == 1
    page = api.get("/videos").json()
    assert page["futureField"] == page["data"][0]["futureField"] == 1
    assert api.get("/videos/vi1").json()["futureField"] == 1
    login = api.post("/auth/api-key", json={"apiKey": apivideo.api_key})
    assert login.json()["futureField"] == 1
    apivideo.settings.extra_fields = {}
    assert "futureField" not in api.get("/videos").json()["data"][0]


def test_ids_repeat_from_the_seed(apivideo_server: FakeServer) -> None:
    def made() -> list[str]:
        with apivideo_server.project(seed="the same") as handle:
            return [video.id for video in handle.videos.add_many(3)]

    first = made()
    assert made() == first
    with apivideo_server.project(seed="the same") as other:
        assert made() != first
        assert other.videos.add().id == first[0]
