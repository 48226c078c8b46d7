"""Stash keys that several parts of the plugin use."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from fake_server import FakeServer
    from fake_server.project import Project
    from pytest_apivideo.sandbox.run import SandboxRun

SERVER: pytest.StashKey[FakeServer] = pytest.StashKey()
"""The server of this run, once a test has requested it."""

PROJECT: pytest.StashKey[Project] = pytest.StashKey()
"""The project of a test, once the test has requested it."""

SANDBOX: pytest.StashKey[SandboxRun] = pytest.StashKey()
"""This run's use of the sandbox, if tests run there."""

OBSERVED: pytest.StashKey[list[dict[str, Any]]] = pytest.StashKey()
"""The observations of a test, for the report."""
