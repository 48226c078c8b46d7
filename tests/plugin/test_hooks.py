"""What a suite can add to the fake, and how it finds out what is configured."""

from __future__ import annotations

import re

import pytest

from fake_server.extending import GET
from fake_server.settings import names
from pytest_apivideo import fixtures
from pytest_apivideo.options import OPTIONS

CONFTEST = """
from fake_server.extending import GET, POST, Action, Answer, Context, Problem


def show_quota(call: Context):
    "How much of the account's storage is used."
    return {"used": len(list(call.project.account.calls)), "project": call.project.id}


def refuse(call: Context):
    raise Problem(402, "payment-required", "Pay first.")


def pytest_apivideo_operations(config):
    return [
        GET("/quota", show_quota),
        POST("/quota", refuse),
        GET("/health", lambda call: {"ok": True}, credential="public"),
        GET("/tags", lambda call: Answer({"mine": True}, 203)),
    ]


def pytest_apivideo_configure_server(config, server):
    print("CONFIGURED", server.url)
"""


def test_an_operation_of_the_users_own_is_like_any_other(suite: pytest.Pytester) -> None:
    suite.makeconftest(CONFTEST)
    suite.makepyfile(
        """
        import httpx

        def test_it(apivideo, apivideo_http):
            assert httpx.get(apivideo.url + "/quota").status_code == 401
            assert set(apivideo_http.get("/quota").json()) == {"used", "project"}
            assert apivideo_http.post("/quota").json()["title"] == "Pay first."
            assert httpx.get(apivideo.url + "/health").json() == {"ok": True}
            apivideo.on("GET /quota", times=1).respond(503)
            assert apivideo_http.get("/quota").status_code == 503
            assert apivideo.calls.count("GET /quota") == 3
            assert apivideo.calls.count("POST /quota") == 1

        def test_instead_of_one_of_the_fakes(apivideo_http):
            answer = apivideo_http.get("/tags")
            assert (answer.status_code, answer.json()) == (203, {"mine": True})
            assert apivideo_http.get("/videos").status_code == 200
        """
    )
    result = suite.runpytest_inprocess("-s")
    result.assert_outcomes(passed=2)
    assert len(re.findall(r"CONFIGURED http://127.0.0.1:\d+", result.stdout.str())) == 1


def test_without_a_hook_there_is_no_such_operation(suite: pytest.Pytester) -> None:
    suite.makepyfile(
        """
        import pytest

        def test_it(apivideo, apivideo_http):
            assert apivideo_http.get("/quota").status_code == 404
            with pytest.raises(LookupError):
                apivideo.on("GET /quota")
        """
    )
    suite.runpytest_inprocess().assert_outcomes(passed=1)


def test_a_single_operation_can_return_bytes(suite: pytest.Pytester) -> None:
    suite.makeconftest(
        """
        from fake_server.extending import GET, Answer, File

        def table(call):
            file = File("table.csv", "text/csv", b"a,b")
            return Answer(file, headers={"Content-Type": "text/plain", "X-Mine": "1"})

        def pytest_apivideo_operations(config):
            return GET("/table", table)
        """
    )
    suite.makepyfile(
        """
        def test_it(apivideo_http):
            answer = apivideo_http.get("/table")
            assert (answer.headers["Content-Type"], answer.content) == ("text/plain", b"a,b")
            assert answer.headers["X-Mine"] == "1"
        """
    )
    suite.runpytest_inprocess().assert_outcomes(passed=1)


def test_an_invalid_operation_is_refused(suite: pytest.Pytester) -> None:
    suite.makeconftest("def pytest_apivideo_operations(config): return ['GET /quota']")
    suite.makepyfile("def test_it(apivideo): ...")
    result = suite.runpytest_inprocess()
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(
        ["*the hook pytest_apivideo_operations: 'GET /quota' is not an operation; *docs/hooks.md"]
    )


def test_an_invalid_answer_raises_an_error_with_valid_types(suite: pytest.Pytester) -> None:
    suite.makeconftest(
        """
        from fake_server.extending import GET

        def pytest_apivideo_operations(config):
            return [
                GET("/quota", lambda call: b"bytes"),
                GET("/sum", lambda call: {"a": float("nan")}),
                GET("/set", lambda call: [{1}]),
                GET("/all", lambda call: [{"a": 1}]),
            ]
        """
    )
    suite.makepyfile(
        """
        import pytest

        @pytest.mark.parametrize("path", ["/quota", "/sum", "/set"])
        def test_bytes(apivideo_http, path):
            assert apivideo_http.get(path).status_code == 500

        def test_list(apivideo_http):
            assert apivideo_http.get("/all").json() == [{"a": 1}]
        """
    )
    result = suite.runpytest_inprocess()
    result.assert_outcomes(passed=1, failed=3)
    for words in (
        "*TypeError: GET /quota: its handler returned bytes; a handler returns a dict, *",
        "*TypeError: GET /sum: its handler returned dict that is not valid JSON (Out of *",
        "*TypeError: GET /set: its handler returned list that is not valid JSON (Object of *",
    ):
        result.stdout.fnmatch_lines([words])


