"""What no run and no sweep does to an account: touch what is the owner's, lose what is ours."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from fake_server import ApiVideo, FakeServer
from pytest_apivideo.sandbox import relay
from pytest_apivideo.sandbox.age import is_new
from pytest_apivideo.sandbox.budget import Budget
from pytest_apivideo.sandbox.forms import UnreadableError, form_of, video_in_json
from pytest_apivideo.sandbox.guard import SandboxRefused, checked_url
from pytest_apivideo.sandbox.kinds import BY_NAME, VIDEO
from pytest_apivideo.sandbox.upstream import Outgoing, Upstream
from pytest_apivideo.targets.remote_server import ServerRefused, check_server
from tests.sandbox.test_trouble import CREATES, sweep

# What is not sent


def test_nothing_of_the_owner_s_is_changed_by_whatever_way(
    sandbox: pytest.Pytester, account: ApiVideo
) -> None:
    changed = {"video_restore": True}
    auth = (account.api_key, "")
    httpx.patch(f"{account.url}/_fake/settings", json=changed, auth=auth).raise_for_status()
    video = account.videos.add(title="Of the owner")
    discarded = account.videos.add(title="In the bin")
    httpx.delete(f"{account.url}/videos/{discarded.id}", auth=auth).raise_for_status()
    watermark = account.watermarks.add()
    summary = account.summaries.add(video_id=video.id)
    sandbox.makepyfile(
        f"""
        import pytest

        @pytest.mark.parametrize("method, path, body", [
            ("DELETE", "/watermarks/{watermark.id}", None),
            ("DELETE", "/summaries/{summary.id}", None),
            ("PATCH", "/summaries/{summary.id}/source", {{"abstract": "a"}}),
            ("POST", "/summaries", {{"videoId": "{video.id}"}}),
            ("PATCH", "/discarded/videos/{discarded.id}", {{"discarded": False}}),
            ("POST", "/projects", {{"name": "a"}}),
            ("DELETE", "/projects/pr1/api-keys/1", None),
            ("PUT", "/videos", None),
            ("POST", "/Videos", {{"title": "a"}}),
            ("PATCH", "/videos/{video.id}", {{"title": "a"}}),
            ("POST", "/videos/{video.id}/source", None),
            ("FROB", "/videos/{video.id}", None),
        ])
        def test_it(apivideo_http, method, path, body):
            refused = apivideo_http.request(method, path, json=body)
            assert refused.status_code == 409, refused.text
            assert refused.json()["title"] == "Not sent to the sandbox."
        """
    )
    sandbox.runpytest_inprocess().assert_outcomes(passed=12)
    written = [call.operation for call in account.calls if call.method != "GET"]
    assert written == ["DELETE /videos/{videoId}", "POST /auth/api-key"]


def test_a_path_that_is_written_otherwise_is_not_sent(
    sandbox: pytest.Pytester, account: ApiVideo
) -> None:
    video = account.videos.add(title="Of the owner")
    sandbox.makepyfile(
        f"""
        import http.client
        from urllib.parse import urlsplit
        import pytest

        @pytest.mark.parametrize("path", [
            "//videos/{video.id}", "/videos//{video.id}", "/videos/{video.id}/",
            "/%76ideos/{video.id}", "/videos%2F{video.id}", "/./videos/{video.id}",
            "/x/../videos/{video.id}", "/videos/{video.id};a", "/videos/./{video.id}",
            "/videos/{video.id}%20", "/VIDEOS/{video.id}", "/videos/{video.id}?_method=DELETE",
            "/auth/../videos/{video.id}", "/auth/%2e%2e/videos/{video.id}",
        ])
        def test_it(apivideo_target, apivideo_http, path):
            at = urlsplit(apivideo_target.url)
            token = apivideo_http.post("/auth/api-key", json={{"apiKey": str.__str__(
                apivideo_target.client_key)}}).json()["access_token"]
            connection = http.client.HTTPConnection(at.hostname, at.port)
            connection.request("DELETE", path, headers={{"Authorization": f"Bearer {{token}}"}})
            answer = connection.getresponse()
            assert answer.status == 409, answer.read()
            connection.close()

        def test_override(apivideo_http):
            headers = {{"X-HTTP-Method-Override": "DELETE"}}
            assert apivideo_http.get("/videos/{video.id}", headers=headers).status_code == 409

        def test_reading(apivideo_http):
            assert apivideo_http.get("/videos/").status_code == 404
        """
    )
    sandbox.runpytest_inprocess().assert_outcomes(passed=16)
    assert account.calls.count("DELETE *") == 0
    assert len(account.videos) == 1


def test_a_delegated_upload_into_a_video_of_the_owner_is_not_sent(
    sandbox: pytest.Pytester, account: ApiVideo
) -> None:
    video = account.videos.add(title="Of the owner")
    sandbox.makepyfile(
        f"""
        import httpx

        def test_it(apivideo_target, apivideo_http):
            token = apivideo_http.post("/upload-tokens", json={{}}).json()["token"]
            at = f"{{apivideo_target.url}}/upload?token={{token}}"
            files = {{"file": (apivideo_target.mark("a.mp4"), b"x" * 2000)}}
            for name in ("videoId", "videoid", "videoId[]"):
                refused = httpx.post(at, data={{name: "{video.id}"}}, files=files)
                assert refused.status_code == 409, refused.text
            assert httpx.post(at, content=b"x").status_code == 409

            unmarked = httpx.post(at, files={{"file": ("a.mp4", b"x" * 2000)}})
            assert "into its file's name" in unmarked.json()["detail"]

            ours = apivideo_http.post("/videos", json={{"title": "a"}}).json()["videoId"]
            both = {{"videoId": [ours, "{video.id}"]}}
            assert httpx.post(at, data=both, files=files).status_code == 409
            assert httpx.post(at, data={{"videoId": ours}}, files=files).status_code == 201
        """
    )
    sandbox.runpytest_inprocess().assert_outcomes(passed=1)
    assert [one.id for one in account.videos] == [video.id]
    account.calls.assert_called("POST /upload", times=1)


@pytest.mark.parametrize(
    ("path", "answer"),
    [
        ("/videos", {"title": "Of the owner", "createdAt": "2020-01-01T00:00:00Z"}),
        ("/videos", {}),
        ("/watermarks", {"watermarkId": "waOfTheOwner", "createdAt": "2020-01-01T00:00:00Z"}),
    ],
)
def test_a_resource_older_than_its_creation_is_reported_and_kept(
    sandbox: pytest.Pytester, account: ApiVideo, path: str, answer: dict[str, Any]
) -> None:
    video = account.videos.add(title="Of the owner", created_at="2020-01-01T00:00:00Z")
    answer = {"videoId": video.id, **answer}
    account.on(f"POST {path}").respond(201, json=answer)
    sandbox.makepyfile(
        f"""
        def test_it(apivideo_http):
            assert apivideo_http.post("{path}", json={{"title": "a"}}).status_code == 201
        """
    )
    result = sandbox.runpytest_inprocess()
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(["*: answered as created, but it neither carries the mark of*"])
    assert [one.id for one in account.videos] == [video.id]
    assert account.calls.count("DELETE *") == 0


@pytest.mark.parametrize(
    ("kind", "created", "date", "expected"),
    [
        ("video", "2026-11-24T08:00:00+00:00", "Tue, 24 Nov 2026 08:00:30 GMT", True),
        ("video", "2026-11-24T08:00:00Z", "Tue, 24 Nov 2026 08:05:00 GMT", False),
        ("video", "2026-11-24T08:00:00", "Tue, 24 Nov 2026 08:00:00 -0000", True),
        ("video", "soon", "Tue, 24 Nov 2026 08:05:00 GMT", False),
        ("video", "2026-11-24T08:00:00Z", "today", False),
        ("watermark", None, "Tue, 24 Nov 2026 08:05:00 GMT", True),
    ],
)
def test_new_resources_are_recognized_by_the_times_of_the_service(
    kind: str, created: str | None, date: str, expected: bool
) -> None:
    item = {"createdAt": created}
    assert is_new(BY_NAME[kind], item, {"date": date}, 10.0) is expected


def test_a_form_that_could_be_read_otherwise_is_refused() -> None:
    def form(*parts: str, boundary: str = "b", kind: str = "multipart/form-data") -> Any:
        body = "".join(f"--{boundary}\r\n{part}\r\n" for part in parts) + f"--{boundary}--\r\n"
        headers = [("Content-Type", f"{kind}; boundary={boundary}")]
        return form_of(Outgoing("POST", "/upload", headers, body.encode()))

    disposition = "Content-Disposition: form-data; name="
    video, file = f'{disposition}"videoId"\r\n\r\nvi1', f'{disposition}"f"; filename="a b"\r\n\r\n'
    assert form(video, file).video == "vi1"
    assert form(video, file).files == ("a b",)
    for parts in ([video, video], [f'{disposition}"videoId"; filename="a"\r\n\r\nvi1'], ["none"]):
        with pytest.raises(UnreadableError):
            form(*parts)
    with pytest.raises(UnreadableError):
        form(video, kind="application/x-www-form-urlencoded")


def test_json_that_could_be_read_otherwise_is_refused() -> None:
    assert video_in_json(b'{"videoId": "vi1", "a": {"videoId": "vi2"}}') == "vi1"
    assert video_in_json(b"") is None
    for body in (b'{"videoId": "vi1", "videoId": "vi2"}', b"[]", b"{", b'{"videoId": 5}', b"\xff"):
        with pytest.raises(UnreadableError):
            video_in_json(body)


# Where it is sent


@pytest.mark.parametrize(
    "host",
    [
        "ws\u3002api\u3002video", "ws\uff0eapi.video", "ws\uff61api\uff61video", "WS.api.video.",
        "ws%2eapi.video", "ws.api.video%00.example", "ws.api.video\\@sandbox.api.video",
        "ws.api.video:443\t", "\u0455andbox.api.video", "sandbox.api.video@ws.api.video",
        "ws.api.video:99999", " ws.api.video", "ws.api.video..", "",
    ],
)  # fmt: skip
def test_a_host_that_may_be_production_by_another_spelling_is_refused(host: str) -> None:
    with pytest.raises(SandboxRefused):
        checked_url(f"https://{host}")
    with pytest.raises(ServerRefused):
        check_server(f"https://{host}")


def test_addresses_that_mean_the_same_are_written_alike() -> None:
    assert checked_url("https://Sandbox.API.video/") == "https://sandbox.api.video"
    assert checked_url("http://[::1]:80/a/") == "http://[::1]:80/a"
    check_server("http://fake_api:8765/")


# What comes back


def test_an_answer_that_is_packed_is_read_all_the_same() -> None:
    asked = []

    def packed(request: Any) -> Any:
        from werkzeug import Response

        asked.append(request.headers["Accept-Encoding"])
        return Response(gzip.compress(b'{"a": 1}'), headers={"Content-Encoding": "gzip"})

    with FakeServer() as server:
        server.expect_request("/a").respond_with_handler(packed)
        upstream = Upstream(server.url_for("").rstrip("/"), Budget(None))
        reply = upstream.send(Outgoing("GET", "/a", [("Accept-Encoding", "gzip, br")]))
        upstream.close()
    assert reply.json() == {"a": 1}
    assert "content-encoding" not in reply.by_name
    assert asked == ["identity"]


GIVES_UP = """
import httpx
import pytest

