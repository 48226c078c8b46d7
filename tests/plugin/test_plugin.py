"""The plugin as a user's suite meets it: outcomes, messages, and what it loads."""

import sys

import pytest

from pytest_apivideo.options import OPTIONS

HEAVY = ["freezegun", "fake_server", "pydantic", "jwt", "httpx", "requests", "h11", "apivideo"]


def test_a_suite_logs_in_and_its_token_expires(suite: pytest.Pytester) -> None:
    suite.makepyfile(
        """
        import requests

        def test_it(apivideo):
            login = requests.post(apivideo.url + "/auth/api-key", json={"apiKey": apivideo.api_key})
            bearer = {"Authorization": "Bearer " + login.json()["access_token"]}
            assert requests.get(apivideo.url + "/videos", headers=bearer).status_code == 200
            apivideo.clock.advance(3600)
            assert requests.get(apivideo.url + "/videos", headers=bearer).status_code == 401
            apivideo.calls.assert_sequence("GET /videos -> 200", "GET /videos -> 401")
        """
    )
    suite.runpytest_inprocess().assert_outcomes(passed=1)


def test_an_invalid_setting_in_a_marker_is_an_error_without_traceback(
    suite: pytest.Pytester,
) -> None:
    suite.makepyfile(
        """
        import pytest

        @pytest.mark.apivideo(expire_in=60)
        def test_name(apivideo): ...

        @pytest.mark.apivideo(60)
        def test_position(apivideo): ...
        """
    )
    result = suite.runpytest_inprocess()
    result.assert_outcomes(errors=2)
    result.stdout.fnmatch_lines(
        [
            "*@pytest.mark.apivideo of *::test_name: there is no setting 'expire_in'. "
            "Did you mean expires_in? Settings: *See docs/settings.md",
            "*@pytest.mark.apivideo of *::test_position: it takes settings by name, "
            "such as expires_in=60, not (60,)",
        ]
    )
    result.stdout.no_fnmatch_line("*markers.py*")


def test_the_nearest_marker_wins(suite: pytest.Pytester) -> None:
    suite.makepyfile(
        """
        import pytest

        pytestmark = pytest.mark.apivideo(expires_in=60, clock_skew=5)

        @pytest.mark.apivideo(expires_in=30)
        def test_it(apivideo):
            assert (apivideo.settings.expires_in, apivideo.settings.clock_skew) == (30, 5)
        """
    )
    suite.runpytest_inprocess().assert_outcomes(passed=1)


def test_an_unexpected_error_of_the_fake_fails_the_test_that_caused_it(
    suite: pytest.Pytester,
) -> None:
    suite.makepyfile(
        """
        import requests
        from fake_server.core.listing import Page

        def test_passes_but_for_the_server(apivideo, apivideo_session, monkeypatch):
            monkeypatch.setattr(Page, "wire", lambda page, context: 1 / 0)
            assert apivideo_session.get("/videos").status_code == 500

        def test_fails_for_another_reason(apivideo, apivideo_session, monkeypatch):
            monkeypatch.setattr(Page, "wire", lambda page, context: 1 / 0)
            assert apivideo_session.get("/videos").status_code == 200

        def test_is_not_touched(apivideo, apivideo_session):
            assert apivideo_session.get("/videos").status_code == 200
        """
    )
    result = suite.runpytest_inprocess()
    result.assert_outcomes(passed=1, failed=2)
    result.stdout.fnmatch_lines(
        [
            "*test_passes_but_for_the_server*",
            "*ZeroDivisionError*",
            "*while the fake answered GET /videos*",
            "*test_fails_for_another_reason*",
            "*assert 500 == 200*",
            "*The fake api.video failed before this:*",
            "*ZeroDivisionError*",
        ]
    )


def test_an_error_in_a_rule_of_the_user_fails_the_test(suite: pytest.Pytester) -> None:
    suite.makepyfile(
        """
        import requests

        def test_it(apivideo, apivideo_server):
            apivideo_server.expect_request("/mine").respond_with_handler(lambda request: 1 / 0)
            requests.get(apivideo.url + "/mine")
        """
    )
    result = suite.runpytest_inprocess()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*ZeroDivisionError*"])


def test_rules_win_over_the_fake_and_end_with_the_test(suite: pytest.Pytester) -> None:
    suite.makepyfile(
        """
        import requests

        def test_rule(apivideo, apivideo_server):
            apivideo_server.expect_request("/videos").respond_with_data("mine", status=503)
            assert requests.get(apivideo.url + "/videos").status_code == 503

        def test_no_rule(apivideo):
            assert requests.get(apivideo.url + "/videos").status_code == 401
        """
    )
    suite.runpytest_inprocess().assert_outcomes(passed=2)


def test_projects_of_wider_scope_live_beside_the_tests_own(suite: pytest.Pytester) -> None:
    suite.makepyfile(
        """
        import pytest, requests

        @pytest.fixture(scope="module")
        def shared(apivideo_server):
            with apivideo_server.project(expires_in=60) as handle:
                yield handle

        def login(account, key):
            return requests.post(account.url + "/auth/api-key", json={"apiKey": key}).status_code

        def test_one(shared, apivideo):
            assert login(apivideo, apivideo.api_key) == login(shared, shared.api_key) == 200
            assert login(apivideo, "unknown") == 401
            assert (len(apivideo.calls), len(shared.calls)) == (2, 1)

        def test_two(shared):
            assert login(shared, "unknown") == 401
            assert len(shared.calls) == 2
        """
    )
    suite.runpytest_inprocess().assert_outcomes(passed=2)


