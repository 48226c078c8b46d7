"""Webhooks as a resource: create, read, list by event, delete."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from pytest_apivideo.contract.api import Api, Json
from pytest_apivideo.contract.schemas import WEBHOOK, page_of

EVENT, OTHER = "video.encoding.quality.completed", "live-stream.broadcast.started"
LIMIT = ("webhook-limit-reached", "Your account has reached the webhook urls limit.")
MakeWebhook = Callable[..., Json]


@pytest.fixture
def address(api: Api) -> str:
    """Return an unused address with the mark of the run."""
    return f"https://example.invalid/{api.mark('')}"


@pytest.fixture
def make_webhook(api: Api, address: str) -> MakeWebhook:
    """Return a function that creates a webhook, and skips the test at the account's limit."""

    def make(*events: str) -> Json:
        answer = api.post("/webhooks", {"url": address, "events": list(events)})
        if answer.status == 400:
            answer.must_be_problem(400, *LIMIT)
            page = api.get("/webhooks").must_be(200, page_of(WEBHOOK))
            limit = page["pagination"]["itemsTotal"]
            api.found("webhook_limit", limit)
            pytest.skip(f"inconclusive: the account is at its limit of {limit} webhooks")
        return answer.must_be(201, WEBHOOK)

    return make


@pytest.fixture
def webhook(make_webhook: MakeWebhook) -> Json:
    """Create a webhook."""
    return make_webhook(EVENT)


def path_of(webhook: Json) -> str:
    return f"/webhooks/{webhook['webhookId']}"


def test_a_webhook_keeps_its_address_and_events(api: Api, webhook: Json, address: str) -> None:
    read = api.get(path_of(webhook)).must_be(200, WEBHOOK)
    for answer in (webhook, read):
        assert (answer["url"], answer["events"]) == (address, [EVENT])
    assert read["signatureSecret"].startswith("sig_sec_")


def test_webhooks_are_found_by_event(api: Api, webhook: Json) -> None:
    def find(event: str) -> list[str]:
        webhooks = api.list("/webhooks", WEBHOOK, events=event, pageSize=100)
        return [item["webhookId"] for item in webhooks]

    assert webhook["webhookId"] in find(EVENT)
    assert webhook["webhookId"] not in find("live-stream.broadcast.ended")


def test_webhooks_have_different_secrets(
    api: Api, webhook: Json, make_webhook: MakeWebhook
) -> None:
    created = (webhook, make_webhook(EVENT, OTHER))
    one, two = (api.get(path_of(item)).must_be(200, WEBHOOK) for item in created)
    assert one["signatureSecret"] != two["signatureSecret"]
    assert (one["events"], sorted(two["events"])) == ([EVENT], sorted([EVENT, OTHER]))
    assert len(api.list("/webhooks", WEBHOOK, pageSize=1)) == 1


def test_the_refusal_of_a_webhook_names_all_missing_attributes(api: Api) -> None:
    answer = api.post("/webhooks", {"note": api.mark("")})
    problem = answer.must_be(400, {"title": str, "type": str, "problems": [dict]})
    assert problem["type"].endswith("/attribute-required")
    named = {item.get("name") for item in problem["problems"]}
    assert {"events", "url"} <= named  # and `note`, if unknown attributes are refused


@pytest.mark.parametrize(
    ("scheme", "events"),
    [("https", []), ("https", ["nothing.happened"]), ("ftp", [EVENT])],
    ids=["without events", "an unknown event", "not an HTTP address"],
)
def test_an_invalid_webhook_is_refused(
    api: Api, address: str, scheme: str, events: list[str]
) -> None:
    body = {"url": address.replace("https", scheme), "events": events}
    api.post("/webhooks", body).must_be_bad_request()


def test_a_deleted_webhook_is_not_found(api: Api, webhook: Json) -> None:
    api.must_delete(path_of(webhook), "webhookId")
