"""Programs that nobody modified reach the fake, whatever they call it by."""

from __future__ import annotations

import textwrap

import pytest

from tests.interception.conftest import Run
from tests.interception.programs import BASIC, PROGRAMS

SUITE = """
import pytest
from pytest_apivideo import BlockedHostError

pytestmark = [
    pytest.mark.apivideo(auth_errors="docs"),
    pytest.mark.filterwarnings("ignore::pytest_apivideo.BlockedHostWarning"),
]


def test_the_program_reaches_the_fake(apivideo, apivideo_intercept):
    production, sandbox = "https://ws.api.video/videos", "https://sandbox.api.video/videos"
    assert status(production, apivideo.production_key) == 200
    assert status(sandbox, apivideo.sandbox_key) == 200
    assert status(production, apivideo.sandbox_key) == 401
    assert status(sandbox, apivideo.production_key) == 401
    environments = [call.environment for call in apivideo.calls]
    assert list(dict.fromkeys(environments)) == ["production", "sandbox"]
    assert environments[0] == "production" and environments[-1] == "sandbox"


def test_another_host_is_refused_at_once(apivideo, apivideo_intercept):
    with pytest.raises(BlockedHostError, match="pytest-apivideo stopped .* collector.api.video"):
        status("https://collector.api.video/videos", apivideo.api_key)
    assert set(apivideo_intercept.blocked) == {"collector.api.video"}
    assert len(apivideo.calls) == 0
"""


@pytest.mark.parametrize("program", PROGRAMS)
def test_a_program_reaches_the_fake_unmodified(isolated: Run, program: str) -> None:
    isolated(BASIC + textwrap.dedent(PROGRAMS[program]) + SUITE, passed=2)


def test_modules_imported_during_interception_reach_the_fake(isolated: Run) -> None:
    isolated(
        """
        import sys

        def test_it(apivideo, apivideo_intercept):
            assert not {"uvloop", "aiodns"} & set(sys.modules)
            import aiohttp, uvloop

            async def status():
                async with aiohttp.ClientSession() as session:
                    async with session.get("https://ws.api.video/videos") as response:
                        return response.status

            assert "aiodns" in sys.modules
            assert uvloop.run(status()) == 401
            assert hasattr(uvloop.Loop.create_connection, "__wrapped__")

        def test_afterwards():
            assert not hasattr(sys.modules["uvloop"].Loop.create_connection, "__wrapped__")
            assert not hasattr(sys.modules["aiodns"].DNSResolver.getaddrinfo, "__wrapped__")
        """,
        passed=2,
    )
