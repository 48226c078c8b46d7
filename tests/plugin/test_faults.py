"""Faults as a user's suite meets them: that they end with their test, and what they complain of."""

from __future__ import annotations

import pytest


def failures(suite: pytest.Pytester, source: str, **outcomes: int) -> str:
    """Run a suite that fails without a traceback, and return pytest's output."""
    suite.makepyfile(test_mine=f"import httpx\nimport pytest\nimport threading\n{source}")
    result = suite.runpytest_inprocess("-o", "addopts=-W error")
    result.assert_outcomes(**outcomes)
    return result.stdout.str()


def test_a_fault_that_never_fired_fails_its_test_with_near_misses(
    suite: pytest.Pytester,
) -> None:
    said = failures(
        suite,
        """
def test_it(apivideo, apivideo_http):
    apivideo.on("GET /videos", nth=3).respond(503)
    apivideo_http.get("/videos")
    apivideo_http.get("/videos")
    assert apivideo_http.get("/tags").status_code == 200
""",
        failed=1,
    )
    assert (
        'apivideo.on("GET /videos", nth=3).respond(503), made at test_mine.py:6, never fired.\n'
        "  What came close:\n"
        "    2 requests of GET /videos: not number 3\n"
        "  Pass optional=True if the test may pass without it. See docs/faults.md\n"
    ) in said


@pytest.mark.parametrize(
    ("fault", "near"),
    [
        (
            'on("POST /auth/refresh").drop()',
            ["POST /auth/api-key -> 200", "GET /videos -> 200 (2x)"],
        ),
        (
            'on("GET /videos", part=2).expire_token()',
            ["2 requests of GET /videos: it was not an upload part, expected part 2"],
        ),
        (
            'on("GET /videos", where=len).delay(1)',
            None,
        ),
    ],
)
def test_near_misses_are_listed_with_reasons(
    suite: pytest.Pytester, fault: str, near: list[str] | None
) -> None:
    source = f"""
def test_it(apivideo, apivideo_http):
    apivideo.{fault.replace("len", "lambda request: request.query")}
    apivideo_http.get("/videos")
    apivideo_http.get("/videos")
"""
    said = failures(suite, source, failed=1)
    near = near or ["2 requests of GET /videos: `where` returned a false value"]
    assert "never fired.\n  What came close:\n" + "".join(f"    {one}\n" for one in near) in said


def test_the_complaint_names_the_fault_that_fired_first(suite: pytest.Pytester) -> None:
    said = failures(
        suite,
        """
def test_it(apivideo, apivideo_http):
    apivideo.on("GET /videos").respond(503)
    apivideo.on("GET /videos").respond(500)
    apivideo_http.get("/videos")
""",
        failed=1,
    )
    assert (
        'apivideo.on("GET /videos").respond(500), made at test_mine.py:7, never fired.\n'
        "  What came close:\n"
        '    1 request of GET /videos: apivideo.on("GET /videos").respond(503) came first\n'
    ) in said


def test_the_complaint_mentions_the_absence_of_requests(suite: pytest.Pytester) -> None:
    said = failures(
        suite, 'def test_it(apivideo): apivideo.on("GET /videos").respond(503)', failed=1
    )
    assert "never fired.\n  No request reached this project.\n  Pass optional" in said


def test_the_complaint_about_an_empty_fault_names_its_verbs(suite: pytest.Pytester) -> None:
    said = failures(suite, 'def test_it(apivideo): apivideo.on("GET /videos")', failed=1)
    assert (
        'apivideo.on("GET /videos"), made at test_mine.py:4, has no effect: chain one, such as '
        ".respond(503), .delay(2) or .drop(). See docs/faults.md\n"
    ) in said


def test_a_hold_without_release_fails_the_test(
    suite: pytest.Pytester,
) -> None:
    said = failures(
        suite,
        """
def test_it(apivideo, apivideo_http):
    apivideo.on("GET /videos").hold(timeout=0.05)
    assert apivideo_http.get("/videos").status_code == 200
""",
        failed=1,
    )
    assert (
        'apivideo.on("GET /videos").hold(), made at test_mine.py:6, held a request for 0.05 s of '
        "real time without a call of release().\n"
        "  The thread that waits for the answer cannot be the one that releases it. "
        "See docs/faults.md\n"
    ) in said


def test_an_optional_fault_does_not_fail_the_test(suite: pytest.Pytester) -> None:
    failures(
        suite,
        """
def test_optional(apivideo):
    apivideo.on("GET /videos", optional=True).respond(503)

def test_by_chance(apivideo, apivideo_http):
    apivideo.on("GET /videos", probability=0.000001).respond(503)
    apivideo_http.get("/videos").raise_for_status()

def test_removed(apivideo):
    apivideo.on("GET /videos").respond(503).remove()
""",
        passed=3,
    )


def test_a_failing_test_gets_no_complaint_about_faults(suite: pytest.Pytester) -> None:
    said = failures(
        suite,
        """
def test_it(apivideo):
    apivideo.on("GET /videos").respond(503)
    assert "mine" == "yours"
""",
        failed=1,
    )
    assert "AssertionError: assert 'mine' == 'yours'" in said


def test_a_fault_ends_with_its_test_and_before_any_teardown(suite: pytest.Pytester) -> None:
    failures(
        suite,
        """
@pytest.fixture
def worker(apivideo):
    url, key = apivideo.url + "/videos", apivideo.api_key
    statuses = []
    thread = threading.Thread(target=lambda: statuses.append(
        httpx.get(url, auth=(key, ""), timeout=60).status_code))
    yield thread
    thread.join(20)
    assert statuses == [200]

def test_held(apivideo, worker):
    held = apivideo.on("GET /videos").hold(3600)
    worker.start()
    held.wait_for()

def test_next(apivideo, apivideo_http):
    assert apivideo_http.get("/videos").status_code == 200
""",
        passed=2,
    )


def test_a_fault_of_a_project_of_its_own_complains_when_that_ends(suite: pytest.Pytester) -> None:
    said = failures(
        suite,
        """
def test_it(apivideo_server):
    with pytest.raises(AssertionError, match="never fired"):
        with apivideo_server.project() as account:
            account.on("GET /videos").respond(503)

def test_block(apivideo):
    with pytest.raises(AssertionError, match="made at test_mine.py:12, never fired"):
        with apivideo.on("GET /videos").respond(503):
            pass
""",
        passed=2,
    )
    assert "2 passed" in said
