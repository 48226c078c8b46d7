"""Who may call: every form of credential, every refusal, renewal, rotation, expiry."""

from __future__ import annotations

import base64
import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from fake_server import ApiVideo
from pytest_apivideo.contract.api import Answer, Api
from pytest_apivideo.contract.shapes import TOKEN, page_of
from pytest_apivideo.target import Target

MISSING = ("authentication-missing-authorization-header", 'The "Authorization" header is missing.')
MALFORMED = (
    "authentication-invalid-authorization-header-value",
    'The "Authorization" header value is invalid.',
)
BAD_TOKEN = ("authentication-invalid-access-token", "The access token is invalid or expired.")
BAD_KEY = ("authentication-invalid-api-key", "The API key is invalid.")
BAD_REFRESH = ("authentication-invalid-refresh-token", "The refresh token is invalid.")

Token = dict[str, Any]


@pytest.fixture
def key(apivideo_target: Target) -> str:
    """The API key, as text."""
    return str(apivideo_target.api_key)


@pytest.fixture
def token(anyone: Api, key: str) -> Token:
    """What a login gave."""
    return log_in(anyone, key)


def log_in(anyone: Api, key: str) -> Token:
    given: Token = anyone.post("/auth/api-key", {"apiKey": key}).must_be(200, TOKEN)
    return given


def refresh(anyone: Api, refresh_token: str) -> Answer:
    return anyone.post("/auth/refresh", {"refreshToken": refresh_token})


def use(anyone: Api, authorization: str) -> Answer:
    """Ask for a page that is empty whatever is on the account."""
    return anyone.get("/videos?title=nobodysTitle", headers={"Authorization": authorization})


def basic(text: str) -> str:
    return "Basic " + base64.b64encode(text.encode()).decode()


def must_be_refused(answer: Answer, target: Target, documented: tuple[str, str]) -> None:
    """The description has 400 for a refused login or renewal, the table of errors 401."""
    if answer.status == 401:
        answer.must_be_problem(401, *documented)
    else:
        title = "The user credentials were incorrect."
        answer.must_be_problem(400, "authentication-invalid-user-credentials", title)
    target.found("auth_errors", "docs" if answer.status == 401 else "spec")


# Logging in


def test_an_api_key_gives_an_access_token_and_a_refresh_token(token: Token) -> None:
    assert 3590 <= token["expires_in"] <= 3600
    assert token["access_token"] != token["refresh_token"]


def test_the_access_token_says_when_it_expires(token: Token) -> None:
    payload = token["access_token"].split(".")[1]
    claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    assert isinstance(claims["exp"], int | float)
    assert claims["exp"] - claims["iat"] == pytest.approx(token["expires_in"], abs=2)


def test_a_login_is_answered_in_json(anyone: Api, key: str) -> None:
    """Whether caches may keep it, no page says: the names of its headers are noted."""
    answer = anyone.post("/auth/api-key", {"apiKey": key})
    assert answer.headers["content-type"].startswith("application/json")


def test_each_login_gives_tokens_of_its_own_and_the_earlier_ones_stay_good(
    anyone: Api, key: str
) -> None:
    first, second = log_in(anyone, key), log_in(anyone, key)
    assert first["access_token"] != second["access_token"]
    assert first["refresh_token"] != second["refresh_token"]
    for one in (first, second):
        use(anyone, f"Bearer {one['access_token']}").must_be(200)


def test_whether_a_login_ends_earlier_refresh_tokens(
    anyone: Api, key: str, apivideo_target: Target
) -> None:
    first, _ = log_in(anyone, key), log_in(anyone, key)
    answer = refresh(anyone, first["refresh_token"])
    answer.must_be((200, 400, 401))
    apivideo_target.found("revoke_on_login", answer.status != 200)


def test_an_unknown_key_gets_no_token(anyone: Api, apivideo_target: Target) -> None:
    answer = anyone.post("/auth/api-key", {"apiKey": apivideo_target.run})
    must_be_refused(answer, apivideo_target, BAD_KEY)


def test_a_key_with_something_added_gets_no_token(
    anyone: Api, key: str, apivideo_target: Target
) -> None:
    answer = anyone.post("/auth/api-key", {"apiKey": key + apivideo_target.run})
    must_be_refused(answer, apivideo_target, BAD_KEY)


@pytest.mark.parametrize(
    "body",
    [{}, {"apiKey": None}, {"apiKey": 7}, {"apiKey": ""}, {"key": "x"}],
    ids=["nothing", "null", "a number", "an empty text", "another attribute"],
)
def test_a_login_without_a_key_is_refused(anyone: Api, body: dict[str, Any]) -> None:
    problem = anyone.post("/auth/api-key", body).must_be((400, 401))
    assert problem["title"]


