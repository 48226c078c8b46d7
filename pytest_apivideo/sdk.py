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
import weakref
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import TYPE_CHECKING, Any

from pytest_apivideo.warnings import ApiVideoSdkWarning

if TYPE_CHECKING:
    from fake_server import ApiVideo, Clock

Client = Any  # the SDK has no types
FindClock = Callable[[str], "Clock | None"]

_MODULE = "apivideo.auth_api_client"
_LOOK = 0.01  # real seconds between two looks at a clock that may move without telling
_PATIENCE = 1000  # how often 2 ms a moved clock waits for the renewals that it made due
_LEAD = 10  # seconds before expiry at which the SDK renews


@contextmanager
def bridge(find_clock: FindClock) -> Iterator[None]:
    """Put the SDK on the clocks that `find_clock` knows for API keys, until the block ends.

    It does not matter whether the SDK is imported before, within the block, or never. At the end
    the clients whose key nobody knows any more are closed, with their threads and connections.
    """
    made = Bridge(find_clock)
    finder = _Finder(made.install)
    sys.meta_path.insert(0, finder)
    try:
        if (loaded := sys.modules.get(_MODULE)) is not None:
            made.install(loaded)
        yield
    finally:
        sys.meta_path.remove(finder)
        made.uninstall()


def connected(apivideo: ApiVideo) -> Client:
    """A client of the SDK on the fake, connected without `with`."""
    from apivideo.auth_api_client import AuthenticatedApiClient

    production = apivideo.settings.environment == "production"
    client = AuthenticatedApiClient(apivideo.api_key, production=production)
    client.configuration.host = apivideo.url
    client.connect()
    return client


class Bridge:
    """Stands in for the module `time` inside the SDK."""

    def __init__(self, find_clock: FindClock) -> None:
        self._find_clock = find_clock
        self._module: Any = None
        self._over = False
        self._clients: weakref.WeakSet[Client] = weakref.WeakSet()
        self._granted: weakref.WeakKeyDictionary[Client, float] = weakref.WeakKeyDictionary()
        self._threads: dict[int, tuple[Client, Clock]] = {}
        self._clocks: list[Clock] = []

    def __getattr__(self, name: str) -> Any:
        """Whatever else the SDK may want of `time`."""
        return getattr(time, name)

    def time(self) -> float:
        """What the SDK takes for `time.time()`: in its renewal thread, it returns when due."""
        caller = sys._getframe(1)
        client = caller.f_locals.get("self")
        clock = self._find_clock(getattr(client, "api_key", ""))
        if clock is None:
            return time.time()
        self._meet(client, clock)
        if caller.f_code.co_name == "_refresh":
            return self._until_due(client, clock)
        if client not in self._granted:
            _warn_of_short_life(caller.f_locals.get("data", {}).get("expires_in", _LEAD + 1))
        self._granted[client] = now = clock.now()
        return now

    def install(self, module: ModuleType) -> None:
        """Stand in for `time` in the SDK's module, unless the SDK is not as we know it."""
        reason = _unknown(module)
        if reason is not None:
            warnings.warn(reason, ApiVideoSdkWarning, stacklevel=2)
            return
        self._module = module
        self._module.time = self

    def uninstall(self) -> None:
        """Close the clients of closed projects, and put the real module back."""
        self._over = True
        for client in list(self._clients):
            if self._find_clock(client.api_key) is None:
                _close(client)
        for clock in self._clocks:
            clock.forget(self.settle)
        if self._module is not None and self._module.time is self:
            self._module.time = time

    def settle(self) -> None:
        """Wait (real time, at most two seconds) until the renewals that are due have been tried."""
        pause = threading.Event()
        for _ in range(_PATIENCE):
            if not any(self._renews(*entry) for entry in list(self._threads.items())):
                return
            pause.wait(0.002)

    def _meet(self, client: Client, clock: Clock) -> None:
        self._clients.add(client)
        if clock not in self._clocks:
            self._clocks.append(clock)
            clock.tell(self.settle)

    def _until_due(self, client: Client, clock: Clock) -> float:
        self._threads[threading.get_ident()] = (client, clock)
        while not self._due(client, clock):
            if client._terminated:
                raise _ClientClosedError
            if self._over:
                break
            clock.wait(_LOOK)
        if client._terminated:
            raise _ClientClosedError
        return clock.now()

    def _due(self, client: Client, clock: Clock) -> bool:
        """Whether to renew now; at most once a second, however short the token's life."""
        now = clock.now()
        granted = self._granted.get(client, now - 1)
        return bool(now >= client.next_refresh) and abs(now - granted) >= 1

    def _renews(self, thread: int, entry: tuple[Client, Clock]) -> bool:
        """Whether a renewal thread has a renewal to try, or is trying it."""
        client, clock = entry
        if client._terminated or not self._due(client, clock):
            return False
        frame = sys._current_frames().get(thread)
        code = type(client)._refresh.__code__
        while frame is not None and frame.f_code is not code:
            frame = frame.f_back
        return frame is not None


class _ClientClosedError(Exception):
    """Ends a renewal thread without the renewal that the SDK would still send; its pool eats it."""


def _close(client: Client) -> None:
    client._terminated = True
    client.close()
    client.rest_client.pool_manager.clear()


def _warn_of_short_life(expires_in: float) -> None:
    if expires_in <= _LEAD:
        warnings.warn(
            f"the official SDK renews its token {_LEAD} s before it expires, and this one lives "
            f"{expires_in:g} s: inside `with AuthenticatedApiClient(...)` it would renew without a "
            "pause (the fake holds it to once a second of its clock). Leave expires_in at 3600 and "
            "move the clock: apivideo.clock.advance_to_expiry(). See docs/sdk.md",
            ApiVideoSdkWarning,
            stacklevel=5,
        )


def _unknown(module: ModuleType) -> str | None:
    """Why the SDK's module is not what the bridge was made for; None if it is."""
    client = getattr(module, "AuthenticatedApiClient", None)
    for name in ("_refresh", "_update_connection"):
        code = getattr(getattr(client, name, None), "__code__", None)
        if code is None or not {"time", "next_refresh"} <= set(code.co_names):
            return (
                f"this version of the api.video SDK is unknown: its {name}() does not read "
                "time.time(). Its tokens are renewed by real time, not by the fake's clock. "
                "Versions 1.2.8 to 1.4.7 are known; please report the one that you use."
            )
    return None


class _Finder(MetaPathFinder):
    """Notices when the SDK is imported."""

    def __init__(self, install: Callable[[ModuleType], None]) -> None:
        self._install = install

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Let the other finders find the SDK's module, and stay for its execution."""
        if name != _MODULE:
            return None
        others = [finder for finder in sys.meta_path if finder is not self]
        found = (finder.find_spec(name, path, target) for finder in others)
        spec = next((spec for spec in found if spec is not None), None)
        if spec is not None and spec.loader is not None:
            spec.loader = _Loader(spec.loader, self._install)
        return spec


class _Loader(Loader):
    def __init__(self, inner: Loader, install: Callable[[ModuleType], None]) -> None:
        self._inner = inner
        self._install = install

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return self._inner.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        module.__loader__ = self._inner
        if module.__spec__ is not None:
            module.__spec__.loader = self._inner
        self._inner.exec_module(module)
        self._install(module)
