"""Upload tokens: create, read, list, expire, delete."""

from __future__ import annotations

from datetime import datetime

import pytest

from fake_server import ApiVideo
from pytest_apivideo.contract.api import Api, Json
from pytest_apivideo.contract.schemas import UPLOAD_TOKEN

NEWEST_FIRST = {"sortBy": "createdAt", "sortOrder": "desc", "pageSize": 100}


def create(api: Api, **attributes: int) -> Json:
    return api.post("/upload-tokens", attributes).must_be(200, UPLOAD_TOKEN)


def test_a_token_with_a_ttl_has_an_expiry_time(api: Api) -> None:
    token = create(api, ttl=600)
    expires, created = (datetime.fromisoformat(token[name]) for name in ("expiresAt", "createdAt"))
    assert token["ttl"] == 600
    assert (expires - created).total_seconds() == pytest.approx(600, abs=1)


def test_a_token_without_a_ttl_never_expires(api: Api) -> None:
    token = create(api)
    assert (token["ttl"], token.get("expiresAt")) == (0, None)


@pytest.mark.parametrize("ttl", [-1, 2**31, "long"], ids=["negative", "over 31 bits", "a word"])
def test_an_invalid_ttl_is_refused(api: Api, ttl: object) -> None:
    api.post("/upload-tokens", {"ttl": ttl}).must_be_bad_request("/invalid-attribute")


def test_a_token_can_be_read(api: Api) -> None:
    token = create(api, ttl=600)
    assert api.get(f"/upload-tokens/{token['token']}").must_be(200, UPLOAD_TOKEN) == token


def test_tokens_can_be_listed_newest_first(api: Api) -> None:
    created = {create(api, ttl=ttl)["token"] for ttl in (601, 602)}
    tokens = api.list("/upload-tokens", UPLOAD_TOKEN, **NEWEST_FIRST)
    assert created <= {token["token"] for token in tokens}
    timestamps = [token["createdAt"] for token in tokens]
    assert timestamps == sorted(timestamps, reverse=True)


@pytest.mark.parametrize("order", ["asc", "desc"])
def test_tokens_can_be_sorted_by_ttl(api: Api, order: str) -> None:
    for ttl in (702, 701, 703):
        create(api, ttl=ttl)
    query = NEWEST_FIRST | {"sortBy": "ttl", "sortOrder": order}
    ttls = [token["ttl"] for token in api.list("/upload-tokens", UPLOAD_TOKEN, **query)]
    assert {701, 702, 703} <= set(ttls)
    assert ttls == sorted(ttls, reverse=order == "desc")


def test_a_deleted_token_is_not_found(api: Api) -> None:
    api.must_delete(f"/upload-tokens/{create(api, ttl=60)['token']}", "uploadToken")


@pytest.mark.apivideo_contract(needs="clock")
def test_an_expired_token_is_not_listed(api: Api, apivideo: ApiVideo) -> None:
    create(api, ttl=60)
    apivideo.clock.advance(61)
    assert api.list("/upload-tokens", UPLOAD_TOKEN) == []