@pytest.mark.parametrize(
    "body", [b"", b"not json", b"[]", b'"text"'], ids=["empty", "no JSON", "an array", "a text"]
)
def test_a_login_that_is_no_json_object_is_refused(anyone: Api, body: bytes) -> None:
    headers = {"Content-Type": "application/json"}
    problem = anyone.post("/auth/api-key", content=body, headers=headers).must_be((400, 401))
    assert problem["title"]


def test_a_login_may_carry_the_key_in_its_header_too(anyone: Api, key: str) -> None:
    """The official client for Node sends it so."""
    headers = {"Authorization": basic(f"{key}:")}
    anyone.post("/auth/api-key", {"apiKey": key}, headers=headers).must_be(200, TOKEN)


def test_what_a_wrong_credential_in_the_header_of_a_login_does(
    anyone: Api, key: str, apivideo_target: Target
) -> None:
    headers = {"Authorization": basic(f"{apivideo_target.run}:")}
    anyone.post("/auth/api-key", {"apiKey": key}, headers=headers).must_be((200, 400, 401))


# Forms of a credential


def test_the_access_token_lets_in_as_bearer(anyone: Api, token: Token) -> None:
    use(anyone, f"Bearer {token['access_token']}").must_be(200, page_of(dict))


def test_the_api_key_lets_in_as_basic_user_name(anyone: Api, key: str) -> None:
    use(anyone, basic(f"{key}:")).must_be(200, page_of(dict))


def test_what_a_basic_password_does(anyone: Api, key: str) -> None:
    use(anyone, basic(f"{key}:password")).must_be((200, 401))


def test_what_a_basic_credential_without_a_colon_does(anyone: Api, key: str) -> None:
    use(anyone, basic(key)).must_be((200, 401))


@pytest.mark.parametrize("scheme", ["bearer", "BEARER"])
def test_what_the_case_of_the_scheme_does(anyone: Api, token: Token, scheme: str) -> None:
    use(anyone, f"{scheme} {token['access_token']}").must_be((200, 401))


def test_whether_a_token_without_a_scheme_lets_in(
    anyone: Api, token: Token, apivideo_target: Target
) -> None:
    answer = use(anyone, token["access_token"])
    answer.must_be((200, 401))
    apivideo_target.found("allow_bare_token", answer.status == 200)


def test_whether_the_api_key_lets_in_as_bearer(
    anyone: Api, key: str, apivideo_target: Target
) -> None:
    answer = use(anyone, f"Bearer {key}")
    if answer.status != 200:
        answer.must_be_problem(401, *BAD_TOKEN)
    apivideo_target.found("allow_api_key_as_bearer", answer.status == 200)


# Refusals


def test_without_a_credential_nobody_is_let_in(anyone: Api, apivideo_target: Target) -> None:
    answer = anyone.get("/videos")
    answer.must_be_problem(401, *MISSING)
    apivideo_target.found("www_authenticate", "www-authenticate" in answer.headers)
    media_type = answer.headers["content-type"].partition(";")[0]
    apivideo_target.found("problem_content_type", media_type)


@pytest.mark.parametrize(
    "operation",
    [
        "GET /videos",
        "POST /videos",
        "PATCH /videos/viUnknown",
        "GET /live-streams",
        "POST /upload-tokens",
        "GET /players",
        "GET /summaries",
        "GET /tags",
        "GET /watermarks",
        "GET /webhooks",
    ],
)
def test_no_operation_lets_in_without_a_credential(anyone: Api, operation: str) -> None:
    method, path = operation.split()
    anyone.request(method, path).must_be_problem(401, *MISSING)


@pytest.mark.parametrize("value", ["Basic", "Bearer", "Digest x", "Basic %%%", "Token a b"])
def test_a_header_of_no_known_form_is_refused(anyone: Api, value: str) -> None:
    use(anyone, value).must_be_problem(401, *MALFORMED)


def test_an_unknown_key_is_refused(anyone: Api) -> None:
    use(anyone, basic("anUnknownKeyOfNobodyAtAll23:")).must_be_problem(401, *BAD_KEY)


@pytest.mark.parametrize(
    "value", ["nonsense", "eyJhbGciOiJIUzI1NiJ9.e30.c2ln"], ids=["no JWT", "a JWT"]
)
def test_an_unknown_token_is_refused(anyone: Api, value: str) -> None:
    use(anyone, f"Bearer {value}").must_be_problem(401, *BAD_TOKEN)


