"""Files in several requests: which pieces are taken, what is told of them, which are refused."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from itertools import permutations
from typing import Any

import pytest

from pytest_apivideo import ApiVideo
from tests.uploads.client import ANY, DOCS, MIN, MiB, Uploader

SMALL = b"the end"
PIECES = (b"a" * MIN, b"b" * MIN, SMALL)
FILE = b"".join(PIECES)
END = 2 * MIN + len(SMALL)


def ranges(form: str) -> list[str]:
    """Return the Content-Range of each of three pieces, in one of the forms that clients send."""
    bounds = [(0, MIN - 1), (MIN, 2 * MIN - 1), (2 * MIN, END - 1)]
    return {
        "part i/N": [f"part {n}/3" for n in (1, 2, 3)],
        "part i/*, the last i/i": ["part 1/*", "part 2/*", "part 3/3"],
        "bytes a-b/N": [f"bytes {first}-{last}/{END}" for first, last in bounds],
        "bytes a-b/*, the last a-b/N": [
            *(f"bytes {first}-{last}/*" for first, last in bounds[:2]),
            f"bytes {bounds[2][0]}-{bounds[2][1]}/{END}",
        ],
    }[form]


HABITS = ["part i/N", "part i/*, the last i/i", "bytes a-b/N", "bytes a-b/*, the last a-b/N"]


@pytest.mark.parametrize("order", list(permutations(range(3))))
@pytest.mark.parametrize("habit", HABITS)
def test_pieces_come_in_any_order(upload: Uploader, habit: str, order: tuple[int, ...]) -> None:
    for n in order[:2]:
        answer = upload.send(PIECES[n], ranges(habit)[n])
        assert (answer.status_code, answer.json()) == (201, {"videoId": upload.video_id})
        assert upload.ingest["status"] == "uploading"
        assert upload.status["encoding"]["playable"] is False
    answer = upload.send(PIECES[order[2]], ranges(habit)[order[2]])
    assert (answer.status_code, answer.json()["title"]) == (201, "A video")
    assert (upload.ingest["status"], upload.ingest["filesize"]) == ("uploaded", END)
    assert upload.download() == FILE


@pytest.mark.parametrize("habit", HABITS)
def test_pieces_come_at_the_same_time(upload: Uploader, habit: str) -> None:
    with ThreadPoolExecutor(3) as pool:
        answers = list(pool.map(upload.send, PIECES, ranges(habit)))
    assert [answer.status_code for answer in answers] == [201, 201, 201]
    assert sum("title" in answer.json() for answer in answers) == 1
    assert upload.download() == FILE


def test_one_piece_may_be_all(upload: Uploader) -> None:
    assert upload.send(SMALL, "part 1/1").json()["title"] == "A video"
    assert upload.download() == SMALL


def test_one_range_may_be_all(upload: Uploader) -> None:
    assert upload.send(SMALL, f"bytes 0-6/{len(SMALL)}").json()["title"] == "A video"
    assert upload.ingest["receivedBytes"] == [{"from": 0, "to": 6, "total": 7}]


def test_the_status_lists_received_parts(upload: Uploader) -> None:
    upload.send(ANY, "part 3/*")
    upload.send(ANY, "part 1/*")
    assert upload.ingest == {
        "status": "uploading",
        "filesize": None,
        "receivedBytes": [],
        "receivedParts": {"parts": [1, 3], "total": None},
    }
    upload.send(SMALL, "part 4/4")
    assert upload.ingest["receivedParts"] == {"parts": [1, 3, 4], "total": 4}
    upload.send(ANY, "part 2/4")
    assert upload.ingest == {
        "status": "uploaded",
        "filesize": 3 * MIN + len(SMALL),
        "receivedBytes": [],
        "receivedParts": {"parts": [1, 2, 3, 4], "total": 4},
    }


def test_the_status_lists_received_bytes(upload: Uploader) -> None:
    upload.send(ANY, f"bytes {MIN}-{2 * MIN - 1}/*")
    assert upload.ingest == {
        "status": "uploading",
        "filesize": None,
        "receivedBytes": [{"from": MIN, "to": 2 * MIN - 1}],
    }
    upload.send(ANY, f"bytes 0-{MIN - 1}/{END}")
    assert upload.ingest == {
        "status": "uploading",
        "filesize": END,
        "receivedBytes": [
            {"from": 0, "to": MIN - 1, "total": END},
            {"from": MIN, "to": 2 * MIN - 1, "total": END},
        ],
    }


BY_PART, BY_BYTES = "video-content-range-by-part-", "video-content-range-by-bytes-"
MAX = 52_428_800_000
REFUSED: list[tuple[list[str], str, int, str]] = [
    # what came before (each of the least size), the next Content-Range, its bytes, the problem
    (["part 1/3"], "", MIN, "video-content-range-already-initiated"),
    (["part 1/3"], f"bytes 0-{MIN - 1}/{END}", MIN, "video-content-range-started-with-part"),
    ([f"bytes 0-{MIN - 1}/*"], "part 1/3", MIN, "video-content-range-started-with-bytes"),
    ([], "part 0/3", MIN, BY_PART + "part-zero"),
    ([], "part 1/0", MIN, BY_PART + "total-parts-zero"),
    ([], "part 10001/*", MIN, BY_PART + "part-too-high-allowed"),
    ([], "part 10001/10001", MIN, BY_PART + "part-too-high-allowed"),
    ([], "part 1/10001", MIN, BY_PART + "total-parts-too-high"),
    ([], "part 4/3", MIN, BY_PART + "part-too-high-total"),
    (["part 1/3"], "part 4/*", MIN, BY_PART + "part-too-high-total"),
    (["part 1/3"], "part 2/4", MIN, BY_PART + "different-total-parts"),
    (["part 5/*"], "part 1/4", MIN, BY_PART + "total-parts-too-low"),
    (["part 1/3"], "part 1/3", MIN, BY_PART + "part-already-sent"),
    (["part 1/*"], "part 1/*", MIN, BY_PART + "part-already-sent"),
    ([], "part 1/2", MIN - 1, BY_PART + "uploaded-file-too-small"),
    ([], "part 1/*", MIN - 1, BY_PART + "uploaded-file-too-small"),
    (["part 1/3"], "part 2/*", MIN - 1, BY_PART + "uploaded-file-too-small"),
    ([], "bytes 0-0/0", 1, BY_BYTES + "total-bytes-zero"),
    ([], f"bytes 0-0/{MAX + 1}", 1, BY_BYTES + "total-bytes-too-high"),
    ([], f"bytes 0-{MAX}/*", 1, BY_BYTES + "to-byte-too-high-allowed"),
    ([], "bytes 10-9/100", 1, BY_BYTES + "from-byte-too-high"),
    ([], "bytes 0-100/100", 101, BY_BYTES + "to-byte-too-high-total"),
    ([f"bytes 0-{MIN - 1}/{END}"], f"bytes 0-{END}/*", 1, BY_BYTES + "to-byte-too-high-total"),
    (
        [f"bytes 0-{MIN - 1}/{END}"],
        f"bytes {MIN}-{2 * MIN - 1}/{END + 1}",
        MIN,
        BY_BYTES + "different-total-bytes",
    ),
    (
        [f"bytes {MIN}-{2 * MIN - 1}/*"],
        f"bytes 0-{MIN - 1}/{2 * MIN - 1}",
        MIN,
        BY_BYTES + "total-bytes-too-low",
    ),
    ([], f"bytes 0-{200 * MiB}/{300 * MiB}", 1, BY_BYTES + "range-too-large"),
    ([], "bytes 0-99/100", 99, BY_BYTES + "range-mismatch"),
    ([], "bytes 0-99/100", 101, BY_BYTES + "range-mismatch"),
    (
        [f"bytes 0-{MIN - 1}/{END}"],
        f"bytes {MIN - 1}-{2 * MIN - 2}/{END}",
        MIN,
        BY_BYTES + "range-overlap",
    ),
    ([], f"bytes 0-{MIN - 2}/{END}", MIN - 1, BY_BYTES + "range-too-small"),
    ([], f"bytes 0-{MIN - 2}/*", MIN - 1, BY_BYTES + "range-too-small"),
]


@pytest.mark.parametrize(("before", "content_range", "size", "problem"), REFUSED)
def test_a_wrong_piece_is_refused_and_leaves_no_trace(
    upload: Uploader,
    apivideo: ApiVideo,
    before: list[str],
    content_range: str,
    size: int,
    problem: str,
) -> None:
    for piece in before:
        assert upload.send(ANY, piece).status_code == 201
    told, used = upload.ingest, apivideo.disk_use
    assert upload.refusal(bytes(size), content_range or None) == (400, problem)
    assert (upload.ingest, apivideo.disk_use) == (told, used)


@pytest.mark.parametrize(
    "header",
    [
        "",
        "bytes",
        "part%201%2F3",
        "bytes 0-5242879",
        "part 1",
        "part 1/",
        "part -1/3",
        "part 1/-3",
        "part 1.0/3",
        "part one/3",
        "part */3",
        "part  1/3",
        "Part 1/3",
        "bytes */100",
        "bytes 0-/100",
        "bytes=0-99/100",
        "items 0-99/100",
        "part 1/3, part 2/3",
        "part " + "9" * 100 + "/3",
    ],
)
def test_a_header_of_another_form_is_malformed(upload: Uploader, header: str) -> None:
    assert upload.refusal(ANY, header) == (400, "video-content-range-malformed")
    assert upload.ingest is None


def test_a_problem_names_the_received_pieces(upload: Uploader) -> None:
    upload.send(ANY, "part 1/3")
    assert upload.send(ANY, "part 1/3").json() == {
        "type": DOCS + "video-content-range-by-part-part-already-sent",
        "title": 'The "part" value in the "Content-Range" header collides with a previous one you '
        "already sent for this video.",
        "status": 400,
        "detail": "The part number 1 has already been sent.",
    }


def test_a_refused_piece_may_be_sent_again(upload: Uploader) -> None:
    upload.send(PIECES[0], "part 1/3")
    assert upload.refusal(b"cut short", "part 2/3")[0] == 400
    upload.send(PIECES[1], "part 2/3")
    upload.send(PIECES[2], "part 3/3")
    assert upload.download() == FILE


def test_of_two_equal_pieces_at_once_one_is_taken(upload: Uploader, apivideo: ApiVideo) -> None:
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(upload.send, [ANY] * 8, ["part 1/2"] * 8))
    assert sorted(answer.status_code for answer in answers) == [201] + 7 * [400]
    assert apivideo.disk_use == MIN


def test_of_two_files_at_once_one_is_taken(upload: Uploader, apivideo: ApiVideo) -> None:
    contents = [bytes([n]) * MiB for n in range(8)]
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(upload.send, contents))
    assert sorted(answer.status_code for answer in answers) == [201] + 7 * [400]
    (taken,) = [n for n, answer in enumerate(answers) if answer.status_code == 201]
    assert upload.download() == contents[taken]
    assert apivideo.disk_use == MiB


def test_the_video_may_go_between_two_pieces(upload: Uploader, apivideo: ApiVideo) -> None:
    upload.send(ANY, "part 1/2")
    upload.api.delete(f"/videos/{upload.video_id}")
    assert upload.refusal(SMALL, "part 2/2") == (404, "resource-not-found")
    assert apivideo.disk_use == 0


def test_an_expired_token_between_two_pieces_loses_nothing(
    upload: Uploader, apivideo: ApiVideo, http: Any
) -> None:
    old = {"Authorization": f"Bearer {apivideo.tokens.issue().access_token}"}
    upload.send(PIECES[0], "part 1/2")
    apivideo.clock.advance_to_expiry()
    late = http.post(
        f"/videos/{upload.video_id}/source",
        files={"file": SMALL},
        headers={**old, "Content-Range": "part 2/2"},
    )
    assert late.status_code == 401
    assert upload.ingest["receivedParts"]["parts"] == [1]
    assert upload.send(SMALL, "part 2/2").status_code == 201
    assert upload.download() == PIECES[0] + SMALL
