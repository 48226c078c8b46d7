"""The credential of a request: every form, every refusal, and the environment that it is for."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from fake_server import ApiVideo
from fake_server.settings import Environment
from tests.auth.conftest import Client

MISSING = "authentication-missing-authorization-header"
HEADER = "authentication-invalid-authorization-header-value"
KEY = "authentication-invalid-api-key"
TOKEN = "authentication-invalid-access-token"
REFRESH = "authentication-invalid-refresh-token"

PRODUCTION, SANDBOX = "ws.api.video", "sandbox.api.video"


def encoded(text: str | bytes) -> str:
    raw = text if isinstance(text, bytes) else text.encode()
    return base64.b64encode(raw).decode()


SCHEMES = ["Bearer", "bearer", "BEARER", "bEaReR"]
SPACES = [" ", "   "]


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("space", SPACES)
def test_an_access_token_is_accepted_as_bearer_in_any_case(
    api: Client, apivideo: ApiVideo, scheme: Any, space: Any
) -> None:
    token = apivideo.tokens.issue().access_token
    assert api.use(f"{scheme}{space}{token}").status == 200


@pytest.mark.parametrize("scheme", ["Basic", "basic", "BASIC", "bAsIc"])
@pytest.mark.parametrize("space", SPACES)
def test_an_api_key_is_accepted_as_basic_in_any_case(
    api: Client, apivideo: ApiVideo, scheme: str, space: Any
) -> None:
    assert api.use(f"{scheme}{space}{encoded(apivideo.api_key + ':')}").status == 200


PASSWORDS = [
    "secret",
    "a:b",
    ":",
    " ",
    "pässwörd",
    "pässwörd".encode("latin-1"),
    b"\xff\xfe",
    b"\0",
]


@pytest.mark.parametrize("password", PASSWORDS)
def test_the_password_of_basic_is_ignored(api: Client, apivideo: ApiVideo, password: Any) -> None:
    raw = password if isinstance(password, bytes) else password.encode()
    value = encoded(apivideo.api_key.encode() + b":" + raw)
    assert api.use(f"Basic {value}").status == 200


def test_an_access_token_alone_is_accepted_unless_the_setting_refuses_it(
    api: Client, apivideo: ApiVideo
) -> None:
    token = apivideo.tokens.issue().access_token
    assert api.use(token).status == 200
    apivideo.settings.allow_bare_token = False
    answer = api.use(token)
    answer.is_problem(HEADER, detail=answer.json["detail"])
    assert '"Bearer "' in answer.json["detail"]
    assert token not in answer.body.decode()
    assert api.bearer(token).status == 200
    api.use("a.b.c").is_problem(HEADER, detail=answer.json["detail"])


def test_an_api_key_as_bearer_is_accepted_unless_the_setting_refuses_it(
    api: Client, apivideo: ApiVideo
) -> None:
    assert api.bearer(apivideo.api_key).status == 200
    (warning,) = apivideo.calls.last().warnings
    assert "no client library does this, though the guide to webhooks shows it" in warning
    apivideo.settings.allow_api_key_as_bearer = False
    answer = api.bearer(apivideo.api_key)
    answer.is_problem(TOKEN, detail=answer.json["detail"])
    assert "API key" in answer.json["detail"]
    assert "POST /auth/api-key" in answer.json["detail"]
    assert apivideo.api_key not in answer.body.decode()
    apivideo.settings.allow_api_key_as_bearer = True
    assert api.bearer(apivideo.api_key).status == 200
    api.bearer(apivideo.production_key).is_problem(KEY)
    api.bearer("nonsense").is_problem(TOKEN)
    apivideo.keys.disable(apivideo.api_key)
    api.bearer(apivideo.api_key).is_problem(KEY)


def test_a_request_without_the_header_is_refused(api: Client) -> None:
    api.use(None).is_problem(MISSING)


WRONG_HEADERS = {
    "empty": ("", "empty"),
    "blank": ("   ", "empty"),
    "Bearer alone": ("Bearer", "one token"),
    "Bearer and a blank": ("Bearer ", "one token"),
    "two tokens": ("Bearer secret.to.ken another", "one token"),
    "Basic alone": ("Basic", "not followed by base64"),
    "Basic and a blank": ("Basic ", "not followed by base64"),
    "Basic, not encoded": ("Basic secretKey:", "not followed by base64"),
    "Basic, not ASCII": ("Basic é".encode(), "not followed by base64"),
    "Basic, padding lost": ("Basic c2VjcmV0S2V5Og", "not followed by base64"),
    "Basic without a colon": ("Basic c2VjcmV0S2V5", "colon"),
    "unknown scheme": ("Token secretKey", "first word"),
    "Digest": ('Digest username="secretKey"', "first word"),
    "key alone": ("secretKey", "no scheme"),
    "two dots too few": ("secret.Key", "no scheme"),
    "two dots too many": ("secret.Key.a.b.c", "no scheme"),
    "no scheme, quoted": ('"secretKey"', "no scheme"),
    "not ASCII": (b"\xff\xfe\x80", "no scheme"),
    "tab": ("Bearer\tsecretKey", "no scheme"),
}


@pytest.mark.parametrize(
    ("header", "reason"), WRONG_HEADERS.values(), ids=list(WRONG_HEADERS.keys())
)
def test_the_refusal_of_a_malformed_header_names_the_valid_form(
    api: Client, header: Any, reason: Any
) -> None:
    answer = api.use(header)
    answer.is_problem(HEADER, detail=answer.json["detail"])
    detail = answer.json["detail"]
    assert reason in detail
    assert "Basic" in detail
    assert "Bearer" in detail
    assert "POST /auth/api-key" in detail
    assert "ecret" not in detail
    assert "c2Vj" not in detail


def test_two_authorization_headers_are_refused(api: Client, apivideo: ApiVideo) -> None:
    token = apivideo.tokens.issue().access_token
    api.connection.putrequest("GET", "/videos")
    api.connection.putheader("Authorization", f"Bearer {token}")
    api.connection.putheader("Authorization", f"Bearer {token}")
    api.connection.endheaders()
    response = api.connection.getresponse()
    response.read()
    assert response.status == 401


UNKNOWN = {
    "Bearer nonsense": TOKEN,
    "Bearer a.b.c": TOKEN,
    "Bearer é": TOKEN,
    "a.b.c": TOKEN,
    f"Basic {encoded('nonsense:')}": KEY,
    f"Basic {encoded(':')}": KEY,
    f"Basic {encoded(':password')}": KEY,
    f"Basic {encoded('clé:')}": KEY,
    f"Basic {encoded(b'%s:' % bytes([255]))}": KEY,
}


@pytest.mark.parametrize(("header", "slug"), UNKNOWN.items(), ids=range(len(UNKNOWN)))
def test_an_unknown_secret_is_refused_without_extra_attributes(
    api: Client, apivideo: ApiVideo, header: Any, slug: Any
) -> None:
    answer = api.use(header.encode())
    answer.is_problem(slug)
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert "WWW-Authenticate" not in answer.headers
    assert apivideo.calls.last().status == 401


def test_bytes_that_are_no_utf8_are_an_unknown_token(api: Client) -> None:
    api.use(b"Bearer \xff\xfe").is_problem(TOKEN)


def test_the_refusal_of_a_refresh_token_as_bearer_names_its_operation(
    api: Client, apivideo: ApiVideo
) -> None:
    token = apivideo.tokens.issue().refresh_token
    answer = api.bearer(token)
    answer.is_problem(TOKEN, detail=answer.json["detail"])
    assert "POST /auth/refresh" in answer.json["detail"]
    assert token not in answer.body.decode()


def test_tokens_as_basic_user_names_are_refused(api: Client, apivideo: ApiVideo) -> None:
    grant = apivideo.tokens.issue()
    assert api.basic(grant.access_token).slug == KEY
    assert api.basic(grant.refresh_token).slug == KEY


def test_an_access_token_changed_by_one_character_is_refused(
    api: Client, apivideo: ApiVideo
) -> None:
    token = apivideo.tokens.issue().access_token
    for wrong in (token[:-1], token + "A", token.swapcase(), token[1:]):
        api.bearer(wrong).is_problem(TOKEN)


HOSTS = [
    (PRODUCTION, "production"),
    ("WS.API.VIDEO", "production"),
    ("ws.api.video:443", "production"),
    ("Ws.Api.Video:8080", "production"),
    (SANDBOX, "sandbox"),
    ("SANDBOX.API.VIDEO", "sandbox"),
    ("sandbox.api.video:443", "sandbox"),
    ("localhost", None),
    ("example.com:443", None),
    ("ws.api.video.example.com", None),
    ("[::1]:80", None),
    (None, None),
]


@pytest.mark.parametrize("setting", ["sandbox", "production"])
@pytest.mark.parametrize(("host", "environment"), HOSTS)
def test_the_host_decides_the_environment_and_else_the_setting(
    api: Client, apivideo: ApiVideo, host: Any, environment: Any, setting: Environment
) -> None:
    apivideo.settings.environment = setting
    keys = {"sandbox": apivideo.sandbox_key, "production": apivideo.production_key}
    good = keys.pop(environment or setting)
    (other,) = keys.values()
    assert api.basic(good, host=host).status == 200
    api.basic(other, host=host).is_problem(KEY)
    token = api.log_in(good, host=host).given()["access_token"]
    assert api.bearer(token, host=host).status == 200
    api.log_in(other, host=host).is_problem(KEY)
    assert {call.environment for call in apivideo.calls} == {environment or setting}


def test_a_token_of_the_other_environment_is_refused(api: Client, apivideo: ApiVideo) -> None:
    pair = api.log_in(apivideo.production_key, host=PRODUCTION).given()
    token = pair["access_token"]
    api.bearer(token, host=SANDBOX).is_problem(TOKEN)
    api.use(token).is_problem(TOKEN)
    assert api.bearer(token, host=PRODUCTION).status == 200
    api.refresh(pair["refresh_token"]).is_problem(REFRESH)
    api.refresh(pair["refresh_token"], host=SANDBOX).is_problem(REFRESH)
    renewed = api.refresh(pair["refresh_token"], host=PRODUCTION).given()  # nothing was spent
    assert api.bearer(renewed["access_token"], host=PRODUCTION).status == 200
    api.bearer(renewed["access_token"]).is_problem(TOKEN)


def test_a_change_of_the_environment_counts_from_the_next_request(
    api: Client, apivideo: ApiVideo
) -> None:
    token = api.log_in().given()["access_token"]
    apivideo.settings.environment = "production"
    api.bearer(token).is_problem(TOKEN)
    assert api.basic(apivideo.api_key).status == 200  # api_key is now that of production
    apivideo.settings.environment = "sandbox"
    assert api.bearer(token).status == 200


def test_the_environments_have_resources_of_their_own(api: Client, apivideo: ApiVideo) -> None:
    sandbox = api.basic_value(apivideo.sandbox_key)
    production = api.basic_value(apivideo.production_key)
    made = api.send("POST /videos", {"title": "A"}, authorization=sandbox).json["videoId"]
    assert api.use(sandbox).json["pagination"]["itemsTotal"] == 1
    assert api.use(production, host=PRODUCTION).json["pagination"]["itemsTotal"] == 0
    path = f"GET /videos/{made}"
    assert api.send(path, authorization=production, host=PRODUCTION).status == 404
    assert api.send(path, authorization=sandbox).status == 200


PRECEDENCE = [
    ("GET /nowhere", 404),
    ("PUT /videos", 405),
    ("GET /videos/unknown", 401),
    ("POST /videos", 401),
    ("GET /videos?currentPage=0", 401),
]


@pytest.mark.parametrize(("operation", "status"), PRECEDENCE)
def test_a_route_is_judged_before_the_caller_and_the_caller_before_the_rest(
    api: Client, operation: Any, status: Any
) -> None:
    assert api.send(operation).status == status
    assert api.send(operation, authorization="Bearer nonsense").status == status


def test_a_refused_request_changes_nothing(api: Client, apivideo: ApiVideo) -> None:
    good = api.basic_value(apivideo.api_key)
    video = api.send("POST /videos", {"title": "A"}, authorization=good).json["videoId"]
    before = api.use(good).json
    for operation in ("POST /videos", f"PATCH /videos/{video}", f"DELETE /videos/{video}"):
        assert api.send(operation, {"title": "B"}, authorization="Bearer x").status == 401
    assert api.use(good).json == before


def test_a_call_records_the_kind_of_its_credential(api: Client, apivideo: ApiVideo) -> None:
    token = api.log_in().given()["access_token"]
    api.basic(apivideo.api_key)
    api.bearer(token)
    api.use(token)
    api.use("nonsense")
    api.use(None)
    forms = [call.credential for call in apivideo.calls]
    assert forms == ["api_key", "basic", "bearer", "bare", "malformed", "none"]
