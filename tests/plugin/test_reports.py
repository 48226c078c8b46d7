"""What a failing test is told of the fake, what `strict` forbids, and that no secret gets out."""

from __future__ import annotations

import json
import re
from pathlib import Path
from urllib.parse import quote

import pytest

from pytest_apivideo.options import KEY_VARIABLE

STORY = """
import httpx
import pytest

@pytest.fixture
def old(apivideo):
    apivideo.clock.freeze("2030-01-01T12:00:00Z")
    apivideo.settings.allow_api_key_as_bearer = False
    return apivideo

def test_it(old, apivideo_http):
    old.on("GET /tags", times=1).respond(503)
    apivideo_http.get("/videos")
    old.clock.advance(3600)
    httpx.get(old.url + "/vidoes?a=b", auth=(old.api_key, ""))
    httpx.get(old.url + "/videos", headers={"Authorization": "Bearer " + old.api_key})
    apivideo_http.get("/tags")
    assert "mine" == "yours"
"""

TOLD = [
    "-* api.video: calls -*",
    "2030-01-01 12:00:00.000  POST /auth/api-key -> 200  (api_key, ? ms)",
    "2030-01-01 12:00:00.000  GET /videos -> 200  (bearer, ? ms)",
    "2030-01-01 13:00:00.000  GET /vidoes[?]a=b -> 404  (basic, ? ms)",
    "    Unrecognized request URL. This fake has no such path. Did you mean GET /videos or *",
    "2030-01-01 13:00:00.000  GET /videos -> 401  (bearer, ? ms)",
    "    The access token is invalid or expired. This is an API key, not an access token: *",
    "    warning: an API key was sent as Bearer token: no client library does this, *",
    "2030-01-01 13:00:00.000  POST /auth/refresh -> 200  (refresh_token, ? ms)",
    "2030-01-01 13:00:00.000  GET /tags -> 503  (bearer, ? ms)",
    "    Service Unavailable",
    '    fault: apivideo.on("GET /tags", times=1).respond(503)',
    "-* api.video: clock and tokens -*",
    "2030-01-01 12:00:00.000  the clock was moved; mode manual",
    "2030-01-01 12:00:00.000  <AccessToken eyJ…???? sandbox> issued at a login, lives 3600 s",
    "2030-01-01 13:00:00.000  the clock was moved; mode manual",
    "2030-01-01 13:00:00.000  <AccessToken eyJ…???? sandbox> renewed, lives 3600 s",
    "now <Clock manual 2030-01-01T13:00:00.000+00:00>",
    "-* api.video: faults -*",
    'apivideo.on("GET /tags", times=1).respond(503), made at test_story.py:11, fired 1x',
]


@pytest.mark.parametrize("arguments", [[], ["-n", "1"]], ids=["in one process", "through xdist"])
def test_a_failure_shows_clock_tokens_and_calls(
    suite: pytest.Pytester, arguments: list[str]
) -> None:
    suite.makepyfile(test_story=STORY)
    result = suite.runpytest_subprocess(*arguments)
    result.assert_outcomes(failed=1)
    lines = [re.sub(r"\d+ ms", "? ms", line) for line in result.outlines]
    start = next(n for n, line in enumerate(lines) if "api.video: calls" in line)
    pytest.LineMatcher(lines[start:]).fnmatch_lines(
        [line.replace("(", "[(]") for line in TOLD], consecutive=True
    )


def test_a_passing_test_shows_no_sections(suite: pytest.Pytester) -> None:
    suite.makepyfile(STORY.replace('"mine" == "yours"', "True"))
    result = suite.runpytest_inprocess("-rA")
    result.assert_outcomes(passed=1)
    result.stdout.no_fnmatch_line("*api.video: calls*")


def test_a_failure_without_anything_to_tell_has_no_empty_section(suite: pytest.Pytester) -> None:
    suite.makepyfile("def test_it(apivideo): assert 0")
    result = suite.runpytest_inprocess()
    result.assert_outcomes(failed=1)
    result.stdout.no_fnmatch_line("*api.video: *s -*")


