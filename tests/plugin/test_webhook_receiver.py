"""The receiver of webhooks, and the signed requests that it builds."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
import requests

from pytest_apivideo import ApiVideo, WebhookReceiver
from pytest_apivideo.webhooks import EVENTS, TAMPERS, Received


def test_requests_over_http_are_collected_unchanged(
    apivideo: ApiVideo, apivideo_webhooks: WebhookReceiver
) -> None:
    answer = httpx.post(
        f"{apivideo_webhooks.url}/any/path", content=b'{"a": 1}', headers={"X": "y"}
    )
    (received,) = apivideo_webhooks.deliveries
    assert answer.status_code == 200
    assert (received.body, received.json, received.headers["x"]) == (b'{"a": 1}', {"a": 1}, "y")


def test_nothing_that_came_is_nothing_verified(apivideo_webhooks: WebhookReceiver) -> None:
    assert apivideo_webhooks.verify() is False


@pytest.mark.parametrize("tamper", [None, *TAMPERS])
def test_a_signature_is_verified_over_the_raw_bytes(
    apivideo_webhooks: WebhookReceiver, tamper: str | None
) -> None:
    signed = apivideo_webhooks.request(apivideo_webhooks.event("video.source.recorded"), tamper)
    httpx.post(apivideo_webhooks.url, content=signed.body, headers=signed.headers)
    assert apivideo_webhooks.verify() is (tamper is None)


@pytest.mark.parametrize("event", EVENTS)
def test_an_example_of_an_event_has_the_facts_of_a_real_one(
    apivideo_webhooks: WebhookReceiver, event: Any
) -> None:
    body = apivideo_webhooks.event(event)
    assert body.startswith(b'{"type":"' + event.encode() + b'","emittedAt":"')
    assert b" " not in body


def test_an_example_has_the_facts_that_the_test_chooses(
    apivideo: ApiVideo, apivideo_webhooks: WebhookReceiver
) -> None:
    apivideo.clock.freeze("2030-01-01")
    body = apivideo_webhooks.event(
        "video.encoding.quality.completed", videoId="vi1", encoding="mp4", quality="720p"
    )
    assert body == (
        b'{"type":"video.encoding.quality.completed","emittedAt":"2030-01-01T00:00:00.000Z",'
        b'"videoId":"vi1","encoding":"mp4","quality":"720p"}'
    )


def test_the_messages_of_an_encoding_are_those_that_the_fake_sends(
    apivideo: ApiVideo, apivideo_webhooks: WebhookReceiver
) -> None:
    apivideo.clock.freeze()
    apivideo_webhooks.subscribe()
    video = apivideo.videos.encode(apivideo.videos.add())
    sent = [one.body for one in apivideo_webhooks.deliveries]
    assert apivideo_webhooks.full_encoding("720p", videoId=video.id) == sent


@pytest.mark.parametrize(
    ("call", "error"),
    [
        (
            lambda hooks: hooks.event("video.deleted"),
            "'video.deleted' is not an event; valid are: ",
        ),
        (lambda hooks: hooks.event("video.source.recorded", colour="x"), "has no colour; it has"),
        (lambda hooks: hooks.full_encoding("721p"), "'721p' is not a quality; valid are: 240p"),
        (
            lambda hooks: hooks.request(b"{}", "magic"),
            "'magic' is not a way of tampering; valid are",
        ),
    ],
)
def test_a_wrong_word_names_the_right_ones(
    apivideo_webhooks: WebhookReceiver, call: Any, error: str
) -> None:
    with pytest.raises(ValueError, match=error):
        call(apivideo_webhooks)


@pytest.mark.parametrize("client", [httpx.Client, requests.Session])
def test_messages_go_out_by_clients_of_http_too(
    apivideo_webhooks: WebhookReceiver, client: Any
) -> None:
    event = apivideo_webhooks.event("video.source.recorded")
    with client() as opened:
        answer = apivideo_webhooks.send(opened, apivideo_webhooks.url, event)
    assert answer.status_code == 200
    assert apivideo_webhooks.verify()


def test_the_error_for_an_unknown_client_names_the_alternative(
    apivideo_webhooks: WebhookReceiver,
) -> None:
    with pytest.raises(TypeError, match=r"builtins\.object is not a test client of Django"):
        apivideo_webhooks.send(object(), "/", b"{}")


def test_a_message_can_be_signed_for_any_webhook(
    apivideo: ApiVideo, apivideo_webhooks: WebhookReceiver
) -> None:
    first, second = apivideo_webhooks.subscribe(), apivideo_webhooks.subscribe()
    assert apivideo_webhooks.webhook == second
    assert apivideo_webhooks.secret == second.signature_secret
    signed = apivideo_webhooks.request(b"{}", webhook=first)
    assert signed.headers["X-Api-Video-WebhookID"] == first.id


def test_a_delay_is_longer_than_the_patience_of_the_fake(
    apivideo: ApiVideo, apivideo_webhooks: WebhookReceiver
) -> None:
    apivideo.settings.webhook_timeout = 0.1
    apivideo_webhooks.subscribe()
    apivideo_webhooks.delay(60)
    stream = apivideo.live_streams.start(apivideo.live_streams.add())
    (delivery,) = apivideo.webhooks.deliveries
    assert "no answer within 0.1 s" in str(delivery.attempts[0].error)
    assert apivideo_webhooks.deliveries[0].json["liveStreamId"] == stream.id
    apivideo_webhooks.accept()
    apivideo.clock.advance(3)
    assert apivideo.webhooks.deliveries[0].state == "delivered"


def test_a_message_of_an_unknown_webhook_is_not_verified(
    apivideo_webhooks: WebhookReceiver,
) -> None:
    from werkzeug.datastructures import Headers

    assert apivideo_webhooks.verify(Received(b"{}", Headers())) is False
    assert "WebhookReceiver http://127.0.0.1:" in repr(apivideo_webhooks)
