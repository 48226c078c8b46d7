"""Warnings about requests that misuse the API."""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import replace

import httpx
import pytest

from fake_server.api_warnings import of_polling
from pytest_apivideo import ApiVideo

AS_BEARER = (
    "an API key was sent as Bearer token: no client library does this, though the guide to "
    "webhooks shows it; send it as Basic user name with an empty password, or exchange it for a "
    "token at POST /auth/api-key"
)
NO_SCHEME = (
    "a credential came without a scheme; write Bearer in front of a token, and send an API key as "
    "Basic user name with an empty password"
)


def authorization(account: ApiVideo, form: str) -> str:
    grant = account.tokens.issue()
    forms = {
        "key as bearer": f"Bearer {account.api_key}",
        "refresh token as bearer": f"Bearer {grant.refresh_token}",
        "no colon": "Basic " + base64.b64encode(account.api_key.encode()).decode(),
        "bare token": grant.access_token,
        "bare key": account.api_key,
        "token of production": "Bearer "
        + account.tokens.issue(key=account.production_key).access_token,
        "key of production": "Basic "
        + base64.b64encode(f"{account.production_key}:".encode()).decode(),
        "good token": f"Bearer {grant.access_token}",
        "nonsense": "Bearer nonsense",
    }
    return forms[form]


@pytest.mark.parametrize(
    ("form", "warnings"),
    [
        ("key as bearer", [AS_BEARER]),
        (
            "refresh token as bearer",
            ["a refresh token was sent as Bearer token; send it to POST /auth/refresh"],
        ),
        ("no colon", ['a Basic credential came without a colon; encode "<API key>:"']),
        (
            "bare token",
            ["a credential came without a scheme; write Bearer in front of a token"],
        ),
        ("bare key", [NO_SCHEME]),
        ("token of production", ["a token of the production environment was sent to sandbox"]),
        ("key of production", ["an API key of the production environment was sent to sandbox"]),
        ("good token", []),
        ("nonsense", []),
    ],
)
def test_a_credential_that_is_sent_in_a_wrong_way(
    apivideo: ApiVideo, http: httpx.Client, form: str, warnings: list[str]
) -> None:
    http.get("/videos", headers={"Authorization": authorization(apivideo, form)})
    assert list(apivideo.calls.last().warnings) == warnings


def test_a_refresh_token_that_was_used_before(apivideo: ApiVideo, http: httpx.Client) -> None:
    body = {"refreshToken": apivideo.tokens.issue().refresh_token}
    for _ in range(2):
        http.post("/auth/refresh", json=body)
    first, second = apivideo.calls
    assert first.warnings == ()
    assert second.warnings == (
        "a refresh token was used again; each works once, and its answer contains the next",
    )


def test_a_refresh_with_a_lost_answer_can_be_retried(
    apivideo: ApiVideo, http: httpx.Client
) -> None:
    body = {"refreshToken": apivideo.tokens.issue().refresh_token}
    apivideo.on("POST /auth/refresh", times=1).drop("after")
    with pytest.raises(httpx.RemoteProtocolError):
        http.post("/auth/refresh", json=body)
    assert http.post("/auth/refresh", json=body).status_code == 401
    apivideo.calls.assert_no_warnings()


@pytest.mark.parametrize(
    ("headers", "sent"),
    [
        ({"Content-Type": "text/plain"}, "text/plain"),
        ({}, "nothing"),
        ({"Content-Type": "application/json; charset=utf-8"}, None),
    ],
)
def test_json_that_is_sent_as_another_type(
    apivideo: ApiVideo, api: httpx.Client, headers: dict[str, str], sent: str | None
) -> None:
    api.post("/videos", content=b'{"title": "a"}', headers=headers)
    expected = f"JSON was sent as {sent}; send Content-Type: application/json"
    assert apivideo.calls.last().warnings == ((expected,) if sent else ())


@pytest.mark.parametrize(
    ("pauses", "warned"),
    [
        ([0, 0], True),
        ([0.5, 1.2], True),
        ([0.9, 1], False),
        ([1, 1], False),
        ([0.1, 1.9], False),
        ([0], False),
    ],
)
def test_polling_faster_than_once_a_second_of_the_clock(
    apivideo: ApiVideo, api: httpx.Client, pauses: list[float], warned: bool
) -> None:
    apivideo.clock.freeze("2030-01-01")
    path = f"/videos/{apivideo.videos.add().id}/status"
    api.get(path)
    for pause in pauses:
        apivideo.clock.advance(pause)
        api.get(path)
    expected = f"the same request was sent 3 times in {sum(pauses):.3g} s of the clock; "
    expected += "poll at most once a second"
    assert apivideo.calls.last().warnings == ((expected,) if warned else ())


def test_retries_after_failures_are_not_polling(apivideo: ApiVideo, api: httpx.Client) -> None:
    apivideo.clock.freeze("2030-01-01")
    path = f"/videos/{apivideo.videos.add().id}"
    apivideo.on("GET /videos/{videoId}", times=2).respond(503)
    apivideo.on("GET /videos/{videoId}", times=2).delay(0.001)
    assert [api.get(path).status_code for _ in range(5)] == [503, 503, 200, 200, 200]
    apivideo.calls.assert_no_warnings()


def test_requests_of_several_clients_are_not_polling(
    apivideo: ApiVideo, http: httpx.Client
) -> None:
    apivideo.clock.freeze("2030-01-01")
    path = f"/videos/{apivideo.videos.add().id}"
    for _ in range(3):
        token = apivideo.tokens.issue().access_token
        http.get(path, headers={"Authorization": f"Bearer {token}"})
    apivideo.calls.assert_no_warnings()


def test_simultaneous_requests_are_not_polling(apivideo: ApiVideo, api: httpx.Client) -> None:
    apivideo.clock.freeze("2030-01-01")
    path = f"/videos/{apivideo.videos.add().id}"
    api.get(path)
    calls = [replace(apivideo.calls.last(), began=0.0, duration=1.0)] * 3
    assert list(of_polling(calls[2], calls[:2])) == []
    apart = [replace(call, began=float(2 * n)) for n, call in enumerate(calls)]
    assert len(list(of_polling(apart[2], apart[:2]))) == 1


@pytest.mark.parametrize(
    "between",
    [lambda api: api.get("/videos"), lambda api: api.get("/videos?currentPage=1")],
)
def test_requests_between_others_are_not_polling(
    apivideo: ApiVideo, api: httpx.Client, between: Callable[[httpx.Client], object]
) -> None:
    apivideo.clock.freeze("2030-01-01")
    path = f"/videos/{apivideo.videos.add().id}/status"
    for _ in range(4):
        api.get(path)
        between(api)
    apivideo.calls.assert_no_warnings()


def test_assert_no_warnings_lists_them(apivideo: ApiVideo, http: httpx.Client) -> None:
    http.get("/videos", headers={"Authorization": f"Bearer {apivideo.api_key}"})
    with pytest.raises(AssertionError) as failed:
        apivideo.calls.assert_no_warnings()
    assert str(failed.value) == (f"these calls misuse the API:\n  GET /videos -> 200: {AS_BEARER}")
