"""Encoding: what of a video can be played, and when."""

from __future__ import annotations

import struct
from datetime import timedelta
from typing import Any, Final

import httpx
import pytest

from fake_server.core.mp4 import MediaInfo, read_media_info
from pytest_apivideo import ApiVideo, WebhookReceiver, polls

FIVE_RENDITIONS = [
    ("hls", "240p"),
    ("hls", "360p"),
    ("hls", "480p"),
    ("hls", "720p"),
    ("mp4", "720p"),
]
COMPLETED: Final = "video.encoding.quality.completed"


def upload(apivideo: ApiVideo, video_id: str, content: bytes = b"a film") -> str:
    """Upload the source of a video; returns its id."""
    with httpx.Client(base_url=apivideo.url, auth=(apivideo.api_key, "")) as client:
        answer = client.post(f"/videos/{video_id}/source", files={"file": content})
    assert answer.status_code == 201
    return video_id


def complete(apivideo: ApiVideo, content: bytes = b"a film", **facts: Any) -> str:
    """Create a video, upload its source, and return its id."""
    return upload(apivideo, apivideo.videos.add(**facts).id, content)


def encoding(api: httpx.Client, video_id: str) -> dict[str, Any]:
    answer = api.get(f"/videos/{video_id}/status")
    assert answer.status_code == 200
    encoding: dict[str, Any] = answer.json()["encoding"]
    return encoding


def renditions(encoding: dict[str, Any]) -> list[tuple[str, str]]:
    return [(quality["type"], quality["quality"]) for quality in encoding["qualities"]]


def statuses(encoding: dict[str, Any]) -> list[str]:
    return [quality["status"] for quality in encoding["qualities"]]


def test_a_video_with_a_complete_source_has_five_renditions_at_once(
    apivideo: ApiVideo, api: httpx.Client
) -> None:
    found = encoding(api, complete(apivideo))
    assert found["playable"] is True
    assert renditions(found) == FIVE_RENDITIONS
    assert set(statuses(found)) == {"encoded"}
    assert (found["metadata"]["width"], found["metadata"]["height"]) == (1280, 720)


@pytest.mark.apivideo(encoding=10)
def test_the_five_events_of_a_720p_source_come_in_order_signed_and_at_their_times(
    apivideo: ApiVideo, apivideo_webhooks: WebhookReceiver
) -> None:
    apivideo.clock.freeze("2030-01-01T12:00:00Z")
    apivideo_webhooks.subscribe(COMPLETED)
    video_id = complete(apivideo)
    assert [due.at.second for due in apivideo.clock.due] == [2]
    apivideo.clock.advance(60)
    assert [delivery.json for delivery in apivideo_webhooks.deliveries] == [
        {
            "type": COMPLETED,
            "emittedAt": f"2030-01-01T12:00:{second:02}.000Z",
            "videoId": video_id,
            "encoding": format_,
            "quality": quality,
        }
        for second, (format_, quality) in zip((2, 4, 6, 8, 10), FIVE_RENDITIONS, strict=True)
    ]
    assert apivideo_webhooks.verify()
    assert apivideo.clock.due == []


@pytest.mark.apivideo(encoding=10)
def test_a_video_is_playable_with_its_first_rendition(
    apivideo: ApiVideo, api: httpx.Client
) -> None:
    apivideo.clock.freeze()
    video_id = complete(apivideo)
    before = encoding(api, video_id)
    assert before["playable"] is False
    assert statuses(before) == ["encoding", *["waiting"] * 4]
    assert set(before["metadata"].values()) == {None}
    apivideo.clock.advance(1.999)
    assert encoding(api, video_id) == before
    apivideo.clock.advance(0.001)
    after = encoding(api, video_id)
    assert after["playable"] is True
    assert statuses(after) == ["encoded", "encoding", *["waiting"] * 3]
    assert after["metadata"]["duration"] == 30
    apivideo.clock.advance(8)
    assert set(statuses(encoding(api, video_id))) == {"encoded"}


@pytest.mark.apivideo(encoding=polls(3))
def test_a_video_is_encoded_at_the_third_poll(apivideo: ApiVideo, api: httpx.Client) -> None:
    video_id = complete(apivideo)
    assert [encoding(api, video_id)["playable"] for _ in range(4)] == [False, False, True, True]


@pytest.mark.apivideo(encoding="never")
def test_a_video_that_is_never_encoded_stays_so(apivideo: ApiVideo, api: httpx.Client) -> None:
    video_id = complete(apivideo)
    apivideo.clock.advance(timedelta(days=365))
    assert statuses(encoding(api, video_id)) == ["encoding", *["waiting"] * 4]


@pytest.mark.apivideo(encoding="fail")
def test_a_failed_encoding_sends_no_webhook(
    apivideo: ApiVideo, api: httpx.Client, apivideo_webhooks: WebhookReceiver
) -> None:
    apivideo_webhooks.subscribe()
    found = encoding(api, complete(apivideo))
    assert found["playable"] is False
    assert statuses(found) == ["failed"] * 5
    assert apivideo_webhooks.deliveries == []


