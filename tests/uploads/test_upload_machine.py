"""Random splits, orders, overlaps and retries of pieces, and a model that agrees on every step.

The least size of a piece is 2 KiB here instead of 5 MiB, so that there can be many.
"""

from __future__ import annotations

import hashlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fake_server.resources.upload import received
from pytest_apivideo import ApiVideo
from tests.uploads.client import Uploader, slug

STEP = 1024
"""Pieces are made of steps: two are the least of a piece that is not the last."""
FILE = hashlib.shake_128(b"a file").digest(9 * STEP)


@dataclass
class Sent:
    """A piece as it is sent: of the file from one step to another, by this Content-Range."""

    first: int
    stop: int
    number: int
    total: int | None
    by_part: bool

    @property
    def content(self) -> bytes:
        return FILE[self.first * STEP : self.stop * STEP]

    @property
    def header(self) -> str:
        total = "*" if self.total is None else str(self.total)
        if self.by_part:
            return f"part {self.number}/{total}"
        return f"bytes {self.first * STEP}-{self.stop * STEP - 1}/{total}"


@dataclass
class Model:
    """What api.video's pages say of the pieces of one upload, told once more and differently."""

    total: int | None = None
    there: list[Sent] = field(default_factory=list)

    def judge(self, piece: Sent) -> str | None:
        """Return the expected problem of a piece; accept the piece and return None without one."""
        if self.complete:
            return "video-source-already-uploaded"
        if self.there and self.there[0].by_part != piece.by_part:
            way = "part" if self.there[0].by_part else "bytes"
            return f"video-content-range-started-with-{way}"
        wrong = self.wrong_part(piece) if piece.by_part else self.wrong_bytes(piece)
        if wrong is not None:
            return "video-content-range-by-" + wrong
        self.total = piece.total if piece.total is not None else self.total
        self.there.append(piece)
        return None

    def wrong_part(self, piece: Sent) -> str | None:
        total = self.total if piece.total is None else piece.total
        numbers = {one.number for one in self.there}
        if total is not None:
            if piece.number > total:
                return "part-part-too-high-total"
            if self.total not in (None, total):
                return "part-different-total-parts"
            if max(numbers - {piece.number}, default=0) > total:
                return "part-total-parts-too-low"
        if piece.number in numbers:
            return "part-part-already-sent"
        too_small = piece.stop - piece.first < 2 and piece.number != total
        return "part-uploaded-file-too-small" if too_small else None

    def wrong_bytes(self, piece: Sent) -> str | None:
        total = self.total if piece.total is None else piece.total
        if total is not None:
            if piece.stop * STEP > total:
                return "bytes-to-byte-too-high-total"
            if self.total not in (None, total):
                return "bytes-different-total-bytes"
            if any(one.stop * STEP > total for one in self.there):
                return "bytes-total-bytes-too-low"
        if any(one.first < piece.stop and piece.first < one.stop for one in self.there):
            return "bytes-range-overlap"
        too_small = piece.stop - piece.first < 2 and piece.stop * STEP != total
        return "bytes-range-too-small" if too_small else None

    @property
    def complete(self) -> bool:
        if not self.there or self.total is None:
            return False
        if self.there[0].by_part:
            return len(self.there) == self.total
        return sum(len(one.content) for one in self.there) == self.total

    @property
    def content(self) -> bytes:
        by_part = self.there[0].by_part
        there = sorted(self.there, key=lambda one: one.number if by_part else one.first)
        return b"".join(one.content for one in there)


@st.composite
def pieces(draw: Any) -> list[Sent]:
    """Split a file into pieces as different clients do, with mistakes."""
    cuts = sorted(draw(st.sets(st.integers(1, 8), max_size=4)))
    bounds = list(zip([0, *cuts], [*cuts, 9], strict=True))
    by_part = draw(st.booleans())
    whole = len(bounds) if by_part else len(FILE)
    honest = [
        Sent(first, stop, first if not by_part else n, whole, by_part)
        for n, (first, stop) in enumerate(bounds, start=1)
    ]
    late = draw(st.booleans())
    for piece in honest[:-1]:
        piece.total = None if late else whole
    strange = st.builds(
        _strange,
        st.integers(0, 8),
        st.integers(1, 3),
        st.integers(1, 6),
        st.sampled_from([None, whole, whole + STEP if not by_part else whole + 1, 3, 4 * STEP]),
        st.sampled_from([by_part, by_part, by_part, not by_part]),
    )
    sent = draw(st.permutations(honest + draw(st.lists(strange, max_size=3))))
    return [*sent, *draw(st.lists(st.sampled_from(honest), max_size=3)), *honest]


def _strange(first: int, steps: int, number: int, total: int | None, by_part: bool) -> Sent:
    if total is not None and by_part and total > 100:
        total = 3
    return Sent(first, min(first + steps, 9), number, total, by_part)


@pytest.fixture(autouse=True)
def small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(received, "MIN_PER_PIECE", 2 * STEP)


MANY = settings(
    max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@MANY
@given(pieces())
def test_a_model_agrees_on_every_answer(
    apivideo: ApiVideo, api: httpx.Client, sent: list[Sent]
) -> None:
    upload, model = Uploader(apivideo, api), Model()
    for piece in sent:
        expected = model.judge(piece)
        answer = upload.send(piece.content, piece.header)
        if expected is None:
            assert answer.status_code == 201
            assert ("assets" in answer.json()) == model.complete
        else:
            assert (answer.status_code, slug(answer)) == (400, expected)
        assert upload.ingest is None or upload.ingest["status"] == (
            "uploaded" if model.complete else "uploading"
        )
    if model.complete:
        assert upload.download() == model.content
    api.delete(f"/videos/{upload.video_id}")
    assert apivideo.disk_use == 0


@MANY
@given(pieces())
def test_concurrent_pieces_have_the_result_of_one_order(
    apivideo: ApiVideo, sent: list[Sent]
) -> None:
    auth = (apivideo.api_key, "")
    with httpx.Client(base_url=apivideo.url, auth=auth) as api, ThreadPoolExecutor(4) as pool:
        upload = Uploader(apivideo, api)
        answers = list(pool.map(lambda piece: upload.send(piece.content, piece.header), sent))
        taken = [p for p, answer in zip(sent, answers, strict=True) if answer.status_code == 201]
        completing = [answer for answer in answers if "assets" in answer.json()]
        refused = {slug(answer) for answer in answers if answer.status_code != 201}
        model = Model(total=next((p.total for p in taken if p.total is not None), None))
        model.there = taken
        assert len(completing) == model.complete
        assert all(one.startswith("video-") for one in refused)
        assert apivideo.disk_use == sum(len(piece.content) for piece in taken)
        if model.complete:
            assert upload.download() == model.content
        api.delete(f"/videos/{upload.video_id}")
    assert apivideo.disk_use == 0


def test_the_model_can_disagree() -> None:
    model = Model()
    first = Sent(0, 2, 1, 2, by_part=True)
    assert model.judge(first) is None
    assert model.judge(first) == "video-content-range-by-part-part-already-sent"
    with pytest.raises(AssertionError):
        assert model.complete
