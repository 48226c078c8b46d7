"""The fake of a test session."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from fake_server import ApiVideo, FakeServer
from fake_server.extending import Operation
from pytest_apivideo import real_hosts


class SessionServer(FakeServer):
    """A fake whose projects keep the test that opens them from the real api.video."""

    def __init__(self, config: pytest.Config, operations: list[Operation]) -> None:
        super().__init__(operations=operations)
        self._config = config

    @contextmanager
    def project(self, **settings: Any) -> Iterator[ApiVideo]:
        """As FakeServer's."""
        real_hosts.block_running(self._config)
        with super().project(**settings) as apivideo:
            yield apivideo
