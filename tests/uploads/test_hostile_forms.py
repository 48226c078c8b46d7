"""Forms that mean harm, or were cut short: refused within bounds, and nothing is left of them."""

from __future__ import annotations

import contextlib
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from fake_server.hosting import wire
from pytest_apivideo import ApiVideo
from tests.uploads.client import MIN, MiB, Uploader

PART = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.mp4"\r\n\r\n'
END = b"\r\n--x--\r\n"
FORM = "multipart/form-data; boundary=x"
MANY = 1_000_000


def form(head: bytes, content: bytes = b"content") -> bytes:
    return b"--x\r\n" + head + b"\r\n\r\n" + content + END


FORMS: dict[str, tuple[str, bytes, int]] = {
    "no boundary": ("multipart/form-data", PART + b"content" + END, 400),
    "empty boundary": ("multipart/form-data; boundary=", PART + b"content" + END, 400),
    "another boundary": (FORM + "y", PART + b"content" + END, 400),
    "endless boundary": (f"multipart/form-data; boundary={'x' * 60_000}", PART, 400),
    "no end": (FORM, PART + b"content", 400),
    "nothing but the end": (FORM, b"--x--\r\n", 400),
    "boundary flood": (FORM, b"--x\r\n" * MANY, 400),
    "boundary almost": (FORM, PART + b"\r\n--" * MANY, 400),
    "parts flood": (
        FORM,
        b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n\r\n' * MANY,
        400,
    ),
    "header flood": (FORM, form(b"A: b\r\n" * MANY), 400),
    "endless header": (FORM, form(b"A: " + b"b" * 10 * MiB), 400),
    "no header": (FORM, b"--x\r\n\r\ncontent" + END, 400),
    "huge field": (FORM, form(b'Content-Disposition: form-data; name="a"', bytes(10 * MiB)), 400),
    "long preamble": (FORM, b"before" * MANY + PART + b"content" + END, 400),
    "long epilogue": (FORM, PART + b"content" + END + b"after" * MANY, 400),
    "bad name": (FORM, form(b'Content-Disposition: form-data; name="\xff"; filename="\xff"'), 400),
    "null in the name": (
        FORM,
        form(b'Content-Disposition: form-data; name="file"; filename="a\x00/../../b.mp4"'),
        201,
    ),
    "path as name": (
        FORM,
        form(b'Content-Disposition: form-data; name="file"; filename="/etc/cron.d/evil"'),
        201,
    ),
    "own length": (
        FORM,
        form(
            b'Content-Length: 99999999999\r\nContent-Disposition: form-data; name="f"; filename="a"'
        ),
        201,
    ),
    "other encoding": (
        FORM,
        form(
            b"Content-Transfer-Encoding: base64\r\n"
            b'Content-Disposition: form-data; name="f"; filename="a"'
        ),
        201,
    ),
}


@pytest.mark.parametrize("name", FORMS)
def test_a_hostile_form_is_answered_and_leaves_nothing_behind(
    upload: Uploader, apivideo: ApiVideo, name: str
) -> None:
    kind, body, status = FORMS[name]
    path, before = f"/videos/{upload.video_id}/source", upload.ingest
    answer = upload.api.post(path, content=body, headers={"Content-Type": kind})
    assert answer.status_code == status, answer.text
    if status == 400:
        assert answer.json()["status"] == 400
        assert (upload.ingest, apivideo.disk_use) == (before, 0)
    else:
        assert upload.download() == b"content"


def test_nothing_is_written_but_numbered_files_in_one_folder(
    upload: Uploader, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    for name in ("null in the name", "path as name"):
        kind, body, _ = FORMS[name]
        video = Uploader(upload.apivideo, upload.api).video_id
        headers = {"Content-Type": kind}
        upload.api.post(f"/videos/{video}/source", content=body, headers=headers)
    written = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert sorted(path.name for path in written) == ["1", "2", "in-use"]
    assert len({path.parent for path in written}) == 1
    (folder,) = {path.parent for path in written}
    assert folder.stat().st_mode & 0o777 == 0o700


@pytest.fixture
def raw(upload: Uploader) -> Iterator[socket.socket]:
    """Open a connection, and send the beginning of an upload of 10 MiB."""
    address = (httpx.URL(upload.apivideo.url).host, httpx.URL(upload.apivideo.url).port)
    with socket.create_connection(address, timeout=30) as sock:
        basic = httpx.BasicAuth(upload.apivideo.api_key, "")._auth_header
        head = (
            f"POST /videos/{upload.video_id}/source HTTP/1.1\r\nHost: fake\r\n"
            f"Authorization: {basic}\r\nContent-Type: {FORM}\r\nContent-Range: part 1/2\r\n"
            f"Content-Length: {10 * MiB}\r\n\r\n"
        )
        sock.sendall(head.encode() + PART + bytes(MiB))
        yield sock


def settle(upload: Uploader) -> None:
    """Ask for other things until the fake has recorded the upload that was broken off."""
    for _ in range(10_000):
        if upload.apivideo.calls.count("POST /videos/{videoId}/source"):
            return
        upload.api.get("/tags")
    pytest.fail("the fake still waits for the client that is gone")


@pytest.mark.parametrize("how", ["end", "close", "reset"])
def test_a_client_that_goes_in_the_middle_leaves_nothing_behind(
    upload: Uploader, apivideo: ApiVideo, raw: socket.socket, how: str
) -> None:
    if how == "end":
        raw.shutdown(socket.SHUT_WR)
        assert raw.recv(100).startswith(b"HTTP/1.1 400 ")
    if how == "reset":
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    raw.close()
    settle(upload)
    assert (upload.ingest, apivideo.disk_use) == (None, 0)
    assert upload.send(bytes(MIN), "part 1/2").status_code == 201


def test_a_client_that_falls_silent_is_let_go(
    upload: Uploader, apivideo: ApiVideo, monkeypatch: pytest.MonkeyPatch, request: Any
) -> None:
    monkeypatch.setattr(wire, "BODY_SECONDS", 0.05)
    raw: socket.socket = request.getfixturevalue("raw")
    assert raw.recv(100).startswith(b"HTTP/1.1 400 ")
    with contextlib.suppress(ConnectionResetError):
        while raw.recv(MiB):
            pass
    assert (upload.ingest, apivideo.disk_use) == (None, 0)
