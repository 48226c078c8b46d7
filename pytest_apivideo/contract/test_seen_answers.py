"""Answers that the real service was seen to give, in public code and published fixtures."""

from __future__ import annotations

import re
from typing import Any

import pytest

from pytest_apivideo.contract.api import Answer, Api
from pytest_apivideo.contract.authentication import BAD_KEY, Auth
from pytest_apivideo.contract.conftest import MakeVideo, Mark, WaitASecond
from pytest_apivideo.contract.files import MIN_PART, mp4
from pytest_apivideo.contract.schemas import (
    CAPTION,
    LIVE_STREAM,
    STATUS,
    UPLOAD_TOKEN,
    VIDEO,
    page_of,
)

UUID = "[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"


def test_whether_a_problem_has_its_own_content_type(anonymous: Api) -> None:
    media_type = anonymous.get("/videos").headers["content-type"].partition(";")[0]
    assert media_type in ("application/problem+json", "application/json")
    anonymous.found("problem_content_type", media_type)


def test_whether_an_api_key_is_accepted_as_a_bearer_token(auth: Auth) -> None:
    answer = auth.get(f"Bearer {auth.key}")
    answer.must_be((200, 401))
    auth.found("allow_api_key_as_bearer", answer.status == 200)


def test_a_refused_key_is_answered_401_or_400(auth: Auth) -> None:
    answer = auth.login({"apiKey": f"anUnknownKey{auth.run}"})
    auth.must_refuse(answer, BAD_KEY)


def test_whether_ingest_is_null_or_a_list_before_any_upload(
    api: Api, video: dict[str, Any]
) -> None:
    ingest = api.get(f"/videos/{video['videoId']}/status").must_be(200, STATUS)["ingest"]
    assert ingest in (None, [])
    api.found("empty_ingest_is_a_list", ingest == [])  # `found` accepts no list
    if ingest is None:
        api.found("empty_ingest", None)


def pagination(api: Api, word: str, **query: Any) -> tuple[int, list[str]]:
    """Return the number of pages and the relations of the links, of an empty page."""
    query = {"tags[]": word, **query}
    page = api.get("/videos", params=query).must_be(200, page_of(VIDEO))
    assert page["data"] == []
    links = [link["rel"] for link in page["pagination"]["links"]]
    return page["pagination"]["pagesTotal"], links


def test_an_empty_list_has_no_pages_and_links_to_the_first_alone(api: Api, word: str) -> None:
    assert pagination(api, word) == (0, ["first"])


def test_a_page_past_the_end_links_to_the_first_and_the_last(
    api: Api, make_video: MakeVideo, word: str
) -> None:
    make_video(tags=[word])
    assert pagination(api, word, currentPage=3) == (1, ["first", "last"])


def test_a_subtitle_is_accepted(make_video: MakeVideo) -> None:
    make_video(subtitle="Lesson 1")


@pytest.mark.parametrize(
    "body", [{"title": ""}, {"title": "a", "language": "x!"}], ids=["title", "language"]
)
def test_a_single_problem_is_not_listed(api: Api, body: dict[str, str]) -> None:
    problem = api.post("/videos", body).must_be(400, {"title": str, "type": str})
    assert "problems" not in problem


def test_an_upload_is_completed_after_its_upload_token_has_expired(
    api: Api, anonymous: Api, video: dict[str, Any], mark: Mark, wait_a_second: WaitASecond
) -> None:
    made = api.post("/upload-tokens", {"ttl": 3}).must_be(200, UPLOAD_TOKEN)
    path = f"/upload?token={made['token']}"

    def send(part: str, content: bytes) -> Answer:
        return anonymous.post(
            path,
            files={"file": ("a.mp4", content, "video/mp4")},
            data={"videoId": video["videoId"]},
            headers={"Content-Range": part},
        )

    send("part 1/2", mp4(MIN_PART)).must_be(201, {"videoId": str})
    for _ in range(3):
        wait_a_second()
    send("part 2/2", b"the end").must_be(201, VIDEO)
    files = {"file": (mark("late") + ".mp4", mp4(100), "video/mp4")}
    anonymous.post(path, files=files).must_be_problem(
        401, "authentication-invalid-upload-token", "The upload token is invalid or expired."
    )


def test_captions_of_a_private_video_have_an_address_with_a_token(
    api: Api, make_video: MakeVideo
) -> None:
    video_id = make_video(public=False)["videoId"]
    files = {"file": ("en.vtt", b"WEBVTT\n", "text/vtt")}
    path = f"/videos/{video_id}/captions/en"
    src = api.post(path, files=files).must_be(200, CAPTION)["src"]
    assert re.search(f"/vod/{video_id}/token/{UUID}/captions/en.vtt$", src)


def test_a_private_live_stream_has_addresses_with_a_token(api: Api, mark: Mark) -> None:
    body = {"name": mark("Live"), "public": False}
    stream = api.post("/live-streams", body).must_be(200, LIVE_STREAM)
    assert re.search(f"/private/{UUID}/{stream['liveStreamId']}.m3u8$", stream["assets"]["hls"])
    assert re.search(f"[?&]token={UUID}$", stream["assets"]["player"])
