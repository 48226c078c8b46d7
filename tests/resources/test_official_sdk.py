"""The official Python SDK against the fake: every method of its classes for what we serve."""

from __future__ import annotations

import apivideo as sdk
import pytest
from apivideo.api.tags_api import TagsApi
from apivideo.api.videos_api import VideosApi
from apivideo.exceptions import ApiException, NotFoundException
from apivideo.model.metadata import Metadata
from apivideo.model.video_creation_payload import VideoCreationPayload
from apivideo.model.video_update_payload import VideoUpdatePayload

from pytest_apivideo import ApiVideo


@pytest.fixture
def videos(official: sdk.ApiClient) -> VideosApi:
    return VideosApi(official)


def test_it_creates_reads_patches_and_deletes(apivideo: ApiVideo, videos: VideosApi) -> None:
    payload = VideoCreationPayload(
        title="Maths",
        description="About numbers",
        public=True,
        tags=["maths", "string theory"],
        metadata=[Metadata(key="Author", value="Jane")],
        language="en",
    )
    made = videos.create(payload)
    assert made.title == "Maths"
    assert made.metadata[0].value == "Jane"
    assert made.language == "en"
    assert made.created_at == made.published_at
    assert videos.get(made.video_id).to_dict() == made.to_dict()
    changed = videos.update(made.video_id, VideoUpdatePayload(title="Physics", tags=[]))
    assert (changed.title, changed.tags, changed.description) == ("Physics", [], "About numbers")
    videos.delete(made.video_id)
    with pytest.raises(NotFoundException, match="could not be found"):
        videos.get(made.video_id)
    assert len(apivideo.videos) == 0


def test_it_creates_private_videos_from_a_source(videos: VideosApi) -> None:
    payload = VideoCreationPayload(title="a", source="https://a.example/a.mp4", public=False)
    made = videos.create(payload)
    assert made.public is False
    assert "/token/" in made.assets.hls
    assert made.source.type == "url"


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({}, ["Gamma", "beta", "Alpha"]),
        ({"title": "alp"}, ["Alpha"]),
        ({"description": "einstein"}, ["beta", "Alpha"]),
        ({"tags": ["maths"]}, ["beta", "Alpha"]),
        ({"tags": ["maths", "more"]}, ["beta"]),
        ({"metadata": {"Author": "Jane"}}, ["Alpha"]),
        ({"metadata": {"Author": "Jane", "Level": "2"}}, []),
        ({"live_stream_id": "li1"}, []),
        ({"sort_by": "title", "sort_order": "asc"}, ["Alpha", "beta", "Gamma"]),
        ({"current_page": 2, "page_size": 2}, ["Alpha"]),
    ],
)
def test_it_lists_with_every_filter(
    apivideo: ApiVideo, videos: VideosApi, filters: dict[str, object], expected: list[str]
) -> None:
    apivideo.videos.add(
        title="Alpha",
        description="of Einstein",
        tags=["maths"],
        metadata=[{"key": "Author", "value": "Jane"}],
    )
    apivideo.videos.add(title="beta", description="EINSTEIN", tags=["maths", "more"])
    apivideo.videos.add(title="Gamma")
    page = videos.list(**filters)
    assert [video.title for video in page.data] == expected
    assert page.pagination.items_total >= len(expected)
    assert page.pagination.links[0].rel == ("self" if page.data else "first")


def test_it_lists_tags(apivideo: ApiVideo, official: sdk.ApiClient) -> None:
    apivideo.videos.add(tags=["maths", "more"])
    apivideo.videos.add(tags=["maths"])
    page = TagsApi(official).list(sort_by="videoCount", sort_order="desc")
    assert [(tag.value, tag.video_count) for tag in page.data] == [("maths", 2), ("more", 1)]
    assert [tag.value for tag in TagsApi(official).list(value="MOR").data] == ["more"]


@pytest.mark.apivideo(extra_fields={"futureField": {"deep": [1]}})
def test_it_tolerates_fields_that_it_does_not_know(videos: VideosApi) -> None:
    made = videos.create(VideoCreationPayload(title="a"))
    assert videos.list().data[0].video_id == made.video_id


def test_it_raises_a_problem_with_its_words(videos: VideosApi) -> None:
    with pytest.raises(ApiException) as refused:
        videos.list(page_size=101)
    assert refused.value.status == 400
    assert "out of the allowed range" in refused.value.body
