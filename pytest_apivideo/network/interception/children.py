"""The environment variables that lead child processes to the fake: Python, node and curl.

Each variable is set to what it was with ours in front, so that what the user has there still works.
"""

from __future__ import annotations

import json
import os
import re
import ssl
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pytest_apivideo.network.interception.routes import (
    DOMAIN,
    HOSTS,
    OTHERS,
    BlockedHosts,
    RouteToFake,
)

ROUTE = "APIVIDEO_INTERCEPTION"
"""Tells `child/` where the fake is, if it is led there, and whom to trust, as JSON."""

CODE = Path(__file__).with_name("child")

_PYTHON = str(CODE)
_NODE = f"--require {json.dumps(str(CODE / 'node_hook.cjs'))}"
_CURL_HOMES = ("CURL_HOME", "XDG_CONFIG_HOME", "HOME")
_OURS = "# what follows is pytest-apivideo's"
_NOPROXY = re.compile(rb'^[ \t]*(?:--)?noproxy[ \t:=]+"?([^"\s]*)', re.MULTILINE)
_CURL_BUNDLES = ("CURL_CA_BUNDLE", "SSL_CERT_FILE")
_CURL = (*_CURL_HOMES, *_CURL_BUNDLES)
_BUNDLES = ("/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt")


class Children:
    """Leads child processes to the fake; `folder` gets files that they read."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._written_for: object = None

    def environment(self, route: RouteToFake, environ: Mapping[str, str]) -> dict[str, str]:
        """What to add to `environ` for a child process.

        `sitecustomize` leads Python (3.9 or newer) there, unless it is started with -I, -E or -S;
        a module loaded at its start leads node; a `.curlrc` leads curl, on the command line only.
        """
        self._configure_curl(route, environ)
        told = {"address": route.address, "ca": route.trust.ca, "hosts": HOSTS}
        added = told_to_children(told, route.blocked, environ)
        return added | {"CURL_HOME": str(self._folder)} | without_proxy(environ)

    def _configure_curl(self, route: RouteToFake, environ: Mapping[str, str]) -> None:
        """Write curl's configuration, unless it is there: the user's own first, then ours.

        The fake itself refuses what it does not stand for: other ports, and the other hosts.
        """
        written_for = (route.address, [environ.get(name) for name in _CURL])
        if self._written_for == written_for:
            return
        own = _own_curlrc(environ)
        bundle = self._folder / "curl-ca.pem"
        bundle.write_bytes(_usual_bundle(environ) + Path(route.trust.ca).read_bytes())
        host, port = route.address
        lines = [
            _OURS,
            *_curl_without_proxy(own, environ),
            f'cacert = "{bundle}"',
            *(f'connect-to = "{name}::{host}:{port}"' for name in (*HOSTS, *OTHERS)),  # any port
        ]
        ours = "\n".join([*lines, ""])
        (self._folder / ".curlrc").write_bytes(own + b"\n" + ours.encode())
        self._written_for = written_for


def blocking(blocked: BlockedHosts, environ: Mapping[str, str]) -> dict[str, str]:
    """What to add to `environ` so that child processes, Python and node, reach no host of ours.

    A proxy would: nobody can see which host it is asked for.
    """
    return told_to_children({}, blocked, environ) | without_proxy(environ)


def told_to_children(
    told: Mapping[str, object], blocked: BlockedHosts, environ: Mapping[str, str]
) -> dict[str, str]:
    """What has Python and node run our code at their start, and what that is told."""
    path, options = environ.get("PYTHONPATH"), environ.get("NODE_OPTIONS")
    return {
        ROUTE: json.dumps({**told, "blocked": blocked.file}),
        "PYTHONPATH": _with(_PYTHON, path, path and f"{_PYTHON}{os.pathsep}{path}"),
        "NODE_OPTIONS": _with(_NODE, options, options and f"{options} {_NODE}"),
    }


def _with(ours: str, given: str | None, both: str | None) -> str:
    """A variable's value with ours in it, once."""
    if not given or not both:
        return ours
    return given if ours in given else both


def without_proxy(environ: Mapping[str, str]) -> dict[str, str]:
    """What to add to `environ` so that no proxy comes between us and api.video's hosts.

    Nothing if no proxy is set: some systems forget their own settings when NO_PROXY is there.
    """
    variables = ("http_proxy", "https_proxy", "all_proxy")
    if not any(name.lower() in variables and value for name, value in environ.items()):
        return {}
    upper, lower = environ.get("NO_PROXY"), environ.get("no_proxy")
    return {"NO_PROXY": _with_ours(upper or lower), "no_proxy": _with_ours(lower or upper)}


def _with_ours(hosts: str | None) -> str:
    """A list of hosts that are reached without a proxy, with api.video's in it, once."""
    if not hosts:
        return DOMAIN
    is_there = not {"*", DOMAIN}.isdisjoint(host.strip() for host in hosts.split(","))
    return hosts if is_there else f"{hosts},{DOMAIN}"


def end_forkserver() -> None:
    """Have multiprocessing start its server of forks anew, where the environment of now leads it.

    Not while processes of its are alive: it alone knows when they end.
    """
    server: Any = getattr(sys.modules.get("multiprocessing.forkserver"), "_forkserver", None)
    if getattr(server, "_forkserver_pid", None) is None or not hasattr(server, "_stop"):
        return
    from multiprocessing import active_children

    kinds = {getattr(getattr(one, "_popen", None), "method", None) for one in active_children()}
    if "forkserver" not in kinds:
        server._stop()


def _own_curlrc(environ: Mapping[str, str]) -> bytes:
    """What the user has in `.curlrc`, in whatever encoding.

    If a pytest around this one has put its own there, then what it took from the user.
    """
    homes = [environ[name] for name in _CURL_HOMES if environ.get(name)]
    found = next((rc for home in homes if (rc := Path(home, ".curlrc")).is_file()), None)
    return found.read_bytes().partition(_OURS.encode())[0] if found else b""


def _curl_without_proxy(own: bytes, environ: Mapping[str, str]) -> list[str]:
    """The line that keeps a proxy of `.curlrc` away: with one there, NO_PROXY may not be set."""
    if b"proxy" not in own and b"-x" not in own:
        return []
    given = _NOPROXY.findall(own)
    hosts = given[-1].decode("latin-1") if given else environ.get("no_proxy")
    return [f'noproxy = "{_with_ours(hosts or environ.get("NO_PROXY"))}"']


def _usual_bundle(environ: Mapping[str, str]) -> bytes:
    """What curl trusts anyway, for other hosts."""
    candidates = (
        *(environ.get(name) for name in _CURL_BUNDLES),
        ssl.get_default_verify_paths().cafile,
        *_BUNDLES,
    )
    usual = next((Path(one) for one in candidates if one and Path(one).is_file()), None)
    return usual.read_bytes() + b"\n" if usual else b""
