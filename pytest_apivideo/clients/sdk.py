"""The official Python SDK on the fake's clock. This module alone touches the SDK's internals.

Inside `with AuthenticatedApiClient(...)` the SDK renews its token in a thread that asks
`time.time()` once a second. freezegun does not reach that thread, and a project's clock could not.
The bridge stands in for the name `time` in `apivideo.auth_api_client`: it reads the clock of the
client's project, which it finds by the API key, as the server does, and it waits for that clock to
move instead of for a second to pass.
"""

from __future__ import annotations

import sys
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial, wraps
from inspect import unwrap
from types import FrameType, ModuleType
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from pytest_apivideo.network.interception.imports import ImportWatch
from pytest_apivideo.warnings import ApiVideoSdkWarning

if TYPE_CHECKING:
    from fake_server import Clock

Client = Any  # the SDK has no types
FindClock = Callable[[str], "Clock | None"]

MODELS = "apivideo.model"
"""Where the SDK's model classes are, and `model_utils`: what freezegun should leave alone."""

_MODULE = "apivideo.auth_api_client"
_LOOK = 0.01  # real seconds between two looks at a clock that may move without telling
_PATIENCE = 1000  # how often 2 ms a moved clock waits for the renewals that it made due
_LEAD = 10  # seconds before expiry at which the SDK renews


@contextmanager
def bridge(find_clock: FindClock) -> Iterator[None]:
    """Put the SDK on the clocks that `find_clock` knows for API keys, until the block ends.

    It does not matter whether the SDK is imported before, within the block, or never. At the end
    the clients whose key nobody knows any more are closed, with their threads and connections, and
    this thread warns of what was noticed.
    """
    made = Bridge(find_clock)
    watch = ImportWatch({_MODULE: made.install})
    try:
        with suppress(Exception):  # of an import in another thread: it fails there as well
            watch.begin()
        with _models_left_alone():
            yield
    finally:
        watch.end()
        made.uninstall()
    for words in made.noticed:
        warnings.warn(f"{words} See docs/sdk.md", ApiVideoSdkWarning, stacklevel=2)


@contextmanager
def _models_left_alone() -> Iterator[None]:
    """Let a freezegun that starts within the block leave the SDK's models as they are.

    They know a moment by the very class `datetime`, and refuse an answer when it is another.
    """
    config: Any = sys.modules.get("freezegun.config")
    if config is None:
        yield
        return
    settings, before = config.settings, config.settings.default_ignore_list
    settings.default_ignore_list = [*before, MODELS]
    try:
        yield
    finally:
        settings.default_ignore_list = before


@contextmanager
def connected(url: str, api_key: str) -> Iterator[Client]:
    """A client of the SDK on a target, connected without its own `with`; closed with the block."""
    from apivideo.auth_api_client import AuthenticatedApiClient

    client = AuthenticatedApiClient(api_key)
    client.configuration.host = url
    client.connect()
    try:
        yield client
    finally:
        _close(client)


@dataclass
class _Renewal:
    """What is known of a client: its clock, its last grant, and how far its next renewal is.

    `expected` tells that the SDK has queued it and no thread has taken it up yet; `thread` is the
    one that has, until it is through with it.
    """

    clock: Clock
    granted: float = float("-inf")
    expected: bool = False
    thread: int | None = None


