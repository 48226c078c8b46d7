"""What the fixtures use: the interception of a test session, and that of one test."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from pytest_apivideo.interception.hooks import Hooks
from pytest_apivideo.interception.routes import HOSTS, ReplacedError, ToFake, ToNobody
from pytest_apivideo.warnings import BlockedHostWarning

if TYPE_CHECKING:
    from pathlib import Path

    from fake_server import FakeServer
    from fake_server.hosting import Disguise
    from pytest_apivideo.interception.children import Children
    from pytest_apivideo.interception.routes import Trust

_SESSION: pytest.StashKey[Interceptor] = pytest.StashKey()

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

    def __init__(self, child_env: dict[str, str], blocked: list[str]) -> None:
        self.child_env = child_env
        self._blocked = blocked

    @property
    def blocked(self) -> tuple[str, ...]:
        """Other hosts of api.video that this process tried to reach, in order."""
        return tuple(self._blocked)


@dataclass(frozen=True)
class _Equipment:
    """What is made once for a session: the server's disguise, the trust in it, the files."""

    disguise: Disguise
    trust: Trust
    children: Children


class Interceptor:
    """The interception of a test session: one set of hooks, one certificate authority."""

    def __init__(self) -> None:
        self.hooks = Hooks()
        self._running = 0
        self._equipment: _Equipment | None = None

    @contextmanager
    def intercepting(
        self, server: FakeServer, folders: pytest.TempPathFactory, environment: pytest.MonkeyPatch
    ) -> Iterator[Interception]:
        """Lead to the server what calls api.video, until the block ends.

        The variables for child processes are set, and taken away, by `environment`.
        """
        equipment = self._equipment = self._equipment or self._equip(folders.mktemp("apivideo"))
        server.disguise = equipment.disguise
        fake = ToFake((server.host, server.port), equipment.trust)
        added = equipment.children.environment(fake, os.environ)
        self.hooks.begin(fake)
        self._running += 1
        try:
            for name, value in added.items():
                environment.setenv(name, value)
            yield Interception(added, fake.blocked)
        finally:
            self._running -= 1
            self.hooks.end(fake)
        _tell(fake.blocked)

    def _equip(self, folder: Path) -> _Equipment:
        from fake_server.hosting import Disguise
        from pytest_apivideo.interception.certificates import make_certificates
        from pytest_apivideo.interception.children import Children

        context, trust = make_certificates(folder)
        disguise = Disguise(frozenset(HOSTS), context, lambda: self._running > 0, _NOT_NOW)
        return _Equipment(disguise, trust, Children(folder))


def interceptor_of(config: pytest.Config) -> Interceptor:
    """The interception of this test session."""
    if _SESSION not in config.stash:
        config.stash[_SESSION] = Interceptor()
    return config.stash[_SESSION]


def begin_block(config: pytest.Config) -> ToNobody | None:
    """Let nothing of this process reach api.video; None under gevent, where nothing can stop it."""
    nobody = ToNobody()
    try:
        interceptor_of(config).hooks.begin(nobody)
    except ReplacedError:
        return None
    return nobody


def end_block(config: pytest.Config, begun: ToNobody) -> None:
    """End what `begin_block` began, and warn of what tried to reach api.video."""
    interceptor_of(config).hooks.end(begun)
    _tell(begun.blocked)


def _tell(hosts: list[str]) -> None:
    """Warn of what was blocked, for the program may have swallowed the error."""
    if hosts:
        tried = ", ".join(dict.fromkeys(hosts))
        warnings.warn(
            f"this test tried to reach {tried}, which raised a BlockedHostError. "
            "See docs/interception.md",
            BlockedHostWarning,
            stacklevel=2,
        )
