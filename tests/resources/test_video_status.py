"""The status of a video, as a client sees it."""

from __future__ import annotations

import httpx
import pytest

from fake_server.resources.video_status import BytesRange, Ingest, ReceivedParts
from pytest_apivideo import ApiVideo


def test_before_any_upload_nothing_was_received_and_nothing_can_be_played(
    apivideo: ApiVideo, api: httpx.Client
) -> None:
    answer = api.get(f"/videos/{apivideo.videos.add().id}/status")
    assert answer.status_code == 200
    assert answer.json() == {
        "ingest": None,
        "encoding": {
            "playable": False,
            "qualities": [],
            "metadata": {
                "width": None,
                "height": None,
                "bitrate": None,
                "duration": None,
                "framerate": None,
                "samplerate": None,
                "videoCodec": None,
                "audioCodec": None,
                "aspectRatio": None,
            },
        },
    }


@pytest.mark.apivideo(empty_ingest=[])
def test_an_empty_ingest_can_be_a_list(apivideo: ApiVideo, api: httpx.Client) -> None:
    path = f"/videos/{apivideo.videos.add().id}/status"
    assert api.get(path).json()["ingest"] == []
    assert httpx.patch(apivideo.url + "/_fake/settings", json={"empty_ingest": None}).is_success
    assert api.get(path).json()["ingest"] is None


def test_the_status_lists_received_pieces() -> None:
    chunk = BytesRange(first=0, to=9, total=10)
    ingest = Ingest(status="uploading", received_bytes=(chunk,), received_parts=ReceivedParts())
    assert ingest.model_dump(mode="json") == {
        "status": "uploading",
        "filesize": None,
        "receivedBytes": [{"from": 0, "to": 9, "total": 10}],
        "receivedParts": {"parts": [], "total": None},
    }
