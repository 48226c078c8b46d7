"""The authenticated clients send the token to their own origin only."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from pytest_apivideo.clients.tokens import LoginRefused, Target, same_origin
from tests.plugin.auth_clients import (
    LOGIN,
    REFRESH,
    Answer,
    Caller,
    Stub,
)

# Where the token may go


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirect_to_a_foreign_origin_carries_no_token_and_its_401_renews_nothing(
    caller: Caller, stub: Stub, foreign: Stub, status: int
) -> None:
    stub.on("/videos", Answer(status, headers={"Location": foreign.url + "/videos"}))
    assert caller.get().status == 401
    assert [call.authorization for call in foreign.calls] == [None]
    assert [call.path for call in stub.calls] == [LOGIN, "/videos"]


def test_foreign_origin_gets_no_token_and_its_401_renews_nothing(
    caller: Caller, stub: Stub, foreign: Stub
) -> None:
    assert caller.get(foreign.url + "/videos").status == 401
    assert [call.authorization for call in foreign.calls] == [None]
    assert stub.calls == []


def test_redirect_within_the_origin_carries_the_token(caller: Caller, stub: Stub) -> None:
    stub.on("/old", Answer(307, headers={"Location": "/videos"}))
    assert caller.get("/old").status == 200
    assert [call.authorization for call in stub.calls[1:]] == ["Bearer access-1"] * 2


def test_redirect_that_comes_back_carries_the_token(
    caller: Caller, stub: Stub, foreign: Stub
) -> None:
    foreign.on("/there", Answer(302, headers={"Location": stub.url + "/videos"}))
    assert caller.get(foreign.url + "/there").status == 200
    assert foreign.calls[0].authorization is None


def test_token_is_renewed_in_the_middle_of_a_redirect(caller: Caller, stub: Stub) -> None:
    stub.on("/old", Answer(307, headers={"Location": "/videos"}))
    stub.on("/videos", Answer(401))
    assert caller.post("/old", json={"title": "A"}).status == 200
    assert [call.json for call in stub.to("/videos")] == [{"title": "A"}] * 2
    assert (stub.count("/old"), stub.count(REFRESH)) == (1, 1)


def test_login_follows_no_redirect(caller: Caller, stub: Stub, foreign: Stub) -> None:
    stub.on(LOGIN, Answer(307, headers={"Location": foreign.url + LOGIN}))
    with pytest.raises(LoginRefused, match="307"):
        caller.get()
    assert foreign.calls == []


@pytest.mark.parametrize("value", ["Bearer mine", "Basic bWluZTo=", ""])
def test_authorization_of_the_caller_is_sent_unchanged(
    caller: Caller, stub: Stub, value: str
) -> None:
    assert caller.get(headers={"authorization": value}).status == 401
    assert [(call.path, call.authorization) for call in stub.calls] == [("/videos", value)]


def test_auth_of_the_caller_is_sent_unchanged(caller: Caller, stub: Stub) -> None:
    assert caller.get(auth=("mine", "")).status == 401
    assert [(call.path, call.authorization) for call in stub.calls] == [
        ("/videos", "Basic bWluZTo=")
    ]


@pytest.mark.parametrize("kind", ["httpx", "asyncio", "trio"])
def test_httpx_auth_none_sends_no_credential(
    stub: Stub, make: Callable[..., Caller], kind: str
) -> None:
    assert make(kind, stub.url).get(auth=None).status == 401
    assert [(call.path, call.authorization) for call in stub.calls] == [("/videos", None)]


def test_authorization_of_the_caller_stays_at_home(
    caller: Caller, stub: Stub, foreign: Stub
) -> None:
    stub.on("/videos", Answer(307, headers={"Location": foreign.url + "/videos"}))
    caller.get(headers={"Authorization": "Bearer mine"})
    assert [call.authorization for call in foreign.calls] == [None]


def test_session_does_not_read_netrc(
    stub: Stub, make: Callable[..., Caller], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login someone password something\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    stub.on("/old", Answer(307, headers={"Location": "/videos"}))
    assert make("requests", stub.url).get("/old").status == 200
    assert {call.authorization for call in stub.calls[1:]} == {"Bearer access-1"}


def test_proxy_of_the_environment_is_used(
    kind: str, stub: Stub, make: Callable[..., Caller], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "no_proxy", "NO_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HTTP_PROXY", stub.url.removeprefix("http://"))
    assert make(kind, "http://video.invalid").get().status == 200
    assert [call.path for call in stub.calls] == [LOGIN, "/videos"]


def test_proxy_is_not_used_for_hosts_that_the_environment_excepts(
    kind: str, stub: Stub, make: Callable[..., Caller], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    assert make(kind, stub.url).get().status == 200


@pytest.mark.parametrize(
    ("url", "other", "same"),
    [
        ("http://a.test", "http://a.test:80/videos", True),
        ("https://a.test:443", "https://A.test/", True),
        ("http://[::1]:81", "http://[::1]:81/videos", True),
        ("http://a.test", "https://a.test", False),
        ("http://a.test:81", "http://a.test:82", False),
        ("http://a.test", "http://a.test.evil.test", False),
        ("http://a.test", "http://a.test@evil.test", False),
    ],
)
def test_origin_is_scheme_host_and_port(url: str, other: str, same: bool) -> None:
    assert same_origin(url, other) is same
    assert Target(url).wants_token(other) is same


@pytest.mark.parametrize("kind", ["httpx", "asyncio"])
def test_httpx_takes_an_ipv6_base_url(make: Callable[..., Caller], kind: str) -> None:
    assert make(kind, "http://[::1]:1").client.base_url.host == "::1"
