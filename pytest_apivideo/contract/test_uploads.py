"""Uploads: in one request, in parts, by byte ranges, with an upload token; and refusals."""

from __future__ import annotations

from typing import Any

import pytest

from fake_server import ApiVideo
from pytest_apivideo.contract.api import Answer, Api, Json
from pytest_apivideo.contract.files import MIN_PART, mp4
from pytest_apivideo.contract.schemas import STATUS, UPLOAD_TOKEN, VIDEO, identifier

UNKNOWN = "viUnknown0000000000000000"
UPLOADED = (
    "This video source has already been uploaded.",  # the documentation
    "The source of the video is already uploaded.",  # the OpenAPI document
)
NO_TOKEN = ("authentication-missing-upload-token", "The upload token is missing.")
BAD_TOKEN = ("authentication-invalid-upload-token", "The upload token is invalid or expired.")
PART = {"videoId": identifier("vi")}


def send(
    api: Api, path: str, content: bytes, content_range: str = "", name: str = "a.mp4", **form: Any
) -> Answer:
    headers = {"Content-Range": content_range} if content_range else {}
    return api.post(path, files={"file": (name, content, "video/mp4")}, data=form, headers=headers)


def ingest_of(api: Api, video_path: str) -> Json:
    ingest: Json = api.get(f"{video_path}/status").must_be(200, STATUS)["ingest"]
    return ingest


@pytest.fixture
def source(video_path: str) -> str:
    """Return the path to upload the video's file to."""
    return f"{video_path}/source"


@pytest.fixture
def token(api: Api) -> str:
    """Create an upload token that expires after ten minutes."""
    return str(api.post("/upload-tokens", {"ttl": 600}).must_be(200, UPLOAD_TOKEN)["token"])


@pytest.fixture
def upload(token: str) -> str:
    """Return the path to upload to with the token."""
    return f"/upload?token={token}"


@pytest.fixture
def name(api: Api) -> str:
    """Return a file name with the mark of the run."""
    return api.mark("holiday") + ".mp4"


def test_a_small_file_becomes_the_source(
    api: Api, video: Json, video_path: str, source: str
) -> None:
    assert send(api, source, mp4(1000)).must_be(201, VIDEO)["videoId"] == video["videoId"]
    ingest = ingest_of(api, video_path)
    assert ingest["status"] in ("uploading", "uploaded")
    assert ingest["filesize"] in (1000, None)


def test_the_form_field_of_the_file_may_have_any_name(api: Api, source: str) -> None:
    """The official Node client gives the field the name of the file."""
    files = {"holiday.mp4": ("holiday.mp4", mp4(1000), "video/mp4")}
    api.post(source, files=files).must_be(201, VIDEO)


def test_a_single_part_may_be_small(api: Api, source: str) -> None:
    """The official Python and PHP clients send small files this way."""
    send(api, source, mp4(1000), "part 1/1").must_be(201, VIDEO)


def test_a_second_upload_is_refused(api: Api, source: str) -> None:
    send(api, source, mp4(1000)).must_be(201)
    answer = send(api, source, mp4(1000))
    answer.must_be_problem(400, "video-source-already-uploaded", *UPLOADED)


def test_an_upload_to_an_unknown_video_is_not_found(api: Api) -> None:
    send(api, f"/videos/{UNKNOWN}/source", mp4(1000)).must_be_not_found("videoId")


def test_an_upload_without_a_file_is_refused(api: Api, source: str) -> None:
    answer = api.post(source, files={"text": (None, b"no file")})
    title = "There is no uploaded file in the request."
    answer.must_be_problem(400, "uploaded-file-no-file", title)


def test_an_upload_of_two_files_is_refused(api: Api, source: str) -> None:
    files = [("file", (name, mp4(100))) for name in ("a.mp4", "b.mp4")]
    title = "There is more than one uploaded file in the request."
    api.post(source, files=files).must_be_problem(400, "uploaded-file-multiple-files", title)


def test_an_empty_file_is_refused(api: Api, source: str) -> None:
    title = "The uploaded file is empty."
    send(api, source, b"").must_be_problem(400, "uploaded-file-empty", title)


def test_a_file_can_be_uploaded_in_parts(
    api: Api, video: Json, video_path: str, source: str
) -> None:
    first = send(api, source, mp4(MIN_PART), "part 1/2").must_be(201, PART)
    assert first["videoId"] == video["videoId"]
    ingest = ingest_of(api, video_path)
    assert ingest["status"] == "uploading"
    assert ingest["receivedParts"] == {"parts": [1], "total": 2}
    send(api, source, bytes(1000), "part 2/2").must_be(201, VIDEO)
    assert ingest_of(api, video_path)["status"] in ("uploading", "uploaded")


