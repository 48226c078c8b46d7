"""What interception leaves as it was, what it refuses, and how it ends."""

from __future__ import annotations

import os
import socket
import ssl
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
import trustme
import urllib3

from fake_server import ApiVideo, FakeServer
from pytest_apivideo import BlockedHostError
from pytest_apivideo.network.interception import hooks as hooks_module
from pytest_apivideo.network.interception.hooks import Hooks
from pytest_apivideo.network.interception.routes import HOSTS, Blocked, RouteToFake, Trust
from tests.interception.conftest import Run

SANDBOX = "https://sandbox.api.video/videos"


def patched() -> dict[str, Any]:
    """All that the hooks could change, as it is now."""
    found: dict[str, Any] = {}
    for owner in (socket, ssl, socket.socket, ssl.SSLContext):
        found |= {f"{owner.__name__}.{name}": getattr(owner, name) for name in dir(owner)}
    # pytest itself writes the name of the running test into the environment.
    variables = {name: value for name, value in os.environ.items() if name != "PYTEST_CURRENT_TEST"}
    return found | {"environment": variables, "meta_path": list(sys.meta_path)}


def differences(before: dict[str, Any], after: dict[str, Any]) -> set[str]:
    missing = object()
    return {
        name
        for name in before.keys() | after.keys()
        if before.get(name, missing) is not after.get(name, missing)
        and before.get(name) != after.get(name)
    }


