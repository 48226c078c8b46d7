"""The record of calls, and the assertions on it."""

import asyncio
import threading
from collections.abc import Callable
from datetime import UTC, datetime

import httpx
import pytest
import trio

from fake_server.calls import Call, Calls
from fake_server.core.names import Names
from pytest_apivideo import ApiVideo

OPERATIONS = ["GET /videos", "POST /videos", "GET /videos/{videoId}", "POST /auth/refresh"]


def recorded(*steps: str) -> Calls:
    calls = Calls(Names(OPERATIONS), 100)
    for step in steps:
        name, status = step.split(" -> ")
        method, path = name.split(" ")
        calls.record(
            Call(
                operation=name,
                method=method,
                path=path.replace("{videoId}", "vi1"),
                query="",
                status=int(status),
                environment="sandbox",
                credential="bearer",
                at=datetime(2030, 1, 1, tzinfo=UTC),
                request_body=b'{"a":1}',
                response_body=b'{"b":2}',
            ),
            100,
        )
    return calls


CALLS = recorded(
    "GET /videos -> 200",
    "GET /videos -> 401",
    "POST /auth/refresh -> 200",
    "GET /videos -> 200",
    "GET /videos/{videoId} -> 404",
)


@pytest.mark.parametrize(
    ("operation", "count"),
    [
        ("GET /videos", 3),
        ("POST /videos", 0),
        ("GET /videos/{videoId}", 1),
        ("GET /videos/{id}", 1),
        ("GET /videos/vi1", 1),
    ],
)
def test_count_takes_an_operation_by_any_of_its_names(operation: str, count: int) -> None:
    assert CALLS.count(operation) == count


def test_a_misspelt_operation_is_an_error_that_names_the_nearest() -> None:
    with pytest.raises(LookupError, match=r"Did you mean .*GET /videos"):
        CALLS.count("GET /vidoes")


def test_an_operation_without_a_method_is_an_error_with_a_hint() -> None:
    with pytest.raises(LookupError, match=r'Write it like "GET /videos/\{videoId\}"'):
        CALLS.count("/videos")


@pytest.mark.parametrize("operation", ["GET /videos -> 200", "GET /videos/{id} -> 200"])
def test_a_misplaced_status_is_an_error_with_a_hint(operation: str) -> None:
    with pytest.raises(LookupError, match=r"Only assert_sequence\(\) takes a status"):
        CALLS.count(operation)


def test_last_is_the_newest_call() -> None:
    assert CALLS.last().status == 404
    assert CALLS.last("GET /videos").status == 200
    assert CALLS.last("GET /videos").ok
    assert not CALLS.last().ok
    assert CALLS.last().json == {"a": 1}
    assert CALLS.last().answer == {"b": 2}


def test_last_without_a_match_lists_the_calls() -> None:
    with pytest.raises(AssertionError, match=r"no call of POST /videos yet\.\nThe calls:\n  GET"):
        CALLS.last("POST /videos")
    with pytest.raises(AssertionError, match=r"any operation yet\.\nNo call was recorded"):
        recorded().last()


def test_assert_called_counts() -> None:
    CALLS.assert_called("GET /videos")
    CALLS.assert_called("GET /videos", times=3)
    CALLS.assert_called("POST /videos", times=0)
    with pytest.raises(AssertionError, match="was called 3 times, not once"):
        CALLS.assert_called("GET /videos", times=1)
    with pytest.raises(AssertionError, match="was called 0 times, not at least once"):
        CALLS.assert_called("POST /videos")


@pytest.mark.parametrize(
    "steps",
    [
        ["GET /videos -> 200"],
        ["GET /videos -> 401", "POST /auth/refresh -> 200", "GET /videos -> 200"],
        ["GET /videos -> 4xx", "POST /auth/refresh", "GET /videos -> 2xx"],
        ["GET /videos", "GET /videos/{id} -> 404"],
    ],
)
def test_a_sequence_is_a_run_anywhere_in_the_record(steps: list[str]) -> None:
    CALLS.assert_sequence(*steps)


@pytest.mark.parametrize(
    "steps",
    [
        ["GET /videos -> 500"],
        ["GET /videos -> 401", "GET /videos -> 200"],
        ["GET /videos/{id} -> 404", "GET /videos"],
        ["GET /videos"] * 6,
    ],
)
def test_a_sequence_with_a_gap_or_another_status_fails(steps: list[str]) -> None:
    with pytest.raises(AssertionError, match=r"(?s)did not come in a row.*The calls:"):
        CALLS.assert_sequence(*steps)