@pytest.mark.parametrize("path", ["mine", "/mine/{a", "/mine/<int:a>", "/{a}/{a}", "", "/a b"])
def test_an_invalid_path_is_refused(path: str) -> None:
    with pytest.raises(ValueError, match="is not a valid path; write it like /mine/"):
        GET(path, lambda call: None)


def test_an_invalid_credential_is_refused() -> None:
    with pytest.raises(ValueError, match="'pulic' is not a credential; use one of authorization, "):
        GET("/mine", lambda call: None, credential="pulic")


def test_a_misspelt_hook_is_refused(suite: pytest.Pytester) -> None:
    suite.makeconftest("def pytest_apivideo_redakt(config): ...")
    result = suite.runpytest_inprocess()
    assert "unknown hook 'pytest_apivideo_redakt'" in result.stdout.str() + result.stderr.str()


def test_info_lists_each_value_and_its_source(
    suite: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("APIVIDEO_SANDBOX_API_KEY", "a-key-that-nobody-may-see")
    monkeypatch.setenv("PYTEST_APIVIDEO_STRICT", "1")
    suite.makeconftest("def pytest_apivideo_redact(config): return []")
    suite.makepyfile("def test_it(): assert 0, 'not run'")
    aliases = ("-o", "apivideo_env_aliases=VIDEO_URL=url VIDEO_KEY")
    result = suite.runpytest_inprocess("--apivideo-info", "-o", "apivideo_seed=mine", *aliases)
    assert result.ret == 0
    assert "a-key-that-nobody-may-see" not in result.stdout.str()
    lines = [re.sub(" {2,}", "  ", line) for line in result.outlines]
    for line in (
        "api.video: fake in this process",
        "  --apivideo-target  fake  default",
        "  --apivideo-seed  mine  ini apivideo_seed",
        "  --apivideo-strict  1  PYTEST_APIVIDEO_STRICT",
        "  apivideo_env_aliases  VIDEO_URL=url VIDEO_KEY  ini apivideo_env_aliases",
        "  apivideo_env_early  False  default",
        "  expires_in  3600  default",
        "  strict  True  PYTEST_APIVIDEO_STRICT",
        "  APIVIDEO_SANDBOX_API_KEY  is set  environment",
        "  pytest_apivideo_operations  -",
    ):
        assert line in lines
    said = "\n".join(lines)
    assert all(f"  {name}  " in said for name in names())
    assert all(f"  {option.flag}  " in said for option in OPTIONS if option.name != "info")
    assert re.search(r"  pytest_apivideo_redact  \S*conftest.py", said)
    assert re.search(r"  httpx  \d+\.\d+", said)
    assert "not run" not in said


def test_the_list_of_fixtures_describes_each(suite: pytest.Pytester) -> None:
    said = suite.runpytest_inprocess("--fixtures").stdout.str()
    section = said.split("fixtures defined from pytest_apivideo.fixtures")[1].split("\n-----")[0]
    told = dict(re.findall(r"^(apivideo\w*).* -- .*\n    (.+)$", section, re.MULTILINE))
    assert set(told) == {name for name in vars(fixtures) if name.startswith("apivideo")}
    for name, words in told.items():
        assert words[0].isupper(), f"{name}: {words}"
        assert words.endswith((".", ":")), f"{name}: {words}"
    assert told["apivideo"].startswith("Provide a fresh fake api.video for this test:")


def test_the_list_of_markers_shows_their_syntax(suite: pytest.Pytester) -> None:
    said = suite.runpytest_inprocess("--markers").stdout.str()
    ours = re.findall(r"^@pytest\.mark\.(apivideo\w*)(\([^)]*\)): (.+)$", said, re.MULTILINE)
    assert ours[0][:2] == ("apivideo", "(**settings)")
    assert "such as expires_in=60" in ours[0][2]
    for name, signature, words in ours:
        assert len(words) > 20, name
        assert signature != "()", name


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ((), "*SANDBOX https://sandbox.api.video (skipped: APIVIDEO_SANDBOX_API_KEY is not set)"),
        (("--apivideo-base-url=https://ws.api.video",), "*ws.api.video is not a sandbox.*"),
    ],
)
def test_the_configuration_of_a_run_on_the_sandbox_is_printed(
    suite: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, options: tuple[str, ...], told: str
) -> None:
    monkeypatch.delenv("APIVIDEO_SANDBOX_API_KEY", raising=False)
    arguments = ("--apivideo-info", "--apivideo-target=sandbox", *options)
    result = suite.runpytest_subprocess(*arguments)
    (result.stderr if options else result.stdout).fnmatch_lines([told])
    assert "Traceback" not in result.stderr.str()