def test_ids_and_tokens_repeat_from_run_to_run(suite: pytest.Pytester) -> None:
    suite.makepyfile(
        """
        def test_it(apivideo, apivideo_session, record_property):
            made = apivideo_session.post("/videos", json={"title": "a"}).json()["videoId"]
            print("MADE", made, apivideo.api_key)
        """
    )

    def made(*arguments: str) -> list[str]:
        result = suite.runpytest_inprocess("-s", *arguments)
        return [line for line in result.outlines if "MADE" in line]

    assert made() == made()
    assert made() != made("--apivideo-seed", "other")
    assert made("--apivideo-seed", "other") == made("-o", "apivideo_seed=other")


@pytest.mark.parametrize(
    ("environment", "arguments", "expected"),
    [
        ({}, [], "ids seeded by each test's name"),
        ({}, ["-o", "apivideo_seed=a"], "ids seeded by 'a' (ini apivideo_seed)"),
        (
            {"PYTEST_APIVIDEO_SEED": "b"},
            ["-o", "apivideo_seed=a"],
            "ids seeded by 'b' (PYTEST_APIVIDEO_SEED)",
        ),
        (
            {"PYTEST_APIVIDEO_SEED": "b"},
            ["--apivideo-seed=c"],
            "ids seeded by 'c' (--apivideo-seed)",
        ),
    ],
)
def test_the_first_place_that_names_an_option_wins(
    suite: pytest.Pytester,
    monkeypatch: pytest.MonkeyPatch,
    environment: dict[str, str],
    arguments: list[str],
    expected: str,
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    result = suite.runpytest_inprocess("--collect-only", *arguments)
    result.stdout.fnmatch_lines(
        [f"api.video: fake in this process, {expected}".replace("[", "[[]")]
    )


def test_help_lists_each_option_with_its_other_names(suite: pytest.Pytester) -> None:
    help_text = suite.runpytest_inprocess("--help").stdout.str()
    for option in OPTIONS:
        assert option.flag in help_text
        assert option.variable in help_text


def test_fixtures_and_markers_are_described(suite: pytest.Pytester) -> None:
    fixtures = suite.runpytest_inprocess("--fixtures").stdout.str()
    for name in ("apivideo", "apivideo_server", "apivideo_http", "apivideo_session"):
        assert f"\n{name} " in fixtures
    assert "no docstring available" not in fixtures.split("apivideo_server")[1][:400]
    result = suite.runpytest_inprocess("--markers")
    result.stdout.fnmatch_lines(
        ["@pytest.mark.apivideo(**settings): settings of this test's fake*"]
    )


def test_nothing_heavy_is_loaded_before_a_fixture_is_used(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        f"""
        import sys

        def test_it(request):
            assert request.config.pluginmanager.hasplugin("apivideo-fixtures")
            loaded = set({HEAVY!r}) & set(sys.modules)
            assert not loaded, loaded
        """
    )
    result = pytester.runpytest_subprocess(
        "-p", "pytest_apivideo.plugin", "--disable-plugin-autoload", timeout=60
    )
    result.assert_outcomes(passed=1)


@pytest.mark.parametrize(
    ("fixture", "module", "remedy"),
    [
        ("apivideo_http", "httpx", "pip install 'pytest-apivideo[[]httpx[]]'"),
        ("apivideo_session", "requests", "pip install 'pytest-apivideo[[]requests[]]'"),
    ],
)
def test_a_fixture_whose_extra_is_missing_is_an_error_with_the_remedy(
    suite: pytest.Pytester, fixture: str, module: str, remedy: str
) -> None:
    suite.makepyfile(f"def test_it({fixture}): ...")
    suite.makeconftest(
        f"""
        import importlib.util
        real = importlib.util.find_spec

        def without(name, *rest):
            return None if name == {module!r} else real(name, *rest)

        import pytest_apivideo.fixtures
        pytest_apivideo.fixtures.find_spec = without
        """
    )
    result = suite.runpytest_subprocess(timeout=60)
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines([f"{module} is not installed: {remedy}*"])


def test_the_suite_works_under_xdist(suite: pytest.Pytester) -> None:
    suite.makepyfile(
        """
        import pytest

        @pytest.mark.parametrize("number", range(8))
        def test_it(apivideo, apivideo_session, number):
            apivideo_session.post("/videos", json={"title": str(number)})
            listed = apivideo_session.get("/videos").json()
            assert listed["pagination"]["itemsTotal"] == 1
            apivideo.calls.assert_called("POST /auth/api-key", times=1)
        """
    )
    result = suite.runpytest_subprocess("-n", "2", timeout=90)
    result.assert_outcomes(passed=8)


def test_the_public_names_are_those_that_are_exported() -> None:
    import fake_server
    import pytest_apivideo

    for package in (pytest_apivideo, fake_server):
        assert package.__all__ == sorted(package.__all__)
        assert all(hasattr(package, name) for name in package.__all__)
    with pytest.raises(AttributeError, match="has no attribute 'Nonsense'"):
        _ = pytest_apivideo.Nonsense
    assert sys.version_info >= (3, 11)
