"""The control API, as a tester in any language uses it."""

from collections.abc import Iterator

import httpx
import pytest

from fake_server import FakeServer
from pytest_apivideo import ApiVideo


def bearer(apivideo: ApiVideo) -> dict[str, str]:
    return {"Authorization": f"Bearer {apivideo.tokens.issue().access_token}"}


def test_health_has_the_version(http: httpx.Client) -> None:
    answer = http.get("/_fake/health")
    assert answer.status_code == 200
    assert answer.json()["status"] == "ok"
    assert answer.json()["version"]


@pytest.mark.parametrize(
    ("move", "expected"),
    [
        ({"freeze": "2030-01-01T00:00:00Z"}, ("2030-01-01T00:00:00+00:00", "manual")),
        ({"travel": "2031-01-01"}, ("2031-01-01T00:00:00+00:00", "manual")),
        ({"advance": 3601}, ("2029-01-01T01:00:01+00:00", "manual")),
        ({"advance": 0.5}, ("2029-01-01T00:00:00.500000+00:00", "manual")),
        ({"freeze": None}, ("2029-01-01T00:00:00+00:00", "manual")),
        ({"resume": 0}, ("2029-01-01T00:00:00+00:00", "ticking")),
    ],
)
def test_the_clock_moves_and_answers_its_new_state(
    apivideo: ApiVideo, http: httpx.Client, move: dict[str, object], expected: tuple[str, str]
) -> None:
    apivideo.clock.freeze("2029-01-01")
    answer = http.post("/_fake/clock", json=move)
    assert answer.status_code == 200
    state = answer.json()
    assert (state["now"], state["mode"]) == expected
    assert http.get("/_fake/clock").json() == state
    assert apivideo.clock.now() == state["seconds"]


def test_follow_returns_to_the_processs_time(apivideo: ApiVideo, http: httpx.Client) -> None:
    apivideo.clock.freeze("2029-01-01")
    assert http.post("/_fake/clock", json={"follow": True}).json()["mode"] == "follow"


@pytest.mark.parametrize(
    ("body", "slug", "words"),
    [
        (b"", "invalid-payload", None),
        (b"[]", "invalid-payload", None),
        (b"{}", "invalid-payload", "Send exactly one of"),
        (b'{"advance": 1, "freeze": null}', "invalid-payload", "Send exactly one of"),
        (b'{"advance": "1"}', "invalid-attribute", "must be of type number"),
        (b'{"advance": -1}', "invalid-attribute", "use travel() to go back"),
        (b'{"advance": 1e300}', "invalid-attribute", "clock cannot leave the years"),
        (b'{"travel": "yesterday"}', "invalid-attribute", "is not a moment in ISO 8601"),
        (b'{"travel": null}', "invalid-attribute", "should not be null"),
        (b'{"resume": -1}', "invalid-attribute", "a rate must be from 0"),
    ],
)
def test_a_wrong_move_is_refused_and_moves_nothing(
    apivideo: ApiVideo, http: httpx.Client, body: bytes, slug: str, words: str | None
) -> None:
    before = apivideo.clock.freeze("2029-01-01")
    answer = http.post("/_fake/clock", content=body)
    assert answer.status_code == 400
    assert answer.json()["type"].endswith(slug)
    assert words is None or words in answer.json()["detail"]
    assert apivideo.clock.now() == before


def test_a_token_expires_when_the_clock_is_advanced_over_http(
    apivideo: ApiVideo, http: httpx.Client
) -> None:
    headers = bearer(apivideo)
    assert http.get("/videos", headers=headers).status_code == 200
    http.post("/_fake/clock", json={"advance": 3601}, headers=headers).raise_for_status()
    assert http.get("/videos", headers=headers).status_code == 401


def test_tokens_are_listed_masked_expired_and_revoked(
    apivideo: ApiVideo, http: httpx.Client
) -> None:
    grant = apivideo.tokens.issue()
    listed = http.get("/_fake/tokens")
    assert [token["active"] for token in listed.json()["tokens"]] == [True]
    assert grant.access_token not in listed.text
    expired = http.post("/_fake/tokens/expire").json()["tokens"]
    assert [(token["active"], token["revoked"]) for token in expired] == [(False, False)]
    assert http.post("/auth/refresh", json={"refreshToken": grant.refresh_token}).status_code == 200
    revoked = http.post("/_fake/tokens/revoke").json()["tokens"]
    assert [token["active"] for token in revoked] == [False, False]


def test_reset_empties_the_project_and_keeps_its_keys(
    apivideo: ApiVideo, http: httpx.Client
) -> None:
    headers = bearer(apivideo)
    http.post("/videos", json={"title": "a"}, headers=headers).raise_for_status()
    apivideo.clock.freeze("2029-01-01")
    apivideo.settings.expires_in = 60
    assert http.post("/_fake/reset", headers=headers).json()["clock"]["mode"] == "follow"
    assert http.get("/videos", headers=headers).status_code == 401
    basic = httpx.BasicAuth(apivideo.api_key, "")
    assert http.get("/videos", auth=basic).json()["pagination"]["itemsTotal"] == 0
    assert apivideo.settings.expires_in == 3600
    assert len(apivideo.calls) == 2


def test_control_calls_are_not_recorded(apivideo: ApiVideo, http: httpx.Client) -> None:
    http.get("/_fake/health")
    http.get("/_fake/nothing")
    assert not apivideo.calls


@pytest.fixture
def other(apivideo_server: FakeServer) -> Iterator[ApiVideo]:
    with apivideo_server.project() as handle:
        yield handle


def test_the_credential_selects_the_project(
    apivideo: ApiVideo, other: ApiVideo, http: httpx.Client
) -> None:
    headers = bearer(other)
    other.tokens.expire_all()
    http.post("/_fake/clock", json={"freeze": "2029-01-01"}, headers=headers).raise_for_status()
    assert (other.clock.mode, apivideo.clock.mode) == ("manual", "follow")
    basic = httpx.BasicAuth(other.production_key, "")
    assert http.get("/_fake/clock", auth=basic).json()["mode"] == "manual"


def test_an_unknown_credential_is_refused(http: httpx.Client) -> None:
    assert (
        http.post("/_fake/reset", headers={"Authorization": "Bearer nonsense"}).status_code == 401
    )
    assert http.post("/_fake/reset", headers={"Authorization": "Basic !"}).status_code == 401


def test_a_web_page_of_another_origin_cannot_steer(apivideo: ApiVideo, http: httpx.Client) -> None:
    foreign = http.post("/_fake/reset", headers={"Origin": "https://evil.example"})
    assert foreign.status_code == 403
    assert "access-control-allow-origin" not in foreign.headers
    assert http.post("/_fake/reset", headers={"Origin": apivideo.url}).status_code == 200
