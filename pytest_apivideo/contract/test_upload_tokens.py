"""Upload tokens: create, read, list, expire, delete."""

from __future__ import annotations

from datetime import datetime

import pytest

from fake_server import ApiVideo
from pytest_apivideo.contract.api import Api
from pytest_apivideo.contract.shapes import UPLOAD_TOKEN, page_of

UNKNOWN = "toUnknown0000000000000000"


def test_a_token_with_a_life_says_when_it_ends(api: Api) -> None:
    made = api.post("/upload-tokens", {"ttl": 600}).must_be(200, UPLOAD_TOKEN)
    ends, begins = (datetime.fromisoformat(made[name]) for name in ("expiresAt", "createdAt"))
    assert made["ttl"] == 600
    assert (ends - begins).total_seconds() == pytest.approx(600, abs=1)


def test_a_token_without_a_life_never_ends(api: Api) -> None:
    made = api.post("/upload-tokens", {}).must_be(200, UPLOAD_TOKEN)
    assert (made["ttl"], made.get("expiresAt")) == (0, None)


@pytest.mark.parametrize(
    "ttl", [-1, 2147483648, "long"], ids=["below 0", "beyond 32 bits", "a word"]
)
def test_a_life_that_cannot_be_is_refused(api: Api, ttl: object) -> None:
    problem = api.post("/upload-tokens", {"ttl": ttl}).must_be(400, {"title": str, "type": str})
    assert problem["type"].endswith("/invalid-attribute")


def test_a_token_is_read_as_it_was_made(api: Api) -> None:
    made = api.post("/upload-tokens", {"ttl": 600}).must_be(200, UPLOAD_TOKEN)
    assert api.get(f"/upload-tokens/{made['token']}").must_be(200, UPLOAD_TOKEN) == made


def test_tokens_are_listed_newest_first_if_asked(api: Api) -> None:
    first, second = (
        api.post("/upload-tokens", {"ttl": ttl}).must_be(200)["token"] for ttl in (601, 602)
    )
    query = {"sortBy": "createdAt", "sortOrder": "desc", "pageSize": 100}
    page = api.get("/upload-tokens", params=query).must_be(200, page_of(UPLOAD_TOKEN))
    listed = [token["token"] for token in page["data"]]
    assert {first, second} <= set(listed)
    moments = [token["createdAt"] for token in page["data"]]
    assert moments == sorted(moments, reverse=True)


@pytest.mark.parametrize("order", ["asc", "desc"])
def test_tokens_are_sorted_by_their_life(api: Api, order: str) -> None:
    for ttl in (702, 701, 703):
        api.post("/upload-tokens", {"ttl": ttl}).must_be(200, UPLOAD_TOKEN)
    query = {"sortBy": "ttl", "sortOrder": order, "pageSize": 100}
    page = api.get("/upload-tokens", params=query).must_be(200, page_of(UPLOAD_TOKEN))
    lives = [token["ttl"] for token in page["data"]]
    assert {701, 702, 703} <= set(lives)
    assert lives == sorted(lives, reverse=order == "desc")


def test_a_deleted_token_is_gone(api: Api) -> None:
    path = f"/upload-tokens/{api.post('/upload-tokens', {'ttl': 60}).must_be(200)['token']}"
    api.delete(path).must_be_empty(204)
    api.get(path).must_be_not_found("uploadToken")
    api.delete(path).must_be_not_found("uploadToken")


def test_an_unknown_token_is_not_found(api: Api) -> None:
    api.get(f"/upload-tokens/{UNKNOWN}").must_be_not_found("uploadToken")
    api.delete(f"/upload-tokens/{UNKNOWN}").must_be_not_found("uploadToken")


@pytest.mark.apivideo_contract(needs="clock")
def test_an_expired_token_is_listed_no_more(api: Api, apivideo: ApiVideo) -> None:
    api.post("/upload-tokens", {"ttl": 60}).must_be(200)
    apivideo.clock.advance(61)
    page = api.get("/upload-tokens").must_be(200, page_of(UPLOAD_TOKEN))
    assert page["data"] == []
