"""The Authorization header: accepted credentials, refused ones, and expiry."""

from __future__ import annotations

import pytest

from fake_server import ApiVideo
from pytest_apivideo.contract import authentication as problems
from pytest_apivideo.contract.api import Api
from pytest_apivideo.contract.authentication import BAD_KEY, BAD_TOKEN, Auth, Tokens, basic
from pytest_apivideo.contract.schemas import page_of


def test_an_access_token_is_accepted_as_a_bearer_token(auth: Auth, tokens: Tokens) -> None:
    auth.with_token(tokens).must_be(200, page_of(dict))


def test_an_api_key_is_accepted_as_a_basic_user_name(auth: Auth) -> None:
    auth.get(basic(f"{auth.key}:")).must_be(200, page_of(dict))


@pytest.mark.parametrize("password", [":password", ""], ids=["a password", "without a colon"])
def test_whether_a_basic_credential_must_end_with_a_colon(auth: Auth, password: str) -> None:
    auth.get(basic(auth.key + password)).must_be((200, 401))


@pytest.mark.parametrize("scheme", ["bearer", "BEARER"])
def test_whether_the_scheme_is_case_sensitive(auth: Auth, tokens: Tokens, scheme: str) -> None:
    auth.get(f"{scheme} {tokens['access_token']}").must_be((200, 401))


def test_whether_a_token_without_a_scheme_is_accepted(auth: Auth, tokens: Tokens) -> None:
    answer = auth.get(tokens["access_token"])
    answer.must_be((200, 401))
    auth.found("allow_bare_token", answer.status == 200)


def test_whether_an_api_key_is_accepted_as_a_bearer_token(auth: Auth) -> None:
    answer = auth.get(f"Bearer {auth.key}")
    if answer.status != 200:
        answer.must_be_problem(401, *BAD_TOKEN)
    auth.found("allow_api_key_as_bearer", answer.status == 200)


def test_a_request_without_a_credential_is_refused(auth: Auth) -> None:
    answer = auth.api.get("/videos")
    answer.must_be_problem(401, *problems.MISSING)
    auth.found("www_authenticate", "www-authenticate" in answer.headers)
    auth.found("problem_content_type", answer.headers["content-type"].partition(";")[0])


@pytest.mark.parametrize(
    "operation",
    [
        *(f"GET /{path}" for path in ("live-streams", "players", "summaries", "tags")),
        *("GET /watermarks", "GET /webhooks"),
        *("POST /videos", "PATCH /videos/viUnknown", "POST /upload-tokens"),
    ],
)
def test_every_operation_needs_a_credential(anonymous: Api, operation: str) -> None:
    anonymous.request(*operation.split()).must_be_problem(401, *problems.MISSING)


@pytest.mark.parametrize("value", ["Basic", "Bearer", "Digest x", "Basic %%%", "Token a b"])
def test_a_malformed_header_is_refused(auth: Auth, value: str) -> None:
    auth.get(value).must_be_problem(401, *problems.MALFORMED)


@pytest.mark.parametrize(
    "token",
    ["nonsense", "eyJhbGciOiJIUzI1NiJ9.e30.c2ln", "{refresh_token}"],
    ids=["not a JWT", "an unknown JWT", "a refresh token"],
)
def test_an_invalid_token_is_refused(auth: Auth, tokens: Tokens, token: str) -> None:
    auth.get(f"Bearer {token.format_map(tokens)}").must_be_problem(401, *BAD_TOKEN)


@pytest.mark.parametrize(
    "key", ["anUnknownKey0123456789", "{access_token}"], ids=["an unknown key", "an access token"]
)
def test_an_invalid_key_is_refused(auth: Auth, tokens: Tokens, key: str) -> None:
    auth.get(basic(key.format_map(tokens) + ":")).must_be_problem(401, *BAD_KEY)


def test_a_token_with_another_signature_is_refused(auth: Auth, tokens: Tokens) -> None:
    head, _, signature = tokens["access_token"].rpartition(".")
    forged = f"{head}.{signature[:-8]}{signature[-8:].swapcase()}AAAA"
    auth.get(f"Bearer {forged}").must_be_problem(401, *BAD_TOKEN)


@pytest.mark.apivideo_contract(needs="production_key")
def test_a_production_key_is_refused_in_the_sandbox(auth: Auth, apivideo: ApiVideo) -> None:
    auth.get(basic(f"{apivideo.production_key}:")).must_be_problem(401, *BAD_KEY)


@pytest.mark.apivideo_contract(needs="production_key")
def test_a_production_token_is_refused_in_the_sandbox(auth: Auth, apivideo: ApiVideo) -> None:
    token = apivideo.tokens.issue(key=apivideo.production_key).access_token
    auth.get(f"Bearer {token}").must_be_problem(401, *BAD_TOKEN)


@pytest.mark.apivideo_contract(needs="clock")
def test_access_tokens_expire(auth: Auth, tokens: Tokens, apivideo: ApiVideo) -> None:
    apivideo.clock.advance(tokens["expires_in"] - 60)
    auth.with_token(tokens).must_be(200)
    apivideo.clock.advance(tokens["expires_in"])
    auth.with_token(tokens).must_be_problem(401, *BAD_TOKEN)


@pytest.mark.apivideo_contract(needs="clock")
def test_whether_expiry_is_exact(auth: Auth, tokens: Tokens, apivideo: ApiVideo) -> None:
    apivideo.clock.advance(tokens["expires_in"])
    answer = auth.with_token(tokens)
    answer.must_be((200, 401))
    if answer.status == 401:
        auth.found("clock_skew", 0)


@pytest.mark.apivideo_contract(needs="clock")
def test_an_api_key_does_not_expire(auth: Auth, apivideo: ApiVideo) -> None:
    apivideo.clock.advance(30 * 24 * 3600)
    auth.get(basic(f"{auth.key}:")).must_be(200)
