"""Webhooks as a resource: create, read, list by event, delete."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from pytest_apivideo.contract.api import Api
from pytest_apivideo.contract.shapes import WEBHOOK, page_of
from pytest_apivideo.targets.target import Target

UNKNOWN = "webhook_Unknown00000000000000"
EVENT, OTHER = "video.encoding.quality.completed", "live-stream.broadcast.started"
LIMIT = ("webhook-limit-reached", "Your account has reached the webhook urls limit.")
Hook = dict[str, Any]
MakeHook = Callable[..., Hook]


@pytest.fixture
def address(mark: Callable[[str], str]) -> str:
    """An address that nobody has, with the mark of the run."""
    return f"https://example.invalid/{mark('')}"


@pytest.fixture
def make_hook(api: Api, address: str, apivideo_target: Target) -> MakeHook:
    """Creates a webhook; a test is inconclusive if the account may have no more of them."""

    def make(*events: str) -> Hook:
        answer = api.post("/webhooks", {"url": address, "events": list(events)})
        if answer.status == 400:
            answer.must_be_problem(400, *LIMIT)
            page = api.get("/webhooks").must_be(200, page_of(WEBHOOK))
            most = page["pagination"]["itemsTotal"]
            apivideo_target.found("webhook_limit", most)
            pytest.skip(f"inconclusive: the account may have no more than {most} webhooks")
        made: Hook = answer.must_be(201, WEBHOOK)
        return made

    return make


@pytest.fixture
def hook(make_hook: MakeHook) -> Hook:
    """A webhook."""
    return make_hook(EVENT)


def path_of(hook: Hook) -> str:
    return f"/webhooks/{hook['webhookId']}"


def test_a_webhook_keeps_its_address_and_events(api: Api, hook: Hook, address: str) -> None:
    assert (hook["url"], hook["events"]) == (address, [EVENT])
    read = api.get(path_of(hook)).must_be(200, WEBHOOK)
    assert (read["url"], read["events"]) == (address, [EVENT])
    assert read["signatureSecret"].startswith("sig_sec_")


def test_webhooks_are_listed_by_event(api: Api, hook: Hook) -> None:
    def listed(event: str) -> list[str]:
        query = {"events": event, "pageSize": 100}
        page = api.get("/webhooks", params=query).must_be(200, page_of(WEBHOOK))
        return [one["webhookId"] for one in page["data"]]

    assert hook["webhookId"] in listed(EVENT)
    assert hook["webhookId"] not in listed("live-stream.broadcast.ended")


def test_two_webhooks_may_have_one_address_and_have_two_secrets(
    api: Api, hook: Hook, make_hook: MakeHook
) -> None:
    other = make_hook(EVENT, OTHER)
    one, two = (api.get(path_of(one)).must_be(200, WEBHOOK) for one in (hook, other))
    assert one["signatureSecret"] != two["signatureSecret"]
    assert (one["events"], sorted(two["events"])) == ([EVENT], sorted([EVENT, OTHER]))
    page = api.get("/webhooks", params={"pageSize": 1}).must_be(200, page_of(WEBHOOK))
    assert len(page["data"]) == 1


def test_a_webhook_without_attributes_is_refused_with_all_that_is_missing(
    api: Api, mark: Callable[[str], str]
) -> None:
    answer = api.post("/webhooks", {"note": mark("")})
    problem = answer.must_be(400, {"title": str, "type": str, "problems": [dict]})
    assert problem["type"].endswith("/attribute-required")
    named = {one.get("name") for one in problem["problems"]}
    assert {"events", "url"} <= named  # and `note`, should unknown attributes be refused


@pytest.mark.parametrize(
    ("scheme", "events"),
    [("https", []), ("https", ["nothing.happened"]), ("ftp", [EVENT])],
    ids=["no events", "an unknown event", "no HTTP address"],
)
def test_a_webhook_that_cannot_be_is_refused(
    api: Api, address: str, scheme: str, events: list[str]
) -> None:
    body = {"url": address.replace("https", scheme), "events": events}
    assert api.post("/webhooks", body).must_be(400, {"title": str, "type": str})["title"]


def test_a_deleted_webhook_is_gone(api: Api, hook: Hook) -> None:
    api.delete(path_of(hook)).must_be_empty(204)
    api.get(path_of(hook)).must_be_not_found("webhookId")
    api.delete(path_of(hook)).must_be_not_found("webhookId")


def test_an_unknown_webhook_is_not_found(api: Api) -> None:
    api.get(f"/webhooks/{UNKNOWN}").must_be_not_found("webhookId")
