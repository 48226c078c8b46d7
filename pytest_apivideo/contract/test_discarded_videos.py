"""Discarded videos, on an account that does not keep deleted videos."""

from __future__ import annotations

from pytest_apivideo.contract.api import Api
from pytest_apivideo.contract.schemas import VIDEO

DISCARDED = {**VIDEO, "assets": (None, dict), "discarded": bool}


def test_discarded_videos_are_listed(api: Api) -> None:
    api.list("/discarded/videos", DISCARDED)
