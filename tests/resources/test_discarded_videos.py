"""Deleted videos, with and without Video Restore."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from fake_server.core.files import File
from fake_server.core.operations import Operation
from fake_server.resources.videos import Video
from pytest_apivideo import ApiVideo
from tests.resources.operations import PROTECTED, call

DAY = 24 * 3600
UNDER_A_VIDEO = [one for one in PROTECTED if one.path.startswith("/videos/{videoId}")]

with_restore = pytest.mark.apivideo(video_restore=True)


def discarded(apivideo: ApiVideo, api: httpx.Client, **facts: Any) -> Video:
    """Create a video and discard it on 1 January 2030."""
    apivideo.clock.freeze("2030-01-01T12:00:00Z")
    video = apivideo.videos.add(**facts)
    assert api.delete(f"/videos/{video.id}").status_code == 204
    return video


def total(api: httpx.Client, path: str) -> int:
    count: int = api.get(path).json()["pagination"]["itemsTotal"]
    return count


def test_without_the_feature_a_deleted_video_cannot_be_restored(
    apivideo: ApiVideo, api: httpx.Client
) -> None:
    video = discarded(apivideo, api)
    assert total(api, "/videos") == total(api, "/discarded/videos") == 0
    assert api.get(f"/discarded/videos/{video.id}").status_code == 404
    assert api.patch(f"/discarded/videos/{video.id}", json={"discarded": False}).status_code == 404


def test_a_video_that_was_not_deleted_is_not_discarded(
    apivideo: ApiVideo, api: httpx.Client
) -> None:
    shown = api.get(f"/videos/{apivideo.videos.add().id}").json()
    assert (shown["discarded"], shown["discardedAt"], shown["deletesAt"]) == (False, None, None)


@with_restore
@pytest.mark.parametrize("public", [True, False])
def test_a_discarded_video_keeps_its_attributes_without_urls(
    apivideo: ApiVideo, api: httpx.Client, public: bool
) -> None:
    apivideo.clock.freeze("2029-12-01T12:00:00Z")
    video = apivideo.videos.add(title="Maths", tags=["a"], language="en", public=public)
    before = api.get(f"/videos/{video.id}").json()
    apivideo.clock.freeze("2030-01-01T12:00:00Z")
    api.delete(f"/videos/{video.id}")
    shown = api.get(f"/discarded/videos/{video.id}").json()
    assert shown == {
        **before,
        "discarded": True,
        "discardedAt": "2030-01-01T12:00:00+00:00",
        "deletesAt": "2030-04-01T12:00:00+00:00",
        "assets": None,
    }
    assert api.get("/discarded/videos").json()["data"] == [shown]


@with_restore
@pytest.mark.parametrize("operation", UNDER_A_VIDEO, ids=lambda one: one.name)
def test_nothing_under_videos_finds_a_discarded_one(
    apivideo: ApiVideo, api: httpx.Client, operation: Operation
) -> None:
    video = discarded(apivideo, api)
    path = operation.path.replace("{videoId}", video.id).replace("{language}", "en")
    answer = call(api, operation, path)
    assert (answer.status_code, answer.json()["name"]) == (404, "videoId")


@with_restore
def test_a_discarded_video_counts_nowhere_and_shows_no_image(
    apivideo: ApiVideo, api: httpx.Client, http: httpx.Client
) -> None:
    image = File("a.png", "image/png", b"a")
    video = discarded(apivideo, api, tags=["a"], thumbnail=image)
    assert total(api, "/videos") == total(api, "/tags") == 0
    assert http.get(f"/vod/{video.id}/thumbnail.jpg").status_code == 404


@with_restore
@pytest.mark.parametrize(
    "query",
    [
        {"title": "alp"},
        {"description": "einstein"},
        {"tags[]": "maths"},
        {"metadata[Author]": "Jane"},
        {"liveStreamId": "li1"},
        {"sortBy": "title", "pageSize": "1"},
        {"sortBy": "createdAt", "sortOrder": "asc", "pageSize": "1"},
    ],
)
def test_the_list_takes_the_parameters_of_that_of_videos(
    apivideo: ApiVideo, api: httpx.Client, query: dict[str, str]
) -> None:
    discarded(
        apivideo,
        api,
        title="Alpha",
        description="of Einstein",
        tags=["maths"],
        metadata=[{"key": "Author", "value": "Jane"}],
        live_stream_id="li1",
    )
    discarded(apivideo, api, title="beta")
    rows = api.get("/discarded/videos", params=query).json()["data"]
    assert [row["title"] for row in rows] == ["Alpha"]


@with_restore
def test_a_restored_video_has_its_old_attributes(
    apivideo: ApiVideo, api: httpx.Client, http: httpx.Client
) -> None:
    video = discarded(apivideo, api, title="Maths", thumbnail=File("a.png", "image/png", b"a"))
    apivideo.clock.advance(89 * DAY)
    answer = api.patch(f"/discarded/videos/{video.id}", json={"discarded": False})
    shown = answer.json()
    assert answer.status_code == 200
    assert (shown["discarded"], shown["discardedAt"], shown["deletesAt"]) == (False, None, None)
    assert shown == api.get(f"/videos/{video.id}").json()
    assert apivideo.videos[video.id] == video
    assert http.get(shown["assets"]["thumbnail"]).content == b"a"
    assert api.get(f"/discarded/videos/{video.id}").status_code == 404
    assert (total(api, "/videos"), total(api, "/discarded/videos")) == (1, 0)


@with_restore
@pytest.mark.parametrize("value", [True, None, 0, "false", [], {}])
def test_only_false_restores(apivideo: ApiVideo, api: httpx.Client, value: Any) -> None:
    video = discarded(apivideo, api)
    answer = api.patch(f"/discarded/videos/{video.id}", json={"discarded": value})
    assert answer.json() == {
        "type": "https://docs.api.video/reference/invalid-attribute",
        "title": "An attribute is invalid.",
        "detail": "Value must be false.",
        "name": "discarded",
        "status": 400,
    }
    assert len(apivideo.videos) == 0


@with_restore
def test_an_empty_patch_changes_nothing(apivideo: ApiVideo, api: httpx.Client) -> None:
    video = discarded(apivideo, api)
    before = api.get(f"/discarded/videos/{video.id}").json()
    assert api.patch(f"/discarded/videos/{video.id}", json={}).json() == before


@with_restore
@pytest.mark.parametrize(("seconds", "there"), [(90 * DAY - 1, True), (90 * DAY, False)])
def test_a_discarded_video_is_there_for_ninety_days(
    apivideo: ApiVideo, api: httpx.Client, seconds: int, there: bool
) -> None:
    video = discarded(apivideo, api)
    apivideo.clock.advance(seconds)
    path = f"/discarded/videos/{video.id}"
    assert total(api, "/discarded/videos") == there
    assert api.get(path).status_code == (200 if there else 404)
    assert api.patch(path, json={"discarded": False}).status_code == (200 if there else 404)


def test_a_test_may_add_a_discarded_video_at_once(apivideo: ApiVideo, api: httpx.Client) -> None:
    apivideo.clock.freeze("2030-01-01T12:00:00Z")
    video = apivideo.discarded_videos.add(title="Maths")
    assert video.deletes_at.isoformat() == "2030-04-01T12:00:00+00:00"
    assert api.get(f"/discarded/videos/{video.id}").json()["discarded"] is True


@with_restore
def test_a_video_may_be_discarded_in_the_last_days_of_the_last_year(
    apivideo: ApiVideo, api: httpx.Client
) -> None:
    apivideo.clock.freeze("9999-12-15")
    video = apivideo.videos.add().id
    assert api.delete(f"/videos/{video}").status_code == 204


@pytest.mark.apivideo(video_restore=True, expire_sandbox_videos=True)
def test_the_sandbox_deletes_discarded_videos_too(apivideo: ApiVideo, api: httpx.Client) -> None:
    video = apivideo.videos.add().id
    api.post(f"/videos/{video}/source", files={"file": b"content"})
    api.delete(f"/videos/{video}")
    apivideo.clock.advance(25 * 3600)
    assert api.get("/discarded/videos").json()["data"] == []
    assert api.patch(f"/discarded/videos/{video}", json={"discarded": False}).status_code == 404
