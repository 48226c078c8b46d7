"""A run writes to its own account alone: whatever credential the program under test holds."""

from __future__ import annotations

import gzip
import http.client
import json
import re
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import quote, urlsplit

import pytest

from fake_server import ApiVideo, FakeServer
from pytest_apivideo.sandbox.account import Account
from pytest_apivideo.sandbox.budget import Budget
from pytest_apivideo.sandbox.guard import production_keys
from pytest_apivideo.sandbox.ledger import Ledger
from pytest_apivideo.sandbox.marks import new_run
from pytest_apivideo.sandbox.relay import Relay
from pytest_apivideo.sandbox.secrets import Secrets
from pytest_apivideo.sandbox.upstream import Upstream

Answer = tuple[int, dict[str, object]]
Send = Callable[..., Answer]
JSON = {"Content-Type": "application/json"}
PRODUCTION_KEY = "key/of+production=1234567890"


@pytest.fixture
def server() -> Iterator[FakeServer]:
    with FakeServer() as server:
        yield server


@pytest.fixture
def account(server: FakeServer) -> Iterator[ApiVideo]:
    with server.project() as handle:
        yield handle


@pytest.fixture
def other(server: FakeServer) -> Iterator[ApiVideo]:
    """Another account at the same address."""
    with server.project() as handle:
        yield handle


@pytest.fixture
def relay(account: ApiVideo, tmp_path: Path) -> Iterator[Relay]:
    ours = Account(Upstream(account.url, Budget(None)), account.api_key, Secrets())
    relay = Relay(ours, Ledger(new_run(), account.url, tmp_path, ours.known_as), [PRODUCTION_KEY])
    yield relay
    assert relay.close() == []


@pytest.fixture
def send(relay: Relay) -> Send:
    """Send a request to the relay; gives status and JSON."""
    at = urlsplit(relay.open_port())

    def send(
        method: str,
        target: str,
        headers: dict[str, str] | None = None,
        body: bytes = b"",
        *more: tuple[str, str],
    ) -> Answer:
        assert at.hostname
        connection = http.client.HTTPConnection(at.hostname, at.port)
        connection.putrequest(method, target)
        for name, value in [*(headers or {}).items(), *more]:
            connection.putheader(name, value)
        connection.putheader("Content-Length", str(len(body)))
        connection.endheaders(body)
        answer = connection.getresponse()
        content = answer.read()
        connection.close()
        return answer.status, json.loads(content or b"{}")

    return send


def basic(text: str) -> str:
    return "Basic " + b64encode(text.encode()).decode()


def must_be_refused(answer: Answer, *secrets: str) -> None:
    status, problem = answer
    assert (status, problem["title"]) == (409, "Not sent to the sandbox."), answer
    assert "not this run's own" in str(problem["detail"]) or "writing request" in str(problem)
    assert not any(secret in str(problem) for secret in secrets)


AUTHORIZATIONS: dict[str, Callable[[str, str], str]] = {
    "basic": lambda key, _: basic(f"{key}:"),
    "basic with a password": lambda key, _: basic(f"{key}:password"),
    "basic without a colon": lambda key, _: basic(key),
    "basic in upper case": lambda key, _: basic(f"{key}:").replace("Basic", "BASIC"),
    "basic in lower case": lambda key, _: basic(f"{key}:").replace("Basic", "basic"),
    "basic with spaces": lambda key, _: basic(f"{key}:").replace(" ", "   ") + "  ",
    "basic without padding": lambda key, _: basic(f"{key}:").rstrip("="),
    "basic with much padding": lambda key, _: basic(f"{key}:") + "==",
    "basic in the password of our key": lambda key, own: basic(f"{own}:{key}"),
    "basic behind our key": lambda key, own: f"{basic(own + ':')}, {basic(key + ':')}",
    "basic before our key": lambda key, own: f"{basic(key + ':')},{basic(own + ':')}",
    "two base64 in one": lambda key, own: basic(f"{own}:") + basic(f"{key}:")[6:],
    "bearer": lambda key, _: f"Bearer {key}",
    "bearer in lower case": lambda key, _: f"bearer {key}",
    "bearer, quoted": lambda key, _: f'Bearer "{key}"',
    "bearer in base64": lambda key, _: f"Bearer {b64encode(key.encode()).decode()}",
    "bare": lambda key, _: key,
    "quoted": lambda key, _: f'"{key}"',
    "another scheme": lambda key, _: f"Token {key}",
}


