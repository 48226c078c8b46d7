"""What the plugin tells pytest: the header line, and errors of the fake as the test's failure."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytest_apivideo import targets
from pytest_apivideo.options import value_of

if TYPE_CHECKING:
    from fake_server import FakeServer

SERVER: pytest.StashKey[FakeServer] = pytest.StashKey()
"""The server of this run, once a test has asked for it."""


def header(config: pytest.Config) -> str:
    """The line at the top of a run: the target, and where ids come from."""
    seed = value_of(config, "seed")
    ids = "each test's name" if seed.value is None else f"{seed.value!r} ({seed.source})"
    if targets.choice(config) == "sandbox":
        return f"api.video: {targets.described(config)}"
    return f"api.video: {targets.described(config)}, ids seeded by {ids}"


def raise_server_errors(config: pytest.Config) -> None:
    """Fail the test in which the fake, or a rule's handler, ran into an unexpected error."""
    server = config.stash.get(SERVER, None)
    if server is not None:
        server.check()


def clear_rules(item: pytest.Item) -> None:
    """Forget the rules that a test gave to the server, by whatever fixture it had it."""
    server = item.config.stash.get(SERVER, None)
    if server is not None and "apivideo_server" in getattr(item, "fixturenames", ()):
        server.clear_all_handlers()


def note_server_errors(config: pytest.Config, failure: BaseException) -> None:
    """Add unexpected errors of the fake to a failure that they may have caused."""
    server = config.stash.get(SERVER, None)
    if server is not None:
        from fake_server.project import note_all

        note_all(failure, server.take_errors())


def raise_complaints(config: pytest.Config) -> None:
    """Fail a test that made a fault which never fired."""
    server = config.stash.get(SERVER, None)
    project = None if server is None else server.projects.test_project
    if project is not None and (complaint := project.faults.end()):
        pytest.fail(complaint, pytrace=False)


def end_faults(config: pytest.Config) -> None:
    """End the test's faults, so that nothing waits for what they hold while it is torn down."""
    server = config.stash.get(SERVER, None)
    project = None if server is None else server.projects.test_project
    if project is not None:
        project.faults.clear()
