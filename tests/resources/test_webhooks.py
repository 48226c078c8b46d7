"""Webhooks: what they accept, and what is said of what they do not."""

from __future__ import annotations

import re
from typing import Any

import httpx
import pytest

from pytest_apivideo import ApiVideo

DOCS = "https://docs.api.video/reference/"
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
    "url",
    [
        "app.example",
        "//app.example",
        "ftp://app.example",
        "https://",
        "https://a b",
        "https://a\n",
        "https://app.example:0/",
        "http://[",
        "http://a:x",
    ],
)
def test_an_address_without_http_is_refused(api: httpx.Client, url: str) -> None:
    problem = api.post("/webhooks", json={"events": EVENTS, "url": url}).json()
    assert (problem["name"], problem["detail"]) == ("url", "This value is not a valid URL.")


@pytest.mark.parametrize(
    ("body", "names"),
    [
        ({"url": "https://a.example"}, ["events", "events"]),
        ({"events": "no list"}, ["events", "url"]),
        ({"events": []}, ["events", "url"]),
    ],
)
def test_all_problems_of_a_webhook_are_listed_at_once(
    apivideo: ApiVideo, api: httpx.Client, body: dict[str, Any], names: list[str]
) -> None:
    answer = api.post("/webhooks", json=body)
    assert answer.status_code == 400
    assert [problem["name"] for problem in answer.json()["problems"]] == names
    assert len(apivideo.webhooks) == 0


def test_a_single_problem_of_a_webhook_is_not_listed(api: httpx.Client) -> None:
    problem = api.post("/webhooks", json={"events": EVENTS}).json()
    assert problem["name"] == "url"
    assert "problems" not in problem


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


def test_a_webhook_has_a_secret_and_is_found_by_its_events(api: httpx.Client) -> None:
    body = {"events": ["video.source.recorded"], "url": "https://app.example/hooks"}
    first, second = (api.post("/webhooks", json=body).json() for _ in range(2))
    assert re.fullmatch(r"sig_sec_\w{22}", first["signatureSecret"])
    assert first["signatureSecret"] != second["signatureSecret"]
    assert api.get(f"/webhooks/{first['webhookId']}").json() == first
    found = api.get("/webhooks?events=video.source.recorded").json()["data"]
    assert [hook["webhookId"] for hook in found] == [second["webhookId"], first["webhookId"]]
    assert api.get("/webhooks?events=video.summary.generated").json()["data"] == []


def test_a_webhook_of_nothing_has_the_three_documented_problems(api: httpx.Client) -> None:
    problems = api.post("/webhooks", json={}).json()["problems"]
    assert [(problem["name"], problem["title"]) for problem in problems] == [
        ("events", "This attribute is required."),
        ("url", "This attribute is required."),
        ("events", "This attribute must be an array."),
    ]


def test_a_blank_address_is_refused_as_blank(api: httpx.Client) -> None:
    problem = api.post("/webhooks", json={"events": EVENTS, "url": ""}).json()
    assert (problem["name"], problem["detail"]) == ("url", "This value should not be blank.")


def test_an_event_that_api_video_does_not_send_is_refused(
    apivideo: ApiVideo, api: httpx.Client
) -> None:
    body = {"events": ["video.deleted"], "url": "https://app.example"}
    answer = api.post("/webhooks", json=body)
    assert (answer.status_code, answer.json()["name"]) == (400, "events[0]")
    assert len(apivideo.webhooks) == 0


def test_a_project_has_ten_webhooks_in_both_environments_together(
    apivideo: ApiVideo, api: httpx.Client
) -> None:
    body = {"events": ["video.source.recorded"], "url": "https://app.example"}
    made = [api.post("/webhooks", json=body).status_code for _ in range(9)]
    apivideo.settings.environment = "production"
    api.auth = (apivideo.production_key, "")
    made += [api.post("/webhooks", json=body).status_code for _ in range(2)]
    assert made == [201] * 10 + [400]
    apivideo.settings.webhook_limit = None
    assert api.post("/webhooks", json=body).status_code == 201


@pytest.mark.apivideo(webhook_limit=1)
def test_the_limit_of_webhooks_is_a_setting(apivideo: ApiVideo, api: httpx.Client) -> None:
    apivideo.webhooks.add()
    body = {"events": ["video.source.recorded"], "url": "https://app.example"}
    refused = api.post("/webhooks", json=body)
    assert (refused.status_code, refused.json()["type"]) == (400, DOCS + "webhook-limit-reached")
