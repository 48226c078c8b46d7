"""What the fixtures use: the interception of a test session, and that of one test."""

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
    "This connection led to the fake api.video by the fixture apivideo_intercept of another test, "
    "and the one that runs now does not use it. Use the fixture there too, or close the client "
    "with the test that made it. See docs/interception.md of pytest-apivideo"
)


class Interception:
    """What a test holds as `apivideo_intercept`.

    `hosts` are those that lead to the fake. `child_env` is what leads child processes there: it is
    in `os.environ`, so only a child with an environment of its own needs it.
    """

    hosts = HOSTS

    def __init__(self, child_env: dict[str, str], blocked: BlockedHosts) -> None:
        self.child_env = child_env
        self._blocked = blocked

    @property
    def blocked(self) -> tuple[str, ...]:
        """Other hosts of api.video that this process tried to reach, in order, then its children's.

        Children in Python and node tell of theirs; curl's are those that came to the fake.
        """
        return self._blocked.hosts()


@dataclass(frozen=True)
class _Equipment:
    """What is made once for a session: the server's virtual_hosts, the trust in it, the files."""

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
        self._is_told = False

    @contextmanager
    def intercepting(self, server: FakeServer, with_test: ExitStack) -> Iterator[Interception]:
        """Lead to the server what calls api.video, here and in children, until the block ends.

        Hooks and variables stay `with_test`. Warns at the end of what tried to reach other hosts.
        """
        with_test.enter_context(self.hooks.held())
        with self.leading(server) as fake:
            added = self._equipment.children.environment(fake, os.environ)
            with_test.enter_context(_variables(added))
            yield Interception(added, fake.blocked)
        _tell(fake.blocked)

    @contextmanager
    def leading(self, server: FakeServer) -> Iterator[RouteToFake]:
        """Lead to the server what calls api.video in this process, until the block ends."""
        equipment = self._equipment
        server.virtual_hosts = equipment.virtual_hosts
        fake = RouteToFake((server.host, server.port), equipment.trust, self.new_blocked())
        self.hooks.begin(fake)
        self._fakes.append(fake)
        try:
            yield fake
        finally:
            self._fakes.remove(fake)
            self.hooks.end(fake)

    @contextmanager
    def blocking(self) -> Iterator[None]:
        """Let nothing of this process, or of its children in Python and node, reach api.video.

        Warns at the end of what tried; and once, under gevent, that nothing can be stopped there.
        """
        nobody = Blocked(self.new_blocked())
        try:
            self.hooks.begin(nobody)
        except ReplacedError as replaced:
            self._tell_once_that_nothing_is_blocked(replaced)
            yield
            return
        try:
            with _variables(blocking(nobody.blocked, os.environ)):
                yield
        finally:
            self.hooks.end(nobody)
        _tell(nobody.blocked)

    def _tell_once_that_nothing_is_blocked(self, replaced: ReplacedError) -> None:
        if not self._is_told:
            self._is_told = True
            warnings.warn(
                f"nothing keeps these tests from the real api.video: {replaced} "
                "--apivideo-real-hosts=allow ends this warning.",
                ApiVideoWarning,
                stacklevel=2,
            )

    def new_blocked(self) -> BlockedHosts:
        """Where to note what is stopped, by whatever process."""
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
        """Why a request that has come to the fake is none for it; None if it is."""
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
    """Lead to the server what calls api.video while modules are imported, and to the run's end.

    Child processes are not led there, for those of the whole run are xdist's.
    """
    whole_run = ExitStack()
    whole_run.enter_context(interceptor_of(config).leading(server))
    config.add_cleanup(whole_run.close)


def interceptor_of(config: pytest.Config) -> Interceptor:
    """The interception of this test session."""
    if _SESSION not in config.stash:
        config.stash[_SESSION] = Interceptor(config)
    return config.stash[_SESSION]


@contextmanager
def _variables(ours: Mapping[str, str]) -> Iterator[None]:
    """Set environment variables, for child processes, until the block ends.

    One that somebody else, such as a fixture of the whole run, has set meanwhile stays theirs.
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


def _tell(blocked: BlockedHosts) -> None:
    """Warn of what was blocked, for the program may have swallowed the error."""
    hosts = blocked.hosts()
    if hosts:
        tried = ", ".join(dict.fromkeys(hosts))
        warnings.warn(
            f"this test tried to reach {tried}, and was stopped. See docs/interception.md",
            BlockedHostWarning,
            stacklevel=2,
        )
