"""Upload tokens at their end: who still finds an expired one, and how a test expires one."""

from __future__ import annotations

import httpx
import pytest

from pytest_apivideo import ApiVideo


def test_an_expired_token_is_in_no_list_and_found_by_its_id_until_it_is_deleted(
    apivideo: ApiVideo, api: httpx.Client
) -> None:
    apivideo.clock.freeze("2030-01-01")
    token = api.post("/upload-tokens", json={"ttl": 60}).json()
    path = f"/upload-tokens/{token['token']}"
    assert api.get("/upload-tokens").json()["pagination"]["itemsTotal"] == 1
    apivideo.clock.advance(60)
    assert api.get("/upload-tokens").json()["pagination"]["itemsTotal"] == 0
    assert api.get(path).json() == token
    assert api.delete(path).status_code == 204
    again = api.delete(path)
    assert (again.status_code, again.json()["name"]) == (404, "uploadToken")


def test_a_test_may_expire_a_token_without_moving_the_clock(
    apivideo: ApiVideo, api: httpx.Client
) -> None:
    token = apivideo.upload_tokens.add(ttl=3600)
    assert token.expires_at is not None
    assert (token.expires_at - token.created_at).total_seconds() == 3600
    apivideo.upload_tokens.change(token.id, expires_at=token.created_at)
    assert api.get("/upload-tokens").json()["data"] == []


@pytest.mark.parametrize(
    ("ttl", "detail"),
    [
        (-1, "This value should be greater than or equal to 0."),
        (2**31, "This value should be less than or equal to 2147483647."),
        (True, "This value must be of type integer."),
    ],
)
def test_a_wrong_ttl_is_told_why(api: httpx.Client, ttl: object, detail: str) -> None:
    problem = api.post("/upload-tokens", json={"ttl": ttl}).json()
    assert (problem["name"], problem["detail"]) == ("ttl", detail)


def test_the_longest_ttl_is_accepted(api: httpx.Client) -> None:
    assert api.post("/upload-tokens", json={"ttl": 2**31 - 1}).status_code == 200
