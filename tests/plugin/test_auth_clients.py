"""The authenticated clients, against a stub that knows nothing but tokens.

Every rule is a test over all kinds of client: `requests`, and `httpx` in threads, asyncio and trio.
"""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator
from typing import Any

import freezegun
import httpx
import pytest
import requests

from pytest_apivideo.clients.tokens import LoginRefused, wall_clock
from tests.plugin.auth_clients import (
    DROP,
    KEY,
    LOGIN,
    REFRESH,
    TITLED,
    Answer,
    Caller,
    Stub,
    Time,
)

# Logging in


def test_first_request_logs_in_and_the_next_ones_reuse_the_token(
    caller: Caller, stub: Stub
) -> None:
    assert [caller.get().status for _ in range(3)] == [200, 200, 200]
    assert [call.path for call in stub.calls] == [LOGIN, "/videos", "/videos", "/videos"]
    login, *others = stub.calls
    assert (login.method, login.json, login.authorization) == ("POST", {"apiKey": KEY}, None)
    assert {call.authorization for call in others} == {"Bearer access-1"}


def test_making_a_client_sends_nothing(caller: Caller, stub: Stub) -> None:
    assert stub.calls == []


@pytest.mark.parametrize(
    ("base", "url", "path"),
    [
        ("", "/videos", "/videos"),
        ("", "videos", "/videos"),
        ("/", "/videos", "/videos"),
        ("/v1", "/videos", "/v1/videos"),
        ("", "{origin}/videos", "/videos"),
        ("", "/videos?next=http://elsewhere.test/", "/videos"),
    ],
)
def test_url_may_be_relative_or_absolute(
    kind: str, stub: Stub, make: Callable[..., Caller], base: str, url: str, path: str
) -> None:
    make(kind, stub.url + base).get(url.format(origin=stub.url))
    assert [call.path for call in stub.calls] == [base.rstrip("/") + LOGIN, path]


def test_session_takes_urls_as_bytes(stub: Stub, make: Callable[..., Caller]) -> None:
    assert make("requests", stub.url).client.get(b"/videos").status_code == 200


@pytest.mark.parametrize("path", [LOGIN, REFRESH, "/upload"])
def test_operations_that_need_no_token_are_sent_as_they_are(
    caller: Caller, stub: Stub, path: str
) -> None:
    stub.on(path, Answer(401, TITLED))
    assert caller.post(path + "?token=to1", json={"apiKey": "other"}).status == 401
    assert [(call.path, call.authorization) for call in stub.calls] == [(path, None)]


# Renewing in time


@pytest.mark.parametrize(
    ("expires_in", "age", "renewed"),
    [
        (3600, 3589.9, False),
        (3600, 3590, True),
        (100, 89.9, False),
        (100, 90, True),
        (5, 4.4, False),
        (5, 4.5, True),
        (None, 1e9, False),
    ],
)
def test_token_is_renewed_shortly_before_it_expires(
    caller: Caller, stub: Stub, time: Time, expires_in: Any, age: float, renewed: bool
) -> None:
    stub.expires_in = expires_in
    caller.get()
    time.seconds += age
    caller.get()
    assert (stub.count(LOGIN), stub.count(REFRESH)) == (1, int(renewed))
    assert stub.calls[-1].authorization == f"Bearer access-{1 + renewed}"


def test_token_that_expires_at_once_is_used_once(caller: Caller, stub: Stub) -> None:
    stub.expires_in = 0
    assert [caller.get().status for _ in range(2)] == [200, 200]
    assert [call.path for call in stub.calls] == [LOGIN, "/videos", REFRESH, "/videos"]


def test_each_refresh_uses_the_refresh_token_of_the_last(
    caller: Caller, stub: Stub, time: Time
) -> None:
    for _ in range(3):
        caller.get()
        time.seconds += 3600
    sent = [call.json for call in stub.to(REFRESH)]
    assert sent == [{"refreshToken": "refresh-1"}, {"refreshToken": "refresh-2"}]
    assert stub.count(LOGIN) == 1


@pytest.mark.parametrize(
    "answer",
    [Answer(400, TITLED), Answer(401, TITLED), Answer(500), Answer(503, []), Answer(200, {})],
    ids=lambda answer: str(answer.status),
)
def test_refresh_that_gives_no_token_is_followed_by_one_login(
    caller: Caller, stub: Stub, time: Time, answer: Answer
) -> None:
    caller.get()
    time.seconds += 3600
    stub.on(REFRESH, answer)
    assert caller.get().status == 200
    assert [call.path for call in stub.calls[2:]] == [REFRESH, LOGIN, "/videos"]


def test_login_without_a_refresh_token_is_renewed_by_login(caller: Caller, stub: Stub) -> None:
    stub.access.add("alone")
    stub.on(LOGIN, Answer(200, {"access_token": "alone", "expires_in": 0}))
    caller.get()
    caller.get()
    assert (stub.count(LOGIN), stub.count(REFRESH)) == (2, 0)


