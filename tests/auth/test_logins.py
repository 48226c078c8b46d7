"""POST /auth/api-key and POST /auth/refresh: what they take and what they give."""

from __future__ import annotations

import base64
import json
import re
from typing import Any

import jwt
import pytest

from fake_server import ApiVideo
from tests.auth.conftest import Client

REFUSED = {
    "POST /auth/api-key": "authentication-invalid-api-key",
    "POST /auth/refresh": "authentication-invalid-refresh-token",
}
OPERATIONS = [("POST /auth/api-key", "apiKey"), ("POST /auth/refresh", "refreshToken")]
NEW_YEAR = "2030-01-01T00:00:00.123456Z"


def claims_of(token: str) -> dict[str, Any]:
    claims = token.split(".")[1]
    return dict(json.loads(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4))))


def exchanged(api: Any, operation: str, **how: Any) -> Any:
    """Return the answer to a valid login or refresh."""
    if operation == "POST /auth/api-key":
        return api.log_in(**how)
    return api.refresh(api.log_in().given()["refresh_token"], **how)


def required(name: str) -> dict[str, Any]:
    kind = "https://docs.api.video/reference/attribute-required"
    item = {"type": kind, "title": "This attribute is required.", "name": name}
    return {**item, "status": 400}


def invalid(name: str, detail: str) -> dict[str, Any]:
    kind = "https://docs.api.video/reference/invalid-attribute"
    item = {"type": kind, "title": "An attribute is invalid.", "name": name, "detail": detail}
    return {**item, "status": 400}


@pytest.mark.parametrize(("operation", "attribute"), OPERATIONS)
def test_an_exchange_gives_four_attributes_in_their_order(
    api: Client, operation: Any, attribute: Any
) -> None:
    answer = exchanged(api, operation)
    assert (answer.status, answer.headers["Content-Type"]) == (200, "application/json")
    assert list(answer.json) == ["token_type", "expires_in", "access_token", "refresh_token"]
    assert answer.json["token_type"] == "Bearer"
    assert re.search(rb'"expires_in":3600,', answer.body)  # an integer, as clients expect


@pytest.mark.parametrize(("operation", "attribute"), OPERATIONS)
def test_the_access_token_is_a_jwt_that_names_its_project(
    api: Client, apivideo: ApiVideo, operation: Any, attribute: Any
) -> None:
    apivideo.clock.freeze(NEW_YEAR)
    token = exchanged(api, operation).given()["access_token"]
    header = jwt.get_unverified_header(token)
    claims = claims_of(token)
    assert header == {"typ": "JWT", "alg": "HS256"}
    issued, project = claims["iat"], claims["projectId"]
    assert all(type(claims[name]) is float for name in ("iat", "nbf", "exp"))
    assert issued == claims["nbf"] == 1893456000.123456
    assert claims["exp"] - issued == 3600
    assert re.fullmatch(r"pr[0-9A-Za-z]{21}", project)


def test_jwts_carry_an_id_only_where_they_would_be_equal(api: Client, apivideo: ApiVideo) -> None:
    apivideo.clock.freeze(NEW_YEAR)
    tokens = [api.log_in().given()["access_token"] for _ in range(3)]
    claims = [claims_of(token) for token in tokens]
    assert len(set(tokens)) == 3
    assert [set(one) - {"iat", "nbf", "exp", "projectId"} for one in claims] == [
        set(),
        {"jti"},
        {"jti"},
    ]


@pytest.mark.parametrize(("operation", "attribute"), OPERATIONS)
def test_the_refresh_token_has_the_documented_shape(
    api: Client, operation: Any, attribute: Any
) -> None:
    token = exchanged(api, operation).given()["refresh_token"]
    assert re.fullmatch(r"def50200[0-9a-f]{772}", token)


CONTENT_TYPES = [
    "application/json",
    "application/json; charset=utf-8",
    "application/x-www-form-urlencoded",
    "text/plain",
    "nonsense",
    "",
    None,
]


