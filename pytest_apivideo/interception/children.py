"""The environment variables that lead child processes to the fake: Python, node and curl.

Each variable is set to what it was with ours in front, so that what the user has there still works.
"""

from __future__ import annotations

import json
import os
import ssl
from collections.abc import Mapping
from pathlib import Path

from pytest_apivideo.interception.routes import DOMAIN, HOSTS, HTTPS, ToFake

ROUTE = "APIVIDEO_INTERCEPTION"
"""Tells `child/` where the fake is and whom to trust, as JSON."""

CODE = Path(__file__).with_name("child")

_BUNDLES = ("/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt")


def child_environment(route: ToFake, folder: Path, environ: Mapping[str, str]) -> dict[str, str]:
    """What to add to `environ` for a child process; `folder` gets files that it reads.

    `sitecustomize` leads Python (3.9 or newer) there, unless it is started with -I, -E or -S;
    a module loaded at its start leads node; a `.curlrc` leads curl, on the command line only.
    """
    _write_curlrc(route, folder, environ)
    path = environ.get("PYTHONPATH")
    options = environ.get("NODE_OPTIONS")
    hook = json.dumps(str(CODE / "node_hook.cjs"))
    added = {
        ROUTE: json.dumps({"address": route.address, "ca": route.trust.ca, "hosts": HOSTS}),
        "PYTHONPATH": f"{CODE}{os.pathsep}{path}" if path else str(CODE),
        "NODE_OPTIONS": f"{options} --require {hook}" if options else f"--require {hook}",
        "CURL_HOME": str(folder),
    }
    return added | without_proxy(environ)


def without_proxy(environ: Mapping[str, str]) -> dict[str, str]:
    """What to add to `environ` so that no proxy comes between us and api.video's hosts.

    Nothing if no proxy is set: some systems forget their own settings when NO_PROXY is there.
    """
    variables = ("http_proxy", "https_proxy", "all_proxy")
    if not any(name.lower() in variables and value for name, value in environ.items()):
        return {}
    known = environ.get("no_proxy") or environ.get("NO_PROXY") or ""
    if known == "*":
        return {}
    hosts = f"{known},{DOMAIN}" if known else DOMAIN
    return {"NO_PROXY": hosts, "no_proxy": hosts}


def _write_curlrc(route: ToFake, folder: Path, environ: Mapping[str, str]) -> None:
    """Write curl's configuration: the user's own first, then ours."""
    homes = [environ[name] for name in ("CURL_HOME", "XDG_CONFIG_HOME", "HOME") if name in environ]
    own = next((rc for home in homes if (rc := Path(home, ".curlrc")).is_file()), None)
    host, port = route.address
    lines = [
        own.read_text() if own else "",
        f'cacert = "{_bundle(route, folder, environ)}"',
        *(f'connect-to = "{name}:{HTTPS}:{host}:{port}"' for name in HOSTS),
    ]
    (folder / ".curlrc").write_text("\n".join(lines) + "\n")


def _bundle(route: ToFake, folder: Path, environ: Mapping[str, str]) -> Path:
    """Write what curl trusts: what it trusts anyway, for other hosts, and our authority."""
    set_by_user = (environ.get(name) for name in ("CURL_CA_BUNDLE", "SSL_CERT_FILE"))
    candidates = (*set_by_user, ssl.get_default_verify_paths().cafile, *_BUNDLES)
    usual = next((Path(one) for one in candidates if one and Path(one).is_file()), None)
    bundle = folder / "curl-ca.pem"
    ours = Path(route.trust.ca).read_bytes()
    bundle.write_bytes((usual.read_bytes() + b"\n" if usual else b"") + ours)
    return bundle
