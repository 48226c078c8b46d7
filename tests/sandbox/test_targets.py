"""`--apivideo-target`: which tests run where, what they say when they do not, what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from fake_server import ApiVideo
from pytest_apivideo.options import KEY_VARIABLE
from pytest_apivideo.sandbox.budget import Budget
from tests.sandbox.conftest import PLAIN


def test_the_fake_is_the_target_of_those_who_choose_none(suite: pytest.Pytester) -> None:
    suite.makepyfile(
        """
        def test_it(apivideo_target, apivideo):
            assert (apivideo_target.name, apivideo_target.is_fake) == ("fake", True)
            assert apivideo_target.url == apivideo.url
            assert apivideo_target.api_key == apivideo.api_key
            assert apivideo_target.api_key not in repr(apivideo_target)
            run = apivideo_target.run
            for text, marked in {
                "Maths": f"Maths {run}",
                "": run,
                "Version 1.25": f"Version 1.25 {run}",
                "d.mp4": f"d {run}.mp4",
                "https://a.example/hook": f"https://a.example/hook?apivideo-test-run={run}",
                "http://a.example:80/?b=c#d": f"http://a.example:80/?b=c&apivideo-test-run={run}#d",
            }.items():
                assert apivideo_target.mark(text) == marked
        """
    )
    suite.runpytest_inprocess().assert_outcomes(passed=1)


def test_a_test_runs_unchanged_on_the_sandbox_and_leaves_nothing(
    sandbox: pytest.Pytester, account: ApiVideo
) -> None:
    sandbox.makepyfile(PLAIN)
    result = sandbox.runpytest_inprocess("-rs")
    result.assert_outcomes(passed=1, skipped=1)
    result.stdout.fnmatch_lines(
        [
            f"api.video: SANDBOX {account.url}",
            "api.video sandbox: run apivideo-test-* left nothing behind",
            "*not on the sandbox: it uses apivideo, which only the fake has*",
        ]
    )
    account.calls.assert_called("POST /videos", times=1)
    assert len(account.videos) == 0


def test_with_both_each_test_that_can_runs_twice(sandbox: pytest.Pytester) -> None:
    sandbox.makepyfile(PLAIN)
    result = sandbox.runpytest_inprocess("--apivideo-target=both", "-v")
    result.assert_outcomes(passed=3)
    result.stdout.fnmatch_lines(
        ["*::test_both[[]fake] PASSED*", "*::test_both[[]sandbox] PASSED*", "*::test_fake PASSED*"]
    )


def test_a_missing_key_skips_or_fails_and_names_the_variable(
    sandbox: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(KEY_VARIABLE)
    sandbox.makepyfile(PLAIN)
    result = sandbox.runpytest_inprocess("-rs")
    result.assert_outcomes(skipped=2)
    result.stdout.fnmatch_lines([f"*{KEY_VARIABLE} is not set: it is where the sandbox's API key*"])
    result = sandbox.runpytest_inprocess("--apivideo-require-sandbox")
    result.assert_outcomes(errors=1, skipped=1)
    result.stdout.fnmatch_lines([f"*{KEY_VARIABLE} is not set*"])


@pytest.mark.parametrize(
    "url",
    [
        "https://ws.api.video",
        "https://WS.API.VIDEO./",
        "https://ws.api.video:443",
        "https://admin.api.video",
        "https://api.video",
        "https://sandbox.api.video@ws.api.video",
        "http://sandbox.api.video",
        "ftp://sandbox.api.video",
        "https://sandbox.api.video?x=1",
        "sandbox.api.video",
        "https://[",
    ],
)
def test_an_address_that_is_no_sandbox_ends_the_run_before_it_begins(
    sandbox: pytest.Pytester, account: ApiVideo, url: str
) -> None:
    sandbox.makepyfile(PLAIN)
    result = sandbox.runpytest_inprocess(f"--apivideo-base-url={url}")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert "sandbox" in result.stderr.str() or "clear text" in result.stderr.str()
    assert "Traceback" not in result.stderr.str()
    assert len(account.calls) == 0


def test_a_key_that_a_variable_of_production_holds_is_refused(
    sandbox: pytest.Pytester, account: ApiVideo, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("APIVIDEO_PRODUCTION_KEY", account.api_key)
    sandbox.makepyfile(PLAIN)
    result = sandbox.runpytest_inprocess()
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*holds the same key as APIVIDEO_PRODUCTION_KEY*"])
    assert account.api_key not in result.stderr.str()
    assert len(account.calls) == 0


MANY = (
    PLAIN
    + """
