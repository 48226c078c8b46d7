"""A user's suite in a process of its own, where no name but those of loopback can be resolved."""

from __future__ import annotations

import textwrap
from collections.abc import Callable

import pytest

NO_NAMES = '''
import ipaddress
import sys


def is_here(host):
    if isinstance(host, bytes):
        host = host.decode()
    if host in (None, "", "localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def forbid(event, args):
    """Below every hook: these events come from the C code of `socket` itself."""
    if event in ("socket.getaddrinfo", "socket.gethostbyname") and not is_here(args[0]):
        raise AssertionError(f"{event} of {args[0]!r}")
    if event == "socket.connect" and isinstance(args[1], tuple) and not is_here(args[1][0]):
        raise AssertionError(f"{event} to {args[1]!r}")


sys.addaudithook(forbid)
'''

Run = Callable[..., pytest.RunResult]


@pytest.fixture
def isolated(suite: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Return a function that runs tests in a child process, with warnings as errors."""
    for name in ("NO_PROXY", "no_proxy", "HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy"):
        monkeypatch.delenv(name, raising=False)
    suite.makeconftest(NO_NAMES)

    def run(text: str, *arguments: str, **outcomes: int) -> pytest.RunResult:
        suite.makepyfile(textwrap.dedent(text))
        result = suite.runpytest_subprocess("-p", "no:cacheprovider", *arguments, timeout=100)
        result.assert_outcomes(**(outcomes or {"passed": 1}))
        return result

    return run
