"""The hooks that a conftest.py or another plugin can implement; see docs/hooks.md."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from fake_server import FakeServer
    from fake_server.extending import Operation


@pytest.hookspec
def pytest_apivideo_operations(config: pytest.Config) -> Iterable[Operation] | Operation | None:
    """Return operations, or one, to add to the fake; one with a known name replaces that one.

    Called once, before the server is created. Make them with `fake_server.extending`.
    """


@pytest.hookspec
def pytest_apivideo_configure_server(config: pytest.Config, server: FakeServer) -> None:
    """Prepare the server after its start, before any test uses it."""


@pytest.hookspec
def pytest_apivideo_redact(config: pytest.Config) -> Iterable[str] | str | None:
    """Return texts, or one, of eight characters or more that reports must not show.

    The keys and tokens of the fake are always hidden.
    """
