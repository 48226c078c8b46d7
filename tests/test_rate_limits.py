"""Rate limits: the headers on every answer, and calls that are one too many."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import httpx
import pytest

from fake_server.rate_limits import LIMITS
from pytest_apivideo import ApiVideo, SettingError

START = "2030-01-01T00:00:00Z"


def quota(answer: httpx.Response) -> tuple[int, ...]:
    """Limit, remaining calls, seconds until there are more."""
    names = ("Limit", "Remaining", "Retry-After")
    return tuple(int(answer.headers[f"X-RateLimit-{name}"]) for name in names)


def test_each_class_of_calls_counts_for_itself(apivideo: ApiVideo, api: httpx.Client) -> None:
    apivideo.clock.freeze(START)
    assert quota(api.get("/videos")) == (100, 99, 60)
    assert quota(api.get("/tags")) == (100, 98, 60)
    assert quota(api.post("/upload-tokens", json={})) == (40, 39, 60)
    assert quota(api.delete("/videos/nobody")) == (40, 38, 60)
    apivideo.clock.advance(59.1)
    assert quota(api.get("/videos")) == (100, 97, 1)
    apivideo.clock.advance(0.9)
    assert quota(api.get("/videos")) == (100, 99, 60)


def test_the_headers_are_on_refusals_too(apivideo: ApiVideo, http: httpx.Client) -> None:
    assert http.get("/videos").status_code == 401
    unknown = http.get("/nowhere")
    assert (unknown.status_code, quota(unknown)[:2]) == (404, (100, 98))


@pytest.mark.parametrize(
    "call",
    [
        lambda http, apivideo: http.post("/auth/api-key", json={"apiKey": apivideo.api_key}),
        lambda http, apivideo: http.post("/auth/refresh", json={"refreshToken": "x"}),
        lambda http, apivideo: http.get("/_fake/health"),
        lambda http, apivideo: http.get("/_fake/nowhere"),
        lambda http, apivideo: http.get("/projects", auth=(apivideo.admin_key, "")),
        lambda http, apivideo: http.options("/videos"),
    ],
    ids=["login", "refresh", "control", "unknown control", "Admin API", "preflight"],
)
def test_operations_without_a_limit_have_no_headers(
    apivideo: ApiVideo, http: httpx.Client, call: Callable[..., httpx.Response]
) -> None:
    apivideo.rate_limit("reads")
    apivideo.rate_limit("writes")
    answer = call(http, apivideo)
    assert answer.status_code != 429
    assert not [name for name in answer.headers if name.startswith("x-ratelimit")]


def test_nothing_is_refused_by_default(apivideo: ApiVideo, api: httpx.Client) -> None:
    apivideo.clock.freeze()
    answers = [api.post("/upload-tokens", json={}) for _ in range(45)]
    assert {answer.status_code for answer in answers} == {200}
    assert [quota(answer)[1] for answer in answers[-7:]] == [1, 0, 0, 0, 0, 0, 0]


@pytest.mark.parametrize("environment", ["sandbox", "production"])
def test_the_limits_of_an_environment_are_enforced(
    apivideo: ApiVideo, api: httpx.Client, environment: str
) -> None:
    apivideo.enforce_limits(environment)  # type: ignore[arg-type]
    apivideo.clock.freeze()
    most = LIMITS[environment]["writes"]  # type: ignore[index]
    statuses = [api.delete("/videos/nobody").status_code for _ in range(most + 2)]
    assert statuses == [404] * most + [429] * 2
    assert api.get("/videos").status_code == 200
    apivideo.clock.advance(60)
    assert api.delete("/videos/nobody").status_code == 404
    apivideo.enforce_limits(None)
    assert apivideo.settings.rate_limits is None


def test_calls_are_refused_until_retry_after(apivideo: ApiVideo, api: httpx.Client) -> None:
    apivideo.clock.freeze(START)
    apivideo.rate_limit("reads", remaining=1, retry_after=7)
    assert quota(api.get("/videos")) == (100, 0, 7)
    apivideo.clock.advance(0.5)
    refused = api.get("/videos")
    assert (refused.status_code, quota(refused)) == (429, (100, 0, 7))
    assert refused.json() == {
        "type": "https://docs.api.video/reference/too-many-requests",
        "title": "Too many requests.",
        "status": 429,
    }
    assert "Retry-After" not in refused.headers
    assert api.delete("/videos/nobody").status_code == 404
    apivideo.clock.advance(6.5)
    assert quota(api.get("/videos")) == (100, 99, 60)


def test_a_program_that_waits_for_retry_after_is_accepted(
    apivideo: ApiVideo, api: httpx.Client, apivideo_sleeps: list[float]
) -> None:
    import time

    apivideo.rate_limit("reads", remaining=0, retry_after=7)
    answer = api.get("/videos")
    while answer.status_code == 429:
        time.sleep(int(answer.headers["X-RateLimit-Retry-After"]))
        answer = api.get("/videos")
    assert apivideo_sleeps == [7]


def test_each_environment_has_limits_of_its_own(apivideo: ApiVideo, http: httpx.Client) -> None:
    apivideo.rate_limit("reads", retry_after=timedelta(minutes=1))
    key, other = apivideo.sandbox_key, apivideo.production_key
    assert http.get("/videos", auth=(key, "")).status_code == 429
    host = {"Host": "ws.api.video"}
    answer = http.get("/videos", auth=(other, ""), headers=host)
    assert (answer.status_code, quota(answer)[0]) == (200, 500)


def test_time_that_goes_back_begins_a_new_window(apivideo: ApiVideo, api: httpx.Client) -> None:
    apivideo.clock.freeze(START)
    apivideo.rate_limit("reads")
    apivideo.clock.travel("2029-01-01")
    assert api.get("/videos").status_code == 200


def test_a_reset_counts_anew(apivideo: ApiVideo, api: httpx.Client) -> None:
    apivideo.rate_limit("reads")
    assert api.post("/_fake/reset").status_code == 200
    assert api.get("/videos").status_code == 200


@pytest.mark.parametrize(
    ("calls", "facts", "error"),
    [
        ("downloads", {}, "calls= must be one of uploads, writes, reads, not 'downloads'"),
        ("reads", {"remaining": -1}, "an integer from 0, not -1"),
        ("reads", {"remaining": True}, "an integer from 0, not True"),
        ("reads", {"retry_after": 0}, "above 0 s, not 0"),
    ],
)
def test_a_wrong_limit_is_refused_and_changes_nothing(
    apivideo: ApiVideo, api: httpx.Client, calls: str, facts: dict[str, float], error: str
) -> None:
    with pytest.raises(ValueError, match=error):
        apivideo.rate_limit(calls, **facts)  # type: ignore[arg-type]
    assert api.get("/videos").status_code == 200


def test_limits_of_no_environment_are_refused(apivideo: ApiVideo) -> None:
    with pytest.raises(SettingError, match="rate_limits='staging'"):
        apivideo.enforce_limits("staging")  # type: ignore[arg-type]


def test_nothing_under_auth_is_counted(apivideo: ApiVideo, http: httpx.Client) -> None:
    for method, path in (("GET", "/auth/api-key"), ("POST", "/auth/nothing")):
        answer = http.request(method, path)
        assert not [name for name in answer.headers if name.startswith("x-ratelimit")]


def test_calls_of_several_threads_count_in_whatever_order_they_come(apivideo: ApiVideo) -> None:
    limits, now = apivideo._project.rate_limits, apivideo.clock.now_ns()
    assert limits.count("sandbox", "reads", now).remaining == 99
    early = limits.count("sandbox", "reads", now - 1000)
    assert (early.remaining, early.retry_after) == (98, 60)


def test_a_call_that_came_before_the_lever_does_not_undo_it(apivideo: ApiVideo) -> None:
    limits, before = apivideo._project.rate_limits, apivideo.clock.now_ns()
    apivideo.rate_limit("reads", remaining=0, retry_after=7)
    assert limits.count("sandbox", "reads", before - 1000).is_exceeded
