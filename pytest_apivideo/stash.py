"""What several parts of the plugin keep on pytest's objects: the server of a run, and the like."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from fake_server import FakeServer
    from fake_server.project import Project
    from pytest_apivideo.sandbox.run import SandboxRun

SERVER: pytest.StashKey[FakeServer] = pytest.StashKey()
"""The server of this run, once a test has asked for it."""

PROJECT: pytest.StashKey[Project] = pytest.StashKey()
"""The project of a test, once it has asked for it."""

CALLS_BEFORE: pytest.StashKey[dict[str, int]] = pytest.StashKey()
"""How many calls each project had before a test, by the projects' ids."""

SANDBOX: pytest.StashKey[SandboxRun] = pytest.StashKey()
"""What this run has to do with the sandbox, if tests run there."""

OBSERVED: pytest.StashKey[list[dict[str, Any]]] = pytest.StashKey()
"""What a test has observed of its target, for the report."""
