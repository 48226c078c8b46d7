"""Rules for all operations: unknown paths and methods, JSON, preflights, rate limits."""

from __future__ import annotations

from itertools import pairwise

import pytest

from pytest_apivideo.contract.api import Api
from pytest_apivideo.contract.authentication import Auth


def test_an_unknown_path_is_not_found(api: Api) -> None:
    title = "Unrecognized request URL."
    api.get("/nothing-is-here").must_be_problem(404, "unrecognized-request-url", title)


def test_an_unsupported_method_is_not_allowed(api: Api, video_path: str) -> None:
    title = "Method is not allowed for this route."
    api.put(video_path).must_be_problem(405, "method-not-allowed", title)


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b"null", b'"text"'],
    ids=["empty", "half an object", "an array", "null", "a text"],
)
def test_a_body_that_is_not_a_json_object_is_refused(api: Api, body: bytes) -> None:
    headers = {"Content-Type": "application/json"}
    assert api.post("/videos", content=body, headers=headers).must_be(400)["title"]


def test_a_json_body_may_have_any_content_type(api: Api) -> None:
    """The official PHP client sends JSON with the content type of a form."""
    body = f'{{"title": "{api.mark("Maths")}"}}'
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    assert api.post("/videos", content=body, headers=headers).must_be(201)["videoId"]


def test_whether_unknown_attributes_are_refused(api: Api) -> None:
    answer = api.post("/videos", {"title": api.mark("Maths"), "noSuchAttribute": 1})
    answer.must_be((201, 400))
    api.found("unknown_fields", "ignore" if answer.status == 201 else "refuse")


def test_a_preflight_allows_any_origin(anonymous: Api) -> None:
    headers = {
        "Origin": "https://app.example",
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization,content-range",
    }
    answer = anonymous.request("OPTIONS", "/upload", headers=headers)
    answer.must_be((200, 204))
    assert answer.headers.get("access-control-allow-origin") in ("*", "https://app.example")


def test_whether_head_requests_are_supported(api: Api) -> None:
    api.request("HEAD", "/videos")


def test_whether_the_remaining_rate_limit_decreases(api: Api) -> None:
    """Three requests are sent, because a new minute may begin between two of them."""
    answers = [api.get("/videos") for _ in range(3)]
    remaining = [int(answer.headers.get("x-ratelimit-remaining", -1)) for answer in answers]
    decreases = [after < before for before, after in pairwise(remaining) if before > 0]
    if decreases:
        api.found("what remains is counted", any(decreases))


def test_logins_have_no_rate_limit(auth: Auth) -> None:
    assert "x-ratelimit-limit" not in auth.login({"apiKey": auth.run}).headers