@pytest.mark.parametrize(("operation", "attribute"), OPERATIONS)
@pytest.mark.parametrize("content_type", CONTENT_TYPES)
def test_json_is_accepted_with_any_content_type(
    api: Client, operation: Any, attribute: Any, content_type: Any
) -> None:
    assert exchanged(api, operation, content_type=content_type).status == 200


AUTHORIZATIONS = [None, "", "Basic ", "Bearer nonsense", "Basic bm9uc2Vuc2U6", "Digest x", b"\xff"]


@pytest.mark.parametrize(("operation", "attribute"), OPERATIONS)
@pytest.mark.parametrize("authorization", AUTHORIZATIONS)
def test_an_authorization_header_means_nothing_to_an_exchange(
    api: Client, operation: Any, attribute: Any, authorization: Any
) -> None:
    assert exchanged(api, operation, authorization=authorization).status == 200


def test_the_credential_in_a_header_does_not_replace_the_one_in_the_body(
    api: Client, apivideo: ApiVideo
) -> None:
    good = api.basic_value(apivideo.api_key)
    api.log_in("nonsense", authorization=good).is_problem("authentication-invalid-api-key")


UNKNOWN_SECRETS = {
    "unknown": "nonsense",
    "empty": "",
    "a lone NUL": "\0",
    "not ASCII": "clé 🔑",
    "long": "x" * 100_000,
}


@pytest.mark.parametrize(("operation", "attribute"), OPERATIONS)
@pytest.mark.parametrize("secret", UNKNOWN_SECRETS.values(), ids=UNKNOWN_SECRETS.keys())
def test_an_unknown_secret_is_refused_without_a_hint(
    api: Client, operation: Any, attribute: Any, secret: Any
) -> None:
    answer = api.send(operation, {attribute: secret})
    answer.is_problem(REFUSED[operation])
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert "WWW-Authenticate" not in answer.headers


MALFORMED = {
    "no body": None,
    "empty": b"",
    "not JSON": b"apiKey=nonsense",
    "half": b'{"apiKey": "x"',
    "trailing": b'{"apiKey": "x"} {}',
    "array": b"[]",
    "array of objects": b'[{"apiKey": "x", "refreshToken": "x"}]',
    "null": b"null",
    "text": b'"apiKey"',
    "number": b"1",
    "NaN": b"NaN",
    "invalid UTF-8": b'{"apiKey": "\xff", "refreshToken": "\xff"}',
    "UTF-16": '{"apiKey": "x", "refreshToken": "x"}'.encode("utf-16"),
    "lone surrogate": rb'{"apiKey": "\ud800", "refreshToken": "\ud800"}',
    "lone surrogate as bytes": b'{"apiKey": "\xed\xa0\x80", "refreshToken": "\xed\xa0\x80"}',
    "deep arrays": b"[" * 200_000,
    "deep objects": b'{"apiKey":' * 50_000,
    "deep and whole": b'{"apiKey":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
}


@pytest.mark.parametrize(("operation", "attribute"), OPERATIONS)
@pytest.mark.parametrize("body", MALFORMED.values(), ids=MALFORMED.keys())
def test_a_body_that_is_no_json_object_is_refused(
    api: Client, apivideo: ApiVideo, operation: Any, attribute: Any, body: Any
) -> None:
    answer = api.send(operation, body)
    kind = "https://docs.api.video/reference/invalid-payload"
    problem = {"type": kind, "title": "The payload is invalid."}
    assert (answer.status, answer.json) == (400, {**problem, "status": 400})
    assert apivideo.calls.count(operation) == 1


@pytest.mark.parametrize(("operation", "attribute"), OPERATIONS)
def test_a_missing_attribute_is_named(api: Client, operation: Any, attribute: Any) -> None:
    for body in (
        {},
        {"other": 1},
        {attribute.lower(): "x"},
        {"api_key": "x", "refresh_token": "x"},
    ):
        answer = api.send(operation, body)
        assert (answer.status, answer.json) == (400, required(attribute))


