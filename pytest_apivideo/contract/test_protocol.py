"""What holds for every operation: unknown paths and methods, JSON, preflights, rate limits."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest

from pytest_apivideo.contract.api import Api
from pytest_apivideo.target import Target


def test_an_unknown_path_is_not_found(api: Api) -> None:
    api.get("/nothing-is-here").must_be_problem(
        404, "unrecognized-request-url", "Unrecognized request URL."
    )


def test_a_method_that_a_path_has_not_is_not_allowed(api: Api, video: dict[str, Any]) -> None:
    title = "Method is not allowed for this route."
    api.put(f"/videos/{video['videoId']}").must_be_problem(405, "method-not-allowed", title)


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b"null", b'"text"'],
    ids=["empty", "half an object", "an array", "null", "a text"],
)
def test_a_body_that_is_no_json_object_is_refused(api: Api, body: bytes) -> None:
    headers = {"Content-Type": "application/json"}
    answer = api.post("/videos", content=body, headers=headers)
    assert answer.must_be(400)["title"]


def test_json_is_read_whatever_the_content_type(api: Api, mark: Any) -> None:
    """The official PHP client says that its JSON is a form."""
    body = f'{{"title": "{mark("Maths")}"}}'
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    assert api.post("/videos", content=body, headers=headers).must_be(201)["videoId"]


def test_whether_unknown_attributes_are_refused(
    api: Api, mark: Any, apivideo_target: Target
) -> None:
    answer = api.post("/videos", {"title": mark("Maths"), "noSuchAttribute": 1})
    answer.must_be((201, 400))
    found = "ignore" if answer.status == 201 else "refuse"
    apivideo_target.found("unknown_fields", found)


def test_a_browser_may_call_from_any_page(anyone: Api) -> None:
    headers = {
        "Origin": "https://app.example",
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization,content-range",
    }
    answer = anyone.request("OPTIONS", "/upload", headers=headers)
    answer.must_be((200, 204))
    assert answer.headers.get("access-control-allow-origin") in ("*", "https://app.example")


def test_what_a_head_is_answered(api: Api) -> None:
    api.request("HEAD", "/videos")


def test_whether_what_remains_is_counted(api: Api, apivideo_target: Target) -> None:
    """Three requests, for one of them may be the first of another minute.

    Where nothing remains, for the minute has had so many already, it cannot be told.
    """
    answers = [api.get("/videos") for _ in range(3)]
    remaining = [int(one.headers.get("x-ratelimit-remaining", -1)) for one in answers]
    falls = [after < before for before, after in pairwise(remaining) if before > 0]
    if falls:
        apivideo_target.found("what remains is counted", any(falls))


def test_logins_are_not_limited(anyone: Api, apivideo_target: Target) -> None:
    answer = anyone.post("/auth/api-key", {"apiKey": apivideo_target.run})
    assert "x-ratelimit-limit" not in answer.headers
