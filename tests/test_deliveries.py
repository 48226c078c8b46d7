"""Webhooks on their way: what is sent, when, how often, where to, and what is written down."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import httpx
import pytest

from fake_server import FakeServer
from pytest_apivideo import ApiVideo, Delivery, WebhookReceiver

START = "2030-01-01T00:00:00Z"
ENDED: Final = "live-stream.broadcast.ended"


def tell(apivideo: ApiVideo, times: int = 1) -> None:
    """Let so many events happen: live streams that begin to broadcast."""
    for stream in apivideo.live_streams.add_many(times):
        apivideo.live_streams.start(stream)


def told(deliveries: list[Delivery]) -> list[str]:
    return [delivery.state for delivery in deliveries]


@contextmanager
def listening(answer: bytes | None) -> Iterator[str]:
    """Start a receiver that sends these bytes, or never answers for None; provide its address."""
    over = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(65536)
                if answer is None:
                    over.wait(10)
                else:
                    connection.sendall(answer)

        thread = threading.Thread(target=serve)
        thread.start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}/hooks"
        over.set()
        thread.join(10)


def test_a_message_is_compact_json_signed_over_its_bytes(
    apivideo: ApiVideo, apivideo_webhooks: WebhookReceiver
) -> None:
    apivideo.clock.freeze(START)
    webhook = apivideo_webhooks.subscribe("live-stream.broadcast.started")
    tell(apivideo)
    (received,) = apivideo_webhooks.deliveries
    stream = next(iter(apivideo.live_streams))
    assert received.body == (
        b'{"type":"live-stream.broadcast.started","emittedAt":"2030-01-01T00:00:00.000Z",'
        b'"liveStreamId":"' + stream.id.encode() + b'"}'
    )
    assert received.headers["x-api-video-webhookid"] == webhook.id
    assert received.headers["CONTENT-TYPE"] == "application/json"
    assert apivideo_webhooks.verify(received)


def test_only_subscribed_webhooks_get_the_event_with_their_signatures(
    apivideo: ApiVideo, apivideo_webhooks: WebhookReceiver
) -> None:
    first, second = (apivideo_webhooks.subscribe("live-stream.broadcast.started") for _ in "ab")
    apivideo_webhooks.subscribe(ENDED)
    tell(apivideo)
    received = apivideo_webhooks.deliveries
    assert [one.headers["X-Api-Video-WebhookID"] for one in received] == [first.id, second.id]
    assert len({one.headers["X-Api-Video-Signature"] for one in received}) == 2
    assert apivideo_webhooks.verify()


def test_a_failure_is_tried_again_three_times_three_seconds_apart(
    apivideo: ApiVideo, apivideo_webhooks: WebhookReceiver
) -> None:
    apivideo.clock.freeze(START)
    apivideo_webhooks.subscribe()
    apivideo_webhooks.refuse(503)
    tell(apivideo)
    assert told(apivideo.webhooks.deliveries) == ["pending"]
    assert [due.name for due in apivideo.clock.due] == ["webhook.delivery"]
    apivideo.clock.advance(2.999)
    assert len(apivideo_webhooks.deliveries) == 1
    apivideo.clock.advance(100)
    (delivery,) = apivideo.webhooks.deliveries
    assert delivery.state == "failed"
    assert [(one.at.second, one.status) for one in delivery.attempts] == [
        (0, 503),
        (3, 503),
        (6, 503),
        (9, 503),
    ]
    assert len({one.body for one in apivideo_webhooks.deliveries}) == 1
    assert apivideo.clock.due == []


def test_a_receiver_that_recovers_gets_the_event(
    apivideo: ApiVideo, apivideo_webhooks: WebhookReceiver
) -> None:
    apivideo_webhooks.subscribe()
    apivideo_webhooks.refuse(times=2)
    tell(apivideo)
    apivideo.clock.advance(10)
    (delivery,) = apivideo.webhooks.deliveries
    assert delivery.state == "delivered"
    assert [one.status for one in delivery.attempts] == [500, 500, 200]


@pytest.mark.parametrize(("status", "state"), [(204, "delivered"), (299, "delivered")])
def test_a_status_below_300_is_a_delivery(
    apivideo: ApiVideo, apivideo_webhooks: WebhookReceiver, status: int, state: str
) -> None:
    apivideo_webhooks.subscribe()
    apivideo_webhooks.refuse(status)
    tell(apivideo)
    assert told(apivideo.webhooks.deliveries) == [state]


def test_a_redirect_is_a_failure_and_not_followed(
    apivideo: ApiVideo, apivideo_webhooks: WebhookReceiver
) -> None:
    away = f"HTTP/1.1 302 Found\r\nLocation: {apivideo_webhooks.url}\r\n\r\n"
    with listening(away.encode()) as url:
        apivideo.webhooks.add(url=url, events=["live-stream.broadcast.started"])
        tell(apivideo)
        (delivery,) = apivideo.webhooks.deliveries
    assert (delivery.state, delivery.attempts[0].status) == ("pending", 302)
    assert apivideo_webhooks.deliveries == []


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (None, "no answer within 0.2 s"),
        (b"", "closed the connection without an answer"),
        (b"not HTTP at all\r\n\r\n", "illegal status line"),
        (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nX: " + b"x" * 100_000, "too long"),
    ],
    ids=["silence", "nothing", "nonsense", "too much"],
)
@pytest.mark.apivideo(webhook_timeout=0.2)
def test_a_failed_attempt_is_recorded(apivideo: ApiVideo, answer: bytes | None, error: str) -> None:
    with listening(answer) as url:
        apivideo.webhooks.add(url=url, events=["live-stream.broadcast.started"])
        tell(apivideo)
        (delivery,) = apivideo.webhooks.deliveries
    (attempt,) = delivery.attempts
    assert (delivery.state, attempt.status) == ("pending", None)
    assert error in str(attempt.error)


def test_https_needs_a_receiver_that_speaks_it(
    apivideo: ApiVideo, apivideo_webhooks: WebhookReceiver
) -> None:
    url = apivideo_webhooks.url.replace("http", "https")
    apivideo.webhooks.add(url=url, events=["live-stream.broadcast.started"])
    tell(apivideo)
    assert "SSL" in str(apivideo.webhooks.deliveries[0].attempts[0].error)


def test_an_answer_may_begin_with_a_preliminary_one(apivideo: ApiVideo) -> None:
    with listening(b"HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\n\r\n") as url:
        apivideo.webhooks.add(url=url, events=["live-stream.broadcast.started"])
        tell(apivideo)
        assert told(apivideo.webhooks.deliveries) == ["delivered"]


@pytest.mark.parametrize(
    ("url", "error"),
    [
        ("https://app.example/hooks", "app.example is not one of webhook_hosts=['loopback']"),
        ("http://10.0.0.1/", "10.0.0.1 is not one of"),
        ("http://localhost.example/", "localhost.example is not one of"),
        ("https://ws.api.video/", "ws.api.video is api.video's own host"),
        ("https://ws.api.video./", "ws.api.video is api.video's own host"),
        ("http://127.0.0.1:9/", "refused"),
    ],
)
def test_where_webhooks_do_not_go_is_written_down(apivideo: ApiVideo, url: str, error: str) -> None:
    apivideo.webhooks.add(url=url, events=["live-stream.broadcast.started"])
    tell(apivideo)
    (delivery,) = apivideo.webhooks.deliveries
    assert error in str(delivery.attempts[0].error)


@pytest.mark.apivideo(webhook_hosts=["*"])
def test_not_even_by_the_setting_do_webhooks_go_to_api_video(apivideo: ApiVideo) -> None:
    apivideo.webhooks.add(url="https://WS.api.video", events=["live-stream.broadcast.started"])
    tell(apivideo)
    assert "own host" in str(apivideo.webhooks.deliveries[0].attempts[0].error)


@pytest.mark.apivideo(webhook_hosts=["app.example"])
def test_a_host_is_reached_if_the_setting_names_it(
    apivideo: ApiVideo, apivideo_webhooks: WebhookReceiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = int(apivideo_webhooks.url.rpartition(":")[2])
    resolve = socket.getaddrinfo

    def everybody_is_here(host: str, *rest: object, **more: object) -> object:
        return resolve("127.0.0.1", *rest, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(socket, "getaddrinfo", everybody_is_here)
    url = f"http://user:word@app.example:{port}/höoks?a=b"
    apivideo.webhooks.add(url=url, events=["live-stream.broadcast.started"])
    apivideo.webhooks.add(url=apivideo_webhooks.url, events=["live-stream.broadcast.started"])
    tell(apivideo)
    deliveries = apivideo.webhooks.deliveries
    assert told(deliveries) == ["delivered", "pending"]  # loopback is named no longer
    assert apivideo_webhooks.deliveries[0].headers["Host"] == f"app.example:{port}"


@pytest.mark.apivideo(webhook_delivery="advance")
def test_webhooks_wait_for_an_advance_of_the_clock(
    apivideo: ApiVideo, api: httpx.Client, apivideo_webhooks: WebhookReceiver
) -> None:
    apivideo_webhooks.subscribe()
    apivideo_webhooks.refuse(times=1)
    tell(apivideo, 2)
    assert api.get("/videos").status_code == 200
    assert apivideo_webhooks.deliveries == []
    apivideo.clock.advance(0)
    assert told(apivideo.webhooks.deliveries) == ["pending", "delivered"]
    apivideo.clock.advance(3)
    assert told(apivideo.webhooks.deliveries) == ["delivered", "delivered"]


@pytest.mark.apivideo(webhook_delivery="manual")
def test_webhooks_go_by_hand_in_any_order_again_and_not_at_all(
    apivideo: ApiVideo, apivideo_webhooks: WebhookReceiver
) -> None:
    apivideo_webhooks.subscribe()
    tell(apivideo, 3)
    apivideo.clock.advance(100)
    assert apivideo.clock.due == []
    first, second, third = apivideo.webhooks.deliveries
    apivideo.webhooks.withhold(second)
    sent = apivideo.webhooks.deliver(third, first, third)
    assert told(sent) == ["delivered"] * 3
    bodies = [one.body for one in apivideo_webhooks.deliveries]
    assert bodies == [third.body, first.body, third.body]
    assert apivideo.webhooks.deliver() == []  # none is pending: one is withheld
    assert told(apivideo.webhooks.deliver(second)) == ["delivered"]
    assert [len(one.attempts) for one in apivideo.webhooks.deliveries] == [1, 1, 2]


def test_waiting_webhooks_are_sent_when_the_setting_changes(
    apivideo: ApiVideo, apivideo_webhooks: WebhookReceiver
) -> None:
    apivideo.settings.webhook_delivery = "manual"
    apivideo_webhooks.subscribe()
    tell(apivideo)
    apivideo.settings.webhook_delivery = "instant"
    assert told(apivideo.webhooks.deliveries) == ["delivered"]


def test_a_delivery_of_another_project_is_not_sent(
    apivideo: ApiVideo, apivideo_server: FakeServer, apivideo_webhooks: WebhookReceiver
) -> None:
    apivideo_webhooks.subscribe()
    tell(apivideo)
    (foreign,) = apivideo.webhooks.deliveries
    with apivideo_server.project() as other:
        with pytest.raises(KeyError, match=f"no delivery {foreign.id}"):
            other.webhooks.deliver(foreign)
        with pytest.raises(KeyError, match=f"no delivery {foreign.id}"):
            other.webhooks.withhold(foreign)
    assert len(apivideo_webhooks.deliveries) == 1


@pytest.mark.apivideo(webhook_timeout=0.2)
def test_deliveries_are_not_retried_after_a_reset(apivideo: ApiVideo) -> None:
    with listening(None) as url:
        apivideo.webhooks.add(url=url, events=["live-stream.broadcast.started"])
        tell(apivideo)
        apivideo._project.reset()
        assert apivideo.webhooks.deliveries == []
        assert apivideo.clock.due == []


@pytest.mark.apivideo(webhook_timeout=0.2)
def test_a_restored_snapshot_ignores_late_results(
    apivideo: ApiVideo,
) -> None:
    empty = apivideo.snapshot()
    with listening(None) as url:
        apivideo.webhooks.add(url=url, events=["live-stream.broadcast.started"])
        tell(apivideo)
        apivideo.restore(empty)
        assert apivideo.webhooks.deliveries == []


def test_a_closed_project_sends_nothing_more(
    apivideo_server: FakeServer, apivideo: ApiVideo, apivideo_webhooks: WebhookReceiver
) -> None:
    with apivideo_server.project() as other:
        url = apivideo_webhooks.url
        other.webhooks.add(url=url, events=["live-stream.broadcast.started"])
        stream = other.live_streams.add()
    other.live_streams.start(stream)
    assert apivideo_webhooks.deliveries == []


def test_each_environment_has_webhooks_of_its_own(
    apivideo: ApiVideo, apivideo_webhooks: WebhookReceiver
) -> None:
    apivideo_webhooks.subscribe()
    apivideo.settings.environment = "production"
    tell(apivideo)
    assert [*apivideo.webhooks.deliveries, *apivideo_webhooks.deliveries] == []


def test_who_waits_for_deliveries_is_let_go_when_their_project_ends(
    apivideo_server: FakeServer,
) -> None:
    with listening(None) as url:
        with apivideo_server.project(webhook_timeout=1) as other:
            other.webhooks.add(url=url, events=["live-stream.broadcast.started"])
            tell(other, times=5)
            waiting = threading.Thread(target=lambda: other.webhooks.deliveries)
            waiting.start()
        waiting.join(20)
    assert not waiting.is_alive()


@pytest.mark.apivideo(webhook_delivery="advance")
def test_listing_due_events_delivers_nothing(
    apivideo: ApiVideo, apivideo_webhooks: WebhookReceiver, http: httpx.Client
) -> None:
    apivideo_webhooks.subscribe("live-stream.broadcast.started")
    tell(apivideo)
    assert [due.name for due in apivideo.clock.due][:1] == ["webhook.delivery"]
    http.get("/_fake/clock")
    assert told(apivideo.webhooks.deliveries) == ["pending"]
    apivideo.clock.advance(0)
    assert told(apivideo.webhooks.deliveries) == ["delivered"]


@pytest.mark.apivideo(webhook_hosts=("*",))
@pytest.mark.parametrize("host", ["ws.api.video", "ws。api。video", "WS.API.VIDEO."])
def test_no_spelling_of_the_real_hosts_is_reached(apivideo: ApiVideo, host: str) -> None:
    apivideo.webhooks.add(url=f"http://{host}/hook", events=["live-stream.broadcast.started"])
    tell(apivideo)
    (delivery,) = apivideo.webhooks.deliveries
    assert "where the fake sends nothing" in str(delivery.attempts[0].error)


@pytest.mark.apivideo(encoding=3)
@pytest.mark.parametrize("delay", [0, 0.1])
def test_the_pace_of_a_receiver_decides_no_order(
    apivideo: ApiVideo, apivideo_webhooks: WebhookReceiver, api: httpx.Client, delay: float
) -> None:
    apivideo.clock.freeze(START)
    apivideo_webhooks.subscribe("live-stream.broadcast.started", "video.encoding.quality.completed")
    apivideo_webhooks.refuse(times=1)
    apivideo_webhooks.delay(delay)
    tell(apivideo)
    video = apivideo.videos.add(mp4_support=False).id
    api.post(f"/videos/{video}/source", files={"file": b"content"})
    apivideo.clock.advance(3)
    types = [one.json["type"].rpartition(".")[2] for one in apivideo_webhooks.deliveries]
    assert types == ["started", *["completed"] * 3, "started", "completed"]
