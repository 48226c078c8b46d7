"""Faults, the record of calls, settings and projects, as a tester in any language uses them."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from fake_server import FakeServer
from fake_server.settings import names
from pytest_apivideo import ApiVideo


def faults(http: httpx.Client, **rule: Any) -> list[dict[str, Any]]:
    answer = http.post("/_fake/faults", json=rule)
    assert answer.status_code == 200, answer.text
    listed: list[dict[str, Any]] = answer.json()["faults"]
    return listed


def test_a_fault_is_made_listed_and_ended(
    apivideo: ApiVideo, http: httpx.Client, api: httpx.Client
) -> None:
    made = faults(http, on="GET /videos", times=2, respond={"status": 503})
    shown = {"id": "1", "fault": 'apivideo.on("GET /videos", times=2).respond(503)', "fired": 0}
    assert made == [{**shown, "madeAt": "the control API"}]
    assert [api.get("/videos").status_code for _ in range(3)] == [503, 503, 200]
    assert http.get("/_fake/faults").json()["faults"][0]["fired"] == 2
    faults(http, on="GET /tags", delay=0.001)
    assert len(http.delete("/_fake/faults/1").json()["faults"]) == 1
    assert http.delete("/_fake/faults/1").status_code == 404
    assert http.delete("/_fake/faults").json() == {"faults": []}
    assert len(apivideo.faults) == 0


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        (
            {"respond": {"status": 429, "retryAfter": 7, "headers": {"X-Mine": "1"}}},
            ".respond(429, headers=…, retry_after=7.0)",
        ),
        ({"respond": {"status": 200, "json": None, "body": "x"}}, ".respond(200, body=…)"),
        ({"drop": "after", "reset": True}, ".drop('after', reset=True)"),
        ({"reset": True}, ".drop('before', reset=True)"),
        ({"corrupt": "invalid", "delay": 0.5}, ".delay(0.5).corrupt('invalid')"),
        ({"throttle": 1}, ".throttle(1)"),
        ({"expireToken": True, "times": 3}, ".expire_token()"),
        ({"revokeToken": True, "nth": 2}, ".revoke_token()"),
        ({"hold": 5, "part": 2, "probability": 0.5}, ".hold()"),
    ],
)
def test_every_kind_has_a_spelling(http: httpx.Client, rule: dict[str, Any], words: str) -> None:
    (made,) = faults(http, on="* /videos*", optional=True, **rule)
    assert made["fault"].endswith(words)


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        (
            {"on": "GET /vidoes", "delay": 1},
            "is not an operation of the fake. Did you mean GET",
        ),
        (
            {"on": "GET /videos"},
            "one of respond, delay, hold, drop, reset, corrupt, throttle, expireToken, revokeToken",
        ),
        ({"on": "GET /videos", "nth": 0, "delay": 1}, "nth= must be an integer from 1, not 0"),
        ({"on": "GET /videos", "delay": -1}, "takes seconds of real time above 0"),
        ({"on": "GET /videos", "respond": {"status": 7}}, "must be from 200 to 599"),
        (
            {"on": "GET /videos", "delay": 1, "respond": {"status": 200, "headers": {"TE": "\n"}}},
            "is not a valid HTTP header",
        ),
        ({"on": "GET /videos", "expireToken": True, "revokeToken": True}, "make two faults"),
        ({"on": "GET /videos", "respond": {}}, None),
        ({"on": "GET /videos", "drop": "later"}, None),
        ({"on": "GET /videos", "hang": 1}, None),
        ({"delay": 1}, None),
    ],
)
def test_a_wrong_fault_is_refused_and_nothing_fails_by_it(
    apivideo: ApiVideo, http: httpx.Client, rule: dict[str, Any], words: str | None
) -> None:
    answer = http.post("/_fake/faults", json=rule)
    assert answer.status_code == 400
    assert words is None or words in answer.json()["detail"]
    assert len(apivideo.faults) == len(apivideo.faults.recent) == 0
    (first,) = faults(http, on="GET /videos", optional=True, delay=1)
    assert first["id"] == "1"


def test_a_hold_is_released_by_its_end(
    apivideo: ApiVideo, http: httpx.Client, api: httpx.Client
) -> None:
    (held,) = faults(http, on="GET /videos", hold=60)
    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(api.get, "/videos")
        next(iter(apivideo.faults)).wait_for()
        http.delete(f"/_fake/faults/{held['id']}")
        assert asked.result(5).status_code == 200


def test_calls_are_listed_without_secrets_and_forgotten(
    apivideo: ApiVideo, http: httpx.Client
) -> None:
    login = http.post("/auth/api-key", json={"apiKey": apivideo.api_key}).json()
    headers = {"Authorization": f"Bearer {login['access_token']}"}
    http.get("/videos?currentPage=1", headers=headers)
    http.get("/videos", headers={"Authorization": f"Bearer {apivideo.api_key}"})
    with apivideo.on("GET /tags").drop(), pytest.raises(httpx.RemoteProtocolError):
        http.get("/tags", headers=headers)
    listed = http.get("/_fake/calls")
    first, good, misused, dropped = listed.json()["calls"]
    assert first["operation"] == "POST /auth/api-key"
    assert json.loads(first["requestBody"]).keys() == {"apiKey"}
    assert json.loads(first["responseBody"]).keys() == login.keys()
    assert (good["status"], good["query"], good["problem"]) == (200, "currentPage=1", None)
    assert (good["environment"], good["credential"]) == ("sandbox", "bearer")
    assert good["duration"] > 0
    assert (misused["status"], misused["problem"]) == (200, None)
    assert misused["warnings"][0].startswith("an API key was sent as Bearer token")
    assert (dropped["status"], dropped["fault"]) == (
        None,
        "apivideo.on(\"GET /tags\").drop('before')",
    )
    for secret in (apivideo.api_key, login["access_token"], login["refresh_token"]):
        assert secret not in listed.text
    http.get("/tags", headers={"Cookie": "session=mine", "Proxy-Authorization": "Basic a"})
    shown = http.get("/_fake/calls").json()["calls"][-1]["headers"]
    assert (shown["Cookie"], shown["Proxy-Authorization"]) == ("…", "…")
    only = http.get("/_fake/calls", params={"operation": "GET /videos"}).json()["calls"]
    assert [call["status"] for call in only] == [200, 200]
    wrong = http.get("/_fake/calls", params={"operaton": "GET /videos"})
    assert (wrong.status_code, wrong.json()["name"]) == (400, "operaton")
    wrong = http.get("/_fake/calls", params={"operation": "GET /vidoes"})
    assert (wrong.status_code, wrong.json()["name"]) == (400, "operation")
    assert http.delete("/_fake/calls").json() == {"calls": []}
    assert len(apivideo.calls) == 0


def test_settings_are_shown_and_changed(apivideo: ApiVideo, http: httpx.Client) -> None:
    shown = http.get("/_fake/settings").json()
    assert set(shown) == set(names())
    changed = http.patch("/_fake/settings", json={"expires_in": 60, "auth_errors": "spec"})
    assert changed.json() == {**shown, "expires_in": 60, "auth_errors": "spec"}
    assert (apivideo.settings.expires_in, apivideo.settings.auth_errors) == (60, "spec")
    http.post("/_fake/reset")
    assert http.get("/_fake/settings").json() == shown


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b'{"expires_in": 60, "expire_in": 60}', "there is no setting 'expire_in'. Did you mean"),
        (b'{"expires_in": 60, "strict": "very"}', "the setting strict='very' should be a valid"),
        (b"[]", "send a JSON object of settings"),
        (b"", "send a JSON object of settings"),
        (b"{", "send a JSON object of settings"),
    ],
)
def test_a_wrong_setting_is_refused_and_changes_nothing(
    apivideo: ApiVideo, http: httpx.Client, body: bytes, words: str
) -> None:
    answer = http.patch("/_fake/settings", content=body)
    assert (answer.status_code, answer.json()["title"]) == (400, "The payload is invalid.")
    assert words in answer.json()["detail"]
    assert apivideo.settings.expires_in == 3600


def test_a_project_of_its_own_has_its_own_keys_settings_and_calls() -> None:
    with FakeServer(mode="system") as server, httpx.Client(base_url=server.url) as http:
        default = http.get("/_fake/health").json()["project"]
        made = http.post("/_fake/projects", json={"expires_in": 60}).json()
        login = http.post("/auth/api-key", json={"apiKey": made["sandboxKey"]})
        assert login.json()["expires_in"] == 60
        mine = httpx.BasicAuth(made["productionKey"], "")
        assert http.get("/_fake/health", auth=mine).json()["project"] == made["project"]
        assert http.get("/_fake/health").json()["project"] == default
        assert len(http.get("/_fake/calls", auth=mine).json()["calls"]) == 1
        assert http.get("/_fake/calls").json()["calls"] == []
        assert made["url"] == server.url
        assert http.delete("/_fake/projects").status_code == 400
        assert http.delete("/_fake/projects", auth=mine).json()["project"] == made["project"]
        assert http.get("/_fake/health", auth=mine).status_code == 401
        assert http.post("/_fake/projects").status_code == 200
        assert http.post("/_fake/projects", json={"expires_in": "x"}).status_code == 400


def test_projects_made_beside_a_running_test_do_not_take_its_requests(
    apivideo: ApiVideo, http: httpx.Client
) -> None:
    made = http.post("/_fake/projects").json()
    http.get("/videos")
    assert apivideo.calls.count("GET /videos") == 1
    auth = httpx.BasicAuth(made["sandboxKey"], "")
    assert http.get("/videos", auth=auth).status_code == 200
    http.delete("/_fake/projects", auth=auth).raise_for_status()


def test_the_calls_show_no_secret_of_a_resource(apivideo: ApiVideo, api: httpx.Client) -> None:
    token = api.post("/upload-tokens", json={}).json()["token"]
    httpx.post(f"{apivideo.url}/upload?token={token}", files={"file": b"content"})
    hook = {"events": ["video.caption.generated"], "url": "https://app.example/hook"}
    secret = api.post("/webhooks", json=hook).json()["signatureSecret"]
    key = api.post("/live-streams", json={"name": "a"}).json()["streamKey"]
    shown = httpx.get(f"{apivideo.url}/_fake/calls").text
    assert len(apivideo.calls) == 4
    assert not [one for one in (token, secret, key) if one in shown]