@pytest.fixture
def tls_server(tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """Start the user's own TLS server on this machine, with its own certificate authority."""
    authority, bundle = trustme.CA(), tmp_path / "own.pem"
    authority.cert_pem.write_to_path(bundle)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    with FakeServer(ssl_context=context) as server:
        yield f"https://localhost:{server.port}/videos", bundle


def test_everything_is_as_before_afterwards(suite: pytest.Pytester) -> None:
    suite.makepyfile(
        """
        import requests

        def test_passes(apivideo, apivideo_intercept):
            answer = requests.get("https://sandbox.api.video/videos", auth=(apivideo.api_key, ""))
            assert answer.status_code == 200

        def test_fails(apivideo_intercept):
            raise SystemExit("a crash")

        def test_blocked(apivideo): ...
        """
    )
    before = patched()
    suite.runpytest_inprocess().assert_outcomes(passed=2, failed=1)
    assert differences(before, patched()) == set()


def test_while_it_lasts_something_differs(apivideo_intercept: object) -> None:
    """Holds the test above to account: its comparison does see the hooks."""
    assert hasattr(socket.socket.connect, "__wrapped__")
    assert hasattr(socket.getaddrinfo, "__wrapped__")
    assert "APIVIDEO_INTERCEPTION" in os.environ


def test_other_tls_servers_are_reached_as_before(
    apivideo_intercept: object, tls_server: tuple[str, Path]
) -> None:
    url, bundle = tls_server
    assert requests.get(url, verify=str(bundle)).status_code == 401
    with pytest.raises(requests.exceptions.SSLError):
        requests.get(url)


def test_the_clients_own_context_is_not_touched(
    apivideo: ApiVideo, apivideo_intercept: object
) -> None:
    context = ssl.create_default_context()
    before = context.cert_store_stats()
    with urllib3.PoolManager(ssl_context=context) as pool:
        assert pool.request("GET", SANDBOX).status == 401
    assert context.cert_store_stats() == before


def test_a_later_test_meets_its_own_tls_server(
    suite: pytest.Pytester, tls_server: tuple[str, Path]
) -> None:
    url, bundle = tls_server
    suite.makepyfile(
        f"""
        import requests

        def test_intercepted(apivideo_intercept):
            assert requests.get("https://ws.api.video/videos").status_code == 401

        def test_of_another_kind():
            assert requests.get({url!r}, verify={str(bundle)!r}).status_code == 401
        """
    )
    suite.runpytest_inprocess().assert_outcomes(passed=2)


def test_every_host_of_the_fake_is_led_there(apivideo: ApiVideo, apivideo_intercept: Any) -> None:
    assert set(apivideo_intercept.hosts) == set(HOSTS)
    for host in HOSTS:
        assert requests.get(f"https://{host}/no-such-path").status_code == 404
    hosts = [call.headers["Host"] for call in apivideo.calls]
    assert hosts == list(HOSTS)


def test_the_admin_api_is_reached_at_its_own_host(
    apivideo: ApiVideo, apivideo_intercept: object
) -> None:
    key = (apivideo.admin_key, "")
    assert requests.get("https://admin.api.video/projects", auth=key).status_code == 200


@pytest.mark.filterwarnings("ignore::pytest_apivideo.BlockedHostWarning")
@pytest.mark.parametrize("url", ["http://ws.api.video/videos", "https://ws.api.video:8443/videos"])
def test_another_port_is_refused_with_the_reason(apivideo_intercept: object, url: str) -> None:
    with pytest.raises(BlockedHostError, match=r"stands for https://ws\.api\.video only, port 443"):
        requests.get(url)


@pytest.mark.filterwarnings("ignore::pytest_apivideo.BlockedHostWarning")
def test_names_that_end_alike_are_none_of_ours(apivideo_intercept: Any) -> None:
    for name in ("notapi.video", "ws.api.video.example", "ws-api.video"):
        assert Trying(name).error is not BlockedHostError
    for name in ("other.api.video", "api.video"):
        assert Trying(name).error is BlockedHostError
    assert apivideo_intercept.blocked == ("other.api.video", "api.video")


class Trying:
    """What comes of resolving a name, with the real resolver out of play."""

    def __init__(self, name: str) -> None:
        self.error: type[Exception] | None = None
        try:
            socket.getaddrinfo(name, 443, flags=socket.AI_NUMERICHOST)
        except (OSError, BlockedHostError) as error:
            self.error = type(error)


def test_resolving_gives_addresses_of_this_machine(apivideo_intercept: object) -> None:
    for host in HOSTS:
        (family, kind, _, _, address), *_ = socket.getaddrinfo(
            host, "https", type=socket.SOCK_STREAM
        )
        assert (family, kind) == (socket.AF_INET, socket.SOCK_STREAM)
        assert address == (socket.gethostbyname(host), 443)
        addresses = socket.gethostbyname_ex(host.encode())[2]  # type: ignore[arg-type]  # accepted
        assert addresses == [address[0]]
        assert address[0].startswith("127.")
    assert len({socket.gethostbyname(host) for host in HOSTS}) == len(HOSTS)
    with pytest.raises(socket.gaierror):
        socket.getaddrinfo("ws.api.video", 443, socket.AF_INET6)


def test_other_connections_are_left_alone(
    apivideo: ApiVideo, apivideo_intercept: object, tmp_path: Path
) -> None:
    assert requests.get(f"{apivideo.url}/videos").status_code == 401
    with socket.socket(socket.AF_UNIX) as listening, socket.socket(socket.AF_UNIX) as client:
        listening.bind(str(tmp_path / "socket"))
        listening.listen()
        client.connect(str(tmp_path / "socket"))
        assert client.connect_ex(str(tmp_path / "socket")) != 0


def test_a_server_of_another_authority_never_sees_a_request(
    apivideo: ApiVideo, apivideo_intercept: object, tls_server: tuple[str, Path]
) -> None:
    """What comes to the handshake by another way fails there."""
    url, _ = tls_server
    with socket.create_connection(("localhost", int(url.split(":")[2].split("/")[0]))) as sock:
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        handshake = ssl.create_default_context().wrap_bio(
            incoming, outgoing, server_hostname="ws.api.video"
        )
        with pytest.raises(ssl.SSLWantReadError):
            handshake.do_handshake()
        sock.sendall(outgoing.read())
        incoming.write(sock.recv(65536))
        with pytest.raises(ssl.SSLCertVerificationError):
            handshake.do_handshake()


@pytest.mark.filterwarnings("ignore::pytest_apivideo.BlockedHostWarning")
def test_a_connection_to_another_host_is_reported(
    apivideo_intercept: object, tls_server: tuple[str, Path]
) -> None:
    port = int(tls_server[0].split(":")[2].split("/")[0])
    sock = socket.create_connection(("localhost", port))
    with pytest.raises(
        BlockedHostError, match=f"leads to .*{port}.* which is not the fake. Is there a proxy"
    ):
        ssl.create_default_context().wrap_socket(sock, server_hostname="ws.api.video")
    assert sock.fileno() == -1


def test_a_proxy_of_the_developer_is_passed_by(
    isolated: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("NO_PROXY", "example.org")
    isolated(
        """
        import os, urllib.error, urllib.request
        import httpx, requests

        def test_it(apivideo, apivideo_intercept):
            assert os.environ["NO_PROXY"] == os.environ["no_proxy"] == "example.org,.api.video"
            assert requests.get("https://ws.api.video/videos").status_code == 401
            assert httpx.get("https://ws.api.video/videos").status_code == 401
            try:
                urllib.request.urlopen("https://ws.api.video/videos")
            except urllib.error.HTTPError as error:
                error.close()
                assert error.code == 401

        def test_other_hosts_still_use_it(apivideo_intercept):
            try:
                requests.get("https://example.com")
            except requests.exceptions.ProxyError:
                return
            raise AssertionError("the proxy was not asked")

        def test_afterwards():
            assert os.environ["NO_PROXY"] == "example.org"
            assert "no_proxy" not in os.environ
        """,
        passed=3,
    )


def test_without_a_proxy_nothing_is_said_of_proxies(isolated: Run) -> None:
    isolated(
        """
        import os

        def test_it(apivideo_intercept):
            assert "NO_PROXY" not in os.environ
        """
    )


def test_a_pooled_connection_is_refused_between_intercepted_tests(suite: pytest.Pytester) -> None:
    suite.makepyfile(
        """
        import pytest, requests, httpx

        session, client = requests.Session(), httpx.Client()
        URL = "https://sandbox.api.video/videos"

        def both(key):
            return [one.get(URL, auth=(key, "")) for one in (session, client)]

        @pytest.fixture
        def without(apivideo):
            return apivideo

        def test_first(apivideo, apivideo_intercept):
            assert [one.status_code for one in both(apivideo.api_key)] == [200, 200]

        def test_between(apivideo):
            answers = both(apivideo.api_key)
            assert [one.status_code for one in answers] == [421, 421]
            assert "Use it there too" in answers[0].json()["detail"]
            assert requests.get(apivideo.url + "/videos").status_code == 401
            assert len(apivideo.calls) == 1

        def test_again(apivideo, apivideo_intercept):
            assert [one.status_code for one in both(apivideo.api_key)] == [200, 200]
            session.close(), client.close()
        """
    )
    suite.runpytest_inprocess().assert_outcomes(passed=3)


def test_the_fakes_address_stays_the_same(
    apivideo: ApiVideo, apivideo_server: FakeServer, apivideo_intercept: object
) -> None:
    assert apivideo_server.url == apivideo.url
    assert apivideo_server.url_for("/videos").startswith("http://127.0.0.1:")


def test_rules_of_the_server_reach_the_program(
    apivideo: ApiVideo, apivideo_server: FakeServer, apivideo_intercept: object
) -> None:
    apivideo_server.expect_oneshot_request("/videos").respond_with_data("busy", status=503)
    assert requests.get(SANDBOX).status_code == 503
    assert requests.get(SANDBOX).status_code == 401


@pytest.mark.parametrize("moment", ["2020-02-29", "2035-01-01", "2150-01-01"])
def test_certificates_hold_at_any_frozen_date(isolated: Run, moment: str) -> None:
    isolated(
        f"""
        import requests, time_machine
        from freezegun import freeze_time

        @freeze_time({moment!r})
        def test_freezegun(apivideo, request):
            request.getfixturevalue("apivideo_intercept")
            assert requests.get("https://ws.api.video/videos").status_code == 401

        @time_machine.travel({moment!r})
        def test_time_machine(apivideo, request):
            request.getfixturevalue("apivideo_intercept")
            assert requests.get("https://ws.api.video/videos").status_code == 401
        """,
        "-W",
        "ignore::urllib3.exceptions.SystemTimeWarning",
        passed=2,
    )


def test_a_caught_error_is_reported_at_the_end(suite: pytest.Pytester) -> None:
    suite.makepyfile(
        """
        import requests

        def swallow(url):
            try:
                requests.get(url)
            except Exception:
                pass

        def test_intercepted(apivideo_intercept):
            swallow("https://collector.api.video")
            swallow("https://collector.api.video")

        def test_blocked(apivideo):
            swallow("https://ws.api.video")
        """
    )
    result = suite.runpytest_inprocess("-W", "default::pytest_apivideo.BlockedHostWarning")
    result.assert_outcomes(passed=2, warnings=2)
    result.stdout.fnmatch_lines(
        [
            "*BlockedHostWarning: this test tried to connect to collector.api.video, which was*",
            "*BlockedHostWarning: this test tried to connect to ws.api.video, which was blocked*",
        ]
    )


def test_a_whole_suite_by_one_line_of_ini(suite: pytest.Pytester) -> None:
    suite.makeini(
        """
        [pytest]
        addopts = -W error -p no:randomly
        asyncio_default_fixture_loop_scope = function
        usefixtures = apivideo_intercept
        """
    )
    suite.makepyfile(
        """
        import unittest
        import requests

        def status():
            return requests.get("https://ws.api.video/videos").status_code

        def test_that_names_no_fixture():
            assert status() == 401

        class TestOld(unittest.TestCase):
            def test_of_unittest(self):
                self.assertEqual(status(), 401)
        """
    )
    suite.runpytest_inprocess().assert_outcomes(passed=2)


def test_it_works_under_xdist(suite: pytest.Pytester) -> None:
    suite.makepyfile(
        """
        import pytest, requests

        @pytest.mark.parametrize("number", range(6))
        def test_it(apivideo, apivideo_intercept, number):
            key = (apivideo.production_key, "")
            url = "https://ws.api.video/videos"
            assert requests.post(url, json={"title": "a"}, auth=key).status_code == 201
            assert requests.get(url, auth=key).json()["pagination"]["itemsTotal"] == 1
        """
    )
    suite.runpytest_subprocess("-n", "2", timeout=90).assert_outcomes(passed=6)


def test_threads_that_outlive_the_test_reach_no_server(suite: pytest.Pytester) -> None:
    suite.makepyfile(
        """
        import threading
        import requests
        from pytest_apivideo import BlockedHostError

        go, found = threading.Event(), []

        def late():
            go.wait()
            try:
                found.append(requests.get("https://ws.api.video/videos"))
            except BlockedHostError as error:
                found.append(error)

        thread = threading.Thread(target=late)

        def test_starts(apivideo_intercept):
            thread.start()

        def test_ends(apivideo):
            go.set()
            thread.join()
            assert isinstance(found[0], BlockedHostError)
        """
    )
    suite.runpytest_inprocess("-W", "ignore::pytest_apivideo.BlockedHostWarning").assert_outcomes(
        passed=2
    )


class TestHooks:
    """The hooks by themselves."""

    def test_nested_use_ends_in_any_order(self) -> None:
        before, hooks = patched(), Hooks()
        first, second = Blocked(), Blocked()
        hooks.begin(first)
        hooks.begin(second)
        hooks.end(first)
        with pytest.raises(BlockedHostError):
            socket.getaddrinfo("ws.api.video", 443)
        assert (first.blocked.hosts(), second.blocked.hosts()) == ((), ("ws.api.video",))
        hooks.end(second)
        assert differences(before, patched()) == set()

    def test_two_sets_of_hooks_may_lie_over_each_other(self) -> None:
        before, outer, inner = patched(), Hooks(), Hooks()
        first, second = Blocked(), Blocked()
        outer.begin(first)
        inner.begin(second)
        with pytest.raises(BlockedHostError):
            socket.getaddrinfo("ws.api.video", 443)
        assert (first.blocked.hosts(), second.blocked.hosts()) == ((), ("ws.api.video",))
        inner.end(second)
        outer.end(first)
        assert differences(before, patched()) == set()

    def test_if_one_cannot_be_put_in_place_none_is(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def fail(module: object, **_: object) -> None:
            raise AttributeError("no such attribute")

        monkeypatch.setitem(hooks_module._MODULES, "threading", fail)
        before, hooks, nobody = patched(), Hooks(), Blocked()
        with pytest.raises(AttributeError, match="no such attribute"):
            hooks.begin(nobody)
        assert differences(before, patched()) == set()
        monkeypatch.delitem(hooks_module._MODULES, "threading")
        hooks.begin(nobody)
        hooks.end(nobody)
        assert differences(before, patched()) == set()

    def test_replacements_by_others_are_kept(self, monkeypatch: pytest.MonkeyPatch) -> None:
        hooks, nobody, before = Hooks(), Blocked(), socket.socket.connect
        monkeypatch.setattr(socket, "gethostbyname", socket.gethostbyname)  # to be put back at last
        hooks.begin(nobody)
        mine = lambda host: host  # noqa: E731
        monkeypatch.setattr(socket, "gethostbyname", mine)
        hooks.end(nobody)
        assert socket.gethostbyname is mine
        assert socket.socket.connect is before

    def test_a_function_kept_from_the_time_of_the_hooks_does_nothing_of_its_own(self) -> None:
        hooks, nobody = Hooks(), Blocked()
        hooks.begin(nobody)
        kept = socket.getaddrinfo
        hooks.end(nobody)
        with pytest.raises(socket.gaierror):
            kept("ws.api.video", 443, flags=socket.AI_NUMERICHOST)

    def test_sockets_that_are_not_pythons_are_refused_in_words(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        before, hooks = patched(), Hooks()
        with monkeypatch.context() as replaced:
            replaced.setattr(socket, "socket", threading.Thread)
            with pytest.raises(RuntimeError, match=r"gevent's.*apivideo\.url instead"):
                hooks.begin(RouteToFake(("127.0.0.1", 1), Trust("")))
        assert differences(before, patched()) == set()

    def test_a_socket_that_is_stopped_is_closed(self) -> None:
        hooks, nobody = Hooks(), Blocked()
        hooks.begin(nobody)
        try:
            for connect in (socket.socket.connect, socket.socket.connect_ex):
                sock = socket.socket()
                with pytest.raises(BlockedHostError):
                    connect(sock, ("ws.api.video", 443))
                assert sock.fileno() == -1
        finally:
            hooks.end(nobody)


@pytest.mark.parametrize(
    ("arguments", "marker"),
    [
        (["--allow-hosts=127.0.0.1"], ""),
        (["--disable-socket", "--allow-hosts=127.0.0.1"], ""),
        ([], "@pytest.mark.allow_hosts(['127.0.0.1'])"),
    ],
)
def test_it_works_beside_pytest_socket(isolated: Run, arguments: list[str], marker: str) -> None:
    isolated(
        f"""
        import socket
        import pytest, requests

        {marker}
        def test_first(apivideo_intercept):
            assert requests.get("https://ws.api.video/videos").status_code == 401

        {marker}
        def test_second(apivideo_intercept):
            assert requests.get("https://ws.api.video/videos").status_code == 401
            sock = socket.socket()
            with pytest.raises(Exception, match="socket.connect"), sock:
                sock.connect(("10.0.0.1", 443))
        """,
        *arguments,
        passed=2,
    )


def test_pytest_sockets_guards_do_not_outlive_their_test(isolated: Run) -> None:
    isolated(
        """
        import pytest, socket

        def test_before(apivideo): ...

        @pytest.mark.disable_socket
        def test_disabled(request):
            with pytest.raises(Exception, match="getaddrinfo"):
                socket.getaddrinfo("localhost", 80)
            request.getfixturevalue("apivideo_intercept")

        def test_after():
            assert socket.getaddrinfo("localhost", 80)
            assert socket.gethostbyname("localhost")
        """,
        passed=3,
    )


def test_the_extra_that_is_missing_is_an_error_that_names_it(suite: pytest.Pytester) -> None:
    suite.makepyfile("def test_it(apivideo_intercept): ...")
    suite.makeconftest(
        """
        import importlib.util
        real = importlib.util.find_spec

        import pytest_apivideo.fixtures
        pytest_apivideo.fixtures.find_spec = (
            lambda name, *rest: None if name == "trustme" else real(name, *rest)
        )
        """
    )
    result = suite.runpytest_subprocess(timeout=60)
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(
        ["trustme is not installed: pip install 'pytest-apivideo[[]tls[]]'*"]
    )
