"""The library on the fake api.video, without canned responses."""

from __future__ import annotations

import pytest

from pytest_apivideo import ApiVideo, FakeServer
from video_library import ApiError, Client, Library


def test_publishes_a_video_and_finds_it_by_tag(library: Library) -> None:
    published = library.publish("Getting started", tags=["tutorial", "python"])
    library.publish("Holidays", tags=["private"])

    found = library.find("tutorial")

    assert found == [published]


def test_renames_a_video_and_keeps_its_tags(library: Library) -> None:
    video = library.publish("Geting started", tags=["tutorial"])

    renamed = library.rename(video, "Getting started")

    assert renamed.tags == ("tutorial",)
    assert library.catalogue() == [renamed]


def test_removes_a_video_with_an_empty_answer(library: Library, apivideo: ApiVideo) -> None:
    video = library.publish("Getting started")

    library.remove(video)

    assert apivideo.calls.last().status == 204
    assert video.id not in apivideo.videos


def test_pages_through_230_videos(library: Library, apivideo: ApiVideo) -> None:
    apivideo.videos.add_many(230)  # straight into the fake, without a call

    catalogue = library.catalogue()

    assert len(catalogue) == 230
    assert {video.id for video in catalogue} == {video.id for video in apivideo.videos}
    apivideo.calls.assert_called("GET /videos", times=3)


def test_an_error_lists_all_problems(client: Client) -> None:
    with pytest.raises(ApiError) as raised:
        client.call("POST", "/videos", json={"title": " ", "tags": "tutorial"})

    assert raised.value.status == 400
    assert raised.value.title == "This attribute is required."
    assert [problem.name for problem in raised.value.problems] == ["title", "tags"]


def test_renaming_a_deleted_video_raises_an_error(library: Library) -> None:
    video = library.publish("Getting started")
    library.remove(video)

    with pytest.raises(ApiError, match="videoId: The requested resource could not be found"):
        library.rename(video, "Too late")


def test_an_outage_raises_an_error_and_the_next_call_works(
    library: Library, apivideo_server: FakeServer
) -> None:
    video = library.publish("Getting started")
    page = "<h1>Down for a moment</h1>"
    apivideo_server.expect_oneshot_request("/videos").respond_with_data(page, status=503)

    with pytest.raises(ApiError, match="503"):
        library.catalogue()

    assert library.catalogue() == [video]


@pytest.mark.apivideo(extra_fields={"aiChapters": True})
def test_an_unknown_attribute_is_ignored(library: Library) -> None:
    video = library.publish("Getting started")

    assert library.catalogue() == [video]
