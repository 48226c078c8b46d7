"""Encoding: what of a video can be played, and when."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import httpx

from fake_server.resources.encoding import begin
from pytest_apivideo import ApiVideo

FIVE_FORMS = [("hls", "240p"), ("hls", "360p"), ("hls", "480p"), ("hls", "720p"), ("mp4", "720p")]


def forms(encoding: dict[str, Any]) -> list[tuple[str, str]]:
    return [(quality["type"], quality["quality"]) for quality in encoding["qualities"]]


def test_a_video_whose_source_is_complete_can_be_played_in_five_forms(
    apivideo: ApiVideo, api: httpx.Client
) -> None:
    video = apivideo.videos.add()
    call: Any = SimpleNamespace(store=apivideo._project.store())
    begin(call, video)
    encoding = api.get(f"/videos/{video.id}/status").json()["encoding"]
    assert encoding["playable"] is True
    assert forms(encoding) == FIVE_FORMS
    assert {quality["status"] for quality in encoding["qualities"]} == {"encoded"}
    assert (encoding["metadata"]["width"], encoding["metadata"]["height"]) == (1280, 720)
