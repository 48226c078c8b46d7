"""Webhooks: what they accept, and what is said of what they do not."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from pytest_apivideo import ApiVideo

EVENTS = ["video.source.recorded"]


@pytest.mark.parametrize(
    "url",
    [
        "http://localhost:8000/hooks?a=1#b",
        "HTTPS://user:secret@app.example",
        "https://[::1]:1/",
        "https://häuser.example/ü",
    ],
)
def test_any_address_of_http_is_accepted(api: httpx.Client, url: str) -> None:
    answer = api.post("/webhooks", json={"events": EVENTS, "url": url})
    assert (answer.status_code, answer.json()["url"]) == (201, url)


@pytest.mark.parametrize(
    "url", ["app.example", "//app.example", "https://a b", "https://a\n", "http://[", "http://a:x"]
)
def test_what_is_no_address_of_http_is_refused(api: httpx.Client, url: str) -> None:
    problem = api.post("/webhooks", json={"events": EVENTS, "url": url}).json()
    assert (problem["name"], problem["detail"]) == ("url", "This value is not a valid URL.")


@pytest.mark.parametrize(
    ("body", "names"),
    [
        ({"events": EVENTS}, ["url"]),
        ({"url": "https://a.example"}, ["events", "events"]),
        ({"events": "no list"}, ["events", "url"]),
        ({"events": []}, ["events", "url"]),
    ],
)
def test_all_problems_of_a_webhook_are_told_at_once(
    apivideo: ApiVideo, api: httpx.Client, body: dict[str, Any], names: list[str]
) -> None:
    answer = api.post("/webhooks", json=body)
    assert answer.status_code == 400
    assert [problem["name"] for problem in answer.json()["problems"]] == names
    assert len(apivideo.webhooks) == 0


def test_a_webhook_has_at_least_one_event(api: httpx.Client) -> None:
    problem = api.post("/webhooks", json={"events": [], "url": "https://a.example"}).json()
    assert problem["detail"] == "This collection should contain 1 element or more."


def test_the_webhooks_that_a_test_adds_have_secrets_of_their_own(apivideo: ApiVideo) -> None:
    first, second = apivideo.webhooks.add_many(2)
    assert first.signature_secret != second.signature_secret
    assert first.signature_secret.startswith("sig_sec_")


def test_a_list_of_webhooks_has_no_order_to_choose(apivideo: ApiVideo, api: httpx.Client) -> None:
    made = apivideo.webhooks.add_many(2)
    listed = api.get("/webhooks?sortBy=url&sortOrder=asc").json()["data"]
    assert [one["webhookId"] for one in listed] == [one.id for one in reversed(made)]
    apivideo.settings.unknown_fields = "refuse"
    refused = api.get("/webhooks?sortBy=url").json()
    assert (refused["status"], refused["name"]) == (400, "sortBy")


def test_a_webhook_cannot_be_changed(apivideo: ApiVideo, api: httpx.Client) -> None:
    answer = api.patch(f"/webhooks/{apivideo.webhooks.add().id}", json={"events": EVENTS})
    assert answer.status_code == 405
