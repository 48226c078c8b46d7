"""Broadcasts: a live stream that is started and stopped, and the video that is left of it."""

from __future__ import annotations

import httpx
import pytest

from pytest_apivideo import ApiVideo, WebhookReceiver
from tests.resources.test_encoding import FIVE_RENDITIONS, encoding, renditions

START = "2030-01-01T12:00:00Z"


def test_events_of_a_broadcast_and_its_recording_are_in_order(
    apivideo: ApiVideo, apivideo_webhooks: WebhookReceiver
) -> None:
    apivideo.clock.freeze(START)
    apivideo_webhooks.subscribe()
    stream = apivideo.live_streams.start(apivideo.live_streams.add(name="A talk"))
    assert stream.broadcasting is True
    apivideo.clock.advance(20)
    video = apivideo.live_streams.stop(stream.id)
    told = [one.json for one in apivideo_webhooks.deliveries]
    of_stream, of_both = {"liveStreamId": stream.id}, {"videoId": video.id}
    moments = ["2030-01-01T12:00:00.000Z", *["2030-01-01T12:00:20.000Z"] * 7]
    assert [one.pop("emittedAt") for one in told] == moments
    assert told == [
        {"type": "live-stream.broadcast.started", **of_stream},
        {"type": "live-stream.broadcast.ended", **of_stream},
        {"type": "video.source.recorded", **of_stream, **of_both},
        *(
            {
                "type": "video.encoding.quality.completed",
                **of_stream,
                **of_both,
                "encoding": format_,
                "quality": quality,
            }
            for format_, quality in FIVE_RENDITIONS
        ),
    ]
    assert apivideo_webhooks.verify()


def test_a_recording_is_a_video_that_names_its_live_stream(
    apivideo: ApiVideo, api: httpx.Client
) -> None:
    apivideo.clock.freeze(START)
    stream = apivideo.live_streams.add(name="A talk", public=False)
    apivideo.live_streams.start(stream)
    apivideo.clock.advance(20)
    recording = apivideo.live_streams.stop(stream)
    apivideo.videos.add()
    (shown,) = api.get(f"/videos?liveStreamId={stream.id}").json()["data"]
    assert (shown["videoId"], shown["title"], shown["public"]) == (recording.id, "A talk", False)
    assert shown["source"] == {
        "type": "liveStream",
        "uri": f"/videos/{recording.id}/source",
        "liveStream": {
            "liveStreamId": stream.id,
            "links": [{"rel": "self", "uri": f"/live-streams/{stream.id}"}],
        },
    }
    found = encoding(api, recording.id)
    assert renditions(found) == FIVE_RENDITIONS
    assert found["metadata"]["duration"] == 20


def test_the_sandbox_records_30_seconds(apivideo: ApiVideo, api: httpx.Client) -> None:
    stream = apivideo.live_streams.start(apivideo.live_streams.add())
    apivideo.clock.advance(3600)
    assert encoding(api, apivideo.live_streams.stop(stream).id)["metadata"]["duration"] == 30


def test_nothing_can_be_uploaded_to_a_recording(apivideo: ApiVideo, api: httpx.Client) -> None:
    stream = apivideo.live_streams.start(apivideo.live_streams.add())
    recording = apivideo.live_streams.stop(stream)
    before = encoding(api, recording.id)
    answer = api.post(f"/videos/{recording.id}/source", files={"file": b"a film"})
    assert (answer.status_code, answer.json()["name"]) == (400, "file")
    assert encoding(api, recording.id) == before


def test_a_client_sees_whether_a_live_stream_is_broadcasting(
    apivideo: ApiVideo, api: httpx.Client
) -> None:
    stream = apivideo.live_streams.add()
    seen = [api.get(f"/live-streams/{stream.id}").json()["broadcasting"]]
    for verb in (apivideo.live_streams.start, apivideo.live_streams.stop):
        verb(stream)
        seen.append(api.get(f"/live-streams/{stream.id}").json()["broadcasting"])
    assert seen == [False, True, False]


def test_to_complete_a_live_stream_ends_its_broadcast(
    apivideo: ApiVideo, api: httpx.Client
) -> None:
    stream = apivideo.live_streams.start(apivideo.live_streams.add())
    for _ in range(2):  # the second finds nothing to complete
        assert api.put(f"/live-streams/{stream.id}/complete").status_code == 202
    assert apivideo.live_streams[stream.id].broadcasting is False
    assert [video.live_stream_id for video in apivideo.videos] == [stream.id]


def test_a_lever_that_does_not_fit_is_refused_and_changes_nothing(apivideo: ApiVideo) -> None:
    stream = apivideo.live_streams.add()
    with pytest.raises(ValueError, match="is not broadcasting: start"):
        apivideo.live_streams.stop(stream)
    apivideo.live_streams.start(stream)
    with pytest.raises(ValueError, match="is broadcasting already"):
        apivideo.live_streams.start(stream)
    del apivideo.live_streams[stream.id]
    with pytest.raises(KeyError, match=f"no LiveStream '{stream.id}'; the newest are: none"):
        apivideo.live_streams.stop(stream)
    assert len(apivideo.videos) == 0
