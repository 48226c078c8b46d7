"""Uploads: a small file, in parts, by byte ranges, with an upload token; and what is refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from fake_server import ApiVideo
from pytest_apivideo.contract.api import Answer, Api
from pytest_apivideo.contract.files import MIN_PART, mp4
from pytest_apivideo.contract.shapes import STATUS, UPLOAD_TOKEN, VIDEO, identifier
from pytest_apivideo.target import Target

UNKNOWN = "viUnknown0000000000000000"
UPLOADED = (
    "This video source has already been uploaded.",  # the documentation
    "The source of the video is already uploaded.",  # the description
)
NO_TOKEN = ("authentication-missing-upload-token", "The upload token is missing.")
BAD_TOKEN = ("authentication-invalid-upload-token", "The upload token is invalid or expired.")
PIECE = {"videoId": identifier("vi")}

Video = dict[str, Any]


def send(
    api: Api, path: str, content: bytes, content_range: str = "", name: str = "a.mp4", **form: Any
) -> Answer:
    headers = {"Content-Range": content_range} if content_range else {}
    files = {"file": (name, content, "video/mp4")}
    return api.post(path, files=files, data=form, headers=headers)


@pytest.fixture
def source(video: Video) -> str:
    """Where the file of a video goes."""
    return f"/videos/{video['videoId']}/source"


@pytest.fixture
def token(api: Api) -> str:
    """An upload token that lives for ten minutes."""
    made = api.post("/upload-tokens", {"ttl": 600}).must_be(200, UPLOAD_TOKEN)
    return str(made["token"])


# In one piece


def test_a_small_file_is_the_source_of_its_video(api: Api, video: Video, source: str) -> None:
    uploaded = send(api, source, mp4(1000)).must_be(201, VIDEO)
    assert uploaded["videoId"] == video["videoId"]
    status = api.get(f"/videos/{video['videoId']}/status").must_be(200, STATUS)
    assert status["ingest"]["status"] in ("uploading", "uploaded")
    assert status["ingest"]["filesize"] in (1000, None)


def test_a_file_may_be_under_any_name_of_its_field(api: Api, source: str) -> None:
    """The official client for Node names the field like the file."""
    files = {"holiday.mp4": ("holiday.mp4", mp4(1000), "video/mp4")}
    api.post(source, files=files).must_be(201, VIDEO)


def test_one_part_of_one_may_be_small(api: Api, source: str) -> None:
    """So the official clients for Python and PHP send every small file."""
    send(api, source, mp4(1000), "part 1/1").must_be(201, VIDEO)


def test_a_second_upload_is_refused(api: Api, source: str) -> None:
    send(api, source, mp4(1000)).must_be(201)
    again = send(api, source, mp4(1000))
    again.must_be_problem(400, "video-source-already-uploaded", *UPLOADED)


def test_an_upload_to_an_unknown_video_is_not_found(api: Api) -> None:
    send(api, f"/videos/{UNKNOWN}/source", mp4(1000)).must_be_not_found("videoId")


def test_an_upload_without_a_file_is_refused(api: Api, source: str) -> None:
    answer = api.post(source, files={"text": (None, b"no file")})
    title = "There is no uploaded file in the request."
    answer.must_be_problem(400, "uploaded-file-no-file", title)


def test_an_upload_of_two_files_is_refused(api: Api, source: str) -> None:
    files = [("file", ("a.mp4", mp4(100))), ("file", ("b.mp4", mp4(100)))]
    title = "There is more than one uploaded file in the request."
    api.post(source, files=files).must_be_problem(400, "uploaded-file-multiple-files", title)


def test_an_empty_file_is_refused(api: Api, source: str) -> None:
    answer = send(api, source, b"")
    answer.must_be_problem(400, "uploaded-file-empty", "The uploaded file is empty.")


# In parts


def test_parts_make_one_file(api: Api, video: Video, source: str) -> None:
    first = send(api, source, mp4(MIN_PART), "part 1/2").must_be(201, PIECE)
    assert first["videoId"] == video["videoId"]
    status = api.get(f"/videos/{video['videoId']}/status").must_be(200, STATUS)
    assert status["ingest"]["status"] == "uploading"
    assert status["ingest"]["receivedParts"] == {"parts": [1], "total": 2}
    send(api, source, bytes(1000), "part 2/2").must_be(201, VIDEO)
    status = api.get(f"/videos/{video['videoId']}/status").must_be(200, STATUS)
    assert status["ingest"]["status"] in ("uploading", "uploaded")


def test_the_number_of_parts_may_come_with_the_last(api: Api, source: str) -> None:
    """So the official clients upload what is still being recorded."""
    send(api, source, mp4(MIN_PART), "part 1/*").must_be(201, PIECE)
    send(api, source, bytes(1000), "part 2/2").must_be(201, VIDEO)


def test_byte_ranges_make_one_file(api: Api, source: str) -> None:
    total = MIN_PART + 1000
    first = f"bytes 0-{MIN_PART - 1}/{total}"
    send(api, source, mp4(MIN_PART), first).must_be(201, PIECE)
    send(api, source, bytes(1000), f"bytes {MIN_PART}-{total - 1}/{total}").must_be(201, VIDEO)


@pytest.mark.parametrize(
    ("content_range", "slug"),
    [
        ("nonsense", "video-content-range-malformed"),
        ("part one/2", "video-content-range-malformed"),
        ("part 0/2", "video-content-range-by-part-part-zero"),
        ("part 3/2", "video-content-range-by-part-part-too-high-total"),
        ("bytes 9-0/1000", "video-content-range-by-bytes-from-byte-too-high"),
        ("bytes 0-999/500", "video-content-range-by-bytes-to-byte-too-high-total"),
        ("bytes 0-99/1000", "video-content-range-by-bytes-range-mismatch"),
    ],
)
def test_a_range_that_cannot_be_is_refused(
    api: Api, source: str, content_range: str, slug: str
) -> None:
    problem = send(api, source, mp4(1000), content_range).must_be(400, {"title": str, "type": str})
    assert problem["type"].rpartition("/")[2] == slug


def test_a_part_that_is_not_the_last_must_be_large(api: Api, source: str) -> None:
    problem = send(api, source, mp4(1000), "part 1/2").must_be(400, {"title": str, "type": str})
    assert problem["type"].endswith("uploaded-file-too-small")


def test_a_part_cannot_come_twice(api: Api, source: str) -> None:
    send(api, source, mp4(MIN_PART), "part 1/2").must_be(201)
    again = send(api, source, mp4(MIN_PART), "part 1/2").must_be(400, {"type": str})
    assert again["type"].endswith("/video-content-range-by-part-part-already-sent")


def test_parts_and_bytes_cannot_be_mixed(api: Api, source: str) -> None:
    send(api, source, mp4(MIN_PART), "part 1/2").must_be(201)
    mixed = send(api, source, mp4(1000), "bytes 0-999/5000000").must_be(400, {"type": str})
    assert mixed["type"].endswith("/video-content-range-started-with-part")


# With an upload token


def test_an_upload_token_makes_a_video_named_like_the_file(
    anyone: Api, token: str, mark: Callable[[str], str]
) -> None:
    name = mark("holiday") + ".mp4"
    made = send(anyone, f"/upload?token={token}", mp4(1000), name=name).must_be(201, VIDEO)
    assert made["title"] == name


def test_an_upload_token_fills_a_video_that_is_there(anyone: Api, token: str, video: Video) -> None:
    answer = send(anyone, f"/upload?token={token}", mp4(1000), videoId=video["videoId"])
    filled = answer.must_be(201, VIDEO)
    assert (filled["videoId"], filled["title"]) == (video["videoId"], video["title"])


def test_an_upload_token_takes_parts_of_one_video(
    anyone: Api, token: str, mark: Callable[[str], str]
) -> None:
    path, name = f"/upload?token={token}", mark("long") + ".mp4"
    first = send(anyone, path, mp4(MIN_PART), "part 1/2", name=name).must_be(201, PIECE)
    last = send(anyone, path, bytes(1000), "part 2/2", name=name, videoId=first["videoId"])
    assert last.must_be(201, VIDEO)["videoId"] == first["videoId"]


def test_an_upload_token_works_more_than_once(
    anyone: Api, token: str, mark: Callable[[str], str]
) -> None:
    made = [
        send(anyone, f"/upload?token={token}", mp4(100), name=mark("a") + ".mp4").must_be(201)
        for _ in range(2)
    ]
    assert made[0]["videoId"] != made[1]["videoId"]


def test_an_upload_without_a_token_is_refused(anyone: Api, mark: Callable[[str], str]) -> None:
    answer = send(anyone, "/upload", mp4(100), name=mark("a") + ".mp4")
    answer.must_be_problem(401, *NO_TOKEN)


def test_an_upload_with_an_unknown_token_is_refused(
    anyone: Api, mark: Callable[[str], str]
) -> None:
    name = mark("a") + ".mp4"
    answer = send(anyone, f"/upload?token={mark('')}", mp4(100), name=name)
    answer.must_be_problem(401, *BAD_TOKEN)


def test_an_upload_with_a_deleted_token_is_refused(
    anyone: Api, api: Api, token: str, mark: Callable[[str], str]
) -> None:
    api.delete(f"/upload-tokens/{token}").must_be_empty(204)
    answer = send(anyone, f"/upload?token={token}", mp4(100), name=mark("a") + ".mp4")
    answer.must_be_problem(401, *BAD_TOKEN)


@pytest.mark.apivideo_contract(needs="clock")
def test_an_upload_with_an_expired_token_is_refused(
    anyone: Api, token: str, apivideo: ApiVideo, apivideo_target: Target
) -> None:
    apivideo.clock.advance(601)
    name = apivideo_target.mark("a") + ".mp4"
    send(anyone, f"/upload?token={token}", mp4(100), name=name).must_be_problem(401, *BAD_TOKEN)


def test_an_upload_with_a_token_to_an_unknown_video_is_not_found(
    anyone: Api, token: str, mark: Callable[[str], str]
) -> None:
    path, name = f"/upload?token={token}", mark("a") + ".mp4"
    send(anyone, path, mp4(100), name=name, videoId=UNKNOWN).must_be_not_found("videoId")
