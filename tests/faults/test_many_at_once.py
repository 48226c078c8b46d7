"""Two hundred tests with faults and holds at once: no flake, and nobody meets another's fault."""

from __future__ import annotations

import pytest

SUITE = """
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest


@pytest.fixture
def ask(apivideo):
    def ask(path="/videos", method="GET"):
        auth = (apivideo.api_key, "")
        return httpx.request(method, apivideo.url + path, auth=auth, timeout=30).status_code

    return ask


@pytest.mark.parametrize("number", range(50))
def test_holds(apivideo, ask, number):
    held = apivideo.on("GET /videos").hold()
    with ThreadPoolExecutor(3) as pool:
        asked = [pool.submit(ask) for _ in range(3)]
        held.wait_for(3)
        assert len(apivideo.calls) == 0
        held.release()
        assert [one.result() for one in asked] == [200, 200, 200]
    assert apivideo.calls.count("GET /videos") == 3


@pytest.mark.parametrize("number", range(50))
def test_answers(apivideo, ask, number):
    apivideo.on("GET /videos", times=2).respond(500 + number)
    apivideo.on("GET /tags", nth=2).delay(0.001).respond(418)
    assert [ask() for _ in range(3)] == [500 + number, 500 + number, 200]
    assert [ask("/tags") for _ in range(3)] == [200, 418, 200]


@pytest.mark.parametrize("number", range(50))
def test_drops(apivideo, ask, number):
    apivideo.on("POST /upload-tokens", nth=1 + number % 3).drop("after", reset=number % 2 == 0)
    seen = []
    for _ in range(3):
        try:
            seen.append(ask("/upload-tokens", "POST"))
        except httpx.TransportError:
            seen.append("lost")
    assert seen.index("lost") == number % 3
    assert seen.count("lost") == 1


@pytest.mark.parametrize("number", range(50))
def test_leaves_a_held_request_behind(apivideo, number):
    pool = ThreadPoolExecutor(1)
    url, auth = apivideo.url + "/videos", (apivideo.api_key, "")
    held = apivideo.on("GET /videos").hold(3600)
    pool.submit(httpx.get, url, auth=auth, timeout=30)
    held.wait_for()
    pool.shutdown(wait=False)
"""


@pytest.mark.soak
@pytest.mark.parametrize("run", range(10))
def test_two_hundred_tests_in_four_workers_do_not_meet(pytester: pytest.Pytester, run: int) -> None:
    pytester.makeini("[pytest]\naddopts = -W error\nasyncio_default_fixture_loop_scope = function")
    pytester.makepyfile(SUITE.replace("500 + number", "500 + number % 99"))
    result = pytester.runpytest_subprocess("-n", "4", "-p", "randomly", "--timeout", "60")
    result.assert_outcomes(passed=200)
