"""A test that uses the fake does not reach the real api.video."""

from __future__ import annotations

import pytest

from tests.interception.conftest import Run

TRY = """
import pytest, requests, socket
from pytest_apivideo import BlockedHostError

pytestmark = pytest.mark.filterwarnings("ignore::pytest_apivideo.BlockedHostWarning")


def is_blocked():
    try:
        socket.getaddrinfo("ws.api.video", 443)
    except BlockedHostError:
        return True
    except AssertionError as looked_up:  # by this suite's conftest: no hook of ours stopped it
        assert "ws.api.video" in str(looked_up)
        return False
"""


def test_a_forgotten_address_fails_with_the_remedy(isolated: Run) -> None:
    result = isolated(
        """
        import requests

        def test_it(apivideo):
            requests.get("https://ws.api.video/videos", auth=("a key that works", ""))
        """,
        "-W",
        "ignore::pytest_apivideo.BlockedHostWarning",
        failed=1,
    )
    result.stdout.fnmatch_lines(
        [
            "E *BlockedHostError: pytest-apivideo stopped a connection to ws.api.video: "
            "this test uses the fake api.video, but what it runs calls the real one. "
            "Use the fixture apivideo_intercept*usefixtures = apivideo_intercept*apivideo.url*"
        ]
    )


def test_it_holds_for_every_fixture_of_ours_and_for_no_other_test(isolated: Run) -> None:
    isolated(
        TRY
        + """
@pytest.fixture(scope="module")
def account(apivideo_server):
    with apivideo_server.project() as account:
        yield account


def test_server(apivideo_server):
    assert is_blocked()


def test_of_wider_scope(account):
    assert is_blocked()


def test_client(apivideo_http):
    assert is_blocked()


def test_asked_for_later(request):
    assert not is_blocked()
    request.getfixturevalue("apivideo")
    assert is_blocked()


def test_without():
    assert not is_blocked()


@pytest.fixture
def fails(apivideo):
    raise ValueError("a crash")


@pytest.mark.xfail(raises=ValueError, strict=True)
def test_that_fails_at_its_setup(fails): ...


def test_without_again():
    assert not is_blocked()
""",
        passed=6,
        xfailed=1,
    )


def test_variables_that_a_fixture_of_the_whole_run_sets_stay(isolated: Run) -> None:
    isolated(
        """
        import os
        import pytest

        @pytest.fixture(scope="session")
        def of_the_whole_run():
            os.environ["PYTHONPATH"] = "theirs"

        def test_first(apivideo_intercept, of_the_whole_run):
            assert os.environ["PYTHONPATH"] == "theirs"

        def test_second(apivideo, of_the_whole_run):
            assert os.environ["PYTHONPATH"].endswith("theirs")

        def test_third(of_the_whole_run):
            assert os.environ["PYTHONPATH"] == "theirs"
            assert "NODE_OPTIONS" not in os.environ
        """,
        passed=3,
    )


def test_the_block_is_in_force_again_after_interception(isolated: Run) -> None:
    isolated(
        TRY
        + """
@pytest.fixture
def intercepted_for_a_while(request, apivideo):
    yield
    assert is_blocked()


def test_it(request, intercepted_for_a_while):
    request.getfixturevalue("apivideo_intercept")
    assert requests.get("https://ws.api.video/videos").status_code == 401
"""
    )


@pytest.mark.parametrize("argument", ["--apivideo-real-hosts=allow", "-oapivideo_real_hosts=allow"])
def test_a_suite_may_allow_them(isolated: Run, argument: str) -> None:
    isolated(
        TRY
        + """
def test_it(apivideo):
    assert not is_blocked()
""",
        argument,
    )


def test_an_invalid_value_is_an_error(suite: pytest.Pytester) -> None:
    suite.makepyfile("def test_it(apivideo): ...")
    result = suite.runpytest_inprocess("-o", "apivideo_real_hosts=maybe")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(
        ["ERROR: ini apivideo_real_hosts is 'maybe'; it can be block or allow"]
    )


def test_a_test_on_the_sandbox_is_not_blocked(isolated: Run) -> None:
    """Its requests go through a relay in this process."""
    isolated(
        TRY
        + """
def test_fake_or_sandbox(apivideo_target):
    assert is_blocked() == apivideo_target.is_fake
""",
        "--apivideo-target=both",
        "--apivideo-base-url=http://127.0.0.1:9",
        passed=1,
        skipped=1,
    )


def test_under_gevent_a_warning_says_once_that_nothing_is_blocked(isolated: Run) -> None:
    isolated(
        """
        import socket
        import pytest
        from pytest_apivideo.warnings import ApiVideoWarning

        @pytest.fixture(autouse=True, scope="session")
        def as_gevent_does():
            true, socket.socket = socket.socket, type("socket", (), {})
            yield
            socket.socket = true

        def test_it(request):
            from pytest_apivideo.network.interception.session import interceptor_of

            blocking = interceptor_of(request.config).blocking
            with pytest.warns(ApiVideoWarning, match="connections to the real api.video cannot be"):
                with blocking():
                    assert not hasattr(socket.getaddrinfo, "__wrapped__")
            with blocking():
                pass
        """
    )
