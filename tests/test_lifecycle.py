"""What time does: due events in order, however the clock is moved, and nothing in between."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import freezegun
import httpx
import pytest
import time_machine

from fake_server import FakeServer
from fake_server.core.agenda import Agenda
from pytest_apivideo import ApiVideo, FrozenTime, WebhookReceiver
from tests.resources.test_encoding import complete, encoding, statuses, upload

START = "2030-01-01T00:00:00Z"
DAY = 86_400


def state(apivideo: ApiVideo) -> list[Any]:
    """Everything that the project holds, as data."""
    held = [environment.tables for environment in apivideo.snapshot().values()]
    rows = [row for tables in held for table in tables.values() for row in table]
    return [(type(row).__name__, row.model_dump(exclude={"received"})) for row in rows]


def a_busy_month(apivideo: ApiVideo, move: Callable[[float], object]) -> None:
    """Create uploads, a broadcast, tracks, summaries and deletions that are due in weeks."""
    apivideo.settings.encoding = 100_000
    apivideo.settings.video_restore = apivideo.settings.expire_empty_videos = True
    apivideo.webhooks.add(
        url="http://127.0.0.1:9/refused",
        events=[
            "video.encoding.quality.completed",
            "video.caption.generated",
            "video.summary.generated",
            "live-stream.broadcast.ended",
        ],
    )
    apivideo.videos.add(title="stays empty")
    with httpx.Client(base_url=apivideo.url, auth=(apivideo.api_key, "")) as api:
        body = {"title": "Talk", "transcript": True, "transcriptSummary": True}
        talk = api.post("/videos", json=body).json()["videoId"]
        upload(apivideo, talk)
        gone = complete(apivideo, title="Gone")
        assert api.delete(f"/videos/{gone}").status_code == 204
        stream = apivideo.live_streams.add()
        apivideo.live_streams.start(stream)
        move(60)
        apivideo.live_streams.stop(stream)


@pytest.fixture
def after_a_month(apivideo_server: FakeServer) -> list[Any]:
    """Return the state after thirty days in a single step."""
    with apivideo_server.project(seed="a month") as apivideo:
        apivideo.clock.freeze(START)
        a_busy_month(apivideo, apivideo.clock.advance)
        apivideo.clock.advance(30 * DAY)
        left = state(apivideo)
    assert len(left) > 20
    assert {row["state"] for kind, row in left if kind == "Delivery"} == {"failed"}
    return left


@pytest.mark.parametrize("steps", [7, 1000])
def test_a_month_leaves_the_same_state_in_one_step_and_in_a_thousand(
    apivideo_server: FakeServer, after_a_month: list[Any], steps: int
) -> None:
    with apivideo_server.project(seed="a month") as apivideo:
        apivideo.clock.freeze(START)
        a_busy_month(apivideo, apivideo.clock.advance)
        for _ in range(steps):
            apivideo.clock.advance(30 * DAY / steps)
        apivideo.clock.travel("2030-02-01")
        assert state(apivideo) == after_a_month


@contextmanager
def advance(apivideo: ApiVideo) -> Iterator[Callable[[float], object]]:
    apivideo.clock.freeze(START)
    yield apivideo.clock.advance


@contextmanager
def travel(apivideo: ApiVideo) -> Iterator[Callable[[float], object]]:
    apivideo.clock.freeze(START)
    yield lambda seconds: apivideo.clock.travel(apivideo.clock.now() + seconds)


@contextmanager
def freeze(apivideo: ApiVideo) -> Iterator[Callable[[float], object]]:
    apivideo.clock.freeze(START)
    yield lambda seconds: apivideo.clock.freeze(apivideo.clock.now() + seconds)


@contextmanager
def control(apivideo: ApiVideo) -> Iterator[Callable[[float], object]]:
    apivideo.clock.freeze(START)
    with httpx.Client(base_url=apivideo.url, auth=(apivideo.api_key, "")) as http:
        yield lambda seconds: http.post("/_fake/clock", json={"advance": seconds})


@contextmanager
def by_freezegun(apivideo: ApiVideo) -> Iterator[Callable[[float], object]]:
    with freezegun.freeze_time(START) as frozen:
        yield frozen.tick


@contextmanager
def by_time_machine(apivideo: ApiVideo) -> Iterator[Callable[[float], object]]:
    with time_machine.travel(START, tick=False) as traveller:
        yield traveller.shift


@contextmanager
def by_freezegun_told_of(apivideo: ApiVideo) -> Iterator[Callable[[float], object]]:
    def tick(seconds: float) -> None:
        frozen.tick(seconds)
        apivideo.clock.run_due()

    with freezegun.freeze_time(START) as frozen:
        yield tick


@pytest.mark.parametrize(
    "way",
    [advance, travel, freeze, control, by_freezegun, by_time_machine, by_freezegun_told_of],
)
def test_a_month_leaves_the_same_state_however_time_is_moved(
    apivideo_server: FakeServer,
    after_a_month: list[Any],
    way: Callable[[ApiVideo], AbstractContextManager[Callable[[float], object]]],
) -> None:
    with apivideo_server.project(seed="a month") as apivideo, way(apivideo) as move:
        a_busy_month(apivideo, move)
        for days in (0.5, 20, 9.5):
            move(days * DAY)
            assert apivideo.webhooks.deliveries
        assert state(apivideo) == after_a_month


FREEZES: dict[str, Callable[[ApiVideo], Any]] = {
    "in follow mode, by freezegun": lambda apivideo: freezegun.freeze_time(START),
    "in follow mode, by time-machine": lambda apivideo: time_machine.travel(START, tick=False),
}


def tick(frozen: Any, seconds: float) -> None:
    (frozen.shift if hasattr(frozen, "shift") else frozen.tick)(seconds)


@pytest.mark.apivideo(encoding=10)
@pytest.mark.parametrize("how", FREEZES)
def test_due_events_run_before_the_first_read_after_a_tick(
    apivideo: ApiVideo, api: httpx.Client, apivideo_webhooks: WebhookReceiver, how: str
) -> None:
    apivideo_webhooks.subscribe()
    with FREEZES[how](apivideo) as frozen:
        video_id = complete(apivideo)
        tick(frozen, 4)
        assert statuses(encoding(api, video_id)) == [
            "encoded",
            "encoded",
            "encoding",
            *["waiting"] * 2,
        ]
        tick(frozen, 6)
        told = [one.json["emittedAt"] for one in apivideo_webhooks.deliveries]
        assert told == [f"2030-01-01T00:00:{second:02}.000Z" for second in (2, 4, 6, 8, 10)]
        assert apivideo_webhooks.verify()


@pytest.mark.apivideo(encoding=10)
def test_a_tick_of_the_fixture_waits_for_the_webhooks(
    apivideo: ApiVideo, apivideo_frozen_time: FrozenTime, apivideo_webhooks: WebhookReceiver
) -> None:
    apivideo_webhooks.subscribe()
    complete(apivideo)
    apivideo_frozen_time.tick(10)
    assert len(apivideo_webhooks._received) == 5


@pytest.mark.apivideo(encoding=10)
def test_past_events_stay_when_time_goes_back(
    apivideo: ApiVideo, api: httpx.Client, apivideo_webhooks: WebhookReceiver
) -> None:
    apivideo_webhooks.subscribe()
    apivideo.clock.freeze(START)
    video_id = complete(apivideo)
    apivideo.clock.advance(4)
    apivideo.clock.travel("2029-12-31")
    before = encoding(api, video_id)
    assert statuses(before)[:3] == ["encoded", "encoded", "encoding"]
    apivideo.clock.travel("2030-01-01T00:00:05Z")
    assert encoding(api, video_id) == before
    apivideo.clock.travel("2031-01-01")
    assert len(apivideo_webhooks.deliveries) == 5
    assert [one.json["emittedAt"][:19] for one in apivideo_webhooks.deliveries][-1] == (
        "2030-01-01T00:00:10"
    )


@pytest.mark.apivideo(encoding=10)
@pytest.mark.parametrize("verb", ["travel", "freeze"])
def test_a_jump_runs_the_events_on_its_way(
    apivideo: ApiVideo, apivideo_webhooks: WebhookReceiver, verb: str
) -> None:
    seen: list[float] = []
    apivideo_webhooks.subscribe()
    apivideo.clock.freeze(START)
    complete(apivideo)
    began = apivideo.clock.now()
    receive = apivideo_webhooks._receive

    def receive_and_look(received: Any) -> int:
        seen.append(apivideo.clock.now() - began)
        return receive(received)

    apivideo_webhooks._receive = receive_and_look  # type: ignore[method-assign]
    getattr(apivideo.clock, verb)("2030-01-01T00:01:00Z")
    assert seen == [2, 4, 6, 8, 10]
    assert apivideo.clock.now() == began + 60


@pytest.mark.apivideo(encoding=10)
def test_a_receiver_can_call_the_fake(
    apivideo: ApiVideo, api: httpx.Client, apivideo_webhooks: WebhookReceiver
) -> None:
    found: list[list[str]] = []
    apivideo_webhooks.subscribe()
    apivideo.clock.freeze(START)
    video_id = complete(apivideo)
    receive = apivideo_webhooks._receive

    def receive_and_ask(received: Any) -> int:
        with httpx.Client(base_url=apivideo.url, auth=(apivideo.api_key, "")) as own:
            found.append(statuses(encoding(own, video_id)))
        return receive(received)

    apivideo_webhooks._receive = receive_and_ask  # type: ignore[method-assign]
    apivideo.clock.advance(60)
    assert [row.count("encoded") for row in found] == [1, 2, 3, 4, 5]


@pytest.mark.apivideo(encoding=10)
def test_a_snapshot_contains_due_events(apivideo: ApiVideo, api: httpx.Client) -> None:
    apivideo.clock.freeze(START)
    video_id = complete(apivideo)
    before, due = apivideo.snapshot(), apivideo.clock.due
    apivideo.clock.advance(60)
    assert apivideo.clock.due == []
    apivideo.clock.freeze(START)
    apivideo.restore(before)
    assert apivideo.clock.due == due
    assert statuses(encoding(api, video_id))[0] == "encoding"
    apivideo.clock.advance(60)
    assert set(statuses(encoding(api, video_id))) == {"encoded"}


@pytest.mark.apivideo(encoding=10)
def test_a_reset_removes_due_events(apivideo: ApiVideo, http: httpx.Client) -> None:
    complete(apivideo)
    assert len(apivideo.clock.due) == 1
    assert http.post("/_fake/reset").json()["clock"]["due"] == []


@pytest.mark.apivideo(encoding=1)
def test_many_threads_let_each_event_happen_once(
    apivideo: ApiVideo, apivideo_webhooks: WebhookReceiver
) -> None:
    apivideo_webhooks.subscribe("video.encoding.quality.completed")
    apivideo.clock.freeze(START)
    for _ in range(10):
        complete(apivideo)
    barrier = threading.Barrier(4)

    def look(_: int) -> None:
        barrier.wait(10)
        with httpx.Client(base_url=apivideo.url, auth=(apivideo.api_key, "")) as own:
            for _ in range(5):
                apivideo.clock.advance(0.1)
                assert own.get("/videos").status_code == 200

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(look, range(4)))
    told = [(one.json["videoId"], one.json["quality"]) for one in apivideo_webhooks.deliveries]
    assert len(told) == 50
    assert len(set(told)) == 40  # hls and mp4 have one quality in common


def run_of_many_threads(server: FakeServer) -> list[Any]:
    """Return the state after the same calls from several threads, each with its own videos."""
    with server.project(seed="alike", encoding=5) as apivideo:
        apivideo.clock.freeze(START)
        made = [complete(apivideo, title=f"{n}") for n in range(4)]
        apivideo.webhooks.add(
            url="http://127.0.0.1:9/", events=["video.encoding.quality.completed"]
        )

        def rename(video_id: str) -> None:
            with httpx.Client(base_url=apivideo.url, auth=(apivideo.api_key, "")) as own:
                own.patch(f"/videos/{video_id}", json={"description": video_id})

        with ThreadPoolExecutor(4) as pool:
            list(pool.map(rename, made))
        apivideo.clock.advance(60)
        with httpx.Client(base_url=apivideo.url, auth=(apivideo.api_key, "")) as api:
            answers = [api.get("/videos?sortBy=title").content]
            answers += [api.get(f"/videos/{one}/status").content for one in made]
            return answers + [(one.id, one.body) for one in apivideo.webhooks.deliveries]


def test_the_same_calls_give_the_same_answers_byte_for_byte(apivideo_server: FakeServer) -> None:
    first, second = (run_of_many_threads(apivideo_server) for _ in range(2))
    assert first == second
    assert len(first) == 5 + 4 * 5


def test_an_event_handler_that_fails_is_an_error_of_the_fake_and_stops_nothing(
    apivideo: ApiVideo, monkeypatch: pytest.MonkeyPatch
) -> None:
    from fake_server.lifecycle import EventHandler

    def fail(context: Any, subject: str) -> None:
        raise ZeroDivisionError(subject)

    monkeypatch.setitem(
        apivideo._project.account.lifecycle.handlers, "video.emptiness", EventHandler(fail)
    )
    apivideo.videos.add_many(2)
    apivideo.clock.advance(8 * DAY)
    errors = apivideo._project.account.take_errors()
    assert [type(error) for error in errors] == [ZeroDivisionError] * 2


def test_an_agenda_gives_events_in_the_order_of_their_moments() -> None:
    from datetime import UTC, datetime

    agenda = Agenda()
    late, early = datetime(2030, 1, 2, tzinfo=UTC), datetime(2030, 1, 1, tzinfo=UTC)
    agenda.plan("a", {"one": late, "two": None})
    agenda.plan("b", {"one": early, "two": early})
    assert [(due.name, due.subject) for due in agenda.events()] == [
        ("one", "b"),
        ("two", "b"),
        ("one", "a"),
    ]
    first = agenda.first(lambda name: name == "two")
    assert first is not None
    assert (first.at, first.name) == (early, "two")
    agenda.drop("one", "b")
    agenda.plan("b", {"two": None})
    assert [due.subject for due in agenda.events()] == ["a"]
    agenda.drop("one", "nobody")


# Expiry


def test_an_empty_video_is_deleted_after_seven_days_if_set(
    apivideo: ApiVideo, api: httpx.Client
) -> None:
    apivideo.settings.expire_empty_videos = True
    empty, full = apivideo.videos.add(), complete(apivideo)
    assert [(due.name, due.subject) for due in apivideo.clock.due] == [
        ("video.emptiness", empty.id)
    ]
    apivideo.clock.advance(7 * DAY - 1)
    assert api.get(f"/videos/{empty.id}").status_code == 200
    apivideo.clock.advance(1)
    assert api.get(f"/videos/{empty.id}").status_code == 404
    assert api.get(f"/videos/{full}").status_code == 200


def test_the_sandbox_deletes_videos_after_a_day_if_set(
    apivideo: ApiVideo, api: httpx.Client
) -> None:
    apivideo.clock.freeze(START)
    video_id = complete(apivideo)
    apivideo.clock.advance(DAY)
    assert api.get(f"/videos/{video_id}").status_code == 200
    apivideo.settings.expire_sandbox_videos = True
    assert api.get(f"/videos/{video_id}").status_code == 404


@pytest.mark.apivideo(environment="production", expire_sandbox_videos=True)
def test_production_keeps_videos(apivideo: ApiVideo, api: httpx.Client) -> None:
    video_id = complete(apivideo)
    apivideo.clock.advance(30 * DAY)
    assert api.get(f"/videos/{video_id}").status_code == 200


@pytest.mark.apivideo(video_restore=True, expire_empty_videos=True)
def test_a_restored_video_is_no_empty_container(apivideo: ApiVideo, api: httpx.Client) -> None:
    video_id = complete(apivideo)
    api.delete(f"/videos/{video_id}")
    api.patch(f"/discarded/videos/{video_id}", json={"discarded": False})
    assert apivideo.clock.due == []
    apivideo.clock.advance(100 * DAY)
    assert video_id in apivideo.videos


@pytest.mark.apivideo(video_restore=True)
def test_a_discarded_video_is_removed_after_its_window_with_its_resources(
    apivideo: ApiVideo, api: httpx.Client
) -> None:
    video_id = complete(apivideo)
    apivideo.captions.add(video_id=video_id)
    api.delete(f"/videos/{video_id}")
    assert [due.name for due in apivideo.clock.due] == ["discarded-video.expiry"]
    apivideo.clock.advance(90 * DAY)
    assert len(apivideo.discarded_videos) == len(apivideo.captions) == 0
    assert api.get(f"/discarded/videos/{video_id}").status_code == 404