@pytest.mark.parametrize("number", range(10))
def test_more(apivideo_session, number): ...
"""
)


def test_a_key_that_the_sandbox_does_not_know_ends_the_run_at_once(
    sandbox: pytest.Pytester, account: ApiVideo, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(KEY_VARIABLE, "an-unknown-key-of-nobody")
    sandbox.makepyfile(MANY)
    result = sandbox.runpytest_inprocess()
    result.assert_outcomes(errors=1)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(
        [
            "*gave no token: 401*",
            f"*The key is that of {KEY_VARIABLE}.",
            "!* the sandbox cannot be used, for the reason above !*",
        ]
    )
    assert "an-unknown-key-of-nobody" not in result.stdout.str()


def test_a_key_that_is_not_known_ends_the_run_of_several_workers(
    sandbox: pytest.Pytester, account: ApiVideo, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(KEY_VARIABLE, "an-unknown-key-of-nobody")
    sandbox.makepyfile(MANY.replace("range(10)", "range(100)"))
    result = sandbox.runpytest_subprocess("-n", "2")
    outcomes = result.parseoutcomes()
    assert 1 <= outcomes.pop("errors", outcomes.pop("error", 0)) <= 4, outcomes
    assert "passed" not in outcomes
    result.stdout.fnmatch_lines(["*gave no token: 401*"])
    account.calls.assert_called("POST /auth/api-key", times=1)


def test_with_both_targets_the_fake_s_tests_go_on_without_the_sandbox(
    sandbox: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(KEY_VARIABLE, "an-unknown-key-of-nobody")
    sandbox.makepyfile(MANY)
    result = sandbox.runpytest_inprocess("--apivideo-target=both")
    result.assert_outcomes(passed=12, errors=11)
    told, _, _ = result.stdout.str().partition("short test summary info")  # whole errors, on CI
    assert told.count("gave no token: 401") == 1
    assert "The sandbox cannot be used: the first such test says why." in told


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--apivideo-target=prod"], "*'prod'*fake*sandbox*both*"),
        (["--apivideo-budget=fast"], "*a share of the documented rate from 1% to 100%, or off*"),
        (["--apivideo-budget=120%"], "*a share of the documented rate from 1% to 100%, or off*"),
    ],
)
def test_an_invalid_option_is_an_error_with_the_valid_values(
    sandbox: pytest.Pytester, arguments: list[str], words: str
) -> None:
    result = sandbox.runpytest_inprocess(*arguments)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([words])


def test_markers_name_needs_that_only_the_fake_meets(sandbox: pytest.Pytester) -> None:
    sandbox.makepyfile(
        """
        import pytest

        @pytest.mark.apivideo_fake_only(reason="it lasts an hour")
        def test_reason(apivideo_http): ...

        @pytest.mark.apivideo_contract(needs=["clock", "faults"])
        def test_needs(apivideo_http): ...

        @pytest.mark.apivideo_contract(needs="clocks")
        def test_wrong_need(apivideo_http): ...

        @pytest.mark.apivideo_fake_only
        def test_no_reason(apivideo_http): ...

        def test_none_of_ours(): ...

        @pytest.mark.apivideo(expires_in=60, auth_errors="docs", strict=True)
        def test_settings(apivideo_http): ...

        @pytest.mark.apivideo(strict=True)
        def test_no_behaviour(apivideo_target): ...
        """
    )
    result = sandbox.runpytest_inprocess("-rs")
    result.assert_outcomes(skipped=3, errors=2, passed=2)
    result.stdout.fnmatch_lines_random(
        [
            "*not on the sandbox: it lasts an hour*",
            "*not on the sandbox: it sets auth_errors, expires_in, which only the fake can*",
            "*it needs control of the clock, faults on demand, which only the fake has*",
            "*takes one or several of: clock, faults, *",
            '*write @pytest.mark.apivideo_fake_only(reason="…")*',
        ]
    )


@pytest.mark.parametrize(
    ("marker", "words"),
    [
        ("contract(needs=None)", "*takes one or several of: clock, faults, *"),
        ("contract(needs=5)", "*takes one or several of: clock, faults, *"),
        ("contract(needs=[['clock']])", "*takes one or several of: clock, faults, *"),
        ("fake_only(reason=None)", '*write @pytest.mark.apivideo_fake_only(reason="…")*'),
        ("fake_only('because')", '*write @pytest.mark.apivideo_fake_only(reason="…")*'),
    ],
)
def test_an_invalid_marker_is_an_error_without_traceback(
    sandbox: pytest.Pytester, marker: str, words: str
) -> None:
    sandbox.makepyfile(
        f"""
        import pytest

        @pytest.mark.apivideo_{marker}
        def test_it(apivideo_http): ...
        """
    )
    result = sandbox.runpytest_inprocess()
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines([words])
    assert "Error:" not in result.stdout.str()


ASKS = """
def test_it(request):
    assert request.getfixturevalue("apivideo_target").name == {name!r}
