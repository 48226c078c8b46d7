"""Warnings about the official SDK, and the fixture and the guide for it."""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import Any

import apivideo as sdk
import pytest

from fake_server import ApiVideo, FakeServer
from tests.plugin.sdk_clients import (
    client_of,
)

GUIDE = Path(__file__).parents[2] / "docs" / "sdk.md"


# Warnings


def warned(suite: pytest.Pytester) -> list[str]:
    """Run a suite that passes, and return the lines with the plugin's warnings."""
    result = suite.runpytest_inprocess("-W", "default")
    assert result.parseoutcomes().keys() <= {"passed", "warnings", "warning"}
    return [line.strip() for line in result.outlines if "Warning: " in line]


ENTER = """
from apivideo.auth_api_client import AuthenticatedApiClient

def entered(apivideo):
    client = AuthenticatedApiClient(apivideo.api_key)
    client.configuration.host = apivideo.url
    return client
"""


@pytest.mark.parametrize(
    ("expires_in", "use", "expected"),
    [
        (10, "with client: apivideo.clock.advance(1)", "lives 10 s"),
        (1, "with client: apivideo.clock.advance(1)", "lives 1 s"),
        (11, "with client: apivideo.clock.advance(1)", None),
        (5, "client.connect()", None),
    ],
)
def test_a_life_too_short_for_the_renewal_is_warned_of(
    suite: pytest.Pytester, expires_in: int, use: str, expected: str | None
) -> None:
    suite.makepyfile(
        f"""{ENTER}
import pytest

@pytest.mark.apivideo(expires_in={expires_in})
def test_it(apivideo):
    client = entered(apivideo)
    {use}
"""
    )
    lines = warned(suite)
    if expected is None:
        assert lines == []
        return
    (line,) = lines
    assert "ApiVideoSdkWarning: the official SDK renews its token 10 s before" in line
    assert expected in line
    assert (
        "Leave expires_in at 3600 and move the clock: apivideo.clock.advance_to_expiry()." in line
    )
    assert line.endswith("See docs/sdk.md")


CHANGES = {
    "no such method": "del auth_api_client.AuthenticatedApiClient._refresh",
    "another loop": "auth_api_client.AuthenticatedApiClient._refresh = lambda self: None",
    "another grant": "auth_api_client.AuthenticatedApiClient._update_connection = lambda *a: None",
    "another client": "del auth_api_client.AuthenticatedApiClient",
    "the function of time": "from time import time; auth_api_client.time = time",
    "no time": "del auth_api_client.time",
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=list(CHANGES))
def test_an_sdk_of_another_make_is_left_alone_with_a_warning(
    suite: pytest.Pytester, unimported: None, change: str
) -> None:
    suite.makepyfile(
        f"""
        from apivideo import auth_api_client
        {change}

        def test_it(apivideo):
            from pytest_apivideo.clients.sdk import Bridge
            assert not isinstance(getattr(auth_api_client, "time", None), Bridge)
        """
    )
    (line,) = warned(suite)
    assert "ApiVideoSdkWarning: this version of the api.video SDK is unknown" in line
    assert "renewed by real time, not by the fake's clock" in line
    assert "please report the one that you use. See docs/sdk.md" in line


@pytest.mark.parametrize(
    "answer",
    [
        {"access_token": "a", "refresh_token": "b", "token_type": "Bearer"},
        {"access_token": "a", "refresh_token": "b", "token_type": "Bearer", "expires_in": "3600"},
        {"access_token": "a", "refresh_token": "b", "token_type": "Bearer", "expires_in": None},
        {},
    ],
)
def test_an_invalid_answer_to_a_login_fails_as_without_the_bridge(
    apivideo: ApiVideo, apivideo_server: FakeServer, answer: dict[str, Any]
) -> None:
    apivideo_server.expect_request("/auth/api-key").respond_with_json(answer)
    with pytest.raises((sdk.exceptions.ApiAuthException, TypeError)) as failure:
        client_of(apivideo).connect()
    assert Path(failure.traceback[-1].path).name == "auth_api_client.py"
    apivideo.clock.advance(3600)


def test_the_clients_key_may_be_no_text(apivideo: ApiVideo, apivideo_server: FakeServer) -> None:
    token = {"access_token": "a", "refresh_token": "b", "token_type": "Bearer", "expires_in": 3600}
    apivideo_server.expect_request("/auth/api-key").respond_with_json(token)
    client = client_of(apivideo)
    client.api_key = ["no", "text"]
    client.connect()
    assert client.next_refresh == pytest.approx(time.time() + 3590, abs=60)
    client.rest_client.pool_manager.clear()


# The fixture and the guide


def test_the_client_is_connected_to_the_fake_and_closed_with_the_test(
    suite: pytest.Pytester,
) -> None:
    suite.makepyfile(
        """
        import pytest
        from apivideo.api.videos_api import VideosApi

        clients = []
        production = pytest.mark.apivideo(environment="production")

        @pytest.mark.parametrize("name", ["sandbox", pytest.param("production", marks=production)])
        def test_it(apivideo, apivideo_client, name):
            clients.append(apivideo_client)
            assert apivideo_client.api_key == getattr(apivideo, f"{name}_key")
            assert VideosApi(apivideo_client).list().data == []
            assert apivideo_client.configuration.host == apivideo.url
            assert apivideo_client._pool is None
            assert [str(call) for call in apivideo.calls] == [
                "POST /auth/api-key -> 200", "GET /videos -> 200"
            ]

        def test_closed():
            assert [len(c.rest_client.pool_manager.pools) for c in clients] == [0, 0]
        """
    )
    suite.runpytest_inprocess().assert_outcomes(passed=3)


def test_the_client_without_its_extra_is_an_error_with_the_remedy(suite: pytest.Pytester) -> None:
    suite.makeconftest(
        """
        import pytest_apivideo.fixtures as fixtures
        real = fixtures.find_spec
        fixtures.find_spec = lambda name, *rest: None if name == "apivideo" else real(name, *rest)
        """
    )
    suite.makepyfile("def test_it(apivideo_client): ...")
    result = suite.runpytest_subprocess(timeout=60)
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(
        ["apivideo is not installed: pip install 'pytest-apivideo[[]sdk[]]'*"]
    )


def test_every_example_of_the_guide_runs(suite: pytest.Pytester) -> None:
    examples = re.findall(r"```python\n(.*?)```", GUIDE.read_text(), re.DOTALL)
    assert examples
    suite.makepyfile(**{f"test_{number}": code for number, code in enumerate(examples)})
    tests = sum(code.count("def test_") for code in examples)
    suite.runpytest_subprocess(timeout=90).assert_outcomes(passed=tests)
