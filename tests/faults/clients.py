"""requests, httpx and the official SDK, asked alike: what each sees of a broken answer, in a word.

`ok`, a status, or how it failed: `closed`, `reset`, `incomplete`, `late`, `no JSON`, `text/html`.
"""

from __future__ import annotations

import json
import ssl
from collections.abc import Callable, Mapping

import apivideo as sdk
import httpx
import requests
import urllib3
from apivideo.api.videos_api import VideosApi

from pytest_apivideo import ApiVideo

SHORT, LONG = 0.3, 30.0
"""Real seconds that a client waits for a piece of an answer: if none is to come, and if one is.

For a connection it always waits long, so that it gives up on nothing but the answer.
"""

Client = Callable[[ApiVideo, str, float], str]


def by_requests(account: ApiVideo, ca: str, patience: float) -> str:
    try:
        answer = requests.get(
            f"{account.url}/videos",
            auth=(account.api_key, ""),
            timeout=(LONG, patience),
            verify=ca,
        )
    except requests.RequestException as error:
        return _failure(error)
    return _judged(answer.status_code, answer.headers, answer.text)


def by_httpx(account: ApiVideo, ca: str, patience: float) -> str:
    context = ssl.create_default_context(cafile=ca)
    try:
        with httpx.Client(verify=context, timeout=httpx.Timeout(LONG, read=patience)) as client:
            answer = client.get(f"{account.url}/videos", auth=(account.api_key, ""))
    except httpx.HTTPError as error:
        return _failure(error)
    return _judged(answer.status_code, answer.headers, answer.text)


def by_sdk(account: ApiVideo, ca: str, patience: float) -> str:
    client = sdk.AuthenticatedApiClient(account.api_key, production=False)
    client.configuration.host = account.url
    client.rest_client.pool_manager.connection_pool_kw |= {
        "ca_certs": ca,
        "retries": urllib3.Retry(0),
    }
    client.connect()
    try:
        page = VideosApi(client).list(_request_timeout=(LONG, patience))
    except sdk.ApiException as error:
        return str(error.status) if error.status else _failure(error)
    except urllib3.exceptions.HTTPError as error:
        return _failure(error)
    return "no JSON" if isinstance(page, str) else "ok"  # the SDK gives it as text


CLIENTS: dict[str, Client] = {"requests": by_requests, "httpx": by_httpx, "SDK": by_sdk}


def _judged(status: int, headers: Mapping[str, str], text: str) -> str:
    if status != 200:
        return str(status)
    if headers["Content-Type"] != "application/json":
        return headers["Content-Type"].partition(";")[0]
    try:
        json.loads(text)
    except ValueError:
        return "no JSON"
    return "ok"


_WORDS = {
    "reset": ("Connection reset", "ConnectionResetError"),
    "late": ("timed out", "ReadTimeout"),
    "incomplete": ("IncompleteRead", "incomplete", "complete message body"),
    "closed": ("RemoteDisconnected", "without sending a response", "EOF occurred"),
}


def _failure(error: BaseException) -> str:
    """Return the word for an exception, from its text and that of its causes."""
    said = f"{type(error).__name__} {error!r} {error}"
    for word, signs in _WORDS.items():
        if any(sign in said for sign in signs):
            return word
    return said
