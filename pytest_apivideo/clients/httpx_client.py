"""Authenticated `httpx` clients.

The token is added by the transport, below redirects, cookies and hooks: each hop of a redirect is
checked by its own URL, and the request that the caller sees never contains the token.
"""

import asyncio
import os
import ssl
import sys
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager, suppress
from functools import lru_cache, partial
from typing import Any, Protocol, cast
from urllib.request import getproxies, proxy_bypass

import httpx

from pytest_apivideo.clients.shared_token import Pending, SharedToken, Turn
from pytest_apivideo.clients.tokens import Answer, Clock, Target, Token, TokenCall, wall_clock

__all__ = ["async_http_client", "http_client"]

MARK = "pytest_apivideo.with_token"
KEEP_NO_CONNECTION = httpx.Limits(max_keepalive_connections=0)


def http_client(
    base_url: str, api_key: str, *, now: Clock = wall_clock, timeout: float | None = 30.0
) -> httpx.Client:
    """Create a client that logs in on first use and renews its token.

    `now` is the clock of the token's age; `timeout`, in seconds, applies to logins too. A request
    with its own `Authorization` header or `auth` (also `auth=None`) is sent unchanged. After a 401
    the token is renewed once and the request repeated, if its body can be sent twice: bytes, forms
    and multipart with seekable files, but not iterators or `content=file`.

    Requests raise `LoginRefused` if the login fails.
    """
    target = Target(base_url)
    context = _context()
    inner = httpx.HTTPTransport(verify=context, proxy=_proxy(target))
    shared = SharedToken(target, api_key, now)
    return httpx.Client(
        base_url=target.base_url,
        auth=_WithToken(),
        mounts={_pattern(target): _Transport(shared, inner)},
        verify=context,
        timeout=timeout,
    )


def async_http_client(
    base_url: str, api_key: str, *, now: Clock = wall_clock, timeout: float | None = 30.0
) -> httpx.AsyncClient:
    """Create the asynchronous counterpart of `http_client`.

    It keeps no connection between requests, so any event loop of asyncio or trio may use it.
    """
    target = Target(base_url)
    context = _context()
    shared = SharedToken(target, api_key, now)
    return httpx.AsyncClient(
        base_url=target.base_url,
        auth=_WithToken(),
        mounts={_pattern(target): _AsyncTransport(shared, context, _proxy(target))},
        verify=context,
        timeout=timeout,
        limits=KEEP_NO_CONNECTION,
    )


def _context() -> ssl.SSLContext:
    """Return httpx's TLS context, cached because loading the authorities takes over 20 ms."""
    return _context_of(os.environ.get("SSL_CERT_FILE"), os.environ.get("SSL_CERT_DIR"))


@lru_cache(maxsize=4)
def _context_of(*environment: str | None) -> ssl.SSLContext:
    return httpx.create_ssl_context()


def _pattern(target: Target) -> str:
    host = f"[{target.host}]" if ":" in target.host else target.host
    return f"{target.scheme}://{host}"


def _proxy(target: Target) -> str | None:
    """Return the environment's proxy, which httpx ignores for custom transports."""
    proxies = getproxies()
    if proxy_bypass(target.host):
        return None
    proxy = proxies.get(target.scheme) or proxies.get("all")
    return proxy if proxy is None or "://" in proxy else f"http://{proxy}"


class _WithToken(httpx.Auth):
    """Marks the requests that should carry the token, so that `auth=None` sends one without."""

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        request.extensions = {**request.extensions, MARK: True}
        yield request


class _Transport(httpx.BaseTransport):
    def __init__(self, shared: SharedToken, inner: httpx.BaseTransport) -> None:
        self._shared = shared
        self._inner = inner

    def close(self) -> None:
        self._inner.close()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if not _wants_token(request, self._shared.target):
            return self._inner.handle_request(request)
        exchange = partial(self._exchange, request)
        token = self._shared.obtain(exchange)
        response = self._inner.handle_request(_signed(request, token))
        if response.status_code != httpx.codes.UNAUTHORIZED:
            return response
        try:
            repeat = _can_repeat(request)
            if repeat:
                response.read()  # gives the connection back, for the renewal
            token = self._shared.obtain(exchange, refused=token)
        except BaseException:
            response.close()
            raise
        if not repeat:
            return response
        response.close()
        return self._inner.handle_request(_signed(request, token))

    def _exchange(self, request: httpx.Request, call: TokenCall) -> Answer:
        with _no_traceback():
            response = self._inner.handle_request(_posted(call, request))
            try:
                return Answer(response.status_code, response.read())
            finally:
                response.close()


