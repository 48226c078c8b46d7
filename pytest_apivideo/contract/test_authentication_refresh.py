"""Refresh: new tokens for a refresh token, which works once."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor

import pytest

from fake_server import ApiVideo
from pytest_apivideo.contract.api import Json
from pytest_apivideo.contract.authentication import BAD_REFRESH, BAD_TOKEN, Auth, Tokens
from pytest_apivideo.contract.schemas import TOKEN


def test_a_refresh_returns_new_tokens_that_work(auth: Auth, tokens: Tokens) -> None:
    new = auth.refresh(tokens["refresh_token"]).must_be(200, TOKEN)
    assert 3590 <= new["expires_in"] <= 3600
    assert new["access_token"] != tokens["access_token"]
    assert new["refresh_token"] != tokens["refresh_token"]
    auth.with_token(new).must_be(200)


def test_a_refresh_token_works_once(auth: Auth, tokens: Tokens) -> None:
    auth.refresh(tokens["refresh_token"]).must_be(200)
    again = auth.refresh(tokens["refresh_token"])
    auth.found("rotate_refresh", again.status != 200)
    auth.must_refuse(again, BAD_REFRESH)


def test_whether_reuse_of_a_refresh_token_revokes_its_successor(auth: Auth, tokens: Tokens) -> None:
    new = auth.refresh(tokens["refresh_token"]).must_be(200, TOKEN)
    auth.refresh(tokens["refresh_token"]).must_be((400, 401))
    auth.refresh(new["refresh_token"]).must_be((200, 400, 401))


def test_tokens_can_be_refreshed_again_and_again(auth: Auth, tokens: Tokens) -> None:
    for _ in range(3):
        tokens = auth.refresh(tokens["refresh_token"]).must_be(200, TOKEN)
    auth.with_token(tokens).must_be(200)


def test_whether_a_refresh_revokes_the_access_token(auth: Auth, tokens: Tokens) -> None:
    auth.refresh(tokens["refresh_token"]).must_be(200)
    answer = auth.with_token(tokens)
    answer.must_be((200, 401))
    auth.found("revoke_access_on_refresh", answer.status == 401)


def test_whether_two_concurrent_refreshes_both_succeed(auth: Auth, tokens: Tokens) -> None:
    body = {"refreshToken": tokens["refresh_token"]}
    with ThreadPoolExecutor(2) as pool:
        sent = [pool.submit(auth.api.send, "POST", "/auth/refresh", json=body) for _ in range(2)]
    answers = sorted((future.result() for future in sent), key=lambda answer: answer.status)
    winner, loser = map(auth.api.note, answers)
    winner.must_be(200, TOKEN)
    loser.must_be((200, 400, 401))


@pytest.mark.parametrize(
    "value",
    ["def50200" + "0" * 772 + "{run}", "{run}", "{access_token}", "{key}"],
    ids=["an unknown token", "another text", "an access token", "an API key"],
)
def test_an_invalid_refresh_token_is_refused(auth: Auth, tokens: Tokens, value: str) -> None:
    answer = auth.refresh(value.format(key=auth.key, run=auth.run, **tokens))
    auth.must_refuse(answer, BAD_REFRESH)


@pytest.mark.parametrize(
    "body", [{}, {"refreshToken": None}, {"refreshToken": 7}], ids=["nothing", "null", "a number"]
)
def test_a_refresh_without_a_refresh_token_is_refused(auth: Auth, body: Json) -> None:
    assert auth.api.post("/auth/refresh", body).must_be((400, 401))["title"]


def test_whether_the_refresh_token_is_accepted_in_snake_case(auth: Auth, tokens: Tokens) -> None:
    """The OpenAPI document has camel case here, and snake case in the answer."""
    body = {"refresh_token": tokens["refresh_token"]}
    auth.api.post("/auth/refresh", body).must_be((200, 400, 401))


def test_a_refresh_may_be_sent_as_plain_text(auth: Auth, tokens: Tokens) -> None:
    """The official uploader for browsers sends this content type."""
    body = json.dumps({"refreshToken": tokens["refresh_token"]})
    headers = {"Content-Type": "text/plain"}
    auth.api.post("/auth/refresh", content=body, headers=headers).must_be(200, TOKEN)


def test_a_refresh_may_have_the_access_token_in_its_header(auth: Auth, tokens: Tokens) -> None:
    """The official Python client sends it with every request."""
    bearer = f"Bearer {tokens['access_token']}"
    auth.refresh(tokens["refresh_token"], bearer).must_be(200, TOKEN)


def test_whether_a_refresh_with_an_invalid_header_is_refused(auth: Auth, tokens: Tokens) -> None:
    auth.refresh(tokens["refresh_token"], f"Bearer {auth.run}").must_be((200, 400, 401))


@pytest.mark.apivideo_contract(needs="clock")
def test_a_refresh_works_after_expiry(auth: Auth, tokens: Tokens, apivideo: ApiVideo) -> None:
    """The official uploader for browsers refreshes after a 401."""
    apivideo.clock.advance(tokens["expires_in"] + 60)
    auth.with_token(auth.refresh(tokens["refresh_token"]).must_be(200, TOKEN)).must_be(200)


@pytest.mark.apivideo_contract(needs="clock")
def test_a_refresh_begins_a_new_hour(auth: Auth, tokens: Tokens, apivideo: ApiVideo) -> None:
    apivideo.clock.advance(1800)
    new = auth.refresh(tokens["refresh_token"]).must_be(200, TOKEN)
    apivideo.clock.advance(3500)
    auth.with_token(new).must_be(200)
    auth.with_token(tokens).must_be_problem(401, *BAD_TOKEN)
