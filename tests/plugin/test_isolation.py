"""Nothing of one test reaches another, and what the fake did wrong fails the test it was for."""

from __future__ import annotations

import pytest

BROKEN = """
    import pytest, requests
    from fake_server.core.listing import Page

    @pytest.fixture
    def broken(monkeypatch):
        monkeypatch.setattr(Page, "wire", lambda page, context: 1 / 0)

    def ask(handle):
        return requests.get(handle.url + "/videos", auth=(handle.api_key, ""))
"""


def test_an_error_for_a_project_of_wider_scope_fails_the_test_that_caused_it(
    suite: pytest.Pytester,
) -> None:
    suite.makepyfile(
        BROKEN
        + """
    @pytest.fixture(scope="module")
    def shared(apivideo_server):
        with apivideo_server.project() as handle:
            yield handle

    def test_causes_it(shared, broken):
        assert ask(shared).status_code == 500

    def test_is_innocent(shared):
        assert ask(shared).status_code == 200
    """
    )
    result = suite.runpytest_inprocess()
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(["*test_causes_it*", "*ZeroDivisionError*"])


def test_an_error_is_noted_at_whatever_failure_it_led_to(suite: pytest.Pytester) -> None:
    suite.makepyfile(
        BROKEN
        + """
    def test_inside_a_project_of_its_own(apivideo_server, broken):
        with apivideo_server.project() as handle:
            ask(handle).raise_for_status()

    def test_with_an_outcome_of_pytest(apivideo, broken):
        ask(apivideo)
        pytest.fail("as I say")

    def test_asked_for_late(request, broken):
        ask(request.getfixturevalue("apivideo"))

    def test_several(apivideo, broken):
        ask(apivideo), ask(apivideo)
    """
    )
    result = suite.runpytest_inprocess()
    result.assert_outcomes(failed=4)
    result.stdout.fnmatch_lines(
        [
            "*test_inside_a_project_of_its_own*",
            "*HTTPError*",
            "*The fake api.video failed before this:*",
            "*ZeroDivisionError*",
            "*test_with_an_outcome_of_pytest*",
            "*as I say*",
            "*The fake api.video failed before this:*",
            "*test_asked_for_late*",
            "*ZeroDivisionError*",
            "*test_several*",
            "*ExceptionGroup: the fake api.video failed several times (2 sub-exceptions)*",
        ]
    )


def test_a_late_request_of_an_earlier_test_is_no_call_of_the_running_one(
    suite: pytest.Pytester,
) -> None:
    suite.makepyfile(
        """
        import requests

        earlier = {}

        def test_first(apivideo):
            token = apivideo.tokens.issue().access_token
            earlier["bearer"] = {"Authorization": "Bearer " + token}
            earlier["basic"] = (apivideo.api_key, "")

        def test_second(apivideo):
            url = apivideo.url + "/videos"
            assert requests.get(url, headers=earlier["bearer"]).status_code == 401
            assert requests.get(url, auth=earlier["basic"]).status_code == 401
            assert len(apivideo.calls) == 0
            assert requests.get(url, auth=("nobody", "")).status_code == 401
            assert len(apivideo.calls) == 1
        """
    )
    suite.runpytest_inprocess().assert_outcomes(passed=2)


def test_secrets_stay_out_of_the_report_of_a_failing_test(suite: pytest.Pytester) -> None:
    suite.makepyfile(
        BROKEN
        + """
    def test_it(apivideo, apivideo_session, broken):
        with open("secrets.txt", "w") as file:
            print(apivideo.api_key, apivideo.admin_key, file=file)
            apivideo_session.get("/videos")
            token = apivideo.tokens.active[0]
            print(token, file=file)
        calls, keys, tokens = apivideo.calls, list(apivideo.keys), apivideo.tokens.active
        assert apivideo.calls.last().headers == {}
    """
    )
    result = suite.runpytest_inprocess("-vv", "--showlocals", "--tb=long", "--junitxml=report.xml")
    result.assert_outcomes(failed=1)
    secrets = (suite.path / "secrets.txt").read_text().split()
    assert len(secrets) == 3
    for secret in secrets:
        assert secret not in result.stdout.str()
        assert secret not in (suite.path / "report.xml").read_text()


def test_rules_end_with_the_test_that_made_them(suite: pytest.Pytester) -> None:
    suite.makepyfile(
        """
        import requests

        def test_first(apivideo_server):
            apivideo_server.expect_request("/videos").respond_with_data("leaked")

        def test_second(apivideo_server):
            with apivideo_server.project() as handle:
                answer = requests.get(handle.url + "/videos", auth=(handle.api_key, ""))
                assert answer.json()["data"] == []
        """
    )
    suite.runpytest_inprocess().assert_outcomes(passed=2)


def test_the_account_of_a_test_does_not_outlive_it(suite: pytest.Pytester) -> None:
    suite.makepyfile(
        """
        import gc, weakref

        accounts = []

        def test_first(apivideo, apivideo_http):
            apivideo_http.get("/videos")
            accounts.append(weakref.ref(apivideo._project))

        def test_later():
            gc.collect()
            assert accounts[0]() is None
        """
    )
    suite.runpytest_inprocess().assert_outcomes(passed=2)
