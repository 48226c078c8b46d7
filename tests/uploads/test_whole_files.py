"""A file in one request, and what it does to its video."""

from __future__ import annotations

import errno
import hashlib
import io
import re
import shutil
from pathlib import Path
from typing import Any

import httpx
import pytest

from fake_server.core.problems import Problem
from pytest_apivideo import ApiVideo
from tests.uploads.client import ANY, DOCS, MiB, Uploader, slug


def test_a_file_is_stored_unchanged(upload: Uploader, apivideo: ApiVideo) -> None:
    content = bytes(range(256)) * 4000
    answer = upload.send(content)
    assert answer.status_code == 201
    assert answer.json()["videoId"] == upload.video_id
    assert answer.json()["source"] == {
        "type": "upload",
        "uri": f"/videos/{upload.video_id}/source",
    }
    assert upload.download() == content
    assert apivideo.disk_use == len(content)
    stored = apivideo.content(upload.video_id)
    assert (stored.size, stored.read()) == (len(content), content)
    assert stored.sha256 == hashlib.sha256(content).hexdigest()


def test_the_content_of_pieces_is_hashed_as_one(upload: Uploader, apivideo: ApiVideo) -> None:
    assert (apivideo.content(upload.video_id).size, apivideo.content(upload.video_id).read()) == (
        0,
        b"",
    )
    upload.send(ANY, "part 1/2")
    upload.send(b"end", "part 2/2")
    stored = apivideo.content(upload.video_id)
    assert repr(stored) == f"<Content {len(ANY) + 3} bytes in 2 files>"
    assert stored.sha256 == hashlib.sha256(ANY + b"end").hexdigest()
    with pytest.raises(KeyError, match="no Video 'viUnknown'"):
        apivideo.content("viUnknown")


def test_the_status_shows_the_file(upload: Uploader) -> None:
    upload.send(b"content")
    assert upload.ingest == {"status": "uploaded", "filesize": 7, "receivedBytes": []}
    assert upload.status["encoding"]["playable"] is True


@pytest.mark.parametrize("size", [1, 1023, 64 * 1024, 64 * 1024 + 1, 3 * MiB])
def test_files_of_any_size_come_through(upload: Uploader, size: int) -> None:
    content = hashlib.shake_128(b"seed").digest(size)
    assert upload.send(content).status_code == 201
    assert upload.download() == content


def test_a_second_file_is_refused_and_changes_nothing(upload: Uploader) -> None:
    upload.send(b"first")
    answer = upload.send(b"second")
    assert answer.json() == {
        "type": DOCS + "video-source-already-uploaded",
        "title": "This video source has already been uploaded.",
        "status": 400,
        "name": "file",
    }
    assert upload.refusal(b"second", "part 1/1") == (400, "video-source-already-uploaded")
    assert upload.download() == b"first"


def test_two_hundred_mebibytes_are_the_most(upload: Uploader, apivideo: ApiVideo) -> None:
    assert upload.refusal(bytes(200 * MiB + 1)) == (400, "uploaded-file-too-large")
    assert upload.refusal(bytes(202 * MiB)) == (400, "uploaded-file-too-large")
    assert (upload.ingest, apivideo.disk_use) == (None, 0)
    assert upload.send(bytes(200 * MiB)).status_code == 201
    assert upload.ingest["filesize"] == 200 * MiB


def test_without_a_length_the_most_is_the_same(upload: Uploader, apivideo: ApiVideo) -> None:
    def body() -> Any:
        yield b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.mp4"\r\n\r\n'
        for _ in range(201):
            yield bytes(MiB)
        yield b"\r\n--x--\r\n"

    headers = {"Content-Type": "multipart/form-data; boundary=x"}
    answer = upload.api.post(f"/videos/{upload.video_id}/source", content=body(), headers=headers)
    assert (answer.status_code, slug(answer)) == (400, "uploaded-file-too-large")
    assert (upload.ingest, apivideo.disk_use) == (None, 0)


def test_an_empty_file_is_refused(upload: Uploader, apivideo: ApiVideo) -> None:
    assert upload.refusal(b"") == (400, "uploaded-file-empty")
    assert upload.refusal(b"", "part 1/1") == (400, "uploaded-file-empty")
    assert (upload.ingest, apivideo.disk_use) == (None, 0)


def test_two_files_are_refused_and_neither_is_kept(upload: Uploader, apivideo: ApiVideo) -> None:
    files = [("file", ("a.mp4", b"a")), ("file", ("b.mp4", b"b"))]
    answer = upload.api.post(f"/videos/{upload.video_id}/source", files=files)
    assert (answer.status_code, slug(answer)) == (400, "uploaded-file-multiple-files")
    assert (upload.ingest, apivideo.disk_use) == (None, 0)


@pytest.mark.parametrize(
    "request_body",
    [
        pytest.param({"data": {"file": "a text"}}, id="form without file"),
        pytest.param({"json": {"file": "video.mp4"}}, id="JSON"),
        pytest.param({"content": b""}, id="nothing"),
        pytest.param({"content": b"bytes" * 1000}, id="bytes"),
    ],
)
def test_an_invalid_form_has_no_file(upload: Uploader, request_body: Any) -> None:
    answer = upload.api.post(f"/videos/{upload.video_id}/source", **request_body)
    assert (answer.status_code, slug(answer)) == (400, "uploaded-file-no-file")


def test_the_file_of_an_unknown_video_is_a_404(api: httpx.Client, apivideo: ApiVideo) -> None:
    answer = Uploader(apivideo, api, "viUnknown").send(b"content")
    assert answer.status_code == 404
    assert (slug(answer), answer.json()["name"]) == ("resource-not-found", "videoId")
    assert apivideo.disk_use == 0