def test_a_token_with_another_signature_is_refused(anyone: Api, token: Token) -> None:
    head, _, signature = token["access_token"].rpartition(".")
    forged = f"{head}.{signature[:-8]}{signature[-8:].swapcase()}AAAA"
    use(anyone, f"Bearer {forged}").must_be_problem(401, *BAD_TOKEN)


def test_a_refresh_token_is_no_access_token(anyone: Api, token: Token) -> None:
    use(anyone, f"Bearer {token['refresh_token']}").must_be_problem(401, *BAD_TOKEN)


def test_an_access_token_is_no_api_key(anyone: Api, token: Token, apivideo_target: Target) -> None:
    use(anyone, basic(f"{token['access_token']}:")).must_be_problem(401, *BAD_KEY)
    answer = anyone.post("/auth/api-key", {"apiKey": token["access_token"]})
    must_be_refused(answer, apivideo_target, BAD_KEY)


@pytest.mark.apivideo_contract(needs="production_key")
def test_a_key_of_the_other_environment_is_refused(
    anyone: Api, apivideo: ApiVideo, apivideo_target: Target
) -> None:
    use(anyone, basic(f"{apivideo.production_key}:")).must_be_problem(401, *BAD_KEY)
    answer = anyone.post("/auth/api-key", {"apiKey": apivideo.production_key})
    must_be_refused(answer, apivideo_target, BAD_KEY)


@pytest.mark.apivideo_contract(needs="production_key")
def test_a_token_of_the_other_environment_is_refused(anyone: Api, apivideo: ApiVideo) -> None:
    token = apivideo.tokens.issue(key=apivideo.production_key).access_token
    use(anyone, f"Bearer {token}").must_be_problem(401, *BAD_TOKEN)


# Renewal


def test_a_refresh_token_gives_new_tokens_that_work(anyone: Api, token: Token) -> None:
    renewed = refresh(anyone, token["refresh_token"]).must_be(200, TOKEN)
    assert 3590 <= renewed["expires_in"] <= 3600
    assert renewed["access_token"] != token["access_token"]
    assert renewed["refresh_token"] != token["refresh_token"]
    use(anyone, f"Bearer {renewed['access_token']}").must_be(200)


def test_a_refresh_token_works_once(anyone: Api, token: Token, apivideo_target: Target) -> None:
    refresh(anyone, token["refresh_token"]).must_be(200)
    again = refresh(anyone, token["refresh_token"])
    apivideo_target.found("rotate_refresh", again.status != 200)
    must_be_refused(again, apivideo_target, BAD_REFRESH)


def test_whether_a_spent_refresh_token_ends_its_successor(anyone: Api, token: Token) -> None:
    renewed = refresh(anyone, token["refresh_token"]).must_be(200, TOKEN)
    refresh(anyone, token["refresh_token"]).must_be((400, 401))
    refresh(anyone, renewed["refresh_token"]).must_be((200, 400, 401))


def test_renewals_follow_each_other(anyone: Api, token: Token) -> None:
    current = token
    for _ in range(3):
        current = refresh(anyone, current["refresh_token"]).must_be(200, TOKEN)
    use(anyone, f"Bearer {current['access_token']}").must_be(200)


def test_whether_a_renewal_ends_the_access_token(
    anyone: Api, token: Token, apivideo_target: Target
) -> None:
    refresh(anyone, token["refresh_token"]).must_be(200)
    answer = use(anyone, f"Bearer {token['access_token']}")
    answer.must_be((200, 401))
    apivideo_target.found("revoke_access_on_refresh", answer.status == 401)


def test_whether_two_renewals_at_once_both_win(anyone: Api, token: Token) -> None:
    body = {"refreshToken": token["refresh_token"]}
    with ThreadPoolExecutor(2) as pool:
        sent = [pool.submit(anyone.ask, "POST", "/auth/refresh", json=body) for _ in range(2)]
    answers = sorted((one.result() for one in sent), key=lambda answer: answer.status)
    winner, loser = map(anyone.note, answers)
    winner.must_be(200, TOKEN)
    loser.must_be((200, 400, 401))


@pytest.mark.parametrize(
    "value", ["def50200" + "0" * 772, "nonsense"], ids=["of the form", "nonsense"]
)
def test_an_unknown_refresh_token_is_refused(
    anyone: Api, apivideo_target: Target, value: str
) -> None:
    must_be_refused(refresh(anyone, value + apivideo_target.run), apivideo_target, BAD_REFRESH)


