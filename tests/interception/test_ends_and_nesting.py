"""Nothing is left of a test's interception and block, and of nested ones the innermost decides."""

from __future__ import annotations

import shutil
import socket
import subprocess
from pathlib import Path
from typing import Any

import pytest

from fake_server import ApiVideo, FakeServer
from pytest_apivideo.network.interception.hooks import Hooks
from pytest_apivideo.network.interception.routes import Blocked, RouteToFake, Trust, name_of
from tests.interception.conftest import Run
from tests.interception.test_real_hosts import TRY


def test_undoing_a_tests_own_patches_leaves_ours(
    isolated: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("API_VIDEO_KEY", "a key that works")
    isolated(
        """
        import os, socket, subprocess, sys
        import pytest, requests

        def test_undone(monkeypatch, apivideo, apivideo_env, apivideo_intercept):
            monkeypatch.setenv("PYTHONPATH", "src")
            monkeypatch.undo()
            assert os.environ["API_VIDEO_KEY"] == apivideo.api_key
            program = "import requests; print(requests.get('https://ws.api.video').status_code)"
            ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
            assert ran.stdout == "404\\n"

        def test_set_again(monkeypatch, apivideo_env):
            monkeypatch.setenv("API_VIDEO_KEY", "of the test")

        def test_put_back():
            assert os.environ["API_VIDEO_KEY"] == "a key that works"
        """,
        passed=3,
    )


def test_a_tests_own_patch_leaves_no_hook_behind(isolated: Run) -> None:
    isolated(
        """
        import socket
        import pytest

        true = socket.getaddrinfo

        @pytest.mark.parametrize("number", range(5))
        def test_it(monkeypatch, request, number):
            assert socket.getaddrinfo is true
            request.getfixturevalue("apivideo_intercept")
            monkeypatch.setattr(socket, "getaddrinfo", lambda *given, **options: [])

        def test_after():
            assert socket.getaddrinfo is true
        """,
        "--apivideo-real-hosts=allow",
        passed=6,
    )


@pytest.mark.parametrize("how", ["raise KeyboardInterrupt", "pytest.exit('enough')"])
@pytest.mark.parametrize("fixture", ["apivideo_intercept", "apivideo_env", "apivideo_http"])
def test_nothing_stays_after_an_interrupted_test(
    suite: pytest.Pytester, how: str, fixture: str
) -> None:
    suite.makeconftest(
        """
        import os, socket

        def variables():
            return {n: v for n, v in os.environ.items() if not n.startswith("PYTEST")}

        before = variables()

        def pytest_unconfigure():
            print("left:", hasattr(socket.getaddrinfo, "__wrapped__"), variables() != before)
        """
    )
    suite.makepyfile(f"import pytest\n\ndef test_it({fixture}):\n    {how}\n")
    result = suite.runpytest_subprocess("-s", timeout=60)
    assert result.ret == pytest.ExitCode.INTERRUPTED
    result.stdout.fnmatch_lines(["*left: False False"])


@pytest.mark.parametrize("client", ["requests.get", "httpx.get", "urllib.request.urlopen"])
@pytest.mark.parametrize("fixture", ["apivideo", "apivideo_intercept"])
def test_no_proxy_takes_a_plain_request_out(
    isolated: Run, monkeypatch: pytest.MonkeyPatch, client: str, fixture: str
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    isolated(
        f"""
        import urllib.request
        import httpx, pytest, requests
        from pytest_apivideo import BlockedHostError

        @pytest.mark.filterwarnings("ignore::pytest_apivideo.BlockedHostWarning")
        def test_it({fixture}):
            with pytest.raises(BlockedHostError):
                {client}("http://ws.api.video/videos")
        """
    )


def test_it_covers_fixtures_requested_in_the_test(isolated: Run) -> None:
    isolated(
        TRY
        + """
def test_server(request):
    assert not is_blocked()
    request.getfixturevalue("apivideo_server")
    assert is_blocked()


@pytest.fixture
def account(request):
    with request.getfixturevalue("apivideo_server").project() as account:
        yield account


def test_account(request):
    assert not is_blocked()
    request.getfixturevalue("account")
    assert is_blocked()


def test_client(request):
    assert not is_blocked()
    request.getfixturevalue("apivideo_http")
    assert is_blocked()
""",
        passed=3,
    )


def test_it_holds_with_a_fake_that_is_served_elsewhere(isolated: Run) -> None:
    program = (
        TRY
        + """
def test_client(apivideo_http):
    assert apivideo_http.get("/videos").status_code == 200
    assert is_blocked()


def test_without():
    assert not is_blocked()
"""
    )
    with FakeServer() as server:
        isolated(program, f"--apivideo-server={server.url}", passed=2)


def test_restored_hooks_do_not_accumulate(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    true = socket.getaddrinfo
    for _ in range(3):
        hooks, nobody = Hooks(), Blocked()
        hooks.begin(nobody)
        ours = socket.getaddrinfo
        assert vars(ours)["_apivideo_beneath"] is true
        hooks.end(nobody)
        monkeypatch.setattr(socket, "getaddrinfo", ours)


NESTED = """
import requests

def test_it(apivideo, apivideo_intercept):
    key = (apivideo.sandbox_key, "")
    assert requests.get("https://sandbox.api.video/videos", auth=key).status_code == 200
    apivideo.calls.assert_called("GET /videos", times=1)
"""
CURL = """
import json, subprocess

def test_curl(apivideo, apivideo_intercept):
    command = ["curl", "-sS", "-u", f"{apivideo.sandbox_key}:", "https://sandbox.api.video/videos"]
    assert json.loads(subprocess.run(command, capture_output=True).stdout)["data"] == []
"""


@pytest.mark.parametrize("how", ["runpytest_inprocess", "runpytest_subprocess"])
@pytest.mark.parametrize("outer", ["apivideo", "apivideo_intercept"])
def test_in_a_pytest_within_a_test_the_inner_one_decides(
    suite: pytest.Pytester, request: pytest.FixtureRequest, outer: str, how: str
) -> None:
    request.getfixturevalue(outer)
    has_curl = shutil.which("curl") is not None
    suite.makepyfile(NESTED + CURL * has_curl)
    getattr(suite, how)().assert_outcomes(passed=1 + has_curl)


@pytest.mark.parametrize("fixture", ["apivideo_intercept", "apivideo"])
def test_a_forkserver_from_before_the_test_is_started_anew(isolated: Run, fixture: str) -> None:
    """It is the default on Linux from Python 3.14."""
    isolated(
        f"""
        import multiprocessing, socket
        import pytest

        context = multiprocessing.get_context("forkserver")

        def is_hooked(queue=None):
            queue.put(hasattr(socket.getaddrinfo, "__wrapped__"))

        def of_a_child():
            queue = context.SimpleQueue()
            child = context.Process(target=is_hooked, args=(queue,))
            child.start()
            child.join()
            return queue.get()

        def test_before():
            assert not of_a_child()

        def test_it({fixture}):
            assert of_a_child()

        def test_after():
            assert not of_a_child()
        """,
        "--import-mode=prepend",
        passed=3,
    )


@pytest.mark.skipif(shutil.which("curl") is None, reason="needs curl")
@pytest.mark.parametrize("noproxy", ["", "noproxy = example.org\n"])
def test_a_curlrc_may_be_in_any_encoding_and_name_a_proxy(
    apivideo: ApiVideo,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    request: Any,
    noproxy: str,
) -> None:
    own = f'user-agent = "caf\xe9"\nproxy = "http://127.0.0.1:9"\n{noproxy}'
    (tmp_path / ".curlrc").write_bytes(own.encode("latin-1"))
    monkeypatch.setenv("CURL_HOME", str(tmp_path))
    request.getfixturevalue("apivideo_intercept")
    command = ["curl", "-sS", "-u", f"{apivideo.sandbox_key}:", "https://sandbox.api.video/videos"]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (ran.stderr, ran.returncode) == ("", 0)
    assert apivideo.calls.last("GET /videos").headers["User-Agent"] == "caf\xe9"


@pytest.mark.parametrize("port", [443, "443", "https"])
def test_the_port_may_be_a_word_as_uvloop_takes_it(port: object) -> None:
    RouteToFake(("127.0.0.1", 1), Trust("")).check_port("ws.api.video", port)


@pytest.mark.parametrize(
    "name",
    [
        "api.video",
        "WS.API.VIDEO.",
        "ws\u3002api\u3002video",
        "ws\uff0eapi\uff61video",
        "\uff57s.api.video",
    ],
)
def test_every_spelling_of_a_host_is_known(name: str) -> None:
    assert name_of(name) in ("api.video", "ws.api.video")
