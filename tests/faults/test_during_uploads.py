"""Faults in the middle of an upload, whose bodies nobody reads before the fault is judged."""

from __future__ import annotations

import hashlib

import httpx
import pytest

from pytest_apivideo import ApiVideo

MIB = 1024 * 1024
FILM = bytes(range(256)) * (11 * MIB // 256)  # 5 + 5 + 1 MiB
PIECES = [FILM[start : start + 5 * MIB] for start in range(0, len(FILM), 5 * MIB)]
SOURCE = "POST /videos/{videoId}/source"


def content_range(number: int, form: str) -> str:
    if form == "part":
        return f"part {number}/{len(PIECES)}"
    start = (number - 1) * 5 * MIB
    return f"bytes {start}-{start + len(PIECES[number - 1]) - 1}/{len(FILM)}"


def upload(client: httpx.Client, video: str, form: str) -> list[int | str]:
    """Upload the film in pieces, again after a 503 or nothing; what each request came to."""
    seen: list[int | str] = []
    for number, piece in enumerate(PIECES, 1):
        while True:
            headers = {"Content-Range": content_range(number, form)}
            try:
                answer = client.post(
                    f"/videos/{video}/source", files={"file": piece}, headers=headers
                )
            except httpx.TransportError:
                seen.append("lost")
                continue
            seen.append(answer.status_code)
            if answer.status_code != 503:
                break
    return seen


@pytest.mark.parametrize("form", ["part", "bytes"])
def test_a_token_that_expires_in_the_middle_is_renewed(
    apivideo: ApiVideo, apivideo_http: httpx.Client, form: str
) -> None:
    video = apivideo.videos.add(title="film").id
    apivideo.on(SOURCE, part=2).expire_token()
    assert upload(apivideo_http, video, form) == [201, 201, 201]
    apivideo.calls.assert_retried_after_401()
    assert apivideo.content(video).sha256 == hashlib.sha256(FILM).hexdigest()


@pytest.mark.parametrize("form", ["part", "bytes"])
@pytest.mark.parametrize("reset", [False, True])
def test_a_piece_that_is_dropped_is_sent_again(
    apivideo: ApiVideo, api: httpx.Client, form: str, reset: bool
) -> None:
    video = apivideo.videos.add(title="film").id
    apivideo.on(SOURCE, part=2, times=2).drop(reset=reset)
    assert upload(api, video, form) == [201, "lost", "lost", 201, 201]
    assert apivideo.content(video).sha256 == hashlib.sha256(FILM).hexdigest()


def test_a_piece_that_is_refused_unread_is_sent_again(
    apivideo: ApiVideo, api: httpx.Client
) -> None:
    video = apivideo.videos.add(title="film").id
    apivideo.on(SOURCE, part=3, times=1).respond(503)
    assert upload(api, video, "bytes")[-1] == 201
    assert apivideo.content(video).size == len(FILM)


def test_a_piece_with_a_lost_answer_was_received(apivideo: ApiVideo, api: httpx.Client) -> None:
    video = apivideo.videos.add(title="film").id
    apivideo.on(SOURCE, part=1, times=1).drop("after")
    assert upload(api, video, "part") == ["lost", 400, 201, 201]
    assert apivideo.content(video).sha256 == hashlib.sha256(FILM).hexdigest()
