"""Login with an API key."""

from __future__ import annotations

import base64
import json

import pytest

from fake_server import ApiVideo
from pytest_apivideo.contract.api import Json
from pytest_apivideo.contract.authentication import BAD_KEY, Auth, Tokens, basic
from pytest_apivideo.contract.schemas import TOKEN


def test_a_login_returns_an_access_token_and_a_refresh_token(tokens: Tokens) -> None:
    assert 3590 <= tokens["expires_in"] <= 3600
    assert tokens["access_token"] != tokens["refresh_token"]


def test_the_access_token_contains_its_expiry_time(tokens: Tokens) -> None:
    payload = tokens["access_token"].split(".")[1]
    claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    assert isinstance(claims["exp"], int | float)
    assert claims["exp"] - claims["iat"] == pytest.approx(tokens["expires_in"], abs=2)


def test_the_answer_to_a_login_is_json(auth: Auth) -> None:
    """No page says whether caches may keep it, so the names of the headers are noted."""
    answer = auth.login({"apiKey": auth.key})
    assert answer.headers["content-type"].startswith("application/json")


def test_each_login_returns_new_tokens_and_keeps_earlier_access_tokens(auth: Auth) -> None:
    first, second = auth.log_in(), auth.log_in()
    assert first["access_token"] != second["access_token"]
    assert first["refresh_token"] != second["refresh_token"]
    for tokens in (first, second):
        auth.with_token(tokens).must_be(200)


def test_whether_a_login_revokes_earlier_refresh_tokens(auth: Auth) -> None:
    first, _ = auth.log_in(), auth.log_in()
    answer = auth.refresh(first["refresh_token"])
    answer.must_be((200, 400, 401))
    auth.found("revoke_on_login", answer.status != 200)


@pytest.mark.parametrize(
    "key",
    ["{run}", "{key}{run}", "{access_token}"],
    ids=["an unknown key", "additional characters", "an access token"],
)
def test_an_invalid_key_is_refused(auth: Auth, tokens: Tokens, key: str) -> None:
    body = {"apiKey": key.format(key=auth.key, run=auth.run, **tokens)}
    auth.must_refuse(auth.login(body), BAD_KEY)


@pytest.mark.apivideo_contract(needs="production_key")
def test_a_production_key_is_refused_in_the_sandbox(auth: Auth, apivideo: ApiVideo) -> None:
    auth.must_refuse(auth.login({"apiKey": apivideo.production_key}), BAD_KEY)


@pytest.mark.parametrize(
    "body",
    [{}, {"apiKey": None}, {"apiKey": 7}, {"apiKey": ""}, {"key": "x"}],
    ids=["nothing", "null", "a number", "an empty text", "another attribute"],
)
def test_a_login_without_a_key_is_refused(auth: Auth, body: Json) -> None:
    assert auth.login(body).must_be((400, 401))["title"]


@pytest.mark.parametrize(
    "body", [b"", b"not json", b"[]", b'"text"'], ids=["empty", "not JSON", "an array", "a text"]
)
def test_a_login_that_is_not_a_json_object_is_refused(auth: Auth, body: bytes) -> None:
    headers = {"Content-Type": "application/json"}
    assert auth.login(None, content=body, headers=headers).must_be((400, 401))["title"]


def test_a_login_may_have_the_key_in_its_header_too(auth: Auth) -> None:
    """The official Node client sends both."""
    headers = {"Authorization": basic(f"{auth.key}:")}
    auth.login({"apiKey": auth.key}, headers=headers).must_be(200, TOKEN)


def test_whether_an_unknown_key_in_the_header_of_a_login_is_refused(auth: Auth) -> None:
    headers = {"Authorization": basic(f"{auth.run}:")}
    auth.login({"apiKey": auth.key}, headers=headers).must_be((200, 400, 401))
