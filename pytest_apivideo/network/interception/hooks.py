"""Installs and removes all hooks together."""

from __future__ import annotations

from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING

from .adapters import patch_aiodns, patch_pyopenssl, patch_uvloop
from .imports import ImportWatch
from .patches import Patches
from .routes import Routes
from .standard_library import patch_socket, patch_ssl

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .routes import Destination

_MODULES = {
    "socket": patch_socket,
    "ssl": patch_ssl,
    "uvloop": patch_uvloop,
    "aiodns": patch_aiodns,
    "urllib3.contrib.pyopenssl": patch_pyopenssl,
}


class Hooks:
    """The hooks of a process, installed while there is a destination or a holder."""

    def __init__(self) -> None:
        self._routes = Routes()
        self._patches = Patches()
        self._watch: ImportWatch | None = None
        self._holders = 0

    def begin(self, destination: Destination) -> None:
        """Send api.video's hosts to a destination until it ends.

        If a hook cannot be installed, none is, and the error is raised.
        """
        if self._watch is None:
            self._install()
        else:  # pytest-socket, for one, may have replaced one
            self._patches.renew()
        self._routes.begin(destination)

    def end(self, destination: Destination) -> None:
        """Release a destination, and uninstall the hooks after the last one, unless held."""
        self._routes.end(destination)
        self._uninstall_if_unused()

    @contextmanager
    def held(self) -> Iterator[None]:
        """Keep installed hooks until the block ends.

        A test's own patches of the same functions are then undone first.
        """
        self._holders += 1
        try:
            yield
        finally:
            self._holders -= 1
            self._uninstall_if_unused()

    def _uninstall_if_unused(self) -> None:
        if not self._routes and not self._holders:
            self._uninstall()

    def _install(self) -> None:
        self._watch = ImportWatch(
            {
                name: partial(patch, routes=self._routes, patches=self._patches)
                for name, patch in _MODULES.items()
            }
        )
        try:
            self._watch.begin()
        except BaseException:
            self._uninstall()
            raise

    def _uninstall(self) -> None:
        watch, self._watch = self._watch, None
        if watch is not None:
            watch.end()
        self._patches.undo()