"""


def test_a_test_that_asks_for_its_target_skips_without_a_key(
    sandbox: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    sandbox.makepyfile(ASKS.format(name="sandbox"))
    sandbox.runpytest_inprocess().assert_outcomes(passed=1)
    monkeypatch.delenv(KEY_VARIABLE)
    result = sandbox.runpytest_inprocess("-rs")
    result.assert_outcomes(skipped=1)
    result.stdout.fnmatch_lines([f"*{KEY_VARIABLE} is not set: it is where the sandbox's API key*"])
    result = sandbox.runpytest_inprocess("--apivideo-require-sandbox")
    result.assert_outcomes(errors=0, failed=1)
    result.stdout.fnmatch_lines([f"{KEY_VARIABLE} is not set: *"])


@pytest.mark.parametrize("workers", ["0", "2"])
def test_tests_that_run_on_the_fake_only_are_reported(
    sandbox: pytest.Pytester, workers: str
) -> None:
    sandbox.makepyfile(
        ASKS.format(name="fake")
        + """
import unittest
import pytest

class TestOld(unittest.TestCase):
    @pytest.fixture(autouse=True)
    def set(self, apivideo_http): ...

    def test_old(self): ...

def test_new(apivideo_http): ...
"""
    )
    result = sandbox.runpytest_subprocess("--apivideo-target=both", "-n", workers)
    result.assert_outcomes(passed=4)
    result.stdout.fnmatch_lines(["*: 2 tests ran on the fake alone, for a unittest.TestCase, *"])


def test_a_users_fixture_with_a_similar_name_is_ignored(
    sandbox: pytest.Pytester,
) -> None:
    sandbox.makepyfile(
        """
        import pytest

        @pytest.fixture
        def apivideo_key(): ...

        def test_it(apivideo_key, apivideo_http): ...
        """
    )
    sandbox.runpytest_inprocess().assert_outcomes(passed=1)


def test_ledgers_that_cannot_be_written_end_the_run_before_it_begins(
    sandbox: pytest.Pytester, account: ApiVideo, ledgers: Path
) -> None:
    ledgers.write_text("a file")
    sandbox.makepyfile(PLAIN)
    result = sandbox.runpytest_inprocess()
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*cannot be written to *APIVIDEO_LEDGER_DIR names another.*"])
    assert len(account.calls) == 0


def test_a_skip_is_shown_where_the_test_stands(sandbox: pytest.Pytester) -> None:
    sandbox.makepyfile(test_here="\n\ndef test_fake(apivideo): ...")
    result = sandbox.runpytest_inprocess("-rs")
    result.stdout.fnmatch_lines(["SKIPPED [[]1[]] test_here.py: not on the sandbox: it uses *"])


def test_every_client_works_on_the_sandbox_with_one_login_for_all(
    sandbox: pytest.Pytester, account: ApiVideo
) -> None:
    sandbox.makepyfile(
        """
        import asyncio

        def test_http(apivideo_http):
            assert apivideo_http.get("/videos").status_code == 200

        def test_async(apivideo_async_http):
            assert asyncio.run(apivideo_async_http.get("/videos")).status_code == 200

        def test_session(apivideo_session):
            assert apivideo_session.get("/videos").status_code == 200

        def test_sdk(apivideo_client):
            from apivideo.api.videos_api import VideosApi
            assert VideosApi(apivideo_client).list().data == []
        """
    )
    sandbox.runpytest_inprocess().assert_outcomes(passed=4)
    account.calls.assert_called("POST /auth/api-key", times=1)


def test_the_key_is_for_tests_that_log_in_themselves(
    sandbox: pytest.Pytester, account: ApiVideo
) -> None:
    sandbox.makepyfile(
        """
        import httpx

        def test_it(apivideo_target):
            key = str(apivideo_target.api_key)
            made = httpx.post(apivideo_target.url + "/auth/api-key", json={"apiKey": key})
            token = made.json()["access_token"]
            bearer = {"Authorization": f"Bearer {token}"}
            assert httpx.get(apivideo_target.url + "/videos", headers=bearer).status_code == 200
            assert httpx.get(apivideo_target.url + "/videos", auth=(key, "")).status_code == 200
        """
    )
    sandbox.runpytest_inprocess().assert_outcomes(passed=1)
    account.calls.assert_called("POST /auth/api-key", times=2)


# A fake that is served elsewhere


def test_a_fake_that_is_served_elsewhere_gives_each_test_a_project(
    suite: pytest.Pytester, account: ApiVideo
) -> None:
    suite.makepyfile(
        PLAIN
        + """