@pytest.mark.apivideo(encoding="manual")
def test_a_rendition_is_encoded_by_hand(
    apivideo: ApiVideo, api: httpx.Client, apivideo_webhooks: WebhookReceiver
) -> None:
    apivideo_webhooks.subscribe()
    video_id = complete(apivideo)
    video = apivideo.videos.encode(video_id, "hls", "480p")
    assert apivideo.videos.fail_encoding(video, "mp4") == video == apivideo.videos[video_id]
    assert statuses(encoding(api, video_id)) == [
        "encoding",
        "waiting",
        "encoded",
        "waiting",
        "failed",
    ]
    assert [one.json["quality"] for one in apivideo_webhooks.deliveries] == ["480p"]
    apivideo.videos.encode(video_id)
    assert statuses(encoding(api, video_id)) == [*["encoded"] * 4, "failed"]


def test_a_lever_gives_a_source_to_a_video_that_has_none(
    apivideo: ApiVideo, api: httpx.Client
) -> None:
    video = apivideo.videos.encode(apivideo.videos.add(), "hls", "240p")
    assert statuses(encoding(api, video.id)) == ["encoded", "encoding", *["waiting"] * 3]


def test_a_lever_names_the_renditions_that_there_are(apivideo: ApiVideo) -> None:
    video = apivideo.videos.add()
    with pytest.raises(ValueError, match="not encoded as hls 2160p; its renditions are: hls 240p"):
        apivideo.videos.encode(video, "hls", "2160p")


def test_a_deleted_video_cannot_be_encoded(apivideo: ApiVideo) -> None:
    video = apivideo.videos.add()
    del apivideo.videos[video.id]
    with pytest.raises(KeyError, match=f"no Video '{video.id}'; the newest are: none"):
        apivideo.videos.encode(video)


@pytest.mark.parametrize(
    ("height", "qualities"),
    [
        (144, ["240p"]),
        (480, ["240p", "360p", "480p"]),
        (1079, ["240p", "360p", "480p", "720p"]),
        (2160, ["240p", "360p", "480p", "720p", "1080p", "2160p"]),
    ],
)
def test_a_source_is_encoded_up_to_its_height(
    apivideo: ApiVideo, api: httpx.Client, height: int, qualities: list[str]
) -> None:
    apivideo.settings.source_height = height
    found = renditions(encoding(api, complete(apivideo)))
    assert found == [*(("hls", one) for one in qualities), ("mp4", qualities[-1])]


def test_a_video_without_mp4_support_has_no_mp4(apivideo: ApiVideo, api: httpx.Client) -> None:
    found = renditions(encoding(api, complete(apivideo, mp4_support=False)))
    assert found == FIVE_RENDITIONS[:-1]


def mp4(width: int, height: int, seconds: int, version: int = 0) -> bytes:
    """Return the headers of an MP4 file with an audio track and a video track."""

    def box(name: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content) + 8) + name + content

    wide = ">16xIQ" if version else ">8xII"
    times = struct.pack(wide, 1000, seconds * 1000)
    movie = box(b"mvhd", bytes([version, 0, 0, 0]) + times + bytes(80))
    length = 84 if version == 0 else 96
    tracks = [
        box(b"tkhd", bytes([version]).ljust(length - 8, b"\0") + struct.pack(">II", w, h))
        for w, h in ((0, 0), (width << 16, height << 16))
    ]
    return box(b"ftyp", b"isom") + b"\0\0\0\1mdat" + box(b"moov", movie + b"".join(tracks))


@pytest.mark.parametrize("version", [0, 1])
def test_size_and_duration_come_from_the_mp4_file(
    apivideo: ApiVideo, api: httpx.Client, version: int
) -> None:
    found = encoding(api, complete(apivideo, mp4(640, 360, 12, version)))
    assert renditions(found)[-1] == ("mp4", "360p")
    facts = found["metadata"]
    assert (facts["width"], facts["height"], facts["duration"]) == (640, 360, 12)
    assert facts["aspectRatio"] == "16/9"


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"no film",
        mp4(640, 360, 12)[:60],
        mp4(0, 0, 0),
        mp4(65535, 65535, 2**20),
        b"\0\0\0\x6cmvhd\0",
        b"\0\0\0\x5ctkhd\0",
    ],
)
def test_an_incomplete_header_gives_no_metadata(content: bytes) -> None:
    assert read_media_info(content)[:2] == (None, None)


def test_a_header_that_is_cut_is_no_header() -> None:
    whole = mp4(640, 360, 12)
    for end in range(len(whole)):
        assert read_media_info(whole[:end]) in (MediaInfo(), MediaInfo(None, None, 12.0))


def test_a_source_of_production_may_be_longer_than_30_seconds(apivideo: ApiVideo) -> None:
    apivideo.settings.environment = "production"
    video_id = complete(apivideo, mp4(640, 360, 600))
    with httpx.Client(base_url=apivideo.url, auth=(apivideo.production_key, "")) as api:
        assert encoding(api, video_id)["metadata"]["duration"] == 600


@pytest.mark.apivideo(encoding=10)
def test_a_deleted_video_is_encoded_no_further(
    apivideo: ApiVideo, apivideo_webhooks: WebhookReceiver
) -> None:
    apivideo_webhooks.subscribe()
    del apivideo.videos[complete(apivideo)]
    assert apivideo.clock.due == []
    apivideo.clock.advance(60)
    assert apivideo_webhooks.deliveries == []