def test_the_files_of_a_video_go_with_it(upload: Uploader, apivideo: ApiVideo) -> None:
    upload.send(bytes(1000))
    other = Uploader(apivideo, upload.api)
    other.send(bytes(10))
    upload.api.delete(f"/videos/{upload.video_id}")
    assert apivideo.disk_use == 10


def test_a_snapshot_keeps_the_file_of_a_deleted_video(upload: Uploader, apivideo: ApiVideo) -> None:
    upload.send(b"content")
    before = apivideo.snapshot()
    upload.api.delete(f"/videos/{upload.video_id}")
    apivideo.restore(before)
    assert upload.download() == b"content"


@pytest.mark.apivideo(video_restore=True)
def test_a_restored_video_has_its_file(upload: Uploader) -> None:
    upload.send(b"content")
    upload.api.delete(f"/videos/{upload.video_id}")
    upload.api.patch(f"/discarded/videos/{upload.video_id}", json={"discarded": False})
    assert upload.download() == b"content"


@pytest.mark.apivideo(max_disk=100)
def test_a_file_larger_than_the_disk_is_refused(upload: Uploader, apivideo: ApiVideo) -> None:
    other = Uploader(apivideo, upload.api)
    assert other.send(bytes(60)).status_code == 201
    answer = upload.send(bytes(41))
    assert answer.status_code == 507
    assert answer.json()["detail"] == "The setting max_disk allows 100 bytes."
    assert (upload.ingest, apivideo.disk_use) == (None, 60)
    assert upload.send(bytes(40)).status_code == 201


def test_the_folder_goes_with_the_project(apivideo_server: Any) -> None:
    from fake_server.resources.upload.sources import ReceivedSource

    with apivideo_server.project() as other:
        with httpx.Client(base_url=other.url, auth=(other.api_key, "")) as api:
            Uploader(other, api).send(b"content")
        (source,) = other._project.store().table(ReceivedSource)
        path = source.received.pieces[0].file.path
        assert path.read_bytes() == b"content"
        assert re.fullmatch(r"\d+", path.name)
    assert not path.parent.exists()


def test_a_reset_removes_the_files(upload: Uploader, apivideo: ApiVideo) -> None:
    upload.send(bytes(1000))
    httpx.post(f"{apivideo.url}/_fake/reset")
    assert apivideo.disk_use == 0


def test_a_video_that_a_lever_encoded_has_a_source(
    upload: Uploader, apivideo: ApiVideo, api: httpx.Client
) -> None:
    apivideo.videos.encode(upload.video_id)
    content = apivideo.content(upload.video_id)
    assert upload.ingest == {"status": "uploaded", "filesize": content.size, "receivedBytes": []}
    assert upload.download() == content.read()
    assert upload.refusal(b"another") == (400, "video-source-already-uploaded")


def test_an_incomplete_source_cannot_be_encoded(upload: Uploader, apivideo: ApiVideo) -> None:
    upload.send(ANY, "part 1/2")
    with pytest.raises(ValueError, match="is not complete, so it has no renditions"):
        apivideo.videos.encode(upload.video_id)


def test_a_recording_has_a_source_that_can_be_copied(apivideo: ApiVideo, api: httpx.Client) -> None:
    stream = apivideo.live_streams.add()
    apivideo.live_streams.start(stream)
    recording = Uploader(apivideo, api, apivideo.live_streams.stop(stream).video_id)
    assert recording.ingest["status"] == "ingested"
    assert recording.refusal(b"another") == (400, "video-source-already-uploaded")
    body = {"title": "A copy", "source": recording.video_id}
    copy = Uploader(apivideo, api, api.post("/videos", json=body).json()["videoId"])
    assert copy.download() == recording.download()


def test_other_form_fields_are_limited(upload: Uploader) -> None:
    for fields in ({str(n): "x" for n in range(150)}, {"note": "x" * 10**6}):
        path, files = f"/videos/{upload.video_id}/source", {"file": b"a"}
        answer = upload.api.post(path, files=files, data=fields)
        assert (answer.status_code, slug(answer)) == (400, "invalid-payload")
        assert "99 fields" in answer.json()["detail"]


def test_the_name_of_a_file_must_be_text(upload: Uploader) -> None:
    name = b'Content-Disposition: form-data; name="file"; filename="\xe9t\xe9.mp4"'
    body = b"--x\r\n" + name + b"\r\n\r\ncontent\r\n--x--\r\n"
    headers = {"Content-Type": "multipart/form-data; boundary=x"}
    answer = upload.api.post(f"/videos/{upload.video_id}/source", content=body, headers=headers)
    assert answer.json()["detail"] == "The names in a form must be UTF-8."


def test_nothing_is_received_for_a_project_that_is_closed(apivideo_server: Any) -> None:
    with apivideo_server.project() as other:
        spool = other._project.spool
    with pytest.raises(Problem, match="no space for this file") as refused:
        spool.receive(1, 1)
    assert refused.value.detail == "The project is closed."
    assert spool.used == 0


def test_a_removed_folder_is_created_again(upload: Uploader, apivideo: ApiVideo) -> None:
    upload.send(b"content")
    shutil.rmtree(apivideo._project.spool._folder.name)  # type: ignore[union-attr]
    assert Uploader(apivideo, upload.api).send(b"content").status_code == 201


def test_a_full_disk_is_an_error(
    upload: Uploader, apivideo: ApiVideo, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Full(io.BytesIO):
        def write(self, data: Any) -> int:
            raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "open", lambda *_, **__: Full())
    answer = upload.send(b"content")
    monkeypatch.undo()
    assert (answer.status_code, answer.json()["detail"]) == (507, "The disk is full.")
    assert (upload.ingest, apivideo.disk_use) == (None, 0)