class Bridge:
    """Stands in for the module `time` inside the SDK."""

    def __init__(self, find_clock: FindClock) -> None:
        self.noticed: dict[str, None] = {}
        self._find_clock = find_clock
        self._lock = threading.Lock()
        self._over = False
        self._replaced: list[tuple[Any, str, Any, Any]] = []
        self._renewals: WeakKeyDictionary[Client, _Renewal] = WeakKeyDictionary()
        self._listeners: dict[Clock, Callable[[], None]] = {}

    def __getattr__(self, name: str) -> Any:
        """Whatever else the SDK may want of `time`."""
        return getattr(time, name)

    def time(self) -> float:
        """What the SDK takes for `time.time()`: in its renewal thread, it returns when due."""
        caller = sys._getframe(1)
        client = caller.f_locals.get("self")
        renewal = self._renewal(client)
        if renewal is None:
            return time.time()
        if caller.f_code.co_name == "_refresh":
            return self._until_due(client, renewal)
        if _runs(caller, "__enter__", "_refresh"):
            renewal.expected = True
        renewal.granted = now = renewal.clock.now()
        return now

    def sleep(self, seconds: float) -> None:
        """Sleep really, though `time.sleep` may be one that only moves the clock."""
        threading.Event().wait(seconds)

    def install(self, module: Any) -> None:
        """Stand in for `time` in the SDK's module, unless the SDK is not as we know it."""
        with self._lock:
            if self._over:
                return
            if not _is_known(module):
                self.noticed[_UNKNOWN] = None
            elif module.time is not self:
                client = module.AuthenticatedApiClient
                self._replace(module, "time", self)
                self._replace(client, "_refresh", self._followed(client._refresh))

    def _replace(self, owner: Any, name: str, ours: Any) -> None:
        self._replaced.append((owner, name, vars(owner)[name], ours))
        setattr(owner, name, ours)

    def _followed(self, refresh: Callable[[Client], None]) -> Callable[[Client], None]:
        """The SDK's renewal, noticed when it ends, also if it fails: then no other follows."""

        @wraps(refresh)
        def _refresh(client: Client) -> None:
            try:
                refresh(client)
            finally:
                renewal = self._renewals.get(client)
                if renewal is not None and renewal.thread == threading.get_ident():
                    renewal.thread = None

        return _refresh

    def uninstall(self) -> None:
        """Put the real module back, and close the clients of closed projects."""
        with self._lock:
            self._over = True
            clients, listeners = list(self._renewals.items()), dict(self._listeners)
        for owner, name, before, ours in self._replaced:
            if vars(owner).get(name) is ours:
                setattr(owner, name, before)
        for client, _ in clients:
            if self._is_foreign(client):
                _close(client)
        going_on = {renewal.clock for client, renewal in clients if client._pool is not None}
        for clock, listener in listeners.items():
            if clock not in going_on:
                clock.remove_listener(listener)

    def _renewal(self, client: Client) -> _Renewal | None:
        key = getattr(client, "api_key", None)
        if not isinstance(key, str):
            return None
        with self._lock:
            known = self._renewals.get(client)
            if known is not None:  # also if its key was removed meanwhile
                return known
            clock = self._find_clock(key)
            if clock is None:
                return None
            if clock not in self._listeners:
                self._listeners[clock] = partial(self._settle, clock)
                clock.add_listener(self._listeners[clock])
            return self._renewals.setdefault(client, _Renewal(clock))

    def _until_due(self, client: Client, renewal: _Renewal) -> float:
        renewal.thread, renewal.expected = threading.get_ident(), False
        self._notice_short_life(client.next_refresh - renewal.granted + _LEAD)
        while not client._terminated and not (self._over and self._is_foreign(client)):
            if _due(client, renewal):
                return renewal.clock.now()
            renewal.clock.wait(_LOOK)
        raise _ClientClosedError

    def _is_foreign(self, client: Client) -> bool:
        return self._find_clock(client.api_key) is None

    def _settle(self, clock: Clock) -> None:
        """Wait (real time, at most two seconds) until the renewals that are due have been tried."""
        for _ in range(_PATIENCE):
            with self._lock:
                clients = list(self._renewals.items())
            late = [r for client, r in clients if r.clock is clock and _is_renewing(client, r)]
            if not late:
                return
            threading.Event().wait(0.002)
        for renewal in late:  # it hangs, or began before the bridge and failed: wait no more
            renewal.expected, renewal.thread = False, None

    def _notice_short_life(self, seconds: float) -> None:
        if seconds <= _LEAD + 0.001:  # the SDK's sum loses a microsecond
            self.noticed[
                f"the official SDK renews its token {_LEAD} s before it expires, and this one "
                f"lives {seconds:.4g} s: inside `with AuthenticatedApiClient(...)` it renews "
                "without a pause (the fake holds it to once a second of its clock). Leave "
                "expires_in at 3600 and move the clock: apivideo.clock.advance_to_expiry()."
            ] = None


class _ClientClosedError(Exception):
    """Ends a renewal thread without the renewal that the SDK would still send; its pool eats it."""


def _due(client: Client, renewal: _Renewal) -> bool:
    """Whether to renew now; at most once a second, however short the token's life."""
    now = renewal.clock.now()
    return bool(now >= client.next_refresh) and abs(now - renewal.granted) >= 1


def _is_renewing(client: Client, renewal: _Renewal) -> bool:
    """Whether a renewal is due that will be tried, or is being tried; not one that has failed."""
    if client._terminated or client._pool is None or not _due(client, renewal):
        return False
    return renewal.expected or renewal.thread is not None


def _runs(frame: FrameType | None, *methods: str) -> bool:
    """Whether this frame, or one that called it, is one of these methods of the SDK."""
    while frame is not None:
        if frame.f_code.co_name in methods and frame.f_globals.get("__name__") == _MODULE:
            return True
        frame = frame.f_back
    return False


def _close(client: Client) -> None:
    """Close a client with its thread and connections; a later test may connect it again."""
    before, client._terminated = client._terminated, True
    client.close()
    client.rest_client.pool_manager.clear()
    client._terminated = before


_SEAMS = {
    "__init__": {"api_key", "_terminated", "next_refresh"},
    "_refresh": {"time", "_terminated", "next_refresh"},
    "_update_connection": {"time", "next_refresh"},
}
_UNKNOWN = (
    "this version of the api.video SDK is unknown: its auth_api_client is not as expected. Its "
    "tokens are renewed by real time, not by the fake's clock. Versions 1.2.8 to 1.4.7 are known; "
    "please report the one that you use."
)


def _is_known(module: Any) -> bool:
    """Whether the SDK's module is as the bridge needs it."""
    client = getattr(module, "AuthenticatedApiClient", None)
    methods = {name: getattr(client, name, None) for name in _SEAMS}
    codes = {  # an outer bridge may have wrapped one of them
        name: getattr(unwrap(method) if callable(method) else None, "__code__", None)
        for name, method in methods.items()
    }
    return isinstance(getattr(module, "time", None), ModuleType | Bridge) and all(
        names <= set(getattr(codes[method], "co_names", ())) for method, names in _SEAMS.items()
    )
