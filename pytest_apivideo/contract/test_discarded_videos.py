"""Discarded videos, on an account that does not keep deleted videos."""

from __future__ import annotations

from pytest_apivideo.contract.api import Api
from pytest_apivideo.contract.schemas import VIDEO

DISCARDED = {**VIDEO, "assets": (None, dict), "discarded": bool}


def test_discarded_videos_are_listed(api: Api) -> None:
    api.list("/discarded/videos", DISCARDED)


def test_a_video_that_was_never_discarded_is_not_found(api: Api) -> None:
    path = "/discarded/videos/viUnknown0000000000000000"
    api.get(path).must_be_not_found("videoId")
    api.patch(path, {"discarded": False}).must_be_not_found("videoId")
