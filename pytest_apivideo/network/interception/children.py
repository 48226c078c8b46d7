"""The environment variables that route child processes to the fake: Python, node and curl.

Our value is added to the user's own value of a variable, which thus still works.
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
"""The variable that configures `child/`, as JSON: the fake's address and certificate, if any."""

CODE = Path(__file__).with_name("child")

_PYTHON = str(CODE)
_NODE = f"--require {json.dumps(str(CODE / 'node_hook.cjs'))}"
_CURL_HOMES = ("CURL_HOME", "XDG_CONFIG_HOME", "HOME")
_OURS = "# added by pytest-apivideo"
_NOPROXY = re.compile(rb'^[ \t]*(?:--)?noproxy[ \t:=]+"?([^"\s]*)', re.MULTILINE)
_CURL_BUNDLES = ("CURL_CA_BUNDLE", "SSL_CERT_FILE")
_CURL = (*_CURL_HOMES, *_CURL_BUNDLES)
_BUNDLES = ("/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt")


class Children:
    """Routes child processes to the fake; `folder` gets the files that they read."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._written_for: object = None

    def environment(self, route: RouteToFake, environ: Mapping[str, str]) -> dict[str, str]:
        """Return the variables to add to `environ` for a child process.

        They configure Python (3.9 or newer, not with -I, -E or -S) by `sitecustomize`, node by
        `--require`, and curl, on the command line only, by a `.curlrc`.
        """
        self._configure_curl(route, environ)
        options = {"address": route.address, "ca": route.trust.ca, "hosts": HOSTS}
        added = _startup_variables(options, route.blocked, environ)
        return added | {"CURL_HOME": str(self._folder)} | without_proxy(environ)

    def _configure_curl(self, route: RouteToFake, environ: Mapping[str, str]) -> None:
        """Write curl's configuration once: the user's own, then ours.

        It sends all hosts and ports of api.video to the fake, which refuses those it lacks.
        """
        written_for = (route.address, [environ.get(name) for name in _CURL])
        if self._written_for == written_for:
            return
        own = _own_curlrc(environ)
        bundle = self._folder / "curl-ca.pem"
        bundle.write_bytes(_usual_bundle(environ) + Path(route.trust.ca).read_bytes())
        host, port = route.address
        lines = [
            "",
            _OURS,
            *_curl_without_proxy(own, environ),
            f'cacert = "{bundle}"',
            *(f'connect-to = "{name}::{host}:{port}"' for name in (*HOSTS, *OTHERS)),  # any port
            "",
        ]
        (self._folder / ".curlrc").write_bytes(own + "\n".join(lines).encode())
        self._written_for = written_for


def blocking(blocked: BlockedHosts, environ: Mapping[str, str]) -> dict[str, str]:
    """Return the variables that keep Python and node children from api.video's hosts.

    Proxies are excluded, because the host of a proxied connection cannot be seen.
    """
    return _startup_variables({}, blocked, environ) | without_proxy(environ)


def _startup_variables(
    options: Mapping[str, object], blocked: BlockedHosts, environ: Mapping[str, str]
) -> dict[str, str]:
    """Return the variables that make Python and node run our code at start, with its options."""
    path, node_options = environ.get("PYTHONPATH"), environ.get("NODE_OPTIONS")
    return {
        ROUTE: json.dumps({**options, "blocked": blocked.file}),
        "PYTHONPATH": _with(_PYTHON, path, path and f"{_PYTHON}{os.pathsep}{path}"),
        "NODE_OPTIONS": _with(_NODE, node_options, node_options and f"{node_options} {_NODE}"),
    }


def _with(ours: str, given: str | None, both: str | None) -> str:
    """Return a variable's value that contains ours once."""
    if not given or not both:
        return ours
    return given if ours in given else both


def without_proxy(environ: Mapping[str, str]) -> dict[str, str]:
    """Return the variables that exclude api.video's hosts from proxying.

    Empty if no proxy is set: some systems ignore their own settings when NO_PROXY is set.
    """
    variables = ("http_proxy", "https_proxy", "all_proxy")
    if not any(name.lower() in variables and value for name, value in environ.items()):
        return {}
    upper, lower = environ.get("NO_PROXY"), environ.get("no_proxy")
    return {"NO_PROXY": _with_ours(upper or lower), "no_proxy": _with_ours(lower or upper)}


def _with_ours(hosts: str | None) -> str:
    """Return a value of NO_PROXY that contains api.video's domain once."""
    if not hosts:
        return DOMAIN
    is_there = not {"*", DOMAIN}.isdisjoint(host.strip() for host in hosts.split(","))
    return hosts if is_there else f"{hosts},{DOMAIN}"


def end_forkserver() -> None:
    """Stop multiprocessing's fork server, so that the next one gets the current environment.

    It is kept while it has live processes, because it alone knows when they end.
    """
    server: Any = getattr(sys.modules.get("multiprocessing.forkserver"), "_forkserver", None)
    if getattr(server, "_forkserver_pid", None) is None or not hasattr(server, "_stop"):
        return
    from multiprocessing import active_children

    methods = {getattr(getattr(one, "_popen", None), "method", None) for one in active_children()}
    if "forkserver" not in methods:
        server._stop()


def _own_curlrc(environ: Mapping[str, str]) -> bytes:
    """Return the user's `.curlrc` as bytes, without lines of a surrounding pytest run."""
    homes = [environ[name] for name in _CURL_HOMES if environ.get(name)]
    found = next((rc for home in homes if (rc := Path(home, ".curlrc")).is_file()), None)
    return found.read_bytes().partition(_OURS.encode())[0] if found else b""


def _curl_without_proxy(own: bytes, environ: Mapping[str, str]) -> list[str]:
    """Return the line that bypasses a proxy of `.curlrc`, which may be set without NO_PROXY."""
    if b"proxy" not in own and b"-x" not in own:
        return []
    given = _NOPROXY.findall(own)
    hosts = given[-1].decode("latin-1") if given else environ.get("no_proxy")
    return [f'noproxy = "{_with_ours(hosts or environ.get("NO_PROXY"))}"']


def _usual_bundle(environ: Mapping[str, str]) -> bytes:
    """Return the certificates that curl trusts without us, for other hosts."""
    candidates = (
        *(environ.get(name) for name in _CURL_BUNDLES),
        ssl.get_default_verify_paths().cafile,
        *_BUNDLES,
    )
    usual = next((Path(one) for one in candidates if one and Path(one).is_file()), None)
    return usual.read_bytes() + b"\n" if usual else b""
