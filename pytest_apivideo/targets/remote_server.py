"""A fake in another process (`--apivideo-server`): a project of its own for each test."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.error import HTTPError
from urllib.request import ProxyHandler, Request, build_opener

from pytest_apivideo.network.addresses import (
    AddressError,
    host_of,
    is_of_apivideo,
    without_credentials,
)

_PROJECTS = "/_fake/projects"
_TIMEOUT = 30.0


class ServerRefused(Exception):  # noqa: N818 - named for what happened
    """The server cannot be used as a fake; the message says why."""


@dataclass(frozen=True)
class RemoteProject:
    """A project on a server: its address, and the keys of its two environments."""

    url: str
    sandbox_key: str = field(repr=False)
    production_key: str = field(repr=False)


def check_server(url: str) -> None:
    """Raise ServerRefused for an address that cannot be a fake's, such as api.video's."""
    try:
        host = host_of(url)
    except AddressError:
        raise ServerRefused(
            f"{without_credentials(url)!r} is not the address of a server, such as "
            "http://127.0.0.1:8765"
        ) from None
    if is_of_apivideo(host):
        raise ServerRefused(
            f"{url} is api.video's: --apivideo-server takes the address of an `apivideo-fake serve`"
        )


@contextmanager
def project(server: str, settings: Mapping[str, Any]) -> Iterator[RemoteProject]:
    """Create a project with these settings, and delete it at the end; raises ServerRefused."""
    created = _send(server, "POST", settings)
    yield RemoteProject(server, created["sandboxKey"], created["productionKey"])
    credential = b64encode(f"{created['sandboxKey']}:".encode()).decode()
    _send(server, "DELETE", None, {"Authorization": f"Basic {credential}"})


def _send(
    server: str, method: str, body: Any, headers: Mapping[str, str] | None = None
) -> dict[str, Any]:
    content = None if body is None else json.dumps(body).encode()
    request = Request(server + _PROJECTS, content, dict(headers or {}), method=method)  # noqa: S310 - checked
    opener = build_opener(ProxyHandler({}))
    try:
        with opener.open(request, timeout=_TIMEOUT) as response:
            answer = json.loads(response.read())
    except HTTPError as error:
        with error:
            text = error.read(1000).decode(errors="replace")
        raise ServerRefused(f"{method} {server}{_PROJECTS} gave {error.code}: {text}") from None
    except (OSError, ValueError) as error:
        raise ServerRefused(
            f"no fake answers at {server} ({error}): start one with `apivideo-fake serve`"
        ) from None
    if not isinstance(answer, dict) or (method == "POST" and "sandboxKey" not in answer):
        raise ServerRefused(f"{server} does not answer like an `apivideo-fake serve`")
    return answer
