"""What is generated from the words of a video: captions and summaries, ready by the clock."""

from __future__ import annotations

from typing import Any, Final

import httpx
import pytest

from pytest_apivideo import ApiVideo, WebhookReceiver
from tests.resources.test_encoding import upload

START = "2030-01-01T00:00:00Z"
GENERATED: Final = ("video.caption.generated", "video.summary.generated")


def asked(api: httpx.Client, **facts: Any) -> str:
    answer = api.post("/videos", json={"title": "A talk", **facts})
    assert answer.status_code == 201
    video_id: str = answer.json()["videoId"]
    return video_id


def summary_of(api: httpx.Client, video_id: str) -> dict[str, Any]:
    (summary,) = api.get(f"/summaries?videoId={video_id}").json()["data"]
    source = api.get(f"/summaries/{summary['summaryId']}/source").json()
    return {**summary, "source": source}


@pytest.mark.apivideo(encoding=10)
def test_captions_and_a_summary_are_ready_with_the_video(
    apivideo: ApiVideo, api: httpx.Client, apivideo_webhooks: WebhookReceiver
) -> None:
    apivideo.clock.freeze(START)
    apivideo_webhooks.subscribe(*GENERATED)
    video_id = asked(api, transcript=True, transcriptSummary=True, language="fr")
    assert summary_of(api, video_id)["sourceStatus"] == "waiting"
    upload(apivideo, video_id)
    names = [due.name for due in apivideo.clock.due]
    assert names == ["video.encoding", "summary.generation", "caption.generation"]
    apivideo.clock.advance(9.9)
    assert api.get(f"/videos/{video_id}/captions").json()["data"] == []
    apivideo.clock.advance(0.1)
    (caption,) = api.get(f"/videos/{video_id}/captions").json()["data"]
    assert (caption["srclang"], caption["languageName"]) == ("fr", "français")
    assert httpx.get(caption["src"]).text.startswith("WEBVTT")
    summary = summary_of(api, video_id)
    assert (summary["origin"], summary["sourceStatus"]) == ("auto", "completed")
    assert 20 <= len(summary["source"]["abstract"].split()) <= 300
    assert len(summary["source"]["takeaways"]) == 3
    by_summary, by_caption = (one.json for one in apivideo_webhooks.deliveries)
    assert by_summary == {
        "type": "video.summary.generated",
        "emittedAt": "2030-01-01T00:00:10.000Z",
        "videoId": video_id,
        "summaryId": summary["summaryId"],
    }
    assert by_caption.pop("captionId").startswith("caption_")
    assert by_caption == {
        "type": "video.caption.generated",
        "emittedAt": "2030-01-01T00:00:10.000Z",
        "videoId": video_id,
        "generationMode": "transcript",
        "language": "fr",
    }


@pytest.mark.apivideo(encoding=10)
def test_a_later_request_takes_as_long(apivideo: ApiVideo, api: httpx.Client) -> None:
    apivideo.clock.freeze(START)
    video_id = asked(api)
    upload(apivideo, video_id)
    apivideo.clock.advance(60)
    assert api.patch(f"/videos/{video_id}", json={"transcript": True}).status_code == 200
    body = {"videoId": video_id, "origin": "auto", "attributes": ["takeaways"]}
    assert api.post("/summaries", json=body).json()["sourceStatus"] == "waiting"
    apivideo.clock.advance(9)
    assert summary_of(api, video_id)["sourceStatus"] == "waiting"
    apivideo.clock.advance(1)
    assert list(summary_of(api, video_id)["source"]) == ["takeaways"]
    assert len(apivideo.captions) == 1


def test_a_transcript_of_an_encoded_video_is_ready_at_once(
    apivideo: ApiVideo, api: httpx.Client
) -> None:
    video_id = asked(api)
    upload(apivideo, video_id)
    body = {"videoId": video_id, "origin": "auto"}
    assert api.post("/summaries", json=body).json()["sourceStatus"] == "completed"


@pytest.mark.apivideo(encoding="manual")
def test_without_seconds_they_are_ready_when_the_last_rendition_is(
    apivideo: ApiVideo, api: httpx.Client
) -> None:
    video_id = asked(api, transcript=True, transcriptSummary=True)
    upload(apivideo, video_id)
    apivideo.videos.encode(video_id, "hls", "240p")
    assert summary_of(api, video_id)["sourceStatus"] == "waiting"
    apivideo.videos.encode(video_id)
    assert summary_of(api, video_id)["sourceStatus"] == "completed"
    assert len(apivideo.captions) == 1


def test_the_language_is_detected_unless_it_is_set(apivideo: ApiVideo, api: httpx.Client) -> None:
    video_id = asked(api, transcript=True)
    upload(apivideo, video_id)
    shown = api.get(f"/videos/{video_id}").json()
    assert (shown["language"], shown["languageOrigin"]) == ("en", "auto")


@pytest.mark.apivideo(encoding="fail")
def test_nothing_is_generated_of_a_video_that_cannot_be_played(
    apivideo: ApiVideo, api: httpx.Client, apivideo_webhooks: WebhookReceiver
) -> None:
    apivideo_webhooks.subscribe()
    video_id = asked(api, transcript=True, transcriptSummary=True)
    upload(apivideo, video_id)
    assert summary_of(api, video_id)["sourceStatus"] == "failed"
    assert len(apivideo.captions) == 0
    assert apivideo_webhooks.deliveries == []


def test_captions_that_are_there_already_stay(
    apivideo: ApiVideo, api: httpx.Client, apivideo_webhooks: WebhookReceiver
) -> None:
    apivideo_webhooks.subscribe("video.caption.generated")
    video_id = asked(api, transcript=True)
    before = apivideo.captions.add(video_id=video_id, language="en")
    upload(apivideo, video_id)
    assert list(apivideo.captions) == [before]
    assert apivideo_webhooks.deliveries == []


@pytest.mark.apivideo(encoding=10)
def test_a_summary_completed_by_the_test_is_not_generated(
    apivideo: ApiVideo, api: httpx.Client, apivideo_webhooks: WebhookReceiver
) -> None:
    apivideo_webhooks.subscribe("video.summary.generated")
    video_id = asked(api, transcriptSummary=True)
    upload(apivideo, video_id)
    (summary,) = apivideo.summaries
    apivideo.summaries.change(summary.id, source_status="unprocessable")
    apivideo.clock.advance(60)
    assert summary_of(api, video_id)["sourceStatus"] == "unprocessable"
    assert apivideo_webhooks.deliveries == []