def test_a_failure_of_setup_or_teardown_shows_sections_too(suite: pytest.Pytester) -> None:
    suite.makepyfile(
        """
        import pytest

        @pytest.fixture
        def broken(apivideo_http):
            apivideo_http.get("/videos")
            raise ValueError("mine")

        @pytest.fixture
        def broken_after(apivideo_http):
            yield
            apivideo_http.get("/tags")
            raise ValueError("mine")

        def test_setup(broken): ...
        def test_teardown(broken_after): ...
        """
    )
    result = suite.runpytest_inprocess()
    result.assert_outcomes(errors=2, passed=1)
    result.stdout.fnmatch_lines(["*GET /videos -> 200*", "*GET /tags -> 200*"])


def test_failed_deliveries_are_reported(suite: pytest.Pytester) -> None:
    suite.makepyfile(
        """
        import pytest

        @pytest.mark.apivideo(webhook_delivery="manual")
        def test_pending(apivideo):
            apivideo.webhooks.add(
                events=["live-stream.broadcast.started"], url="http://127.0.0.1:1/mine"
            )
            apivideo.live_streams.start(apivideo.live_streams.add(name="a"))
            assert 0

        def test_failed(apivideo, apivideo_server):
            apivideo.webhooks.add(
                events=["live-stream.broadcast.started"], url="http://127.0.0.1:1/mine"
            )
            apivideo.live_streams.start(apivideo.live_streams.add(name="a"))
            apivideo.clock.advance(60)
            assert 0
        """
    )
    result = suite.runpytest_inprocess()
    result.assert_outcomes(failed=2)
    message = "live-stream.broadcast.started to http://127.0.0.1:1/mine"
    result.stdout.fnmatch_lines(
        [
            "-* api.video: unfinished deliveries -*",
            f"{message}: pending",
            "-* api.video: unfinished deliveries -*",
            f"{message}: failed after 4 attempts, the last: *refused*",
        ]
    )


CALLS = {
    "an unknown path": (
        'httpx.get(apivideo.url + "/video", auth=(apivideo.api_key, ""))',
        "These calls match no operation:\n"
        "  GET /video -> 404. Did you mean GET /videos or GET /videos/{videoId} or POST /videos?\n",
    ),
    "a wrong method": (
        'httpx.put(apivideo.url + "/videos", auth=(apivideo.api_key, ""))',
        "These calls match no operation:\n"
        "  PUT /videos -> 405. Did you mean POST /videos or GET /videos or PATCH /videos/{videoId}"
        "?\n",
    ),
    "a warning": (
        'httpx.get(apivideo.url + "/videos", headers={"Authorization": apivideo.tokens.issue()'
        ".access_token})",
        "These calls misuse the API:\n"
        "  GET /videos -> 200: a credential came without a scheme; write Bearer in front of a "
        "token\n",
    ),
}


@pytest.mark.parametrize("call", CALLS)
def test_strict_fails_the_test_with_a_reason(suite: pytest.Pytester, call: str) -> None:
    source, words = CALLS[call]
    suite.makepyfile(
        f"""
        import httpx
        import pytest

        def test_lax(apivideo):
            {source}

        @pytest.mark.apivideo(strict=True)
        def test_strict(apivideo):
            {source}

        @pytest.mark.apivideo(strict=True)
        def test_right(apivideo_http):
            apivideo_http.get("/videos").raise_for_status()
        """
    )
    result = suite.runpytest_inprocess()
    result.assert_outcomes(failed=1, passed=2)
    note = "  They fail the test because the setting strict is on. See docs/calls.md"
    assert words + note in result.stdout.str()
    suite.runpytest_inprocess("--apivideo-strict").assert_outcomes(failed=2, passed=1)


def test_strict_holds_for_a_project_of_its_own(suite: pytest.Pytester) -> None:
    suite.makepyfile(
        """
        import httpx
        import pytest

        def test_it(apivideo_server):
            with pytest.raises(AssertionError, match="GET /nothing -> 404"):
                with apivideo_server.project(strict=True) as account:
                    httpx.get(account.url + "/nothing", auth=(account.api_key, ""))
        """
    )
    suite.runpytest_inprocess().assert_outcomes(passed=1)


