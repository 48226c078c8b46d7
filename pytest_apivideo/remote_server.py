"""A fake that is served elsewhere (`--apivideo-server`): a project of its own for each test."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.request import ProxyHandler, Request, build_opener

from pytest_apivideo.addresses import AddressError, host_of, is_of_apivideo
from pytest_apivideo.redact import without_credentials

_PROJECTS = "/_fake/projects"
_SECONDS = 30.0


class ServerRefused(Exception):  # noqa: N818 - named for what happened
    """The server cannot be used as a fake; says why."""


@dataclass(frozen=True)
class ServedProject:
    """A project on a server: its address, and the keys of its two environments."""

    url: str
    sandbox_key: str = field(repr=False)
    production_key: str = field(repr=False)


def checked_server(url: str) -> str:
    """The address of a fake, without a slash at the end; raises ServerRefused for api.video's."""
    try:
        host = host_of(url)
    except AddressError:
        raise ServerRefused(
            f"{without_credentials(url)!r} is not the address of a server, such as "
            "http://127.0.0.1:8765"
        ) from None
    if is_of_apivideo(host):
        raise ServerRefused(f"{url} is no fake: --apivideo-server names an `apivideo-fake serve`")
    return url.rstrip("/")


@contextmanager
def project(server: str, settings: Mapping[str, Any]) -> Iterator[ServedProject]:
    """A fresh project with these settings, gone when the block ends; raises ServerRefused."""
    made = _ask(server, "POST", settings)
    yield ServedProject(server, made["sandboxKey"], made["productionKey"])
    credential = b64encode(f"{made['sandboxKey']}:".encode()).decode()
    _ask(server, "DELETE", None, {"Authorization": f"Basic {credential}"})


def _ask(
    server: str, method: str, body: Any, headers: Mapping[str, str] | None = None
) -> dict[str, Any]:
    content = None if body is None else json.dumps(body).encode()
    request = Request(server + _PROJECTS, content, dict(headers or {}), method=method)  # noqa: S310 - checked
    opener = build_opener(ProxyHandler({}))
    try:
        with opener.open(request, timeout=_SECONDS) as response:
            answer = json.loads(response.read())
    except HTTPError as refused:
        with refused:
            words = refused.read(1000).decode(errors="replace")
        raise ServerRefused(f"{method} {server}{_PROJECTS} gave {refused.code}: {words}") from None
    except (URLError, OSError, ValueError) as wrong:
        raise ServerRefused(
            f"there is no fake at {server} ({wrong}): start one with `apivideo-fake serve`"
        ) from None
    if not isinstance(answer, dict) or (method == "POST" and "sandboxKey" not in answer):
        raise ServerRefused(f"{server} is no fake: it does not answer as `apivideo-fake serve`")
    return answer