def test_it(apivideo_http):
    with pytest.raises(httpx.TimeoutException):
        apivideo_http.post("/videos", json={"title": "Maths"}, timeout=0.1)
"""


def test_a_creation_that_its_client_gave_up_is_waited_for(
    sandbox: pytest.Pytester, account: ApiVideo, ledgers: Path
) -> None:
    account.on("POST /videos").delay(0.6)
    sandbox.makepyfile(GIVES_UP)
    result = sandbox.runpytest_inprocess()
    result.stdout.fnmatch_lines(["*left nothing behind*"])
    account.calls.assert_called("POST /videos", times=1)
    assert len(account.videos) == 0
    assert list(ledgers.glob("*")) == []


def test_a_slow_creation_is_reported_and_stays_in_the_ledger(
    sandbox: pytest.Pytester,
    account: ApiVideo,
    ledgers: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(relay, "_LONGEST_WAIT", 0.0)
    held = account.on("POST /videos").hold()
    sandbox.makepyfile(GIVES_UP)
    result = sandbox.runpytest_inprocess()
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(
        ["video not known by name: its creation was still under way when the run ended*"]
    )
    assert len(list(ledgers.glob("*.jsonl"))) == 1
    held.release()


# A sweep believes the account, and no ledger


def ledger_of(of: ApiVideo, ledgers: Path, *lines: Any, **head: Any) -> Path:
    """Write a ledger with these lines, and return its path."""
    run = "apivideo-test-20261124T080000Z-abcdef"
    first = {"run": run, "base_url": of.url, "account": f"project {of._project.id}"}
    ledgers.mkdir(exist_ok=True)
    path = ledgers / f"{len(list(ledgers.glob('*')))}.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in [{**first, **head}, *lines]))
    return path


def made(kind: str, identifier: Any) -> list[dict[str, Any]]:
    return [
        {"intended": 1, "kind": kind, "test": "test_it"},
        {"made": 1, "identifier": identifier},
    ]


@pytest.mark.usefixtures("sandbox")
def test_a_ledger_with_the_owners_resources_removes_nothing(
    account: ApiVideo, ledgers: Path
) -> None:
    old = "2020-01-01T00:00:00Z"
    video = account.videos.add(title="Of the owner")
    watermark = account.watermarks.add(created_at=old)
    summary = account.summaries.add(video_id=video.id)
    token = account.upload_tokens.add(created_at=old)
    from pytest_apivideo.sandbox.kinds import digest

    paths = [
        ledger_of(account, ledgers, *lines)
        for lines in (
            made("video", video.id),
            made("watermark", watermark.id),
            made("watermark", f"../videos/{video.id}"),
            made("summary", summary.id),
            made("upload token", digest(token.id)),
            made("upload token", token.id),
            made("tea", "te1"),
            [{"made": 1, "identifier": video.id}],
            [{"intended": [1], "kind": ["video"]}, 5, {"settled": {}}],
        )
    ]
    done = sweep(account)
    assert (done.exit_code, "0 removed" in done.output) == (1, True), done.output
    assert account.calls.count("DELETE *") == 0
    assert all(path.exists() for path in paths)
    assert f"left video {video.id}: it does not carry the mark of the run" in done.output
    assert (
        f"left watermark {watermark.id}: it was not created between the beginning of the run"
        in done.output
    )
    assert done.output.count("not all of its lines are those of a ledger") == 5


@pytest.mark.usefixtures("sandbox")
def test_one_bad_ledger_or_mark_does_not_keep_a_sweep_from_the_others(
    account: ApiVideo, ledgers: Path
) -> None:
    run = "apivideo-test-20261124T080000Z-abcdef"
    good = account.videos.add(title=f"Maths {run}")
    no_mark = account.videos.add(title="apivideo-test-20261399T999999Z-abcdef")
    kept = ledger_of(account, ledgers, *made("video", good.id))
    bad = [
        ledger_of(account, ledgers, run="mine"),
        ledger_of(account, ledgers, run=5),
        ledger_of(account, ledgers, run="apivideo-test-20261399T999999Z-abcdef"),
        ledger_of(account, ledgers, base_url=[]),
        ledger_of(account, ledgers, account={}),
    ]
    (ledgers / "none.jsonl").write_bytes(b"\xff\x00{")
    (ledgers / "folder.jsonl").mkdir()
    done = sweep(account)
    assert done.exit_code == 1
    for path in [*bad, ledgers / "none.jsonl", ledgers / "folder.jsonl"]:
        assert f"left {path}: it is no ledger that can be read" in done.output
    assert [one.id for one in account.videos] == [no_mark.id]
    assert not kept.exists()


@pytest.mark.usefixtures("sandbox")
def test_a_ledger_that_names_no_account_or_another_key_is_left_alone(
    account: ApiVideo, ledgers: Path
) -> None:
    from pytest_apivideo.sandbox.account import Account
    from pytest_apivideo.sandbox.secrets import Secrets

    upstream = Upstream(account.url, Budget(None))
    ours, other = (Account(upstream, key, Secrets()) for key in ("a-key-of-ours", "another-key"))
    assert ours.is_known_as(ours.known_as())
    assert ours.known_as() != ours.known_as()  # salted
    assert not other.is_known_as(ours.known_as())
    assert not ours.is_known_as(None)
    upstream.close()
    for written in (None, "", "project", "key a b", ours.known_as()):
        ledger_of(account, ledgers, *made("watermark", "wa1"), account=written)
    done = sweep(account)
    assert "5 ledgers are of another account or address, left alone" in done.output
    assert len(list(ledgers.glob("*"))) == 5


@pytest.mark.usefixtures("sandbox")
def test_a_thing_with_the_marks_of_two_runs_stays_until_both_are_swept(account: ApiVideo) -> None:
    one, two = (f"apivideo-test-20261124T080000Z-{letter * 6}" for letter in "ab")
    account.videos.add(title=f"{one} {two}")
    assert sweep(account, "--run", one, by_age=False).exit_code == 0
    assert len(account.videos) == 1
    assert "1 removed" in sweep(account, "--run", one, "--run", two, by_age=False).output
    assert len(account.videos) == 0


# When it cannot be known


@pytest.mark.usefixtures("sandbox")
@pytest.mark.parametrize(
    "page",
    [
        [],
        {"data": 5, "pagination": {"pagesTotal": 1}},
        {"data": {"a": 1}, "pagination": {"pagesTotal": 1}},
        {"data": None, "pagination": {"pagesTotal": 1}},
        {"data": ["a"], "pagination": {"pagesTotal": 1}},
        {"data": [], "pagination": {"pagesTotal": "2"}},
        {"data": [], "pagination": {"pagesTotal": 10**9}},
        {"data": [], "pagination": None},
        {"data": [{"liveStreamId": "li\nX y"}], "pagination": {"pagesTotal": 1}},
        {"data": [{"liveStreamId": ["a"]}], "pagination": {"pagesTotal": 1}},
    ],
)
def test_an_unreadable_list_is_reported_and_keeps_the_ledger(
    sandbox: pytest.Pytester, account: ApiVideo, ledgers: Path, page: Any
) -> None:
    path = ledger_of(account, ledgers, *made(VIDEO.name, "viIsGone"))
    account.on("GET /live-streams").respond(200, json=page)
    done = sweep(account)
    assert "left live stream: it is not known whether any is left, for " in done.output
    assert (done.exit_code, path.exists()) == (1, True)


def test_a_run_that_cannot_list_resources_keeps_its_ledger(
    sandbox: pytest.Pytester, account: ApiVideo, ledgers: Path
) -> None:
    with_page = account.on("GET /live-streams")
    with_page.respond(200, json={"data": 5})
    sandbox.makepyfile(CREATES)
    result = sandbox.runpytest_inprocess()
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(["live stream: it is not known whether any is left, for GET*"])
    assert len(list(ledgers.glob("*.jsonl"))) == 1
