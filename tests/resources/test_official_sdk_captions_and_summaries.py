"""The official Python SDK against captions, chapters and summaries."""

from __future__ import annotations

from pathlib import Path

import apivideo as sdk
import httpx
import pytest
from apivideo.api.captions_api import CaptionsApi
from apivideo.api.chapters_api import ChaptersApi
from apivideo.api.summaries_api import SummariesApi
from apivideo.api.videos_api import VideosApi
from apivideo.exceptions import ApiException, NotFoundException
from apivideo.model.captions_update_payload import CaptionsUpdatePayload
from apivideo.model.summary_creation_payload import SummaryCreationPayload
from apivideo.model.summary_update_payload import SummaryUpdatePayload
from apivideo.model.video_update_payload import VideoUpdatePayload

from pytest_apivideo import ApiVideo


@pytest.fixture
def vtt(tmp_path: Path) -> Path:
    path = tmp_path / "text.vtt"
    path.write_bytes(b"WEBVTT\n")
    return path


def test_captions_are_uploaded_read_changed_listed_and_deleted(
    apivideo: ApiVideo, official: sdk.ApiClient, vtt: Path
) -> None:
    captions, video = CaptionsApi(official), apivideo.videos.add()
    for language in ("en", "fr-BE"):
        with vtt.open("rb") as file:
            made = captions.upload(video.id, language, file)
    assert (made.srclang, made.language_name, made.default) == ("fr-BE", "français (BE)", False)
    assert httpx.get(made.src).content == b"WEBVTT\n"
    assert captions.get(video.id, "fr-BE").to_dict() == made.to_dict()
    changed = captions.update(video.id, "fr-BE", CaptionsUpdatePayload(default=True))
    assert changed.default is True
    page = captions.list(video.id, current_page=1, page_size=1)
    assert [one.srclang for one in page.data] == ["en"]
    assert page.pagination.items_total == 2
    captions.delete(video.id, "fr-BE")
    with pytest.raises(NotFoundException, match="could not be found"):
        captions.get(video.id, "fr-BE")
    with pytest.raises(ApiException, match="must contain only letters and dashes"):
        captions.get(video.id, "fr_BE")


def test_chapters_are_uploaded_read_listed_and_deleted(
    apivideo: ApiVideo, official: sdk.ApiClient, vtt: Path
) -> None:
    chapters, video = ChaptersApi(official), apivideo.videos.add()
    with vtt.open("rb") as file:
        made = chapters.upload(video.id, "en", file)
    assert made.language == "en"
    assert httpx.get(made.src).content == b"WEBVTT\n"
    assert chapters.get(video.id, "en").to_dict() == made.to_dict()
    page = chapters.list(video.id, current_page=1, page_size=25)
    assert [one.uri for one in page.data] == [made.uri]
    chapters.delete(video.id, "en")
    with pytest.raises(NotFoundException, match="could not be found"):
        chapters.get(video.id, "en")


def test_summaries_are_made_written_listed_and_deleted(
    apivideo: ApiVideo, official: sdk.ApiClient
) -> None:
    summaries, video = SummariesApi(official), apivideo.videos.add()
    made = summaries.create(SummaryCreationPayload(video_id=video.id))
    assert (made.video_id, made.origin, made.source_status) == (video.id, "api", "missing")
    assert summaries.get_summary_source(made.summary_id).to_dict() == {}
    payload = SummaryUpdatePayload(abstract="On numbers.", takeaways=["One", "Two", "Three"])
    written = summaries.update(made.summary_id, payload)
    assert (written.abstract, written.takeaways) == ("On numbers.", ["One", "Two", "Three"])
    assert summaries.get_summary_source(made.summary_id).to_dict() == written.to_dict()
    query = {"origin": "api", "source_status": "completed", "sort_by": "updatedAt"}
    page = summaries.list(video_id=video.id, sort_order="desc", page_size=1, **query)
    assert [one.summary_id for one in page.data] == [made.summary_id]
    with pytest.raises(ApiException, match="already exists or is being created") as refused:
        summaries.create(SummaryCreationPayload(video_id=video.id, origin="auto"))
    assert refused.value.status == 409
    summaries.delete(made.summary_id)
    assert summaries.list().data == []


def test_a_video_is_summarized_once(apivideo: ApiVideo, official: sdk.ApiClient) -> None:
    videos, video = VideosApi(official), apivideo.videos.add()
    payload = VideoUpdatePayload(transcript=True, transcript_summary=True)
    videos.update(video.id, payload)
    (summary,) = SummariesApi(official).list(source_status="waiting").data
    assert (summary.video_id, summary.origin) == (video.id, "auto")
    with pytest.raises(ApiException, match="already exists or is being created"):
        videos.update(video.id, payload)
