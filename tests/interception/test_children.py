"""Child processes reach the fake as well: Python, node and curl."""

from __future__ import annotations

import ast
import json
import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from fake_server import ApiVideo
from pytest_apivideo.network import interception
from pytest_apivideo.network.interception.children import Children, without_proxy
from pytest_apivideo.network.interception.routes import HOSTS, OTHERS, RouteToFake, Trust
from tests.interception.conftest import Run

PACKAGE = Path(interception.__file__).parent
SANDBOX = "https://sandbox.api.video/videos"
OTHER = "https://collector.api.video/"

CLIENTS = {
    "requests": "import requests; print(requests.get({url!r}, auth=({key!r}, '')).status_code)",
    "httpx": "import httpx; print(httpx.get({url!r}, auth=({key!r}, '')).status_code)",
    "urllib3": """
import urllib3
headers = urllib3.make_headers(basic_auth={key!r} + ':')
print(urllib3.PoolManager().request('GET', {url!r}, headers=headers, retries=False).status)
""",
    "aiohttp": """
import asyncio, aiohttp

async def main():
    headers = {{"Authorization": aiohttp.encode_basic_auth({key!r}, "")}}
    async with aiohttp.ClientSession() as session:
        async with session.get({url!r}, headers=headers) as answer:
            print(answer.status)

asyncio.run(main())
""",
}


def run(*command: str, **options: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, capture_output=True, text=True, timeout=60, check=False, **options
    )


@pytest.mark.filterwarnings("ignore::pytest_apivideo.BlockedHostWarning")
@pytest.mark.parametrize("client", CLIENTS)
def test_a_python_child_reaches_the_fake(
    apivideo: ApiVideo, apivideo_intercept: Any, client: str
) -> None:
    program = CLIENTS[client].format(url=SANDBOX, key=apivideo.sandbox_key)
    ran = run(sys.executable, "-c", program)
    assert (ran.stdout, ran.stderr) == ("200\n", "")
    apivideo.calls.assert_called("GET /videos", times=1)
    stopped = run(sys.executable, "-c", CLIENTS[client].format(url=OTHER, key="any"))
    assert "BlockedHostError: pytest-apivideo stopped a connection to collector" in stopped.stderr
    assert set(apivideo_intercept.blocked) == {"collector.api.video"}


def test_the_official_sdk_in_a_child_reaches_its_environment(
    apivideo: ApiVideo, apivideo_intercept: object
) -> None:
    program = (
        "import sys, apivideo; from apivideo.api.videos_api import VideosApi\n"
        "client = apivideo.AuthenticatedApiClient(sys.argv[1], production=sys.argv[2] == 'yes')\n"
        "client.connect()\n"
        "print(VideosApi(client).list().data)"
    )
    for key, production in ((apivideo.production_key, "yes"), (apivideo.sandbox_key, "no")):
        assert run(sys.executable, "-c", program, key, production).stdout == "[]\n"
    assert [call.environment for call in apivideo.calls] == ["production"] * 2 + ["sandbox"] * 2


def test_a_child_with_an_environment_of_its_own_needs_ours_in_it(
    apivideo: ApiVideo, apivideo_intercept: Any
) -> None:
    program = CLIENTS["requests"].format(url=SANDBOX, key=apivideo.sandbox_key)
    ran = run(sys.executable, "-c", program, env=apivideo_intercept.child_env)
    assert ran.stdout == "200\n"


@pytest.mark.parametrize("method", ["spawn", "fork"])
def test_multiprocessing_reaches_the_fake(isolated: Run, method: str) -> None:
    isolated(
        f"""
        import multiprocessing
        import requests

        def status(key):
            return requests.get("https://sandbox.api.video/videos", auth=(key, "")).status_code

        def test_it(apivideo, apivideo_intercept):
            with multiprocessing.get_context({method!r}).Pool(2) as pool:
                assert pool.map(status, [apivideo.sandbox_key] * 2) == [200, 200]
        """,
        "-W",
        "ignore:.*fork:DeprecationWarning",
        "--import-mode=prepend",
    )


