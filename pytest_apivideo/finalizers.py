"""Finalizers that run after the last fixture of a test, however the test ends.

What they undo therefore stays in force while fixtures are torn down, and a fixture that restores
something, such as `monkeypatch`, restores what it found.
"""

from __future__ import annotations

from contextlib import ExitStack, suppress

import pytest

from pytest_apivideo.warnings import ApiVideoWarning

_RUNNING: pytest.StashKey[pytest.Item] = pytest.StashKey()
_FINALIZERS: pytest.StashKey[ExitStack] = pytest.StashKey()


def begin(item: pytest.Item) -> None:
    """Prepare a test that begins."""
    item.config.stash[_RUNNING] = item
    item.stash[_FINALIZERS] = ExitStack()


def running_item(config: pytest.Config) -> pytest.Item | None:
    """Return the test that is running, if any."""
    return config.stash.get(_RUNNING, None)


def finalizers_of(item: pytest.Item) -> ExitStack:
    """Return the stack that is closed at the end of a running test."""
    return item.stash[_FINALIZERS]


def run(config: pytest.Config) -> None:
    """Run the finalizers of the running test, if any."""
    item = running_item(config)
    if item is not None:
        del config.stash[_RUNNING]
        item.stash[_FINALIZERS].close()


def run_after_interrupt(config: pytest.Config) -> None:
    """Run them for an interrupted test, because pytest does not tear it down."""
    with suppress(ApiVideoWarning):  # nothing would catch it where warnings are errors
        run(config)
