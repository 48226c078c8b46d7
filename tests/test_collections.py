"""Typed access to resources: what a test adds, changes and removes by hand."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, timezone
from threading import Barrier
from typing import Any

import httpx
import pytest

from fake_server.collection import Collection
from fake_server.core.store import Table
from fake_server.resources.live_streams import LiveStreams
from fake_server.resources.videos import Video, Videos
from fake_server.resources.webhooks import Webhooks
from pytest_apivideo import ApiVideo


def test_an_added_resource_is_found_by_the_next_request(
    apivideo: ApiVideo, api: httpx.Client
) -> None:
    video = apivideo.videos.add(title="Maths", tags=["a"], metadata=[{"key": "k", "value": "v"}])
    answered = api.get(f"/videos/{video.id}").json()
    assert (answered["title"], answered["tags"]) == ("Maths", ["a"])
    assert apivideo.videos[video.id] == video
    assert [one.id for one in apivideo.videos] == [video.id]
    assert video.id in apivideo.videos
    assert repr(apivideo.videos) == "<Collection of 1 videos>"


def test_missing_required_values_are_examples(apivideo: ApiVideo) -> None:
    assert apivideo.videos.add().title == "A video"
    titles = [video.title for video in apivideo.videos.add_many(2, title="Part {n}")]
    assert titles == ["Part 1", "Part 2"]


def test_a_change_by_hand_is_checked_and_updates_the_moment(apivideo: ApiVideo) -> None:
    apivideo.clock.freeze("2030-01-01")
    video = apivideo.videos.add(title="old", language="fr")
    assert video.language_origin == "api"
    apivideo.clock.advance(60)
    changed = apivideo.videos.change(video.id, title="new", language=None)
    assert (changed.title, changed.language_origin) == ("new", None)
    assert changed.updated_at - video.updated_at == timedelta(minutes=1)
    assert changed.created_at == video.created_at
    with pytest.raises(ValueError, match="title"):
        apivideo.videos.change(video.id, title="")
    assert apivideo.videos[video.id] == changed


def test_resources_of_a_video_get_one_and_are_deleted_with_it(apivideo: ApiVideo) -> None:
    chosen = apivideo.videos.add()
    kept = apivideo.captions.add(video_id=chosen.id)
    gone: list[Any] = [apivideo.captions.add(), apivideo.chapters.add(), apivideo.summaries.add()]
    assert len({kept.video_id, *(one.video_id for one in gone)}) == len(apivideo.videos) == 4
    for one in gone:
        del apivideo.videos[one.video_id]
    assert list(apivideo.captions) == [kept]
    assert len(apivideo.chapters) == len(apivideo.summaries) == 0
    with pytest.raises(KeyError, match="no Video 'vi1'"):
        apivideo.summaries.add(video_id="vi1")


def test_a_collection_is_a_sequence_too(apivideo: ApiVideo) -> None:
    for name in ("first", "last"):
        with pytest.raises(IndexError, match=r"no Video at position -?[01]; there are 0"):
            getattr(apivideo.videos, name)
    first, second, third = apivideo.videos.add_many(3)
    assert apivideo.videos[0] == apivideo.videos.first == first
    assert apivideo.videos[-1] == apivideo.videos.last == third
    assert apivideo.videos[1:] == [second, third]
    assert apivideo.videos[::-2] == [third, first]
    assert list(reversed(apivideo.videos)) == [third, second, first]
    with pytest.raises(IndexError, match="no Video at position 3; there are 3"):
        apivideo.videos[3]


def test_a_resource_file_gives_its_collection_verbs(apivideo: ApiVideo) -> None:
    kinds = [apivideo.videos, apivideo.live_streams, apivideo.webhooks]
    assert [type(one) for one in kinds] == [Videos, LiveStreams, Webhooks]
    assert type(apivideo.players) is Collection
    assert not any(callable(value) for value in vars(apivideo.videos.add()).values())


def test_a_resource_stands_for_its_id(apivideo: ApiVideo) -> None:
    video, other = apivideo.videos.add_many(2)
    assert apivideo.videos.change(video, title="new").title == "new"
    assert video in apivideo.videos
    del apivideo.videos[video]
    assert video not in apivideo.videos
    assert list(apivideo.videos) == [other]


def test_mistakes_are_errors_with_the_valid_names(apivideo: ApiVideo) -> None:
    video = apivideo.videos.add()
    with pytest.raises(KeyError, match=f"no Video 'vi1'; the newest are: {video.id}"):
        apivideo.videos["vi1"]
    with pytest.raises(TypeError, match="Video has no colour, name; it has: video_id, title"):
        apivideo.videos.add(colour="blue", name="a")
    with pytest.raises(TypeError, match="the video_id of a Video cannot change"):
        apivideo.videos.change(video.id, video_id="vi1")
    with pytest.raises(ValueError, match=r"there is a Video .* already"):
        apivideo.videos.add(video_id=video.id)
    with pytest.raises(
        AttributeError,
        match=r"'vidoes'. Did you mean videos. Its collections are: .*videos",
    ):
        _ = apivideo.vidoes
    assert len(apivideo.videos) == 1


def test_a_deleted_resource_is_not_found_by_requests(apivideo: ApiVideo, api: httpx.Client) -> None:
    video = apivideo.videos.add()
    del apivideo.videos[video.id]
    assert api.get(f"/videos/{video.id}").status_code == 404
    with pytest.raises(KeyError, match="the newest are: none"):
        del apivideo.videos[video.id]


@pytest.mark.parametrize(
    "moment",
    [
        datetime(2020, 1, 1, 12),
        datetime(2020, 1, 1, 12, tzinfo=UTC),
        datetime(2020, 1, 1, 14, tzinfo=timezone(timedelta(hours=2))),
    ],
)
def test_a_moment_is_kept_in_utc(apivideo: ApiVideo, api: httpx.Client, moment: datetime) -> None:
    apivideo.videos.add(title="old", created_at=moment)
    apivideo.videos.add(title="new")
    listed = api.get("/videos").json()["data"]
    assert [video["title"] for video in listed] == ["new", "old"]
    assert listed[1]["createdAt"] == "2020-01-01T12:00:00+00:00"


def test_a_snapshot_restores_resources(apivideo: ApiVideo, api: httpx.Client) -> None:
    kept = apivideo.videos.add(title="kept")
    before = apivideo.snapshot()
    apivideo.videos.change(kept.id, title="changed")
    apivideo.videos.add(title="more")
    assert api.get("/videos").json()["pagination"]["itemsTotal"] == 2
    for _ in range(2):
        apivideo.restore(before)
        assert [video["title"] for video in api.get("/videos").json()["data"]] == ["kept"]
        del apivideo.videos[kept.id]


def test_threads_that_patch_different_fields_lose_nothing(
    apivideo: ApiVideo, api: httpx.Client
) -> None:
    url = f"/videos/{apivideo.videos.add().id}"
    bodies = [{"title": "t"}, {"description": "d"}, {"tags": ["x"]}, {"public": False}]
    together = Barrier(len(bodies))

    def patch(body: dict[str, object]) -> int:
        together.wait()
        with httpx.Client(base_url=apivideo.url, auth=(apivideo.api_key, "")) as client:
            return client.patch(url, json=body).status_code

    with ThreadPoolExecutor(len(bodies)) as threads:
        assert set(threads.map(patch, bodies)) == {200}
    (video,) = apivideo.videos
    assert (video.title, video.description, video.tags, video.public) == ("t", "d", ["x"], False)


def test_threads_that_add_by_hand_get_ids_of_their_own(apivideo: ApiVideo) -> None:
    with ThreadPoolExecutor(8) as threads:
        made = list(threads.map(lambda _: apivideo.videos.add().id, range(400)))
    assert len(set(made)) == len(apivideo.videos) == 400


class Watched(dict[str, Video]):
    """Rows that let somebody list the table while one of them is removed."""

    def pop(self, *arguments: Any) -> Any:
        self.listing()
        return super().pop(*arguments)

    def listing(self) -> None: ...


def test_a_list_made_while_a_video_is_deleted_is_not_kept(
    apivideo: ApiVideo, api: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    video = apivideo.videos.add()
    table: Table[Video] = apivideo.videos._table
    rows = Watched(table._rows)
    rows.listing = lambda: api.get("/videos").raise_for_status()  # type: ignore[method-assign,assignment]
    monkeypatch.setattr(table, "_rows", rows)
    del apivideo.videos[video.id]
    assert api.get("/videos").json()["data"] == []


def test_other_resources_do_not_change_an_id(apivideo_server: object) -> None:
    from pytest_apivideo import FakeServer

    assert isinstance(apivideo_server, FakeServer)

    def made(*, busy: bool) -> list[str]:
        with apivideo_server.project(seed="the same") as handle:
            if busy:
                handle.tokens.issue()
                private = handle.videos.add(public=False)
                basic = httpx.BasicAuth(handle.api_key, "")
                httpx.get(f"{handle.url}/videos/{private.id}", auth=basic)
                del handle.videos[private.id]
                return [video.id for video in handle.videos.add_many(2)]
            return [video.id for video in handle.videos.add_many(3)][1:]

    assert made(busy=True) == made(busy=False)
