"""The fake server of a test session: the fixture `apivideo_server`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from fake_server import ApiVideo, FakeServer
from fake_server.extending import Operation
from pytest_apivideo.network import environment, real_hosts
from pytest_apivideo.reporting.failures import FailureReports


class SessionServer(FakeServer):
    """A fake server that blocks the real api.video for a test that opens a project."""

    def __init__(self, config: pytest.Config, operations: list[Operation]) -> None:
        super().__init__(operations=operations)
        self._config = config

    @contextmanager
    def project(self, **settings: Any) -> Iterator[ApiVideo]:
        """Open a project, as FakeServer does."""
        real_hosts.block_running(self._config)
        with super().project(**settings) as apivideo:
            yield apivideo


def new_server(config: pytest.Config) -> SessionServer:
    """Create the server with the operations that plugins add.

    Raises UsageError for an invalid operation.
    """
    added = config.hook.pytest_apivideo_operations(config=config)
    groups = [[found] if isinstance(found, Operation) else found or () for found in added]
    try:
        server = SessionServer(config, [operation for group in groups for operation in group])
    except TypeError as error:
        raise pytest.UsageError(
            f"the hook pytest_apivideo_operations: {error}. See docs/hooks.md"
        ) from None
    for key, name in environment.keys_of_shell(config).items():
        server.projects.credentials.explain(key, environment.READ_TOO_EARLY.format(name=name))
    config.pluginmanager.register(FailureReports(server), "apivideo-failures")
    return server
