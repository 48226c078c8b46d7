"""Stash keys that several parts of the plugin use."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from fake_server import FakeServer
    from fake_server.project import Project

SERVER: pytest.StashKey[FakeServer] = pytest.StashKey()
"""The server of this run, once a test has requested it."""

PROJECT: pytest.StashKey[Project] = pytest.StashKey()
"""The project of a test, once the test has requested it."""

OBSERVED: pytest.StashKey[list[dict[str, Any]]] = pytest.StashKey()
"""The observations of a test, for the report."""