def test_an_access_token_is_no_refresh_token(
    anyone: Api, token: Token, apivideo_target: Target
) -> None:
    must_be_refused(refresh(anyone, token["access_token"]), apivideo_target, BAD_REFRESH)


def test_an_api_key_is_no_refresh_token(anyone: Api, key: str, apivideo_target: Target) -> None:
    must_be_refused(refresh(anyone, key), apivideo_target, BAD_REFRESH)


@pytest.mark.parametrize(
    "body",
    [{}, {"refreshToken": None}, {"refreshToken": 7}],
    ids=["nothing", "null", "a number"],
)
def test_a_renewal_without_a_refresh_token_is_refused(anyone: Api, body: dict[str, Any]) -> None:
    problem = anyone.post("/auth/refresh", body).must_be((400, 401))
    assert problem["title"]


def test_whether_a_renewal_takes_its_attribute_in_snake_case(anyone: Api, token: Token) -> None:
    """The description has it in camel case, and the answer's fields in snake case."""
    body = {"refresh_token": token["refresh_token"]}
    anyone.post("/auth/refresh", body).must_be((200, 400, 401))


def test_a_renewal_may_be_sent_as_plain_text(anyone: Api, token: Token) -> None:
    """The official uploader for browsers sends it so."""
    body = json.dumps({"refreshToken": token["refresh_token"]})
    headers = {"Content-Type": "text/plain"}
    anyone.post("/auth/refresh", content=body, headers=headers).must_be(200, TOKEN)


def test_a_renewal_may_carry_the_access_token_in_its_header(anyone: Api, token: Token) -> None:
    """The official client for Python sends it with every call."""
    body = {"refreshToken": token["refresh_token"]}
    headers = {"Authorization": f"Bearer {token['access_token']}"}
    anyone.post("/auth/refresh", body, headers=headers).must_be(200, TOKEN)


def test_what_a_wrong_credential_in_the_header_of_a_renewal_does(
    anyone: Api, token: Token, apivideo_target: Target
) -> None:
    body = {"refreshToken": token["refresh_token"]}
    headers = {"Authorization": f"Bearer {apivideo_target.run}"}
    anyone.post("/auth/refresh", body, headers=headers).must_be((200, 400, 401))


# Expiry: an hour, so on the fake only


@pytest.mark.apivideo_contract(needs="clock")
def test_a_token_works_for_the_time_that_was_told_and_not_for_twice_as_long(
    anyone: Api, token: Token, apivideo: ApiVideo
) -> None:
    bearer = f"Bearer {token['access_token']}"
    apivideo.clock.advance(token["expires_in"] - 60)
    use(anyone, bearer).must_be(200)
    apivideo.clock.advance(token["expires_in"])
    use(anyone, bearer).must_be_problem(401, *BAD_TOKEN)


@pytest.mark.apivideo_contract(needs="clock")
def test_a_refresh_token_outlives_its_access_token(
    anyone: Api, token: Token, apivideo: ApiVideo
) -> None:
    """The official uploader for browsers renews after a 401."""
    apivideo.clock.advance(token["expires_in"] + 60)
    renewed = refresh(anyone, token["refresh_token"]).must_be(200, TOKEN)
    use(anyone, f"Bearer {renewed['access_token']}").must_be(200)


@pytest.mark.apivideo_contract(needs="clock")
def test_a_renewed_token_lives_from_its_renewal(
    anyone: Api, token: Token, apivideo: ApiVideo
) -> None:
    apivideo.clock.advance(1800)
    renewed = refresh(anyone, token["refresh_token"]).must_be(200, TOKEN)
    apivideo.clock.advance(3500)
    use(anyone, f"Bearer {renewed['access_token']}").must_be(200)
    use(anyone, f"Bearer {token['access_token']}").must_be_problem(401, *BAD_TOKEN)


@pytest.mark.apivideo_contract(needs="clock")
def test_whether_a_token_just_expired_has_grace(
    anyone: Api, token: Token, apivideo: ApiVideo, apivideo_target: Target
) -> None:
    apivideo.clock.advance(token["expires_in"])
    answer = use(anyone, f"Bearer {token['access_token']}")
    answer.must_be((200, 401))
    if answer.status == 401:
        apivideo_target.found("clock_skew", 0)


@pytest.mark.apivideo_contract(needs="clock")
def test_a_basic_credential_does_not_expire(anyone: Api, key: str, apivideo: ApiVideo) -> None:
    apivideo.clock.advance(30 * 24 * 3600)
    use(anyone, basic(f"{key}:")).must_be(200)