CANARY = """
import base64, logging, pathlib, sys, warnings, httpx, pytest

def secrets_of(account):
    basic = base64.b64encode(f"{account.api_key}:".encode()).decode()
    return [account.api_key, account.production_key, account.admin_key, basic,
            *map(str, account.tokens.issued), *account.tokens.values()]

def leak(account, record_property):
    grant = account.tokens.issue()
    found = secrets_of(account)
    with pathlib.Path("secrets", record_property.name).open("a") as file:
        print(*found, sep="\\n", file=file)
    print("printed", found)
    print("error", found, file=sys.stderr)
    logging.getLogger("mine").warning("logged %s", found)
    record_property("property", found[0])
    return found, grant

@pytest.fixture
def noted(request, record_property):
    def note(name, value):
        record_property(name, value)
    note.name = request.node.name
    return note

def test_assertion(apivideo, noted):
    found, grant = leak(apivideo, noted)
    assert found == []

def test_text(apivideo, noted):
    found, grant = leak(apivideo, noted)
    assert grant.refresh_token == grant.access_token

def test_json(apivideo, apivideo_http, noted):
    leak(apivideo, noted)
    apivideo_http.get("/videos")
    assert apivideo.calls[0].answer == {"token": apivideo.calls[0].json}

def test_record(apivideo, apivideo_http, noted):
    leak(apivideo, noted)
    apivideo_http.get("/videos")
    assert [call.headers for call in apivideo.calls] == [apivideo.calls]

def test_calls(apivideo, noted):
    found, grant = leak(apivideo, noted)
    httpx.get(apivideo.url + "/videos", headers={"Authorization": "Bearer " + apivideo.api_key})
    httpx.get(apivideo.url + "/" + grant.access_token, auth=(apivideo.api_key, ""))
    apivideo.on("GET /tags", where=lambda asked: grant).respond(503)
    apivideo.calls.assert_called("POST /videos")

def test_exception(apivideo, noted):
    found, grant = leak(apivideo, noted)
    raise ValueError(f"it was {found}")

def test_error_of_the_fake(apivideo, noted, monkeypatch):
    found, grant = leak(apivideo, noted)
    apivideo.on("GET /videos", where=lambda asked: 1 / 0, optional=True).respond(503)
    httpx.get(apivideo.url + "/videos", auth=(apivideo.api_key, ""))

def test_another_account(apivideo_server, noted):
    with apivideo_server.project() as account:
        found, grant = leak(account, noted)
        assert found == []

def test_skipped(apivideo, noted):
    found, grant = leak(apivideo, noted)
    pytest.skip(f"because of {found}")

def test_expected(apivideo, noted):
    found, grant = leak(apivideo, noted)
    pytest.xfail(f"because of {found}")

def test_passes(apivideo, noted):
    leak(apivideo, noted)

def test_warns(apivideo, noted):
    found, grant = leak(apivideo, noted)
    warnings.warn(f"warned of {found}")
    warnings.warn(grant.access_token, DeprecationWarning)
"""


@pytest.mark.parametrize("workers", [[], ["-n", "2"]], ids=["in one process", "through xdist"])
def test_no_secret_is_in_any_byte_of_output(suite: pytest.Pytester, workers: list[str]) -> None:
    suite.mkdir("secrets")
    suite.makepyfile(CANARY)
    result = suite.runpytest_subprocess(
        "-vv",
        "-rA",
        "--tb=long",
        "--showlocals",
        "--junitxml=report.xml",
        "-o",
        "junit_family=xunit1",
        "-o",
        "junit_logging=all",
        "-Wdefault",
        *workers,
    )
    result.assert_outcomes(passed=2, failed=8, skipped=1, xfailed=1, warnings=2)
    files = list((suite.path / "secrets").iterdir())
    secrets = {line for file in files for line in file.read_text().split("\n") if line}
    assert len(files) == 12
    assert len(secrets) > 50
    shown = {
        "output": result.stdout.str(),
        "errors": result.stderr.str(),
        "junit": Path(suite.path, "report.xml").read_text(),
    }
    assert "printed" in shown["output"]
    assert "printed" in shown["junit"]
    assert "UserWarning: warned of [" in shown["output"]
    for place, text in shown.items():
        for secret in secrets:
            for fragment in (secret, secret[:60], secret[-60:]):
                at = text.find(fragment)
                assert at < 0, f"{place}: {text[max(0, at - 200) : at + 40]!r}"


