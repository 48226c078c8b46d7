"""The interception of a test session and of one test, for the fixtures."""

from __future__ import annotations

import os
import shutil
import tempfile
import warnings
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pytest_apivideo.network.interception.children import blocking, end_forkserver
from pytest_apivideo.network.interception.hooks import Hooks
from pytest_apivideo.network.interception.routes import (
    HOSTS,
    HTTPS,
    Blocked,
    BlockedHostError,
    BlockedHosts,
    ReplacedError,
    RouteToFake,
    name_of,
)
from pytest_apivideo.warnings import ApiVideoWarning, BlockedHostWarning

if TYPE_CHECKING:
    from fake_server import FakeServer
    from fake_server.hosting import VirtualHosts
    from pytest_apivideo.network.interception.children import Children
    from pytest_apivideo.network.interception.routes import Trust

_SESSION: pytest.StashKey[Interceptor] = pytest.StashKey()

_PORTS = {"http": 80, "https": HTTPS}
_NOT_NOW = (
    "This connection was opened with the fixture apivideo_intercept of another test, "
    "and the running test does not use that fixture. Use it there too, or close the client in the "
    "test that made it. See docs/interception.md of pytest-apivideo"
)


class Interception:
    """The value of the fixture `apivideo_intercept`.

    `hosts` are routed to the fake. `child_env` has the variables that route child processes; they
    are set in `os.environ` too, so only a child started with its own environment needs them.
    """

    hosts = HOSTS

    def __init__(self, child_env: dict[str, str], blocked: BlockedHosts) -> None:
        self.child_env = child_env
        self._blocked = blocked

    @property
    def blocked(self) -> tuple[str, ...]:
        """The other hosts of api.video that this process, then its children, tried to reach.

        Python and node children report theirs; curl's are those that the fake refused.
        """
        return self._blocked.hosts()


@dataclass(frozen=True)
class _Equipment:
    """The objects made once for a session."""

    virtual_hosts: VirtualHosts
    trust: Trust
    children: Children


class Interceptor:
    """The interception of a test session: one set of hooks, one certificate authority."""

    def __init__(self, config: pytest.Config) -> None:
        self.hooks = Hooks()
        self._config = config
        self._fakes: list[RouteToFake] = []
        self._begun = 0
        self._has_warned = False

    @contextmanager
    def intercepting(self, server: FakeServer, with_test: ExitStack) -> Iterator[Interception]:
        """Route api.video's hosts to the server, in children too, until the block ends.

        Hooks and variables stay until `with_test` closes. Warns about blocked hosts at the end.
        """
        with_test.enter_context(self.hooks.held())
        with self.routing(server) as fake:
            added = self._equipment.children.environment(fake, os.environ)
            with_test.enter_context(_variables(added))
            yield Interception(added, fake.blocked)
        _warn_about(fake.blocked)

    @contextmanager
    def routing(self, server: FakeServer) -> Iterator[RouteToFake]:
        """Route api.video's hosts to the server in this process, until the block ends."""
        equipment = self._equipment
        server.virtual_hosts = equipment.virtual_hosts
        fake = RouteToFake((server.host, server.port), equipment.trust, self._new_blocked())
        self.hooks.begin(fake)
        self._fakes.append(fake)
        try:
            yield fake
        finally:
            self._fakes.remove(fake)
            self.hooks.end(fake)

    @contextmanager
    def blocking(self) -> Iterator[None]:
        """Block api.video's hosts, in Python and node children too, until the block ends.

        Warns about blocked hosts at the end, and once, under gevent, that blocking is impossible.
        """
        destination = Blocked(self._new_blocked())
        try:
            self.hooks.begin(destination)
        except ReplacedError as replaced:
            self._warn_once_unprotected(replaced)
            yield
            return
        try:
            with _variables(blocking(destination.blocked, os.environ)):
                yield
        finally:
            self.hooks.end(destination)
        _warn_about(destination.blocked)

    def _warn_once_unprotected(self, replaced: ReplacedError) -> None:
        if not self._has_warned:
            self._has_warned = True
            warnings.warn(
                f"connections to the real api.video cannot be blocked: {replaced} "
                "--apivideo-real-hosts=allow disables this warning.",
                ApiVideoWarning,
                stacklevel=2,
            )

    def _new_blocked(self) -> BlockedHosts:
        """Create the record of blocked hosts for one block."""
        self._begun += 1
        return BlockedHosts(f"{self._folder}/blocked-{self._begun}")

    @cached_property
    def _folder(self) -> Path:
        folder = Path(tempfile.mkdtemp(prefix="pytest-apivideo-"))
        self._config.add_cleanup(lambda: shutil.rmtree(folder, ignore_errors=True))
        return folder

    @cached_property
    def _equipment(self) -> _Equipment:
        from fake_server.hosting import VirtualHosts
        from pytest_apivideo.network.interception.certificates import make_certificates
        from pytest_apivideo.network.interception.children import Children

        context, trust = make_certificates(self._folder)
        return _Equipment(VirtualHosts(context, self._refusal), trust, Children(self._folder))

    def _refusal(self, scheme: str, host: str) -> str | None:
        """Return why the fake refuses a request for a host, or None if it serves it."""
        name, _, port = host.partition(":")
        known = name_of(name)
        if known is None:
            return None
        if not self._fakes:
            return _NOT_NOW if scheme == "https" and known in HOSTS else None
        fake = self._fakes[-1]
        try:
            fake.check(known)
            fake.check_port(known, int(port) if port.isdecimal() else _PORTS[scheme])
        except BlockedHostError as refused:
            return str(refused)
        return None


def intercept_whole_run(config: pytest.Config, server: FakeServer) -> None:
    """Route api.video's hosts to the server from now to the run's end, imports included.

    Child processes are excluded, because those of a whole run are xdist's workers.
    """
    whole_run = ExitStack()
    whole_run.enter_context(interceptor_of(config).routing(server))
    config.add_cleanup(whole_run.close)


def interceptor_of(config: pytest.Config) -> Interceptor:
    """Return the interception of this test session."""
    if _SESSION not in config.stash:
        config.stash[_SESSION] = Interceptor(config)
    return config.stash[_SESSION]


@contextmanager
def _variables(ours: Mapping[str, str]) -> Iterator[None]:
    """Set environment variables, for child processes, until the block ends.

    A variable that other code, such as a session fixture, has changed since is left alone.
    """
    before = {name: os.environ.get(name) for name in ours}
    os.environ.update(ours)
    end_forkserver()
    try:
        yield
    finally:
        end_forkserver()
        for name, value in before.items():
            if os.environ.get(name) != ours[name]:
                continue
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _warn_about(blocked: BlockedHosts) -> None:
    """Warn about blocked hosts, because the program may have swallowed the error."""
    hosts = blocked.hosts()
    if hosts:
        tried = ", ".join(dict.fromkeys(hosts))
        warnings.warn(
            f"this test tried to connect to {tried}, which was blocked. See docs/interception.md",
            BlockedHostWarning,
            stacklevel=2,
        )