@pytest.mark.parametrize("disguise", AUTHORIZATIONS)
@pytest.mark.parametrize("secret", ["key", "access token", "refresh token"])
def test_writing_with_another_account_s_credential_is_not_sent(
    send: Send, account: ApiVideo, other: ApiVideo, disguise: str, secret: str
) -> None:
    video = other.videos.add(title="Of the owner")
    grant = other.tokens.issue()
    credential = {
        "key": other.api_key,
        "access token": grant.access_token,
        "refresh token": grant.refresh_token,
    }[secret]
    headers = {"Authorization": AUTHORIZATIONS[disguise](credential, account.api_key), **JSON}
    for method, path, body in (
        ("DELETE", f"/videos/{video.id}", b""),
        ("PATCH", f"/videos/{video.id}", b'{"title": "a"}'),
        ("POST", "/videos", b'{"title": "a"}'),
        ("POST", "/watermarks", b""),
        ("POST", "/auth/api-key", json.dumps({"apiKey": account.api_key}).encode()),
        ("delete", f"/videos/{video.id}", b""),
        ("get", f"/videos/{video.id}", b""),
        ("FROB", f"/videos/{video.id}", b""),
    ):
        must_be_refused(send(method, path, headers, body), credential)
    assert [one.title for one in other.videos] == ["Of the owner"]
    assert [call.method for call in other.calls] == []


HEADERS = {
    "X-Api-Key": "{}",
    "X-API-KEY": "Bearer {}",
    "Api-Key": "{}",
    "X-Auth-Token": "{}",
    "Cookie": "session={}",
    "X-Forwarded-Authorization": "Bearer {}",
    "X-Upload-Token": "{}",
    "X-Custom": "Basic {}",
    "X-Relay-Key": "{}",
}


@pytest.mark.parametrize("name", HEADERS)
def test_a_second_credential_in_another_header_is_not_sent(
    send: Send, account: ApiVideo, other: ApiVideo, name: str
) -> None:
    own = {"Authorization": basic(f"{account.api_key}:"), **JSON}
    header = (name, HEADERS[name].format(other.api_key))
    must_be_refused(send("POST", "/videos", own, b'{"title": "a"}', header), other.api_key)
    two = ("Authorization", basic(f"{other.api_key}:"))
    must_be_refused(send("POST", "/videos", own, b'{"title": "a"}', two), other.api_key)
    assert account.calls.count("POST /videos") == 0


@pytest.mark.parametrize("query", ["?access_token={}", "?apiKey={}", "?token={}", "?a=1&key={}"])
def test_a_credential_in_the_query_is_not_sent(
    send: Send, account: ApiVideo, other: ApiVideo, query: str
) -> None:
    headers = {"Authorization": basic(f"{account.api_key}:"), **JSON}
    target = "/videos" + query.format(other.api_key)
    must_be_refused(send("POST", target, headers, b'{"title": "a"}'), other.api_key)


LOGINS: dict[str, Callable[[str], bytes]] = {
    "as documented": lambda key: json.dumps({"apiKey": key}).encode(),
    "refresh": lambda key: json.dumps({"refreshToken": key}).encode(),
    "in snake case": lambda key: json.dumps({"api_key": key}).encode(),
    "escaped": lambda key: b'{"apiKey": "\\u%04x%s"}' % (ord(key[0]), key[1:].encode()),
    "an escaped name": lambda key: b'{"\\u0061piKey": "%s"}' % key.encode(),
    "twice": lambda key: b'{"apiKey": "%s", "apiKey": "apivideo"}' % key.encode(),
    "quoted": lambda key: json.dumps({"apiKey": f'"{key}"'}).encode(),
    "with spaces": lambda key: json.dumps({"apiKey": f" {key}\n"}).encode(),
    "in base64": lambda key: json.dumps({"apiKey": b64encode(key.encode()).decode()}).encode(),
    "in a list": lambda key: json.dumps({"apiKey": [key]}).encode(),
    "as a name": lambda key: json.dumps({key: "apiKey"}).encode(),
    "in an array": lambda key: json.dumps([{"apiKey": key}]).encode(),
    "a text": lambda key: json.dumps(key).encode(),
    "raw": lambda key: key.encode(),
    "UTF-16": lambda key: json.dumps({"apiKey": key}).encode("utf-16"),
    "with a byte order mark": lambda key: b"\xef\xbb\xbf" + json.dumps({"apiKey": key}).encode(),
    "a form": lambda key: f"apiKey={key}".encode(),
    "gzip": lambda key: gzip.compress(json.dumps({"apiKey": key}).encode()),
    "deeply nested": lambda key: (
        b'{"apiKey": "%s", "a": ' % key.encode() + b"[" * 9999 + b"]" * 9999 + b"}"
    ),
}