def test_attempts_of_a_forked_process_reach_the_test(isolated: Run) -> None:
    isolated(
        """
        import multiprocessing
        import requests

        def swallow():
            try:
                requests.get("https://collector.api.video")
            except Exception:
                pass

        def test_it(apivideo_intercept):
            child = multiprocessing.get_context("fork").Process(target=swallow)
            child.start()
            child.join()
            assert apivideo_intercept.blocked == ("collector.api.video",)
        """,
        "-W",
        "ignore:.*fork:DeprecationWarning",
        "-W",
        "ignore::pytest_apivideo.BlockedHostWarning",
    )


def test_processes_of_a_session_fixture_reach_the_fake(
    suite: pytest.Pytester, isolated: Run
) -> None:
    """As pytest-flask's live server, in a forked process, and as a worker, in one of its own."""
    suite.makeini(
        """
        [pytest]
        addopts = -W error -W ignore:.*fork:DeprecationWarning -p no:randomly
        asyncio_default_fixture_loop_scope = function
        apivideo_env_early = true
        usefixtures = apivideo_intercept
        """
    )
    suite.makepyfile(
        worker="""
        import os, sys, requests

        for line in sys.stdin:
            auth = (os.environ["API_VIDEO_KEY"], "")
            url = "https://sandbox.api.video/videos"
            print(requests.get(url, auth=auth).json()["data"][0]["title"], flush=True)
        """
    )
    isolated(
        """
        import multiprocessing, os, subprocess, sys
        import pytest, requests
        from werkzeug.serving import make_server
        from werkzeug.wrappers import Request, Response

        @Request.application
        def app(request):
            auth = (os.environ["API_VIDEO_KEY"], "")
            answer = requests.get("https://sandbox.api.video/videos", auth=auth)
            return Response(answer.json()["data"][0]["title"])

        @pytest.fixture(scope="session")
        def live_server():
            server = make_server("127.0.0.1", 0, app)
            process = multiprocessing.get_context("fork").Process(target=server.serve_forever)
            process.start()
            yield f"http://127.0.0.1:{server.port}/"
            process.terminate()
            process.join()
            server.server_close()

        @pytest.fixture(autouse=True)
        def as_pytest_flask_does(request):
            request.getfixturevalue("live_server")

        @pytest.fixture(scope="session")
        def worker():
            pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
            with subprocess.Popen([sys.executable, "worker.py"], **pipes) as process:
                yield process
                process.stdin.close()

        @pytest.mark.parametrize("title", ["Maths", "Physics"])
        def test_it(live_server, worker, apivideo, title):
            apivideo.videos.add(title=title)
            assert requests.get(live_server).text == title
            print(file=worker.stdin, flush=True)
            assert worker.stdout.readline() == title + "\\n"
        """,
        passed=2,
    )


CALLS_THE_REAL_ONE = {
    "python": [sys.executable, "-c", "import requests; requests.get('https://ws.api.video')"],
    "node": ["node", "-e", "fetch('https://ws.api.video').catch((e) => console.error(e.cause))"],
}


@pytest.mark.filterwarnings("ignore::pytest_apivideo.BlockedHostWarning")
@pytest.mark.parametrize("language", CALLS_THE_REAL_ONE)
def test_without_interception_a_child_is_kept_from_the_real_service(
    apivideo: ApiVideo, language: str
) -> None:
    command = CALLS_THE_REAL_ONE[language]
    if shutil.which(command[0]) is None:
        pytest.skip(f"needs {language}")
    ran = run(*command)
    assert "pytest-apivideo stopped a connection to ws.api.video" in ran.stderr
    assert "Use the fixture apivideo_intercept" in ran.stderr


def test_attempts_of_a_child_without_interception_are_reported_at_the_end(isolated: Run) -> None:
    result = isolated(
        """
        import subprocess, sys

        def test_it(apivideo):
            program = "import socket; socket.getaddrinfo('ws.api.video', 443)"
            subprocess.run([sys.executable, "-c", program])
        """,
        "-W",
        "default::pytest_apivideo.BlockedHostWarning",
    )
    result.stdout.fnmatch_lines(
        ["*BlockedHostWarning: this test tried to connect to ws.api.video*"]
    )


