"""The hooks that a conftest.py or another plugin can answer; see docs/hooks.md."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from fake_server import FakeServer
    from fake_server.extending import Operation


@pytest.hookspec
def pytest_apivideo_operations(config: pytest.Config) -> Iterable[Operation] | Operation | None:
    """Operations, or one, to add to the fake, or to put in the place of those with their names.

    Asked once, before the server is made. Make them with `fake_server.extending`.
    """


@pytest.hookspec
def pytest_apivideo_configure_server(config: pytest.Config, server: FakeServer) -> None:
    """Prepare the server when it has started, before any test uses it."""


@pytest.hookspec
def pytest_apivideo_redact(config: pytest.Config) -> Iterable[str] | str | None:
    """More texts that no report may show, or one, of eight characters or more.

    The keys and tokens of the fake are hidden without being named.
    """