@pytest.mark.parametrize("path", ["/auth/api-key", "/auth/refresh"])
@pytest.mark.parametrize("disguise", LOGINS)
def test_a_login_with_another_account_s_credential_is_not_sent(
    send: Send, account: ApiVideo, other: ApiVideo, disguise: str, path: str
) -> None:
    grant = other.tokens.issue()
    for secret in (other.api_key, grant.refresh_token):
        must_be_refused(send("POST", path, JSON, LOGINS[disguise](secret)), secret)
    assert len(account.calls) == len(other.calls) == 0


def test_a_packed_body_is_not_sent(send: Send, account: ApiVideo, other: ApiVideo) -> None:
    body = gzip.compress(json.dumps({"apiKey": other.api_key}).encode())
    for packing in ("gzip", "deflate", "br", "identity, gzip"):
        status, problem = send("POST", "/auth/api-key", {"Content-Encoding": packing}, body)
        assert (status, "Content-Encoding" in str(problem["detail"])) == (409, True)
    assert len(account.calls) == 0


def test_a_chunked_body_is_read_like_any_other(
    relay: Relay, account: ApiVideo, other: ApiVideo
) -> None:
    at = urlsplit(relay.open_port())
    assert at.hostname
    connection = http.client.HTTPConnection(at.hostname, at.port)
    key = other.api_key.encode()
    chunks = iter([b'{"apiKey": "', key[:4], key[4:], b'"}'])
    connection.request("POST", "/auth/api-key", chunks, JSON, encode_chunked=True)
    assert connection.getresponse().status == 409
    connection.close()
    assert len(account.calls) == 0


@pytest.mark.parametrize(
    "query",
    ["?token={}", "?token={}&token={own}", "?token={own}&token={}", "?token={own};{}", "?Token={}"],
)
def test_an_upload_with_another_account_s_token_is_not_sent(
    send: Send, relay: Relay, account: ApiVideo, other: ApiVideo, query: str
) -> None:
    own = {"Authorization": basic(f"{account.api_key}:"), **JSON}
    token = send("POST", "/upload-tokens", own, b"{}")[1]["token"]
    form = upload(relay.run)
    foreign = other.upload_tokens.add().token
    target = "/upload" + query.format(foreign, own=token)
    must_be_refused(send("POST", target, form[0], form[1]), foreign)
    assert send("POST", f"/upload?token={token}", *form)[0] == 201
    assert len(other.videos) == 0


def upload(run: str, field: str = "") -> tuple[dict[str, str], bytes]:
    part = f'--b\r\nContent-Disposition: form-data; name="{field}"\r\n\r\nx\r\n' if field else ""
    file = f'--b\r\nContent-Disposition: form-data; name="file"; filename="{run}.mp4"\r\n\r\n'
    body = f"{part}{file}{'x' * 2000}\r\n--b--\r\n"
    return {"Content-Type": "multipart/form-data; boundary=b"}, body.encode()


@pytest.mark.parametrize("field", ["token", "apiKey", "api_key", "Authorization", "access%5Ftoken"])
def test_a_field_of_a_form_that_could_be_a_credential_is_not_sent(
    send: Send, relay: Relay, account: ApiVideo, field: str
) -> None:
    own = {"Authorization": basic(f"{account.api_key}:")}
    headers, body = upload(relay.run, field)
    must_be_refused(send("POST", "/upload", {**own, **headers}, body))
    for kind, content in (
        ("application/json", json.dumps({"a": [{field: "foreign"}]}).replace("%5F", "_")),
        ("application/x-www-form-urlencoded", f"title=a&{field}=foreign"),
    ):
        sent = send("POST", "/videos", {**own, "Content-Type": kind}, content.encode())
        must_be_refused(sent)
    assert account.calls.count("POST *") == 0


