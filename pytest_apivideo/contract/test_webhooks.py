"""Webhooks as a resource: create, read, list by event, delete."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from pytest_apivideo.contract.api import Api
from pytest_apivideo.contract.shapes import WEBHOOK, page_of

UNKNOWN = "webhook_Unknown00000000000000"
EVENT = "video.encoding.quality.completed"
Hook = dict[str, Any]


@pytest.fixture
def address(mark: Callable[[str], str]) -> str:
    """An address that nobody has, with the mark of the run."""
    return f"https://example.invalid/{mark('')}"


@pytest.fixture
def hook(api: Api, address: str) -> Hook:
    """A webhook."""
    made: Hook = api.post("/webhooks", {"url": address, "events": [EVENT]}).must_be(201, WEBHOOK)
    return made


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
    api: Api, hook: Hook, address: str
) -> None:
    other = api.post("/webhooks", {"url": address, "events": [EVENT]}).must_be(201, WEBHOOK)
    secrets = [api.get(path_of(one)).must_be(200)["signatureSecret"] for one in (hook, other)]
    assert secrets[0] != secrets[1]


def test_a_webhook_without_attributes_is_refused_with_all_that_is_missing(
    api: Api, mark: Callable[[str], str]
) -> None:
    answer = api.post("/webhooks", {"note": mark("")})
    problem = answer.must_be(400, {"title": str, "type": str, "problems": [dict]})
    assert problem["type"].endswith("/attribute-required")
    assert {one.get("name") for one in problem["problems"]} == {"events", "url"}


@pytest.mark.parametrize(
    "wrong",
    [{"events": []}, {"events": ["nothing.happened"]}, {"url": "ftp://example.invalid"}],
    ids=["no events", "an unknown event", "no HTTP address"],
)
def test_a_webhook_that_cannot_be_is_refused(
    api: Api, address: str, mark: Callable[[str], str], wrong: dict[str, Any]
) -> None:
    body = {"url": address, "events": [EVENT], "note": mark(""), **wrong}
    assert api.post("/webhooks", body).must_be(400, {"title": str, "type": str})["title"]


def test_a_deleted_webhook_is_gone(api: Api, hook: Hook) -> None:
    api.delete(path_of(hook)).must_be_empty(204)
    api.get(path_of(hook)).must_be_not_found("webhookId")
    api.delete(path_of(hook)).must_be_not_found("webhookId")


def test_an_unknown_webhook_is_not_found(api: Api) -> None:
    api.get(f"/webhooks/{UNKNOWN}").must_be_not_found("webhookId")