def test_only_the_last_part_needs_the_number_of_parts(api: Api, source: str) -> None:
    """The official clients upload a running recording this way."""
    send(api, source, mp4(MIN_PART), "part 1/*").must_be(201, PART)
    send(api, source, bytes(1000), "part 2/2").must_be(201, VIDEO)


def test_a_file_can_be_uploaded_by_byte_ranges(api: Api, source: str) -> None:
    total = MIN_PART + 1000
    send(api, source, mp4(MIN_PART), f"bytes 0-{MIN_PART - 1}/{total}").must_be(201, PART)
    send(api, source, bytes(1000), f"bytes {MIN_PART}-{total - 1}/{total}").must_be(201, VIDEO)


@pytest.mark.parametrize(
    ("content_range", "slug"),
    [
        ("nonsense", "malformed"),
        ("part one/2", "malformed"),
        ("part 0/2", "by-part-part-zero"),
        ("part 3/2", "by-part-part-too-high-total"),
        ("bytes 9-0/1000", "by-bytes-from-byte-too-high"),
        ("bytes 0-999/500", "by-bytes-to-byte-too-high-total"),
        ("bytes 0-99/1000", "by-bytes-range-mismatch"),
    ],
)
def test_an_invalid_content_range_is_refused(
    api: Api, source: str, content_range: str, slug: str
) -> None:
    answer = send(api, source, mp4(1000), content_range)
    answer.must_be_bad_request(f"/video-content-range-{slug}")


def test_a_small_part_before_the_last_is_refused(api: Api, source: str) -> None:
    answer = send(api, source, mp4(1000), "part 1/2")
    answer.must_be_bad_request("uploaded-file-too-small")


def test_a_part_that_was_sent_before_is_refused(api: Api, source: str) -> None:
    send(api, source, mp4(MIN_PART), "part 1/2").must_be(201)
    again = send(api, source, mp4(MIN_PART), "part 1/2")
    again.must_be_bad_request("/video-content-range-by-part-part-already-sent")


def test_a_byte_range_after_a_part_is_refused(api: Api, source: str) -> None:
    send(api, source, mp4(MIN_PART), "part 1/2").must_be(201)
    mixed = send(api, source, mp4(1000), "bytes 0-999/5000000")
    mixed.must_be_bad_request("/video-content-range-started-with-part")


def test_an_upload_with_a_token_creates_a_video(anonymous: Api, upload: str, name: str) -> None:
    assert send(anonymous, upload, mp4(1000), name=name).must_be(201, VIDEO)["title"] == name


def test_an_upload_with_a_token_can_name_a_video(anonymous: Api, upload: str, video: Json) -> None:
    uploaded = send(anonymous, upload, mp4(1000), videoId=video["videoId"]).must_be(201, VIDEO)
    assert (uploaded["videoId"], uploaded["title"]) == (video["videoId"], video["title"])


def test_a_token_can_upload_a_file_in_parts(anonymous: Api, upload: str, name: str) -> None:
    first = send(anonymous, upload, mp4(MIN_PART), "part 1/2", name=name).must_be(201, PART)
    form = {"name": name, "videoId": first["videoId"]}
    last = send(anonymous, upload, bytes(1000), "part 2/2", **form)
    assert last.must_be(201, VIDEO)["videoId"] == first["videoId"]


def test_an_upload_token_can_be_used_twice(anonymous: Api, upload: str, name: str) -> None:
    one, two = (send(anonymous, upload, mp4(100), name=name).must_be(201) for _ in range(2))
    assert one["videoId"] != two["videoId"]


def test_an_upload_without_a_token_is_refused(anonymous: Api, name: str) -> None:
    send(anonymous, "/upload", mp4(100), name=name).must_be_problem(401, *NO_TOKEN)


def test_an_upload_with_an_unknown_token_is_refused(api: Api, anonymous: Api, name: str) -> None:
    answer = send(anonymous, f"/upload?token={api.mark('')}", mp4(100), name=name)
    answer.must_be_problem(401, *BAD_TOKEN)


def test_an_upload_with_a_deleted_token_is_refused(
    anonymous: Api, api: Api, token: str, upload: str, name: str
) -> None:
    api.delete(f"/upload-tokens/{token}").must_be_empty(204)
    send(anonymous, upload, mp4(100), name=name).must_be_problem(401, *BAD_TOKEN)


@pytest.mark.apivideo_contract(needs="clock")
def test_an_upload_with_an_expired_token_is_refused(
    anonymous: Api, upload: str, apivideo: ApiVideo, name: str
) -> None:
    apivideo.clock.advance(601)
    send(anonymous, upload, mp4(100), name=name).must_be_problem(401, *BAD_TOKEN)


def test_a_token_cannot_upload_to_an_unknown_video(anonymous: Api, upload: str, name: str) -> None:
    send(anonymous, upload, mp4(100), name=name, videoId=UNKNOWN).must_be_not_found("videoId")