def test_the_users_own_sitecustomize_runs_as_well(
    apivideo: ApiVideo, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, request: Any
) -> None:
    (tmp_path / "sitecustomize.py").write_text("import builtins; builtins.mine = 'mine'\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    request.getfixturevalue("apivideo_intercept")
    program = CLIENTS["requests"].format(url=SANDBOX, key=apivideo.sandbox_key)
    ran = run(sys.executable, "-c", f"print(mine); import sitecustomize; {program}")
    assert (ran.stdout, ran.stderr) == ("mine\n200\n", "")


def test_a_child_without_our_variable_is_left_alone(apivideo_intercept: Any) -> None:
    environment = {"PYTHONPATH": apivideo_intercept.child_env["PYTHONPATH"]}
    program = "import socket, sys; print(hasattr(socket.getaddrinfo, '__wrapped__'))"
    assert run(sys.executable, "-c", program, env=environment).stdout == "False\n"


def test_a_child_that_needs_no_network_loads_neither_socket_nor_ssl(
    apivideo_intercept: object,
) -> None:
    program = "import sys; print(*sys.modules)"
    without = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    loaded = run(sys.executable, "-c", program).stdout.split()
    usual = run(sys.executable, "-c", program, env=without).stdout.split()
    assert "_pytest_apivideo_interception.hooks" in loaded
    assert {"asyncio", "pytest", "socket", "ssl", "pathlib"}.isdisjoint({*loaded} - {*usual})


@pytest.mark.parametrize(
    "module", ["routes", "patches", "imports", "standard_library", "adapters", "hooks"]
)
def test_a_child_loads_code_for_older_pythons_without_dependencies(module: str) -> None:
    """A child may be another Python, without our dependencies; its syntax may be of 3.9."""
    tree = ast.parse((PACKAGE / f"{module}.py").read_text(), feature_version=(3, 9))
    imported = {
        node.module if isinstance(node, ast.ImportFrom) else node.names[0].name
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        and not (isinstance(node, ast.ImportFrom) and node.level)
    }
    roots = {(name or "").split(".")[0] for name in imported}
    assert roots <= {*sys.stdlib_module_names}


@pytest.mark.skipif(shutil.which("curl") is None, reason="needs curl")
def test_curl_reaches_the_fake(apivideo: ApiVideo, apivideo_intercept: object) -> None:
    key = f"{apivideo.production_key}:"
    ran = run("curl", "-sS", "-u", key, "https://ws.api.video/videos")
    assert json.loads(ran.stdout)["data"] == []
    ran = run("curl", "-sS", "-u", key, SANDBOX)
    assert json.loads(ran.stdout)["status"] == 401


CURL_REFUSED = {
    "http://ws.api.video/videos": "the fake stands for https://ws.api.video only, port 443",
    "https://ws.api.video:8443/": "the fake stands for https://ws.api.video only, port 443",
    "https://upload.api.video/": "and no other host of api.video",
    "https://api.video/": "and no other host of api.video",
    "http://broadcast.api.video:1935/s": "and no other host of api.video",
}


@pytest.mark.filterwarnings("ignore::pytest_apivideo.BlockedHostWarning")
@pytest.mark.skipif(shutil.which("curl") is None, reason="needs curl")
@pytest.mark.parametrize(("url", "reason"), CURL_REFUSED.items(), ids=CURL_REFUSED.keys())
def test_curl_is_refused_for_other_hosts(
    apivideo: ApiVideo, apivideo_intercept: Any, url: str, reason: str
) -> None:
    answer = json.loads(run("curl", "-sS", "-u", "k:", url).stdout)
    assert answer["status"] == 421
    assert answer["detail"].startswith("pytest-apivideo stopped a connection to ")
    assert reason in answer["detail"]
    assert apivideo_intercept.blocked == (url.split("/")[2].split(":")[0],)
    assert len(apivideo.calls) == 0


@pytest.mark.skipif(shutil.which("curl") is None, reason="needs curl")
def test_curl_keeps_the_users_own_configuration(
    apivideo: ApiVideo, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, request: Any
) -> None:
    (tmp_path / ".curlrc").write_text('user-agent = "mine/1.0"')
    monkeypatch.delenv("CURL_HOME", raising=False)
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    request.getfixturevalue("apivideo_intercept")
    run("curl", "-sS", SANDBOX)
    assert apivideo.calls.last("GET /videos").headers["User-Agent"] == "mine/1.0"


NODE = """
import https from "node:https";

const headers = { authorization: "Basic " + btoa(process.argv[2] + ":") };
const answer = await fetch("https://ws.api.video/videos", { headers });
console.log(answer.status, (await answer.json()).data.length);
await new Promise((done) =>
  https.get("https://sandbox.api.video/videos", { headers, agent: false }, (answer) => {
    console.log(answer.statusCode);
    answer.resume().on("end", done);
  }),
);
for (const call of [fetch, async (url) => https.get(url)]) {
  await call("https://collector.api.video/").catch((error) =>
    console.log((error.cause || error).message),
  );
}
"""


@pytest.mark.filterwarnings("ignore::pytest_apivideo.BlockedHostWarning")
@pytest.mark.skipif(shutil.which("node") is None, reason="needs node")
def test_node_reaches_the_fake(apivideo: ApiVideo, apivideo_intercept: Any, tmp_path: Path) -> None:
    (tmp_path / "program.mjs").write_text(NODE)
    ran = run("node", str(tmp_path / "program.mjs"), apivideo.production_key)
    fetched, got, *refused = ran.stdout.splitlines()
    assert (fetched, got) == ("200 0", "401"), ran.stderr
    assert len(refused) == 2
    for line in refused:
        assert line.startswith("pytest-apivideo stopped a connection to collector.api.video")
    assert set(apivideo_intercept.blocked) == {"collector.api.video"}


@pytest.mark.skipif(shutil.which("node") is None, reason="needs node")
def test_node_reaches_other_hosts_as_before(apivideo: ApiVideo, apivideo_intercept: object) -> None:
    program = "fetch(process.argv[1] + '/videos').then((answer) => console.log(answer.status))"
    assert run("node", "-e", program, apivideo.url).stdout == "401\n"
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))  # and does not listen
        url = f"https://127.0.0.1:{closed.getsockname()[1]}"
        refused = "fetch(process.argv[1]).catch((error) => console.log(error.cause.code))"
        assert run("node", "-e", refused, url).stdout == "ECONNREFUSED\n"


