"""Upload tokens: how long they live, who still finds an expired one, how a test expires one."""

from __future__ import annotations

import re

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
        *((wrong, "This value must be of type integer.") for wrong in (True, "60", 1.5)),
        (None, "This value should not be null."),
    ],
)
def test_the_refusal_of_an_invalid_ttl_has_a_reason(
    apivideo: ApiVideo, api: httpx.Client, ttl: object, detail: str
) -> None:
    answer = api.post("/upload-tokens", json={"ttl": ttl})
    assert answer.status_code == 400
    assert (answer.json()["name"], answer.json()["detail"]) == ("ttl", detail)
    assert len(apivideo.upload_tokens) == 0


def test_the_longest_ttl_is_accepted(api: httpx.Client) -> None:
    assert api.post("/upload-tokens", json={"ttl": 2**31 - 1}).status_code == 200


def test_an_upload_token_expires_after_its_ttl(apivideo: ApiVideo, api: httpx.Client) -> None:
    apivideo.clock.freeze("2030-01-01")
    for_ever = api.post("/upload-tokens", content=b"{}").json()
    assert re.fullmatch(r"to\w{21,22}", for_ever["token"])
    assert for_ever == {
        "token": for_ever["token"],
        "ttl": 0,
        "createdAt": "2030-01-01T00:00:00+00:00",
    }
    short = api.post("/upload-tokens", json={"ttl": 60}).json()
    assert short["expiresAt"] == "2030-01-01T00:01:00+00:00"

    def listed() -> list[str]:
        data = api.get("/upload-tokens?sortBy=ttl").json()["data"]
        return [token["token"] for token in data]

    apivideo.clock.advance(59.999)
    assert listed() == [for_ever["token"], short["token"]]
    apivideo.clock.advance(0.001)
    assert listed() == [for_ever["token"]]


def test_a_token_that_would_end_after_the_last_year_ends_with_it(
    apivideo: ApiVideo, api: httpx.Client
) -> None:
    apivideo.clock.freeze("9999-12-15")
    token = api.post("/upload-tokens", json={"ttl": 2**31 - 1}).json()
    assert token["expiresAt"] == "9999-12-31T23:59:59+00:00"