def test_tokens_that_another_account_s_key_was_shown_are_not_the_run_s(
    send: Send, relay: Relay, other: ApiVideo
) -> None:
    token = other.upload_tokens.add().token
    seen = send("GET", "/upload-tokens", {"Authorization": basic(f"{other.api_key}:")})[1]
    assert token in str(seen)
    must_be_refused(send("POST", f"/upload?token={token}", *upload(relay.run)), token)


def test_the_run_s_own_credentials_work_in_every_form(
    send: Send, relay: Relay, account: ApiVideo
) -> None:
    login = json.dumps({"apiKey": account.api_key}).encode()
    grant = send("POST", "/auth/api-key", JSON, login)[1]
    renewal = json.dumps({"refreshToken": grant["refresh_token"]}).encode()
    renewed = send("POST", "/auth/refresh", JSON, renewal)[1]
    stand_in = json.dumps({"apiKey": relay.keys.session}).encode()
    shared = send("POST", "/auth/api-key", JSON, stand_in)[1]
    for authorization in (
        basic(f"{account.api_key}:"),
        f"Bearer {grant['access_token']}",
        f"bearer {renewed['access_token']}",
        str(grant["access_token"]),
        f"Bearer {shared['access_token']}",
    ):
        headers = {"Authorization": authorization, **JSON}
        status, made = send("POST", "/videos", headers, b'{"title": "a"}')
        assert status == 201, made
        assert send("DELETE", f"/videos/{made['videoId']}", headers)[0] == 204


def test_wrong_credentials_can_be_tested_by_reading_or_when_made_up(
    send: Send, relay: Relay, account: ApiVideo
) -> None:
    assert send("GET", "/videos", {"Authorization": basic("nobody:")})[0] == 401
    assert send("DELETE", "/videos/viNobody")[0] == 401  # no credential at all
    for body in (b"", b"{}", b"[]", b'{"apiKey": 7}', b'{"apiKey": ""}', b"not json"):
        assert send("POST", "/auth/api-key", JSON, body)[0] in (400, 401), body
    made_up = json.dumps({"apiKey": account.api_key + relay.run}).encode()
    assert send("POST", "/auth/api-key", JSON, made_up)[0] == 401
    headers = {"Authorization": basic(f"{relay.run}:"), **JSON}
    assert send("POST", "/videos", headers, b"{}")[0] == 401
    assert send("POST", f"/upload?token={relay.run}", *upload(relay.run))[0] == 401


def test_a_token_that_a_made_up_login_is_answered_with_is_not_the_run_s(
    send: Send, relay: Relay, account: ApiVideo
) -> None:
    answer = {"access_token": "a.b.c", "refresh_token": "foreign-token"}
    account.on("POST /auth/api-key").respond(200, json=answer)
    send("POST", "/auth/api-key", JSON, json.dumps({"apiKey": relay.run}).encode())
    must_be_refused(send("POST", "/videos", {"Authorization": "Bearer a.b.c"}, b"{}"))
    account.faults.clear()


# A key of production does not leave the machine