def test_age_follows_the_frozen_time_by_default() -> None:
    with freezegun.freeze_time("2001-09-09 01:46:40"):
        assert wall_clock() == 1_000_000_000


# After a 401


def test_refused_token_is_renewed_and_the_request_repeated(caller: Caller, stub: Stub) -> None:
    caller.get()
    stub.expire_all()
    assert caller.get().status == 200
    assert [call.path for call in stub.calls[2:]] == ["/videos", REFRESH, "/videos"]
    assert stub.calls[-1].authorization == "Bearer access-2"


def test_second_401_is_returned(caller: Caller, stub: Stub) -> None:
    stub.on("/videos", *[Answer(401, TITLED)] * 10)
    answer = caller.get()
    assert (answer.status, json.loads(answer.body)) == (401, TITLED)
    assert [call.path for call in stub.calls] == [LOGIN, "/videos", REFRESH, "/videos"]


@pytest.mark.parametrize("status", [400, 403, 404, 500, 503])
def test_other_errors_are_returned_as_they_are(caller: Caller, stub: Stub, status: int) -> None:
    stub.on("/videos", Answer(status, TITLED))
    assert caller.get().status == status
    assert [call.path for call in stub.calls] == [LOGIN, "/videos"]


@pytest.mark.parametrize(
    "options",
    [
        {"json": {"title": "A"}},
        {"data": {"title": "A"}},
        {"files": {"file": ("a.mp4", b"film", "video/mp4")}},
        {"files": {"file": io.BytesIO(b"film")}},
        {},
    ],
    ids=["json", "form", "multipart of bytes", "multipart of a file", "none"],
)
def test_body_is_repeated_whole(caller: Caller, stub: Stub, options: dict[str, Any]) -> None:
    caller.get()
    stub.expire_all()
    assert caller.post(**options).status == 200
    first, repeated = (
        call for call in stub.calls if call.method == "POST" and call.path == "/videos"
    )
    assert first.body == repeated.body
    assert bool(first.body) == bool(options)


def test_session_repeats_a_file_from_where_it_began(
    stub: Stub, make: Callable[..., Caller]
) -> None:
    film = io.BytesIO(b"head:film")
    film.seek(5)
    stub.on("/videos", Answer(401))
    assert make("requests", stub.url).post(data=film).status == 200
    assert [call.body for call in stub.to("/videos")] == [b"film", b"film"]


def test_body_that_was_used_up_is_not_repeated_but_the_token_is_renewed(
    caller: Caller, stub: Stub
) -> None:
    caller.get()
    stub.expire_all()
    answer = caller.post(**caller.stream(b"fi", b"lm"))
    assert (answer.status, b"invalid or expired" in answer.body) == (401, True)
    assert [call.body for call in stub.to("/videos")] == [b"", b"film"]
    assert stub.count(REFRESH) == 1
    assert caller.get().status == 200
    assert stub.count(REFRESH) == 1


class Pipe(io.BytesIO):
    """A file that cannot go back."""

    def seekable(self) -> bool:
        return False

    def tell(self) -> int:
        raise io.UnsupportedOperation

    def seek(self, *args: int) -> int:
        raise io.UnsupportedOperation


class Stuck(io.BytesIO):
    """A file that knows where it is but refuses to go back."""

    def seek(self, *args: int) -> int:
        if self.tell():
            raise io.UnsupportedOperation
        return super().seek(*args)


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("requests", lambda: {"data": Pipe(b"film")}),
        ("requests", lambda: {"data": Stuck(b"film")}),
        ("httpx", lambda: {"content": Pipe(b"film")}),
        ("httpx", lambda: {"content": io.BytesIO(b"film")}),
        ("httpx", lambda: {"files": {"file": Pipe(b"film")}}),
        ("httpx", lambda: {"content": (c for c in [b"film"]), "headers": {"Content-Length": "4"}}),
        ("asyncio", lambda: {"files": {"file": Pipe(b"film")}}),
        ("trio", lambda: {"files": {"file": Pipe(b"film")}}),
    ],
)
def test_file_that_cannot_be_read_again_is_not_repeated(
    stub: Stub, make: Callable[..., Caller], kind: str, options: Callable[[], dict[str, Any]]
) -> None:
    caller = make(kind, stub.url)
    stub.on("/videos", Answer(401))
    assert caller.post(**options()).status == 401
    assert (stub.count("/videos"), stub.count(REFRESH)) == (1, 1)


@pytest.mark.parametrize("kind", ["requests", "httpx"])
def test_repeating_gives_the_connection_back(
    stub: Stub, make: Callable[..., Caller], kind: str
) -> None:
    caller = make(kind, stub.url)
    caller.get()
    stub.expire_all()
    if kind == "requests":
        with caller.client.get("/videos", stream=True) as response:
            assert json.loads(response.raw.read()) == {"path": "/videos"}
    else:
        with caller.client.stream("GET", "/videos") as response:
            assert json.loads(b"".join(response.iter_raw())) == {"path": "/videos"}
    assert stub.connections == 1


