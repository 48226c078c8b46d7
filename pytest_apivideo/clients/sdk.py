"""The official Python SDK on the fake's clock. Only this module touches the SDK's internals.

Inside `with AuthenticatedApiClient(...)` the SDK renews its token in a thread that calls
`time.time()` once a second, which freezegun does not reach. The bridge replaces `time` in
`apivideo.auth_api_client`: it reads the clock of the client's project, found by the API key, and
waits until that clock moves.
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
"""The package of the SDK's models and `model_utils`, which freezegun should ignore."""

_MODULE = "apivideo.auth_api_client"
_POLL_INTERVAL = 0.01  # real seconds between two readings of a clock that may not notify
_MAX_WAITS = 1000  # how many times 2 ms a moved clock waits for due renewals
_LEAD = 10  # seconds before expiry at which the SDK renews


@contextmanager
def bridge(find_clock: FindClock) -> Iterator[None]:
    """Make SDK clients use the clocks that `find_clock` returns for their API keys.

    The SDK may be imported before or within the block. At the end, clients with a key that is no
    longer known are closed with their threads and connections, and warnings are emitted.
    """
    patched = Bridge(find_clock)
    watch = ImportWatch({_MODULE: patched.install})
    try:
        with suppress(Exception):  # an import in another thread fails there as well
            watch.begin()
        with _models_ignored_by_freezegun():
            yield
    finally:
        watch.end()
        patched.uninstall()
    for message in patched.messages:
        warnings.warn(f"{message} See docs/sdk.md", ApiVideoSdkWarning, stacklevel=2)


@contextmanager
def _models_ignored_by_freezegun() -> Iterator[None]:
    """Make freezegun ignore the SDK's models, which require the real class `datetime`."""
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
    """Connect a client of the SDK to a target, without its renewal thread, for the block."""
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
    """The state of a client's renewals: its clock and the time of its last grant.

    `expected` is true while a renewal is queued; `thread` is the thread that runs it.
    """

    clock: Clock
    granted: float = float("-inf")
    expected: bool = False
    thread: int | None = None


class Bridge:
    """A replacement for the module `time` inside the SDK."""

    def __init__(self, find_clock: FindClock) -> None:
        self.messages: dict[str, None] = {}
        self._find_clock = find_clock
        self._lock = threading.Lock()
        self._over = False
        self._replaced: list[tuple[Any, str, Any, Any]] = []
        self._renewals: WeakKeyDictionary[Client, _Renewal] = WeakKeyDictionary()
        self._listeners: dict[Clock, Callable[[], None]] = {}

    def __getattr__(self, name: str) -> Any:
        """Return any other attribute of `time`."""
        return getattr(time, name)

    def time(self) -> float:
        """Return the time of the client's clock; in a renewal thread, wait until renewal is due."""
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
        """Sleep in real time, although `time.sleep` may be patched."""
        threading.Event().wait(seconds)

    def install(self, module: Any) -> None:
        """Replace `time` in the SDK's module, if its version is known."""
        with self._lock:
            if self._over:
                return
            if not _is_known(module):
                self.messages[_UNKNOWN] = None
            elif module.time is not self:
                client = module.AuthenticatedApiClient
                self._replace(module, "time", self)
                self._replace(client, "_refresh", self._tracked(client._refresh))

    def _replace(self, owner: Any, name: str, ours: Any) -> None:
        self._replaced.append((owner, name, vars(owner)[name], ours))
        setattr(owner, name, ours)

    def _tracked(self, refresh: Callable[[Client], None]) -> Callable[[Client], None]:
        """Wrap the SDK's renewal to record its end, also if it fails."""

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
        """Restore the real module, and close the clients of closed projects."""
        with self._lock:
            self._over = True
            clients, listeners = list(self._renewals.items()), dict(self._listeners)
        for owner, name, before, ours in self._replaced:
            if vars(owner).get(name) is ours:
                setattr(owner, name, before)
        for client, _ in clients:
            if self._is_foreign(client):
                _close(client)
        live_clocks = {renewal.clock for client, renewal in clients if client._pool is not None}
        for clock, listener in listeners.items():
            if clock not in live_clocks:
                clock.remove_listener(listener)

    def _renewal(self, client: Client) -> _Renewal | None:
        key = getattr(client, "api_key", None)
        if not isinstance(key, str):
            return None
        with self._lock:
            known = self._renewals.get(client)
            if known is not None:  # even if its key was removed since
                return known
            clock = self._find_clock(key)
            if clock is None:
                return None
            if clock not in self._listeners:
                self._listeners[clock] = partial(self._await_renewals, clock)
                clock.add_listener(self._listeners[clock])
            return self._renewals.setdefault(client, _Renewal(clock))

    def _until_due(self, client: Client, renewal: _Renewal) -> float:
        renewal.thread, renewal.expected = threading.get_ident(), False
        self._check_lifetime(client.next_refresh - renewal.granted + _LEAD)
        while not client._terminated and not (self._over and self._is_foreign(client)):
            if _due(client, renewal):
                return renewal.clock.now()
            renewal.clock.wait(_POLL_INTERVAL)
        raise _ClientClosedError

    def _is_foreign(self, client: Client) -> bool:
        return self._find_clock(client.api_key) is None

    def _await_renewals(self, clock: Clock) -> None:
        """Wait at most two real seconds until the due renewals have been tried."""
        for _ in range(_MAX_WAITS):
            with self._lock:
                clients = list(self._renewals.items())
            pending = [r for client, r in clients if r.clock is clock and _is_renewing(client, r)]
            if not pending:
                return
            threading.Event().wait(0.002)
        for renewal in pending:  # they hang, or began before the bridge and failed
            renewal.expected, renewal.thread = False, None

    def _check_lifetime(self, seconds: float) -> None:
        if seconds <= _LEAD + 0.001:  # the SDK's sum loses a microsecond
            self.messages[
                f"the official SDK renews its token {_LEAD} s before it expires, and this one "
                f"lives {seconds:.4g} s: inside `with AuthenticatedApiClient(...)` it renews "
                "without a pause (the fake holds it to once a second of its clock). Leave "
                "expires_in at 3600 and move the clock: apivideo.clock.advance_to_expiry()."
            ] = None


class _ClientClosedError(Exception):
    """Raised to end a renewal thread without a request; the SDK's pool discards it."""


def _due(client: Client, renewal: _Renewal) -> bool:
    """Return whether to renew now, at most once a second."""
    now = renewal.clock.now()
    return bool(now >= client.next_refresh) and abs(now - renewal.granted) >= 1


def _is_renewing(client: Client, renewal: _Renewal) -> bool:
    """Return whether a due renewal is queued or running."""
    if client._terminated or client._pool is None or not _due(client, renewal):
        return False
    return renewal.expected or renewal.thread is not None


def _runs(frame: FrameType | None, *methods: str) -> bool:
    """Return whether a frame, or a caller of it, runs one of these SDK methods."""
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


_INTERNALS = {
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
    """Return whether the SDK's module has the internals that the bridge uses."""
    client = getattr(module, "AuthenticatedApiClient", None)
    methods = {name: getattr(client, name, None) for name in _INTERNALS}
    codes = {  # an outer bridge may have wrapped one of them
        name: getattr(unwrap(method) if callable(method) else None, "__code__", None)
        for name, method in methods.items()
    }
    return isinstance(getattr(module, "time", None), ModuleType | Bridge) and all(
        names <= set(getattr(codes[method], "co_names", ())) for method, names in _INTERNALS.items()
    )