@pytest.mark.parametrize("named", ['["my own secret"]', '"my own secret"'])
def test_a_hook_names_more_texts_to_hide(suite: pytest.Pytester, named: str) -> None:
    suite.makeconftest(f"def pytest_apivideo_redact(config): return {named}")
    suite.makepyfile("def test_it(): assert 'my own secret' == 'another'")
    result = suite.runpytest_inprocess()
    result.assert_outcomes(failed=1)
    result.stdout.no_fnmatch_line("*'my own secret' == *")


@pytest.mark.parametrize(
    ("named", "words"),
    [
        ("1 / 0", "failed: ZeroDivisionError at conftest.py:1"),
        ("['my own secret', 5]", "failed: it returned int, not texts"),
        ("5", "failed: it returned int, not texts"),
        ("b'my own secret'", "failed: it returned bytes, not texts"),
        ("{'my own secret': 1}", "failed: it returned dict, not texts"),
        ("'hunter2'", "failed: it returned a text of 7 characters; at least 8 are *"),
        ("__import__('pytest').skip('my own secret')", "failed: Skipped at *"),
        ("__import__('sys').exit('my own secret')", "failed: SystemExit at conftest.py:1"),
    ],
)
def test_a_failing_hook_hides_the_whole_report(
    suite: pytest.Pytester, named: str, words: str
) -> None:
    suite.makeconftest(f"def pytest_apivideo_redact(config): return {named}")
    suite.makepyfile(
        """
        import warnings

        def test_it(): assert 'my own ' + 'secret' == 'another'
        def test_that_warns(): warnings.warn('my own ' + 'secret')
        def test_that_passes(): pass
        """
    )
    result = suite.runpytest_inprocess("--tb=short", "-Wdefault")
    result.assert_outcomes(passed=2, failed=1, warnings=1)
    result.stdout.fnmatch_lines([f"the hook pytest_apivideo_redact {words}", "*docs/hooks.md"])
    assert "my own secret" not in result.stdout.str()


def test_a_hook_that_warns_is_asked_all_the_same(suite: pytest.Pytester) -> None:
    suite.makeconftest(
        """
        import warnings

        def pytest_apivideo_redact(config):
            warnings.warn("the vault is old", DeprecationWarning)
            return ["my own secret"]
        """
    )
    suite.makepyfile(
        """
        import warnings

        def test_it(): assert "my own " + "secret" == "another"
        def test_that_warns(): warnings.warn("my own " + "secret")
        """
    )
    result = suite.runpytest_inprocess("-Wdefault")
    result.assert_outcomes(passed=1, failed=1, warnings=1)
    assert "my own secret" not in result.stdout.str()


@pytest.mark.parametrize("shown", ["{!r}", "{}", "https://me:{quoted}@host", "{json}"])
def test_a_text_is_hidden_however_it_is_spelt(suite: pytest.Pytester, shown: str) -> None:
    secret = "-- BEGIN 'A' \"KEY\" --\nMIIS3cret/of+ours\n"
    spelt = shown.format(secret, quoted=quote(secret, safe=""), json=json.dumps(secret))
    suite.makeconftest(f"def pytest_apivideo_redact(config): return {secret!r}")
    suite.makepyfile(
        f"def test_it(): raise RuntimeError(bytes.fromhex({spelt.encode().hex()!r}).decode())"
    )
    result = suite.runpytest_inprocess("--tb=short")
    result.assert_outcomes(failed=1)
    assert "RuntimeError" in result.stdout.str()
    assert "S3cret" not in result.stdout.str()