class _AsyncTransport(httpx.AsyncBaseTransport):
    def __init__(self, shared: SharedToken, context: ssl.SSLContext, proxy: str | None) -> None:
        self._shared = shared
        self._connect = partial(
            httpx.AsyncHTTPTransport, verify=context, proxy=proxy, limits=KEEP_NO_CONNECTION
        )

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if not _wants_token(request, self._shared.target):
            return await self._send(request)
        token = await self._obtain(request)
        response = await self._send(_signed(request, token))
        if response.status_code != httpx.codes.UNAUTHORIZED:
            return response
        try:
            repeat = await _can_repeat_async(request)
            if repeat:
                await response.aread()
            token = await self._obtain(request, refused=token)
        except BaseException:
            await response.aclose()
            raise
        if not repeat:
            return response
        await response.aclose()
        return await self._send(_signed(request, token))

    async def _send(self, request: httpx.Request) -> httpx.Response:
        # A pool for each request: running loops must not share one, and a pool that keeps no
        # connection has nothing left to close once its response is closed.
        return await self._connect().handle_async_request(request)

    async def _obtain(self, request: httpx.Request, refused: Token | None = None) -> Token:
        while True:
            claim = self._shared.claim(refused)
            if isinstance(claim, Turn):
                with claim:
                    return await self._renew(claim, request)
            token = claim if isinstance(claim, Token) else await _result_of(claim)
            if token is not None:
                return token

    async def _renew(self, turn: Turn, request: httpx.Request) -> Token:
        step = turn.step(None)
        while isinstance(step, TokenCall):
            step = turn.step(await self._exchange(request, step))
        return step

    async def _exchange(self, request: httpx.Request, call: TokenCall) -> Answer:
        with _no_traceback():
            response = await self._send(_posted(call, request))
            try:
                return Answer(response.status_code, await response.aread())
            finally:
                await response.aclose()


class _Event(Protocol):
    async def wait(self) -> object: ...


async def _result_of(pending: Pending) -> Token | None:
    """Wait for the renewal of another task, perhaps of another loop."""
    event, wake = _event_of_this_loop()

    def wake_if_open(_: Pending) -> None:
        with suppress(RuntimeError):  # the loop was closed
            wake()

    pending.add_done_callback(wake_if_open)
    await event.wait()
    return pending.result()


def _event_of_this_loop() -> tuple[_Event, Callable[[], object]]:
    """Return an event of the running loop, and a function that sets it from any thread."""
    trio = cast("Any", sys.modules.get("trio"))
    if trio is not None and trio.lowlevel.in_trio_run():
        trio_event = trio.Event()
        return trio_event, partial(trio.lowlevel.current_trio_token().run_sync_soon, trio_event.set)
    event = asyncio.Event()
    return event, partial(asyncio.get_running_loop().call_soon_threadsafe, event.set)


@contextmanager
def _no_traceback() -> Iterator[None]:
    """Remove the traceback of a failed login, as its frames contain the API key."""
    try:
        yield
    except httpx.TransportError as error:
        raise error.with_traceback(None) from None


def _wants_token(request: httpx.Request, target: Target) -> bool:
    return (
        MARK in request.extensions
        and "Authorization" not in request.headers
        and target.wants_token(str(request.url))
    )


def _signed(request: httpx.Request, token: Token) -> httpx.Request:
    headers = request.headers.copy()
    headers["Authorization"] = token.authorization
    return httpx.Request(
        request.method,
        request.url,
        headers=headers,
        stream=request.stream,
        extensions=request.extensions,
    )


def _posted(call: TokenCall, request: httpx.Request) -> httpx.Request:
    """Create the request for a token, with the timeout of the request that needs it."""
    timeout = request.extensions.get("timeout", {})
    return httpx.Request("POST", call.url, json=call.payload, extensions={"timeout": timeout})


def _can_repeat(request: httpx.Request) -> bool:
    if isinstance(request.stream, httpx.ByteStream):
        return True
    try:
        return _is_whole(request, sum(map(len, cast("httpx.SyncByteStream", request.stream))))
    except httpx.StreamError:
        return False


async def _can_repeat_async(request: httpx.Request) -> bool:
    if isinstance(request.stream, httpx.ByteStream):
        return True
    try:
        chunks = cast("httpx.AsyncByteStream", request.stream)
        return _is_whole(request, sum([len(chunk) async for chunk in chunks]))
    except httpx.StreamError:
        return False


def _is_whole(request: httpx.Request, size: int) -> bool:
    """Return whether the body's stream, read again, gave the announced length.

    An exhausted file or iterator gives less without an error.
    """
    announced: str | None = request.headers.get("Content-Length")
    return announced == str(size)