TEXT = "This value must be of type string."
WRONG_VALUES = [
    (None, "This value should not be null."),
    (1, TEXT),
    (True, TEXT),
    (1.5, TEXT),
    ([], TEXT),
    (["x"], TEXT),
    ({"x": "y"}, TEXT),
]


@pytest.mark.parametrize(("operation", "attribute"), OPERATIONS)
@pytest.mark.parametrize(("value", "detail"), WRONG_VALUES)
def test_a_secret_that_is_no_text_is_refused(
    api: Client, operation: Any, attribute: Any, value: Any, detail: Any
) -> None:
    answer = api.send(operation, {attribute: value})
    assert (answer.status, answer.json) == (400, invalid(attribute, detail))


@pytest.mark.parametrize(("operation", "attribute"), OPERATIONS)
@pytest.mark.parametrize("beyond", [1, 1024 * 1024])
def test_a_body_beyond_one_mebibyte_is_refused(
    api: Client, apivideo: ApiVideo, operation: Any, attribute: Any, beyond: int
) -> None:
    start, end = f'{{"{attribute}":"'.encode(), b'"}'
    body = start + b"x" * (1024 * 1024 + beyond - len(start + end)) + end
    answer = api.send(operation, body)
    assert (answer.status, answer.slug) == (413, "invalid-payload")
    assert apivideo.calls.last().request_body == body[: apivideo.settings.max_body]


@pytest.mark.parametrize(("operation", "attribute"), OPERATIONS)
def test_a_body_of_one_mebibyte_is_read(api: Client, operation: Any, attribute: Any) -> None:
    start, end = f'{{"{attribute}":"'.encode(), b'"}'
    body = start + b"x" * (1024 * 1024 - len(start + end)) + end
    assert api.send(operation, body).slug == REFUSED[operation]


def test_other_attributes_are_ignored_unless_the_setting_refuses_them(
    api: Client, apivideo: ApiVideo
) -> None:
    body = {"apiKey": apivideo.api_key, "other": 1}
    assert api.send("POST /auth/api-key", body).status == 200
    apivideo.settings.unknown_fields = "refuse"
    answer = api.send("POST /auth/api-key", body)
    assert (answer.status, answer.json) == (400, invalid("other", "This field was not expected."))


@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize("path", ["/auth/api-key", "/auth/refresh"])
def test_only_post_exchanges(api: Client, path: str, method: str) -> None:
    answer = api.send(f"{method} {path}", {"apiKey": "x", "refreshToken": "x"})
    assert (answer.status, answer.headers["Allow"]) == (405, "POST")


def test_of_an_attribute_sent_twice_the_last_counts(api: Client, apivideo: ApiVideo) -> None:
    good = json.dumps(apivideo.api_key).encode()
    assert api.send("POST /auth/api-key", b'{"apiKey":"x","apiKey":' + good + b"}").status == 200
    assert api.send("POST /auth/api-key", b'{"apiKey":' + good + b',"apiKey":"x"}').status == 401


def test_a_refused_exchange_changes_nothing(api: Client, apivideo: ApiVideo) -> None:
    refresh_token = api.log_in().given()["refresh_token"]
    before = (apivideo.tokens.issued, apivideo.tokens.active)
    refused = [
        api.log_in("nonsense"),
        api.refresh("nonsense"),
        api.refresh(refresh_token, host="ws.api.video"),
        api.refresh(refresh_token[:-1]),
        api.refresh(refresh_token.upper()),
        api.refresh(refresh_token + " "),
        api.send("POST /auth/refresh", {"refreshToken": [refresh_token]}),
        api.send("POST /auth/api-key", {"apiKey": refresh_token}),
    ]
    assert {answer.status for answer in refused} == {400, 401}
    assert (apivideo.tokens.issued, apivideo.tokens.active) == before
    assert api.refresh(refresh_token).status == 200
