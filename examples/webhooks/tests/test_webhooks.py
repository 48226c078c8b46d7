"""Each application accepts events that api.video has signed, and refuses others."""

from __future__ import annotations

import random
from typing import Any

import pytest

from pytest_apivideo import WebhookReceiver

COMPLETED = "video.encoding.quality.completed"
TAMPERS = ["body", "whitespace", "signature", "secret", "webhook_id", "no_header"]


def test_a_signed_event_is_accepted(client: Any, apivideo_webhooks: WebhookReceiver) -> None:
    event = apivideo_webhooks.event(COMPLETED, encoding="hls", quality="240p")
    assert apivideo_webhooks.send(client, "/hooks", event).status_code == 202


@pytest.mark.parametrize("tamper", TAMPERS)
def test_a_modified_event_is_refused(
    client: Any, apivideo_webhooks: WebhookReceiver, tamper: str
) -> None:
    event = apivideo_webhooks.event(COMPLETED, encoding="hls", quality="240p")
    assert apivideo_webhooks.send(client, "/hooks", event, tamper).status_code == 401


def test_the_events_of_an_encoding_are_accepted_in_any_order_and_twice(
    client: Any, apivideo_webhooks: WebhookReceiver
) -> None:
    events = apivideo_webhooks.full_encoding("720p")
    assert len(events) == 5
    for event in random.sample(events * 2, 10):
        assert apivideo_webhooks.send(client, "/hooks", event).status_code == 202