def route(folder: Path) -> RouteToFake:
    (folder / "ca.pem").write_text("OURS")
    return RouteToFake(("127.0.0.1", 4321), Trust(str(folder / "ca.pem")))


def test_the_users_values_stay_in_the_variables(tmp_path: Path) -> None:
    before = {"PYTHONPATH": "mine", "NODE_OPTIONS": "--no-warnings", "CURL_CA_BUNDLE": ""}
    added = Children(tmp_path).environment(route(tmp_path), before)
    assert added["PYTHONPATH"].split(os.pathsep) == [str(PACKAGE / "child"), "mine"]
    assert added["NODE_OPTIONS"].startswith("--no-warnings --require ")
    assert {"NO_PROXY", "no_proxy"}.isdisjoint(added)
    assert all(
        f'"{host}::127.0.0.1:4321"' in (tmp_path / ".curlrc").read_text()
        for host in (*HOSTS, *OTHERS)
    )


def test_curl_keeps_its_authorities_and_trusts_the_fake(tmp_path: Path) -> None:
    (tmp_path / "mine.pem").write_text("MINE")
    environment = {"CURL_CA_BUNDLE": str(tmp_path / "mine.pem")}
    Children(tmp_path).environment(route(tmp_path), environment)
    assert (tmp_path / "curl-ca.pem").read_text() == "MINE\nOURS"


@pytest.mark.parametrize(
    ("environment", "added"),
    [
        ({}, None),
        ({"NO_PROXY": "mine"}, None),
        ({"HTTPS_PROXY": ""}, None),
        ({"HTTPS_PROXY": "http://proxy"}, ".api.video"),
        ({"HTTPS_PROXY": "http://proxy", "NO_PROXY": "mine, .api.video"}, "mine, .api.video"),
        ({"HTTPS_PROXY": "http://proxy", "NO_PROXY": "*"}, "*"),
    ],
)
def test_proxies_are_passed_by_only_where_there_are_any(
    environment: dict[str, str], added: str | None
) -> None:
    expected = {} if added is None else {"NO_PROXY": added, "no_proxy": added}
    assert without_proxy(environment) == expected


def test_two_different_lists_of_hosts_without_proxy_stay_two() -> None:
    environment = {"all_proxy": "http://proxy", "no_proxy": "mine", "NO_PROXY": "yours"}
    expected = {"NO_PROXY": "yours,.api.video", "no_proxy": "mine,.api.video"}
    assert without_proxy(environment) == expected