def test_a_misspelt_step_of_a_sequence_is_an_error() -> None:
    with pytest.raises(LookupError, match="is not an operation"):
        CALLS.assert_sequence("GET /vidoes -> 200")
    with pytest.raises(ValueError, match="no valid status after the arrow"):
        CALLS.assert_sequence("GET /videos -> ok")
    with pytest.raises(ValueError, match="takes one or more steps, each a string"):
        CALLS.assert_sequence()
    with pytest.raises(ValueError, match="takes one or more steps, each a string"):
        CALLS.assert_sequence(["GET /videos"])  # type: ignore[arg-type]  # wrong on purpose


def test_a_failure_shows_the_newest_calls_only() -> None:
    many = recorded(*["GET /videos -> 200"] * 30)
    with pytest.raises(AssertionError, match="the newest 20 of 30"):
        many.assert_called("POST /videos")


def test_the_record_is_a_sequence() -> None:
    assert len(CALLS) == 5
    assert CALLS[0].status == 200
    assert [call.status for call in CALLS[1:3]] == [401, 200]
    assert [str(call) for call in CALLS][-1] == "GET /videos/{videoId} -> 404"
    assert repr(CALLS) == "<Calls 5>"


def test_a_call_has_its_request_and_its_answer(apivideo: ApiVideo, http: httpx.Client) -> None:
    http.post("/auth/api-key?a=b", json={"apiKey": apivideo.api_key}, headers={"X-Mine": "yes"})
    call = apivideo.calls.last()
    assert call.operation == "POST /auth/api-key"
    assert (call.method, call.path, call.query) == ("POST", "/auth/api-key", "a=b")
    assert (call.environment, call.credential) == ("sandbox", "api_key")
    assert call.headers["X-Mine"] == "yes"
    assert call.json == {"apiKey": apivideo.api_key}
    assert call.answer["token_type"] == "Bearer"
    assert call.at <= apivideo.clock.datetime()
    assert apivideo.api_key not in repr(call)


@pytest.mark.apivideo(max_calls=3, max_body=10)
def test_the_record_keeps_the_newest_calls_and_the_first_bytes(
    apivideo: ApiVideo, http: httpx.Client
) -> None:
    for number in range(5):
        http.post(f"/nowhere/{number}", content=b"x" * 100)
    assert [call.path for call in apivideo.calls] == ["/nowhere/2", "/nowhere/3", "/nowhere/4"]
    assert apivideo.calls.last().request_body == b"x" * 10
    assert len(apivideo.calls.last().response_body) == 10


def test_an_empty_body_is_no_json(apivideo: ApiVideo, api: httpx.Client) -> None:
    api.delete(f"/videos/{apivideo.videos.add().id}")
    assert (apivideo.calls.last().json, apivideo.calls.last().answer) == (None, None)


def test_a_path_that_no_operation_has_is_recorded_under_its_own_name(
    apivideo: ApiVideo, http: httpx.Client
) -> None:
    assert http.get("/nowhere").status_code == 404
    apivideo.calls.assert_called("GET /nowhere", times=1)
    apivideo.calls.clear()
    assert not apivideo.calls


def failure(check: Callable[[], object]) -> str:
    with pytest.raises(AssertionError) as failed:
        check()
    return str(failed.value)


def test_a_sequence_that_did_not_come_shows_the_nearest_run_and_the_difference() -> None:
    steps = ("GET /videos -> 4xx", "POST /videos -> 201", "GET /videos")
    assert failure(lambda: CALLS.assert_sequence(*steps)) == (
        "these calls did not come in a row:\n"
        "  GET /videos -> 4xx\n"
        "  POST /videos -> 201\n"
        "  GET /videos\n"
        "The nearest run of calls (- expected, + called):\n"
        "    GET /videos -> 4xx\n"
        "  - POST /videos -> 201\n"
        "  + POST /auth/refresh -> 200\n"
        "    GET /videos\n"
        "The calls:\n"
        "  GET /videos -> 200\n"
        "  GET /videos -> 401\n"
        "  POST /auth/refresh -> 200\n"
        "  GET /videos -> 200\n"
        "  GET /videos/{videoId} -> 404"
    )


def test_a_call_that_was_not_made_shows_the_nearest_ones() -> None:
    assert failure(lambda: CALLS.assert_called("POST /videos")) == (
        "POST /videos was called 0 times, not at least once.\n"
        "The nearest calls:\n"
        "  GET /videos -> 401\n"
        "  GET /videos -> 200 (2x)\n"
        "  GET /videos/{videoId} -> 404\n"
        "The calls:\n"
        "  GET /videos -> 200\n"
        "  GET /videos -> 401\n"
        "  POST /auth/refresh -> 200\n"
        "  GET /videos -> 200\n"
        "  GET /videos/{videoId} -> 404"
    )