@pytest.mark.apivideo(expires_in=60)
def test_settings(apivideo_target):
    import httpx
    assert apivideo_target.is_fake
    body = {"apiKey": apivideo_target.api_key}
    given = httpx.post(apivideo_target.url + "/auth/api-key", json=body).json()
    assert given["expires_in"] == 60

@pytest.mark.apivideo(environment="production")
def test_environment(apivideo_session):
    assert apivideo_session.get("/videos").json()["data"] == []
"""
    )
    result = suite.runpytest_inprocess(f"--apivideo-server={account.url}/", "-rs")
    result.assert_outcomes(passed=3, skipped=1)
    result.stdout.fnmatch_lines(
        [f"api.video: fake at {account.url}, *", "*not on a remote fake: *"]
    )
    assert len(account.calls) == 0


@pytest.mark.parametrize(
    ("server", "words"),
    [
        (
            "https://ws.api.video",
            "*is api.video's: --apivideo-server takes the address of an `apivideo-fake serve`",
        ),
        ("8765", "*'8765' is not the address of a server*"),
        ("http://[bad", "*'http://[[]bad' is not the address of a server*"),
        ("http://me:word@127.0.0.1:8765", "*'http://…@127.0.0.1:8765' is not the address of a*"),
    ],
)
def test_a_server_that_is_no_fake_by_its_name_ends_the_run(
    suite: pytest.Pytester, server: str, words: str
) -> None:
    result = suite.runpytest_inprocess(f"--apivideo-server={server}")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([words])


@pytest.mark.parametrize("option", ["base-url", "server"])
def test_the_password_of_an_address_is_not_repeated(suite: pytest.Pytester, option: str) -> None:
    address = f"--apivideo-{option}=https://me:a-password@127.0.0.1:8765"
    arguments = ["--apivideo-target=sandbox"] if option == "base-url" else []
    for more in ([], ["--apivideo-info"]):
        result = suite.runpytest_inprocess(address, *arguments, *more)
        result.stderr.fnmatch_lines(["*'https://…@127.0.0.1:8765' is not the address of a s*"])
        assert "a-password" not in result.stdout.str() + result.stderr.str()


def test_a_missing_server_or_one_that_is_not_the_fake_is_an_error(
    suite: pytest.Pytester, page: str, account: ApiVideo
) -> None:
    suite.makepyfile("def test_it(apivideo_http): ...")
    for server, words in (
        ("http://127.0.0.1:9", "no fake answers at http://127.0.0.1:9*apivideo-fake serve*"),
        (page, f"no fake answers at {page}*"),
        (f"{account.url}/nowhere", "POST */nowhere/_fake/projects gave 404*"),
    ):
        result = suite.runpytest_inprocess(f"--apivideo-server={server}")
        result.assert_outcomes(errors=1)
        result.stdout.fnmatch_lines([words])


PATIENT = """
def test_it(apivideo_target, apivideo_http, apivideo_async_http, apivideo_session):
    assert apivideo_target.timeout > 2 * 90
    assert apivideo_http.timeout.read == apivideo_target.timeout
    assert apivideo_async_http.timeout.read == apivideo_target.timeout
    adapter = apivideo_session.get_adapter(apivideo_target.url)
    assert adapter._timeout == apivideo_target.timeout
"""


def test_clients_wait_as_long_as_a_request_may_be_held_back(sandbox: pytest.Pytester) -> None:
    sandbox.makepyfile(PATIENT)
    sandbox.runpytest().assert_outcomes(passed=1)


def test_the_budget_is_waited_for_before_each_test(
    sandbox: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    rests: list[Budget] = []
    monkeypatch.setattr(Budget, "rest", lambda self: rests.append(self))
    sandbox.makepyfile(PLAIN + "def test_again(apivideo_target): pass")
    sandbox.runpytest("--apivideo-budget=70%").assert_outcomes(passed=2, skipped=1)
    assert len(rests) == 2
