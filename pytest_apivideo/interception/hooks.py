"""All hooks, put in place and taken away as one."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from .adapters import patch_aiodns, patch_pyopenssl, patch_uvloop
from .imports import ImportWatch
from .patches import Patches
from .routes import Routes
from .standard_library import patch_socket, patch_ssl

if TYPE_CHECKING:
    from .routes import Destination

_MODULES = {
    "socket": patch_socket,
    "ssl": patch_ssl,
    "uvloop": patch_uvloop,
    "aiodns": patch_aiodns,
    "urllib3.contrib.pyopenssl": patch_pyopenssl,
}


class Hooks:
    """The hooks of a process; in place while at least one destination is in force."""

    def __init__(self) -> None:
        self._routes = Routes()
        self._patches = Patches()
        self._watch: ImportWatch | None = None

    def begin(self, destination: Destination) -> None:
        """Send api.video's hosts to a destination until it ends.

        If a hook cannot be put in place, none is, and what prevented it is raised.
        """
        if self._watch is None:
            self._install()
        else:  # pytest-socket, for one, may have come between
            self._patches.renew()
        self._routes.begin(destination)

    def end(self, destination: Destination) -> None:
        """Let go of a destination; with the last one the hooks go."""
        self._routes.end(destination)
        if not self._routes:
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
