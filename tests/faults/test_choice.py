"""Which requests a fault fires for, and what it does to the fake's state."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from http import HTTPStatus
from typing import Any

import httpx
import pytest

from fake_server import FakeServer
from fake_server.faults import Fault, FaultRequest
from fake_server.reply import Reply
from pytest_apivideo import ApiVideo


def statuses(api: httpx.Client, times: int, path: str = "/videos") -> list[int]:
    return [api.get(path).status_code for _ in range(times)]


def test_without_a_number_it_fires_every_time(apivideo: ApiVideo, api: httpx.Client) -> None:
    fault = apivideo.on("GET /videos").respond(503)
    assert statuses(api, 3) == [503, 503, 503]
    assert api.get("/tags").status_code == 200
    assert fault.fired == 3


def test_it_fails_twice_and_then_succeeds(apivideo: ApiVideo, api: httpx.Client) -> None:
    apivideo.on("GET /videos", times=2).respond(503)
    assert statuses(api, 3) == [503, 503, 200]


def test_faults_in_a_row_take_turns_in_the_order_they_were_made(
    apivideo: ApiVideo, api: httpx.Client
) -> None:
    apivideo.on("GET /videos", times=2).respond(503)
    apivideo.on("GET /videos", times=1).respond(429)
    assert statuses(api, 4) == [503, 503, 429, 200]


def test_nth_counts_from_when_the_fault_was_made(apivideo: ApiVideo, api: httpx.Client) -> None:
    api.get("/videos")
    apivideo.on("GET /videos", nth=2).respond(503)
    apivideo.on("GET /videos", nth=3, times=2).respond(500)
    assert statuses(api, 6) == [200, 503, 500, 500, 200, 200]


@pytest.mark.parametrize(
    ("operation", "hit"),
    [
        ("GET /videos/{videoId}", True),
        ("GET /videos/{id}", True),
        ("GET *", True),
        ("* /videos/*", True),
        ("*", True),
        ("GET /videos", False),
        ("DELETE *", False),
    ],
)
def test_an_operation_is_named_or_matched_by_a_pattern(
    apivideo: ApiVideo, api: httpx.Client, operation: str, hit: bool
) -> None:
    video = apivideo.videos.add(title="Maths")
    apivideo.on(operation, optional=True).respond(418)
    assert api.get(f"/videos/{video.id}").status_code == (418 if hit else 200)


def test_a_concrete_path_means_its_own_requests(apivideo: ApiVideo, api: httpx.Client) -> None:
    mine, other = apivideo.videos.add().id, apivideo.videos.add().id
    apivideo.on(f"GET /videos/{mine}").respond(503)
    assert [api.get(f"/videos/{one}").status_code for one in (mine, other)] == [503, 200]


def test_where_looks_at_the_request(apivideo: ApiVideo, api: httpx.Client) -> None:
    apivideo.on("POST /videos", where=lambda request: request.json["title"] == "b").respond(500)
    sent = [api.post("/videos", json={"title": title}).status_code for title in "abc"]
    assert sent == [201, 500, 201]
    assert [video.title for video in apivideo.videos] == ["a", "c"]


def test_where_sees_headers_query_and_credentials_token(
    apivideo: ApiVideo, http: httpx.Client
) -> None:
    seen: list[Any] = []
    apivideo.on("GET /videos", where=seen.append, optional=True).respond(503)
    grant = apivideo.tokens.issue()
    http.get("/videos?currentPage=1", headers={"Authorization": f"Bearer {grant.access_token}"})
    (request,) = seen
    assert (request.method, request.path, request.query) == ("GET", "/videos", "currentPage=1")
    assert request.headers["AUTHORIZATION"].startswith("Bearer ")
    assert request.token is grant.access
    assert request.json is None
    assert grant.access_token not in repr(request)


@pytest.mark.parametrize(
    ("ranges", "numbers"),
    [
        (["part 1/3", "part 2/3", "part 3/3", "part 2/3"], [2, 4]),
        (["part 1/*", "part 2/*"], [2]),
        (["bytes 0-9/30", "bytes 10-19/30", "bytes 20-29/30"], [2]),
        (["bytes 0-9/25", "bytes 10-19/25", "bytes 10-19/25", "bytes 20-24/25"], [2, 3]),
        ([None, "bytes 0-24/25", "nonsense"], []),
    ],
)
def test_a_part_of_an_upload_is_known_by_its_content_range(
    apivideo: ApiVideo, api: httpx.Client, ranges: list[str | None], numbers: list[int]
) -> None:
    apivideo.on("* /videos", part=2, optional=True).respond(503)
    answers = [
        api.post("/videos", json={"title": "a"}, headers={"Content-Range": one} if one else {})
        for one in ranges
    ]
    hit = [number for number, one in enumerate(answers, 1) if one.status_code == 503]
    assert hit == numbers


@pytest.mark.apivideo(seed="chance")
def test_chance_is_repeated_by_the_seed(apivideo: ApiVideo, apivideo_server: FakeServer) -> None:
    def outcomes(account: ApiVideo) -> list[int]:
        account.on("GET /videos", probability=0.5).respond(503)
        with httpx.Client(base_url=account.url, auth=(account.api_key, "")) as api:
            return statuses(api, 20)

    def fresh(seed: str) -> list[int]:
        with apivideo_server.project(seed=seed) as account:
            return outcomes(account)

    first = fresh("a seed of its own")
    assert {200, 503} == set(first)
    assert fresh("a seed of its own") == first
    assert fresh("another") != first


def test_an_expired_token_is_renewed_by_the_client(
    apivideo: ApiVideo, apivideo_http: httpx.Client
) -> None:
    apivideo_http.get("/videos")
    apivideo.on("GET /videos").expire_token()
    assert apivideo_http.get("/videos").status_code == 200
    apivideo.calls.assert_sequence(
        "GET /videos -> 200",
        "GET /videos -> 401",
        "POST /auth/refresh -> 200",
        "GET /videos -> 200",
    )


def test_a_revoked_refresh_token_makes_the_client_log_in_again(
    apivideo: ApiVideo, apivideo_http: httpx.Client
) -> None:
    apivideo_http.get("/videos")
    apivideo.tokens.expire_all()
    apivideo.on("POST /auth/refresh").revoke_token()
    assert apivideo_http.get("/videos").status_code == 200
    apivideo.calls.assert_sequence("POST /auth/refresh -> 401", "POST /auth/api-key -> 200")


def test_only_handled_requests_change_state(apivideo: ApiVideo, api: httpx.Client) -> None:
    for when, title in (("before", "a"), ("after", "b"), ("middle", "c")):
        with (
            apivideo.on("POST /videos").drop(when),  # type: ignore[arg-type]  # a table of values
            pytest.raises(httpx.RemoteProtocolError),
        ):
            api.post("/videos", json={"title": title})
    assert [video.title for video in apivideo.videos] == ["b", "c"]
    assert [str(call) for call in apivideo.calls] == [
        "POST /videos -> dropped",
        "POST /videos -> dropped",
        "POST /videos -> 201",
    ]
    apivideo.calls.assert_sequence("POST /videos -> dropped", "POST /videos -> 201")
    assert [call.ok for call in apivideo.calls] == [False, False, True]
    assert apivideo.calls.last().fault == "apivideo.on(\"POST /videos\").drop('middle')"


def test_a_delay_comes_before_the_request_is_handled(
    apivideo: ApiVideo, apivideo_http: httpx.Client
) -> None:
    apivideo.on("GET /videos").delay(0.05).respond(503)
    assert apivideo_http.get("/videos").status_code == 503
    assert 0.05 <= apivideo.calls.last("GET /videos").duration < 5


def test_too_many_requests_come_with_the_headers_of_the_api(
    apivideo: ApiVideo, api: httpx.Client
) -> None:
    apivideo.on("GET /videos", times=1).respond(429, retry_after=6.5)
    answer = api.get("/videos")
    assert answer.json() == {
        "type": "https://docs.api.video/reference/too-many-requests",
        "title": "Too many requests.",
        "status": 429,
    }
    assert answer.headers["X-RateLimit-Remaining"] == "0"
    assert answer.headers["X-RateLimit-Retry-After"] == "7"
    assert answer.headers["X-RateLimit-Limit"] == "100"
    assert "Retry-After" not in answer.headers
    assert api.get("/videos").headers["X-RateLimit-Remaining"] == "98"
    apivideo.on("POST /videos", times=1).respond(429)
    told = api.post("/videos", json={"title": "a"}).headers
    assert [told[f"X-RateLimit-{name}"] for name in ("Limit", "Remaining")] == ["40", "0"]
    assert 0 < int(told["X-RateLimit-Retry-After"]) <= 60


@pytest.mark.parametrize(
    ("status", "slug"),
    [
        (400, "invalid-payload"),
        (401, "authentication-invalid-access-token"),
        (403, "authorization-suspended-account"),
        (404, "unrecognized-request-url"),
        (500, "general-errors"),
        (503, "general-errors"),
    ],
)
def test_a_status_brings_the_problem_that_the_api_answers_with_it(
    apivideo: ApiVideo, api: httpx.Client, status: int, slug: str
) -> None:
    apivideo.on("GET /videos").respond(status)
    answer = api.get("/videos")
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json()["status"] == status
    assert answer.json()["type"].endswith(f"/{slug}")


def test_an_answer_can_be_anything(apivideo: ApiVideo, api: httpx.Client) -> None:
    apivideo.on("GET /videos", nth=1).respond(599, body="<h1>", headers={"content-type": "text/x"})
    apivideo.on("GET /videos", nth=2).respond(418, json=[None], headers={"X-Mine": "é"})
    apivideo.on("GET /videos", nth=3).respond(204)
    odd, other, empty = (api.get("/videos") for _ in range(3))
    assert (odd.status_code, odd.text, odd.headers["Content-Type"]) == (599, "<h1>", "text/x")
    assert (other.json(), other.headers.get("x-mine").encode("latin-1")) == ([None], b"\xe9")
    assert other.headers["Content-Type"] == "application/json"
    assert (empty.status_code, empty.content) == (204, b"")


@pytest.mark.apivideo(extra_fields={"extra": 1})
def test_the_response_of_a_fault_is_sent_unchanged(apivideo: ApiVideo, api: httpx.Client) -> None:
    apivideo.on("GET /videos", times=1).respond(200, json={})
    assert [api.get("/videos").json().get("extra") for _ in range(2)] == [None, 1]


def test_a_fault_hits_its_own_project_only(
    apivideo: ApiVideo, apivideo_server: FakeServer, api: httpx.Client
) -> None:
    apivideo.on("GET /videos").respond(503)
    with apivideo_server.project() as other:
        answer = httpx.get(f"{other.url}/videos", auth=(other.api_key, ""))
        assert answer.status_code == 200
    assert statuses(api, 1) == [503]


def test_a_refused_login_obeys_the_faults_of_the_running_test(
    apivideo: ApiVideo, http: httpx.Client
) -> None:
    apivideo.on("POST /auth/api-key").respond(503)
    assert http.post("/auth/api-key", json={"apiKey": "nobody's"}).status_code == 503


def test_control_calls_are_never_hit(apivideo: ApiVideo, http: httpx.Client) -> None:
    apivideo.on("*", optional=True).respond(503)
    assert http.get("/_fake/health").status_code == 200


def test_a_fault_ends_with_its_block_or_when_it_is_removed(
    apivideo: ApiVideo, api: httpx.Client
) -> None:
    with apivideo.on("GET /videos").respond(503):
        assert statuses(api, 1) == [503]
    fault = apivideo.on("GET /videos").respond(500)
    assert list(apivideo.faults) == [fault]
    fault.remove()
    assert statuses(api, 1) == [200]
    assert len(apivideo.faults) == 0


def test_where_may_send_requests_itself(apivideo: ApiVideo, api: httpx.Client) -> None:
    def has_tags(request: FaultRequest) -> bool:
        return statuses(api, 1, "/tags") == [200]

    fault = apivideo.on("GET /videos", where=has_tags).respond(503)
    assert statuses(api, 1) == [503]
    assert fault.fired == 1


def test_an_answer_without_a_body_is_lost_whole(apivideo: ApiVideo, api: httpx.Client) -> None:
    video = apivideo.videos.add()
    apivideo.on("DELETE /videos/{videoId}").drop("middle")
    with pytest.raises(httpx.RemoteProtocolError, match="disconnected without sending a response"):
        api.delete(f"/videos/{video.id}")
    assert str(apivideo.calls.last()) == "DELETE /videos/{videoId} -> dropped"
    assert len(apivideo.videos) == 0


def test_head_is_lost_whole_too(apivideo: ApiVideo, api: httpx.Client) -> None:
    apivideo.on("HEAD *").drop("middle")
    with pytest.raises(httpx.RemoteProtocolError, match="disconnected without sending a response"):
        api.head("/videos")
    assert str(apivideo.calls.last()).endswith(" -> dropped")


@pytest.mark.parametrize("method", ["corrupt", "throttle"])
def test_an_answer_without_a_body_cannot_be_changed(
    apivideo: ApiVideo, api: httpx.Client, method: str
) -> None:
    fault = apivideo.on("DELETE /videos/{videoId}")
    fault = fault.corrupt("invalid") if method == "corrupt" else fault.throttle(60)
    assert api.delete(f"/videos/{apivideo.videos.add().id}").status_code == 204
    assert (fault.fired, apivideo.calls.last().fault) == (0, None)
    assert apivideo.calls.last().response_body == b""
    assert "1 request of DELETE /videos/{videoId}: its answer had no body" in str(
        apivideo.faults.end()
    )


@pytest.mark.parametrize(
    ("does", "reads"),
    [(lambda fault: fault.delay(0.001), 0), (lambda fault: fault.corrupt(), 1)],
    ids=["delayed", "corrupted"],
)
def test_only_a_fault_that_needs_a_large_body_reads_it(
    apivideo: ApiVideo, does: Callable[[Fault], Fault], reads: int
) -> None:
    read: list[bytes] = []

    def pieces() -> Iterator[bytes]:
        read.append(b"large")
        yield b"large"

    reply = Reply(200, b"", [("Content-Length", "5")], pieces())
    reply.apply_fault(does(apivideo.on("GET /videos", optional=True)), "GET")
    assert len(read) == reads


def test_an_http_status_is_a_status(apivideo: ApiVideo, api: httpx.Client) -> None:
    fault = apivideo.on("GET /videos").respond(HTTPStatus.SERVICE_UNAVAILABLE)
    assert repr(fault).endswith(".respond(503)")
    assert statuses(api, 1) == [503]


def test_the_response_is_shown_without_values(apivideo: ApiVideo) -> None:
    def shown(**given: Any) -> str:
        return repr(apivideo.on("GET /videos", optional=True).respond(429, **given))

    assert shown(retry_after=7).endswith(".respond(429, retry_after=7)")
    assert shown(json={"a": 1}, headers={"X-Mine": "1"}).endswith(
        ".respond(429, json=…, headers=…)"
    )


def test_an_error_in_where_fails_the_test(apivideo: ApiVideo, api: httpx.Client) -> None:
    apivideo.on("GET /videos", where=lambda request: 1 / 0, optional=True).respond(503)
    assert api.get("/videos").status_code == 500
    with pytest.raises(ZeroDivisionError):
        apivideo.check()


@pytest.mark.parametrize(
    ("numbers", "words"),
    [
        ({"nth": 0}, "nth= must be an integer from 1, not 0"),
        ({"times": -1}, "times= must be an integer from 1, not -1"),
        ({"part": True}, "part= must be an integer from 1, not True"),
        ({"nth": 1.5}, "nth= must be an integer from 1, not 1.5"),
        ({"probability": 0}, "probability= must be above 0 and at most 1, not 0"),
        ({"probability": 2}, "probability= must be above 0 and at most 1, not 2"),
        ({"probability": "x"}, "probability= must be above 0 and at most 1, not 'x'"),
        ({"where": "title"}, "where= must be a plain function of the request, not 'title'"),
        ({"optional": "no"}, "optional= must be True or False, not 'no'"),
    ],
)
def test_a_wrong_number_is_refused_and_makes_no_fault(
    apivideo: ApiVideo, numbers: dict[str, int], words: str
) -> None:
    with pytest.raises((TypeError, ValueError), match=f"^{words}; see docs/faults.md$"):
        apivideo.on("GET /videos", **numbers)  # type: ignore[arg-type]  # wrong on purpose
    assert len(apivideo.faults) == 0


def test_what_is_awaited_cannot_say_where(apivideo: ApiVideo) -> None:
    async def is_mine(request: FaultRequest) -> bool:
        return True

    with pytest.raises(TypeError, match="where= must be a plain function of the request"):
        apivideo.on("GET /videos", where=is_mine)
    with pytest.raises(TypeError, match='an operation is a string like "GET /videos", not None'):
        apivideo.on(None)  # type: ignore[arg-type]  # wrong on purpose


def test_a_misspelt_operation_is_refused_with_the_nearest(apivideo: ApiVideo) -> None:
    with pytest.raises(LookupError) as refused:
        apivideo.on("GET /video")
    assert str(refused.value.args[0]) == (
        "'GET /video' is not an operation of the fake. "
        "Did you mean GET /videos or GET /videos/{videoId} or POST /videos?"
    )
    with pytest.raises(LookupError, match=r'Write it like "GET /videos/\{videoId\}"'):
        apivideo.on("videos")
    with pytest.raises(LookupError, match="is not an operation of the fake"):
        apivideo.on("FETCH *")
    with pytest.raises(LookupError, match=r"Did you mean GET /videos or GET /videos/\{videoId\}"):
        apivideo.on("get /videos")


@pytest.mark.parametrize(
    ("wrong", "error", "words"),
    [
        (
            lambda fault: fault.respond(99),
            ValueError,
            "a response's status must be from 200 to 599",
        ),
        (lambda fault: fault.respond(200, json=1, body="1"), ValueError, "either json= or body="),
        (
            lambda fault: fault.respond(200, json=object()),
            TypeError,
            "json= must be serializable as JSON",
        ),
        (
            lambda fault: fault.respond(503, retry_after=1),
            ValueError,
            "for status 429 only, not 503",
        ),
        (
            lambda fault: fault.respond(200, json=float("nan")),
            TypeError,
            "json= must be serializable as JSON",
        ),
        (lambda fault: fault.respond(200, body=5), TypeError, "body= must be str or bytes, not 5"),
        (lambda fault: fault.respond(200, body=["a"]), TypeError, "use json= for JSON"),
        (lambda fault: fault.respond(429, retry_after=-3), ValueError, "seconds from 0, not -3"),
        (lambda fault: fault.respond(429, retry_after=1e999), ValueError, "from 0, not inf"),
        (lambda fault: fault.respond(429, retry_after="7"), ValueError, "from 0, not '7'"),
        (
            lambda fault: fault.respond(200, headers=[("a", "b")]),
            TypeError,
            "headers= must be a map",
        ),
        (
            lambda fault: fault.respond(200, headers={"Content-Length": "30"}),
            ValueError,
            r'Content-Length is set by the server, .* use .drop\("middle"\)',
        ),
        (
            lambda fault: fault.respond(200, headers={"transfer-encoding": "chunked"}),
            ValueError,
            "transfer-encoding is set by the server",
        ),
        (
            lambda fault: fault.respond(503).delay(1).respond(500),
            ValueError,
            r"\.respond\(503\)\.delay\(1\) has \.respond\(\) already; make two faults",
        ),
        (
            lambda fault: fault.respond(503).drop(),
            ValueError,
            r"\.respond\(503\)\.drop\('before'\) would never send that answer",
        ),
        (
            lambda fault: fault.drop("after").corrupt("empty"),
            ValueError,
            r'never send that answer: only drop\("middle"\) combines with respond',
        ),
        (
            lambda fault: fault.expire_token().revoke_token(),
            ValueError,
            r"\.expire_token\(\) has \.expire_token\(\) already; make two faults",
        ),
        (
            lambda fault: fault.respond(204, json={}),
            ValueError,
            "a response with status 204 has no body",
        ),
        (
            lambda fault: fault.respond(304, body=""),
            ValueError,
            "a response with status 304 has no body",
        ),
        (lambda fault: fault.wait_for("x"), ValueError, "must be an integer from 1, not 'x'"),
        (lambda fault: fault.wait_for(0), ValueError, "must be an integer from 1, not 0"),
        (
            lambda fault: fault.respond(200, headers={"a b": "c"}),
            ValueError,
            "is not a valid HTTP header",
        ),
        (
            lambda fault: fault.respond(200, headers={"a": "b\r\nc"}),
            ValueError,
            "is not a valid HTTP header",
        ),
        (
            lambda fault: fault.delay(-1),
            ValueError,
            r"delay\(\) takes seconds of real time above 0",
        ),
        (lambda fault: fault.hold("x"), ValueError, r"hold\(\) takes seconds of real time above 0"),
        (
            lambda fault: fault.drop("later"),
            ValueError,
            r"when=\) must be one of 'before', 'after', 'middle', not 'later'; see docs/faults.md",
        ),
        (
            lambda fault: fault.corrupt("all"),
            ValueError,
            r"how=\) must be one of 'truncated', 'invalid', 'content_type', 'empty', not 'all'",
        ),
    ],
)
def test_an_invalid_response_is_refused(
    apivideo: ApiVideo, wrong: object, error: type[Exception], words: str
) -> None:
    fault = apivideo.on("GET /videos")
    with pytest.raises(error, match=words):
        wrong(fault)  # type: ignore[operator]  # of a table
    fault.remove()


def test_durations_may_be_timedeltas(apivideo: ApiVideo) -> None:
    second = timedelta(seconds=1)
    fault = (
        apivideo.on("GET /videos", optional=True).delay(second).hold(second).throttle(2 * second)
    )
    assert repr(fault).endswith(".delay(1).hold().throttle(2)")
    with pytest.raises(TimeoutError, match=r"fired 0x in 0\.001 s, expected 1x"):
        fault.wait_for(timeout=timedelta(milliseconds=1))
    with pytest.raises(TimeoutError, match=r"GET /videos was called 0 times in 0\.001 s|never"):
        apivideo.calls.wait_for("GET /videos", timeout=timedelta(milliseconds=1))