def test_assert_refreshed_counts_successes() -> None:
    CALLS.assert_refreshed()
    CALLS.assert_refreshed(times=1)
    recorded().assert_refreshed(times=0)
    twice = recorded("POST /auth/refresh -> 400", "POST /auth/refresh -> 200")
    twice.assert_refreshed(times=1)
    assert failure(lambda: twice.assert_refreshed(times=2)) == (
        "POST /auth/refresh succeeded once, not 2 times. It was refused once.\n"
        "The calls:\n"
        "  POST /auth/refresh -> 400\n"
        "  POST /auth/refresh -> 200"
    )
    assert "succeeded 0 times, not at least once." in failure(recorded().assert_refreshed)


@pytest.mark.parametrize(
    ("steps", "words"),
    [
        (["GET /videos -> 401", "POST /auth/refresh -> 200", "GET /videos -> 200"], None),
        (["GET /videos -> 401", "GET /videos -> 401", "GET /videos -> 200"], None),
        (["GET /videos -> 401", "GET /videos -> 404"], None),
        (["GET /videos -> 200"], "no call was answered 401, so none was retried."),
        (["POST /auth/refresh -> 401"], "no call was answered 401, so none was retried."),
        (["GET /videos -> 401"], "GET /videos -> 401 was not retried."),
        (
            ["GET /videos -> 401", "POST /videos -> 201"],
            "GET /videos -> 401 was not retried.",
        ),
        (
            ["GET /videos -> 401", "GET /videos -> 401"],
            "GET /videos -> 401 was retried once, without success.",
        ),
    ],
)
def test_a_retry_is_the_same_request_that_is_let_in(steps: list[str], words: str | None) -> None:
    calls = recorded(*steps)
    if words is None:
        calls.assert_retried_after_401()
    else:
        said = failure(calls.assert_retried_after_401)
        assert said.startswith(f"{words}\nThe calls:\n  {steps[0]}")


def test_a_client_that_renews_has_retried(apivideo: ApiVideo, apivideo_http: httpx.Client) -> None:
    apivideo_http.get("/videos")
    apivideo.tokens.expire_all()
    apivideo_http.get("/videos")
    apivideo.calls.assert_retried_after_401()
    apivideo.calls.assert_refreshed(times=1)
    apivideo.calls.assert_no_warnings()


def test_a_call_from_a_thread_is_waited_for(apivideo: ApiVideo) -> None:
    def ask() -> None:
        for _ in range(2):
            httpx.get(f"{apivideo.url}/videos", auth=(apivideo.api_key, ""))

    thread = threading.Thread(target=ask)
    thread.start()
    call = apivideo.calls.wait_for("GET /videos", 2)
    assert call is apivideo.calls[1]
    thread.join()


def test_an_event_loop_runs_during_a_wait_for_a_call(apivideo: ApiVideo) -> None:
    async def ask() -> int:
        async with httpx.AsyncClient(auth=(apivideo.api_key, "")) as client:
            waiting = asyncio.ensure_future(apivideo.calls.async_wait_for("GET /videos"))
            await client.get(f"{apivideo.url}/videos")
            return (await waiting).status

    async def ask_with_trio() -> int:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(trio.to_thread.run_sync, lambda: httpx.get(f"{apivideo.url}/tags"))
            return (await apivideo.calls.async_wait_for("GET /tags")).status

    assert asyncio.run(ask()) == 200
    assert trio.run(ask_with_trio) == 401


def test_a_wait_in_vain_ends_with_a_list_of_calls(apivideo: ApiVideo, api: httpx.Client) -> None:
    api.get("/videos")
    with pytest.raises(TimeoutError) as late:
        apivideo.calls.wait_for("GET /videos", 2, timeout=0.01)
    assert str(late.value) == (
        "GET /videos was called once in 0.01 s, not 2 times.\nThe calls:\n  GET /videos -> 200"
    )
    with pytest.raises(LookupError, match="is not an operation"):
        apivideo.calls.wait_for("GET /vidoes")


def test_a_call_has_its_problem_and_duration(apivideo: ApiVideo, api: httpx.Client) -> None:
    apivideo.clock.freeze()
    api.get("/videos/nobody")
    api.get("/videos")
    refused, good = apivideo.calls
    assert refused.problem is not None
    assert refused.problem["title"] == "The requested resource could not be found."
    assert good.problem is None
    assert good.project == refused.project != ""
    assert 0 < good.duration < 60
    assert good.clock_duration == 0
    assert good.fault is None
    apivideo.settings.max_body = 5
    api.get("/videos/nobody")
    assert apivideo.calls.last().problem is None