ENCODINGS: dict[str, Callable[[str], str]] = {
    "raw": str,
    "in base64": lambda key: b64encode(key.encode()).decode(),
    "in URL-safe base64": lambda key: urlsafe_b64encode(key.encode()).decode(),
    "in base64 with more": lambda key: b64encode(f"x{key}:password".encode()).decode(),
    "in base64 with yet more": lambda key: b64encode(f"xy{key}".encode()).decode(),
    "in base64 twice": lambda key: b64encode(b64encode(key.encode())).decode(),
    "percent-encoded": lambda key: quote(key, safe=""),
    "wholly percent-encoded": lambda key: "".join(f"%{ord(char):02x}" for char in key),
    "percent-encoded twice": lambda key: quote(quote(key, safe=""), safe=""),
    "base64, percent-encoded": lambda key: quote(b64encode(key.encode()), safe=""),
    "JSON-escaped": lambda key: "".join(f"\\u{ord(char):04X}" for char in key),
    "JSON-escaped slashes": lambda key: key.replace("/", "\\/"),
    "in hexadecimal": lambda key: key.encode().hex(),
}


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("method", ["GET", "POST", "HEAD", "OPTIONS"])
def test_a_production_key_never_leaves_the_machine(
    send: Send, account: ApiVideo, encoding: str, method: str
) -> None:
    text = ENCODINGS[encoding](PRODUCTION_KEY)
    own = {"Authorization": basic(f"{account.api_key}:"), **JSON}
    in_address = text.replace("\\", "%5C")
    for target, headers, body in (
        (f"/videos/{in_address}", own, b""),
        (f"/videos?title={in_address}", own, b""),
        ("/videos", {**own, "User-Agent": text}, b""),
        ("/videos", {"Authorization": f"Basic {text}"}, b""),
        ("/videos", {**own, "Cookie": f"a={text}"}, b""),
        ("/videos", own, b'{"title": "%s"}' % text.encode()),
        ("/auth/api-key", JSON, b'{"apiKey": "%s"}' % text.encode()),
        ("/videos", own, f'{{"title": "{text}"}}'.encode("utf-16-le")),
        ("/videos", own, "\r\n".join(re.findall(".{1,7}", text)).encode()),
    ):
        status, problem = send(method, target, headers, body)
        assert status == 409
        if method != "HEAD":
            assert "key of a production account" in str(problem["detail"])
            assert PRODUCTION_KEY not in str(problem)
    assert len(account.calls) == 0


def test_variables_that_name_a_production_key() -> None:
    environ = {
        "APIVIDEO_PRODUCTION_KEY": "key-of-production-1",
        "API_VIDEO_KEY": " key-of-production-2 ",
        "APIVIDEO_API_KEY": "the-run-s-own-key",
        "API_VIDEO_API_KEY": "",
        "NEXT_PUBLIC_API_VIDEO_API_KEY": "key-of-production-3",
        "APIVIDEO_SANDBOX_API_KEY": "the-run-s-own-key",
        "API_VIDEO_SANDBOX_KEY": "another-sandbox-key",
        "PROD_API_TOKEN": "key-of-production-4",
        "PRODUCTION": "true",
        "PRODUCT_KEYWORDS": "video tutorials",
        "APIVIDEO_BASE_URL": "https://ws.api.video",
        "PYTEST_APIVIDEO_TARGET": "sandbox",
    }
    assert production_keys("the-run-s-own-key", environ) == {
        f"key-of-production-{number}" for number in range(1, 5)
    }


def test_a_run_reports_a_refused_credential_without_showing_it(
    sandbox: pytest.Pytester, account: ApiVideo, other: ApiVideo, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("APIVIDEO_PRODUCTION_KEY", other.api_key)
    video = other.videos.add(title="Of the owner")
    token = other.tokens.issue().access_token
    sandbox.makepyfile(
        f"""
        import httpx

        def test_key(apivideo_target):
            at = f"{{apivideo_target.url}}/videos/{video.id}"
            assert httpx.delete(at, auth=({other.api_key!r}, "")).status_code == 204

        def test_token(apivideo_target):
            at = f"{{apivideo_target.url}}/videos/{video.id}?access_token={token}"
            assert httpx.delete(at, headers={{"Authorization": "Bearer {token}"}}).is_success
        """
    )
    result = sandbox.runpytest_inprocess("--tb=no")
    result.assert_outcomes(failed=2)
    result = sandbox.runpytest_inprocess("--tb=line", "--show-capture=all")
    told = result.stdout.str()
    assert other.api_key not in told
    assert len(other.videos) == 1
    assert len(other.calls) == 0


def test_the_report_of_a_test_has_the_reason_of_a_refused_credential(
    sandbox: pytest.Pytester, other: ApiVideo
) -> None:
    sandbox.makepyfile(
        f"""
        import httpx

        def test_it(apivideo_target):
            key = {other.api_key!r}
            made = httpx.post(f"{{apivideo_target.url}}/videos?apiKey={{key}}", auth=(key, ""))
            assert made.is_success
        """
    )
    result = sandbox.runpytest_inprocess()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        ["POST /videos[?]apiKey=[*][*][*] -> 409*", "*holds a credential that is not this run's*"]
    )