@pytest.mark.parametrize("kind", ["asyncio", "trio"])
def test_async_client_keeps_no_connection(
    stub: Stub, make: Callable[..., Caller], kind: str
) -> None:
    caller = make(kind, stub.url)
    caller.get()
    stub.expire_all()
    caller.get()
    stub.on("/videos", Answer(401))
    caller.post(**caller.stream(b"film"))
    assert stub.wait_until_open(at_most=0)


@pytest.mark.parametrize("repeatable", [True, False])
def test_failing_renewal_after_a_401_closes_the_answer(
    caller: Caller, stub: Stub, repeatable: bool
) -> None:
    caller.get()
    stub.expire_all()
    stub.on(REFRESH, Answer(400))
    stub.on(LOGIN, Answer(400, TITLED))
    with pytest.raises(LoginRefused) as caught:
        caller.post(**({} if repeatable else caller.stream(b"film")))
    kept_for_the_next_request = 0 if caller.is_async else 1
    assert stub.wait_until_open(at_most=kept_for_the_next_request)
    assert caught.value.status == 400  # alive until here, and with it whatever its frames hold
    assert caller.get().status == 200


# When there is no token to be had


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (Answer(400, TITLED), ["400", "The user credentials were incorrect.", "sandbox"]),
        (Answer(401, {"title": "The API key is invalid."}), ["401", "The API key is invalid."]),
        (Answer(503, {"title": "Down"}), ["503", "Down", "base URL"]),
        (Answer(502, ["no", "problem"]), ["502", "no problem title"]),
        (Answer(504, b"<html>"), ["504", "no problem title"]),
        (Answer(200, {}), ["200", "no token", "base URL"]),
    ],
    ids=lambda case: str(case.status) if isinstance(case, Answer) else "",
)
def test_a_refused_login_shows_the_answer_and_a_hint(
    caller: Caller, stub: Stub, answer: Answer, said: list[str]
) -> None:
    stub.on(LOGIN, answer)
    with pytest.raises(LoginRefused) as caught:
        caller.get()
    error = caught.value
    assert error.url == stub.url + LOGIN
    assert error.status == answer.status
    titled = isinstance(answer.body, dict) and answer.status >= 400
    assert error.problem == (answer.body if titled else None)
    for words in [stub.url + LOGIN, *said]:
        assert words in str(error)
    assert stub.count("/videos") == 0


def test_secrets_are_in_no_repr_and_no_refusal(caller: Caller, stub: Stub) -> None:
    stub.on(LOGIN, Answer(400, {"title": f"No {KEY}", "problems": [{"name": KEY, "n": 1}]}))
    with pytest.raises(LoginRefused) as caught:
        caller.get()
    assert caught.value.problem == {"title": "No ***", "problems": [{"name": "***", "n": 1}]}
    caller.get()
    shown = [repr(caught.value), str(caught.value), *reprs(caller.client)]
    assert any("SharedToken" in text for text in shown)
    for secret in (KEY, "access-1", "refresh-1"):
        assert not any(secret in text for text in shown)


def reprs(thing: object) -> Iterator[str]:
    """Yield the reprs of a client and of all of our objects in it."""
    yield repr(thing)
    for value in getattr(thing, "__dict__", {}).values():
        for inner in value.values() if isinstance(value, dict) else [value]:
            if type(inner).__module__.startswith("pytest_apivideo"):
                yield from reprs(inner)


@pytest.mark.parametrize("path", [LOGIN, "/videos"])
def test_connection_error_shows_the_request_of_the_caller(
    caller: Caller, stub: Stub, path: str
) -> None:
    stub.on(path, DROP)
    with pytest.raises((httpx.TransportError, requests.ConnectionError)) as caught:
        caller.get()
    request = caught.value.request  # type: ignore[attr-defined]  # both libraries set it
    assert str(request.url) == stub.url + "/videos"
    assert "Authorization" not in request.headers


@pytest.mark.parametrize(
    ("path", "answer", "showlocals"),
    [(LOGIN, DROP, True), (LOGIN, Answer(400, TITLED), True), ("/videos", DROP, False)],
    ids=["login dropped", "login refused", "request dropped"],
)
def test_traceback_shows_no_secret(
    caller: Caller, stub: Stub, path: str, answer: Answer, showlocals: bool
) -> None:
    stub.on(path, answer)
    with pytest.raises(Exception, match=r"\w") as caught:
        caller.get()
    printed = str(caught.getrepr(style="long", showlocals=showlocals))
    assert "test_auth_clients.py" in printed
    assert KEY not in printed
    assert "access-1" not in printed


def test_answer_shows_no_token(caller: Caller) -> None:
    assert "Authorization" not in caller.get().request_headers