def test_a_module_that_cannot_be_loaded_shows_no_secret(
    suite: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(KEY_VARIABLE, "a-key-of-the-sandbox-0123456789")
    suite.makeconftest("def pytest_apivideo_redact(config): return 'my own secret'")
    suite.makepyfile(
        f"""
        import os
        raise RuntimeError("no login with " + os.environ[{KEY_VARIABLE!r}] + " my own " + "secret")
        """
    )
    result = suite.runpytest_inprocess("--junitxml=report.xml")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*RuntimeError: no login with a-k…6789 my …cret"])
    for text in (result.stdout.str(), Path(suite.path, "report.xml").read_text()):
        assert "0123456789" not in text
        assert "my own secret" not in text


def test_secrets_of_deleted_resources_are_hidden_too(suite: pytest.Pytester) -> None:
    suite.makepyfile(
        """
        import warnings

        def test_it(apivideo, apivideo_http):
            token = apivideo_http.post("/upload-tokens", json={}).json()["token"]
            stream = apivideo_http.post("/live-streams", json={"name": "a"}).json()
            print("shown", token[::-1], stream["streamKey"][::-1])
            warnings.warn(f"of {token}")
            apivideo_http.delete(f"/upload-tokens/{token}")
            apivideo_http.delete(f"/live-streams/{stream['liveStreamId']}")
            assert [token, stream["streamKey"]] == []
        """
    )
    result = suite.runpytest_inprocess("-Wdefault", "-l")
    result.assert_outcomes(failed=1, warnings=1)
    output = result.stdout.str()
    (found,) = re.findall(r"shown (\S+) (\S+)", output)
    for backwards in found:
        assert backwards[::-1] not in output


WITHOUT_ERROR = """
import httpx, pytest

def misuse(account):
    httpx.get(account.url + "/nothing", auth=(account.api_key, ""))
    account.on("GET /videos").respond(503)

@pytest.fixture
def skipping(apivideo):
    misuse(apivideo)
    pytest.skip("in a fixture")

@pytest.mark.apivideo(strict=True)
def test_skips(apivideo):
    misuse(apivideo)
    pytest.skip("later")

@pytest.mark.apivideo(strict=True)
def test_skips_before(skipping): ...

@pytest.mark.apivideo(strict=True)
def test_fails(apivideo):
    misuse(apivideo)
    assert 0

@pytest.mark.apivideo(strict=True)
def test_expected(apivideo):
    misuse(apivideo)
    pytest.xfail("known")
"""


def test_a_failed_test_is_not_checked_at_its_end(suite: pytest.Pytester) -> None:
    suite.makepyfile(WITHOUT_ERROR)
    suite.runpytest_inprocess().assert_outcomes(skipped=2, failed=1, xfailed=1)


def test_strict_includes_cleared_calls(suite: pytest.Pytester) -> None:
    suite.makepyfile(
        """
        import httpx

        def test_it(apivideo):
            httpx.get(apivideo.url + "/nothing", auth=(apivideo.api_key, ""))
            apivideo.calls.clear()

        def test_reset(apivideo):
            httpx.get(apivideo.url + "/nothing", auth=(apivideo.api_key, ""))
            httpx.post(apivideo.url + "/_fake/reset", auth=(apivideo.api_key, ""))
        """
    )
    result = suite.runpytest_inprocess("--apivideo-strict")
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(["These calls match no operation:", "  GET /nothing -> 404.*"])


def test_a_failure_shows_sections_of_a_second_project(suite: pytest.Pytester) -> None:
    suite.makepyfile(
        """
        import httpx, pytest

        @pytest.fixture(scope="module")
        def wide(apivideo_server):
            with apivideo_server.project() as account:
                yield account

        def test_block(apivideo_server):
            with apivideo_server.project() as account:
                httpx.get(account.url + "/tags", auth=(account.api_key, ""))
                assert 0

        def test_wide(wide):
            httpx.get(wide.url + "/webhooks", auth=(wide.api_key, ""))
            assert 0

        def test_of_something_else():
            assert 0
        """
    )
    result = suite.runpytest_inprocess("-p", "no:randomly")
    result.assert_outcomes(failed=3)
    result.stdout.fnmatch_lines(
        [
            "*api.video: calls of pr*",
            "*GET /tags -> 200*",
            "*api.video: calls of pr*",
            "*/webhooks*",
        ]
    )
    for told in ("GET /tags -> 200", "GET /webhooks -> 200"):
        assert result.stdout.str().count(told) == 1
