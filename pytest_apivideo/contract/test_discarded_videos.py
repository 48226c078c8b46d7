"""Discarded videos: what can be said without the feature that keeps deleted videos."""

from __future__ import annotations

from pytest_apivideo.contract.api import Api
from pytest_apivideo.contract.shapes import VIDEO, page_of

DISCARDED = {**VIDEO, "assets": (None, dict), "discarded": bool}
UNKNOWN = "viUnknown0000000000000000"


def test_discarded_videos_are_listed(api: Api) -> None:
    api.get("/discarded/videos").must_be(200, page_of(DISCARDED))


def test_a_video_that_was_never_discarded_is_not_found(api: Api) -> None:
    path = f"/discarded/videos/{UNKNOWN}"
    api.get(path).must_be_not_found("videoId")
    api.patch(path, {"discarded": False}).must_be_not_found("videoId")
