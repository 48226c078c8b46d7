"""Uploads with an upload token instead of an API key: `POST /upload`."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from pytest_apivideo import ApiVideo
from tests.uploads.client import ANY, DOCS, MIN, Uploader, slug, token_upload


@pytest.fixture
def token(apivideo: ApiVideo) -> str:
    return apivideo.upload_tokens.add().token


def test_a_file_becomes_a_video_of_its_name(
    apivideo: ApiVideo, http: httpx.Client, token: str
) -> None:
    answer = token_upload(http, token, b"content", name="holiday.mp4")
    assert answer.status_code == 201
    (video,) = apivideo.videos
    assert answer.json()["videoId"] == video.video_id
    assert answer.json()["title"] == video.title == "holiday.mp4"
    assert httpx.get(answer.json()["assets"]["mp4"]).content == b"content"
    assert apivideo.calls.last("POST /upload").credential == "upload_token"


def test_a_file_goes_to_a_video_that_exists(
    apivideo: ApiVideo, http: httpx.Client, token: str
) -> None:
    video = apivideo.videos.add(title="Maths")
    answer = token_upload(http, token, videoId=video.video_id)
    assert (answer.status_code, answer.json()["videoId"]) == (201, video.video_id)
    assert answer.json()["title"] == "Maths"
    assert len(apivideo.videos) == 1


def test_the_record_has_the_beginning_of_the_form(
    apivideo: ApiVideo, http: httpx.Client, token: str
) -> None:
    token_upload(http, token, bytes(10**6), name="holiday.mp4")
    body = apivideo.calls.last("POST /upload").request_body
    assert b'filename="holiday.mp4"' in body
    assert len(body) == apivideo.settings.max_body


def test_a_token_works_again_and_again(apivideo: ApiVideo, http: httpx.Client, token: str) -> None:
    for _ in range(3):
        assert token_upload(http, token).status_code == 201
    assert len(apivideo.videos) == 3


@pytest.mark.parametrize("order", ["file first", "fields first"])
def test_the_fields_of_a_form_come_in_any_order(
    apivideo: ApiVideo, http: httpx.Client, token: str, order: str
) -> None:
    file = 'Content-Disposition: form-data; name="file"; filename="a.mp4"\r\n\r\ncontent'
    video = f'Content-Disposition: form-data; name="videoId"\r\n\r\n{apivideo.videos.add().id}'
    parts = (file, video) if order == "file first" else (video, file)
    body = "".join(f"--x\r\n{part}\r\n" for part in parts) + "--x--\r\n"
    headers = {"Content-Type": "multipart/form-data; boundary=x"}
    answer = http.post(f"/upload?token={token}", content=body.encode(), headers=headers)
    assert answer.status_code == 201
    assert len(apivideo.videos) == 1


def test_pieces_with_the_id_of_the_first_answer_are_one_video(
    apivideo: ApiVideo, http: httpx.Client, token: str
) -> None:
    first = token_upload(http, token, ANY, name="a.mp4.part.a", content_range="part 1/2")
    video_id = first.json()["videoId"]
    assert (first.status_code, first.json()) == (201, {"videoId": video_id})
    last = token_upload(
        http, token, b"end", name="a.mp4.part.b", content_range="part 2/2", videoId=video_id
    )
    assert last.json()["title"] == "a.mp4.part.a"
    assert httpx.get(last.json()["assets"]["mp4"]).content == ANY + b"end"
    assert len(apivideo.videos) == 1


def test_each_piece_without_an_id_is_a_video_of_its_own(
    apivideo: ApiVideo, api: httpx.Client, http: httpx.Client, token: str
) -> None:
    for n in (1, 2, 3):
        assert token_upload(http, token, ANY, content_range=f"part {n}/3").status_code == 201
    assert len(apivideo.videos) == 3
    for n, video in enumerate(apivideo.videos, start=1):
        ingest = Uploader(apivideo, api, video.video_id).ingest
        assert ingest["receivedParts"] == {"parts": [n], "total": 3}


NOT_GOOD = (401, "authentication-invalid-upload-token")


def test_a_missing_token_differs_from_an_invalid_one(http: httpx.Client) -> None:
    missing = http.post("/upload", files={"file": b"content"})
    assert (missing.status_code, missing.json()) == (
        401,
        {
            "type": DOCS + "authentication-missing-upload-token",
            "title": "The upload token is missing.",
            "status": 401,
        },
    )
    assert slug(token_upload(http, "")) == "authentication-missing-upload-token"
    wrong = token_upload(http, "toNobodyHasThisOne")
    assert (wrong.status_code, slug(wrong)) == NOT_GOOD
    assert wrong.json()["title"] == "The upload token is invalid or expired."


def test_the_id_of_something_else_is_no_token(apivideo: ApiVideo, http: httpx.Client) -> None:
    answer = token_upload(http, apivideo.videos.add().id)
    assert (answer.status_code, slug(answer)) == NOT_GOOD


def test_a_token_expires_by_the_clock(apivideo: ApiVideo, http: httpx.Client) -> None:
    apivideo.clock.freeze()
    token = apivideo.upload_tokens.add(ttl=60).token
    apivideo.clock.advance(59)
    assert token_upload(http, token).status_code == 201
    apivideo.clock.advance(1)
    answer = token_upload(http, token)
    assert (answer.status_code, slug(answer)) == NOT_GOOD
    assert (len(apivideo.videos), apivideo.disk_use) == (1, len(b"content"))


LATER_PARTS = [
    ["part 1/3", "part 2/3", "part 3/3"],
    ["part 2/3", "part 1/3", "part 3/3"],
    ["part 1/*", "part 2/*", "part 3/3"],
    [f"bytes {n * MIN}-{(n + 1) * MIN - 1}/{3 * MIN}" for n in range(3)],
]


@pytest.mark.parametrize("parts", LATER_PARTS, ids=["part", "any order", "unknown total", "bytes"])
def test_an_upload_that_began_in_time_is_completed_after_its_token_has_expired(
    apivideo: ApiVideo, http: httpx.Client, parts: list[str]
) -> None:
    apivideo.clock.freeze()
    token = apivideo.upload_tokens.add(ttl=60).token
    first, *others = parts
    video_id = token_upload(http, token, ANY, content_range=first).json()["videoId"]
    apivideo.clock.advance(3600)
    for part in others:
        answer = token_upload(http, token, ANY, content_range=part, videoId=video_id)
        assert answer.status_code == 201, answer.text
    assert answer.json()["title"] == "holiday.mp4"
    assert apivideo.content(video_id).size == 3 * MIN
    again = token_upload(http, token, ANY, content_range=parts[0], videoId=video_id)
    assert (again.status_code, slug(again)) == (400, "video-source-already-uploaded")


@pytest.mark.parametrize("begun", ["not begun", "with the API key", "with another token"])
@pytest.mark.parametrize("content_range", [None, "part 1/2", "part 2/2", "nonsense"])
def test_an_expired_token_begins_no_upload_and_joins_none_of_others(
    apivideo: ApiVideo, api: httpx.Client, http: httpx.Client, begun: str, content_range: str | None
) -> None:
    apivideo.clock.freeze()
    upload, token = Uploader(apivideo, api), apivideo.upload_tokens.add(ttl=60).token
    if begun == "with the API key":
        upload.send(content_range="part 1/3")
    if begun == "with another token":
        other = apivideo.upload_tokens.add().token
        token_upload(http, other, ANY, content_range="part 1/3", videoId=upload.video_id)
    before = upload.ingest
    apivideo.clock.advance(60)
    for fields in ({"videoId": upload.video_id}, {"videoId": "viUnknown"}, {}):
        answer = token_upload(http, token, ANY, content_range=content_range, **fields)
        assert (answer.status_code, slug(answer)) == NOT_GOOD
    assert upload.ingest == before
    assert len(apivideo.videos) == 1


def test_a_file_may_arrive_while_its_token_expires(apivideo: ApiVideo, http: httpx.Client) -> None:
    apivideo.clock.freeze()
    token, has_begun = apivideo.upload_tokens.add(ttl=60).token, threading.Event()
    apivideo.watch(has_begun.set)

    def body() -> Iterator[bytes]:
        yield b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.mp4"\r\n\r\n'
        yield bytes(MIN)
        assert has_begun.wait(10)
        apivideo.clock.advance(3600)
        yield b"end\r\n--x--\r\n"

    headers = {"Content-Type": "multipart/form-data; boundary=x"}
    answer = http.post(f"/upload?token={token}", content=body(), headers=headers)
    assert answer.status_code == 201
    assert apivideo.content(answer.json()["videoId"]).size == MIN + 3


def test_a_deleted_token_is_refused_for_a_part_too(
    api: httpx.Client, http: httpx.Client, token: str
) -> None:
    video_id = token_upload(http, token, ANY, content_range="part 1/2").json()["videoId"]
    api.delete(f"/upload-tokens/{token}")
    answer = token_upload(http, token, content_range="part 2/2", videoId=video_id)
    assert (answer.status_code, slug(answer)) == NOT_GOOD


PART = "part 2 of an upload came without videoId, so it became a video of its own; send the "
RANGE = f"the range from {MIN} of an upload came without videoId, so it became a video of its own; "


@pytest.mark.parametrize(
    ("content_range", "has_id", "warning"),
    [
        (None, False, None),
        ("part 1/3", False, None),
        (f"bytes 0-{MIN - 1}/*", False, None),
        ("part 2/3", True, None),
        ("part 2/3", False, PART + "videoId of the first answer with every other part"),
        (
            f"bytes {MIN}-{2 * MIN - 1}/*",
            False,
            RANGE + "send the videoId of the first answer with every other part",
        ),
    ],
)
def test_a_part_without_the_id_of_its_video_has_a_warning(
    apivideo: ApiVideo,
    http: httpx.Client,
    token: str,
    content_range: str | None,
    has_id: bool,
    warning: str | None,
) -> None:
    fields = {"videoId": apivideo.videos.add().id} if has_id else {}
    answer = token_upload(http, token, ANY, content_range=content_range, **fields)
    assert answer.status_code == 201
    assert apivideo.calls.last("POST /upload").warnings == ((warning,) if warning else ())


def test_a_deleted_token_is_refused(api: httpx.Client, http: httpx.Client, token: str) -> None:
    api.delete(f"/upload-tokens/{token}")
    answer = token_upload(http, token)
    assert (answer.status_code, slug(answer)) == NOT_GOOD


@pytest.mark.parametrize("authorization", ["", "Bearer nonsense", "Basic nonsense", "nonsense"])
def test_an_authorization_header_beside_it_is_ignored(
    http: httpx.Client, token: str, authorization: str
) -> None:
    http.headers["Authorization"] = authorization
    assert token_upload(http, token).status_code == 201


def test_it_reaches_the_project_of_the_token(apivideo_server: Any, http: httpx.Client) -> None:
    with apivideo_server.project() as other:
        token = other.upload_tokens.add().token
        assert token_upload(http, token).status_code == 201
        assert len(other.videos) == 1


def test_the_video_of_another_project_is_a_404(
    apivideo: ApiVideo, apivideo_server: Any, http: httpx.Client, token: str
) -> None:
    with apivideo_server.project() as other:
        answer = token_upload(http, token, videoId=other.videos.add().id)
    assert (answer.status_code, slug(answer)) == (404, "resource-not-found")
    assert answer.json()["name"] == "videoId"
    assert len(apivideo.videos) == 0


def test_a_token_of_the_other_environment_is_refused(
    apivideo: ApiVideo, http: httpx.Client
) -> None:
    with httpx.Client(base_url=apivideo.url, auth=(apivideo.production_key, "")) as production:
        production.headers["Host"] = "ws.api.video"
        token = production.post("/upload-tokens", json={}).json()["token"]
        assert token_upload(production, token).status_code == 201
    for host in ("sandbox.api.video", "127.0.0.1"):
        http.headers["Host"] = host
        assert token_upload(http, token).status_code == 401


@pytest.mark.parametrize(
    ("name", "title"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\Videos\\mine.mov", "mine.mov"),
        ("Café ☕.mp4", "Café ☕.mp4"),
        ("folder/", "Untitled"),
        (" ", "Untitled"),
    ],
)
def test_the_title_is_the_file_name_without_folders(
    http: httpx.Client, token: str, name: str, title: str
) -> None:
    assert token_upload(http, token, name=name).json()["title"] == title


def test_a_refused_file_makes_no_video(apivideo: ApiVideo, http: httpx.Client, token: str) -> None:
    assert token_upload(http, token, b"").status_code == 400
    assert token_upload(http, token, b"short", content_range="part 1/2").status_code == 400
    assert token_upload(http, token, content_range="nonsense").status_code == 400
    assert (len(apivideo.videos), apivideo.disk_use) == (0, 0)


@pytest.mark.apivideo(max_disk=MIN - 1)
def test_a_file_without_room_makes_no_video(
    apivideo: ApiVideo, http: httpx.Client, token: str
) -> None:
    assert token_upload(http, token, ANY).status_code == 507
    assert (len(apivideo.videos), apivideo.disk_use) == (0, 0)


@pytest.mark.apivideo(suspended=True)
def test_a_suspended_account_takes_no_upload(http: httpx.Client, token: str) -> None:
    answer = token_upload(http, token)
    assert (answer.status_code, slug(answer)) == (403, "authorization-suspended-account")


@pytest.mark.apivideo(unknown_fields="refuse")
def test_an_unknown_parameter_is_refused_by_setting(http: httpx.Client, token: str) -> None:
    assert token_upload(http, token).status_code == 201
    answer = http.post(f"/upload?token={token}&tokn=1", files={"file": b"content"})
    assert (answer.status_code, answer.json()["name"]) == (400, "tokn")
