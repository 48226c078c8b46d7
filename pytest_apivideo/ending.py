"""What ends with a test, after the last of its fixtures, however the test ended.

So it holds while other fixtures end, and what they put back, such as pytest's monkeypatch, is what
they found.
"""

from __future__ import annotations

from contextlib import ExitStack, suppress

import pytest

from pytest_apivideo.warnings import ApiVideoWarning

_RUNNING: pytest.StashKey[pytest.Item] = pytest.StashKey()
_ENDS: pytest.StashKey[ExitStack] = pytest.StashKey()


def begin(item: pytest.Item) -> None:
    """Note that a test begins."""
    item.config.stash[_RUNNING] = item
    item.stash[_ENDS] = ExitStack()


def running(config: pytest.Config) -> pytest.Item | None:
    """The test that runs now."""
    return config.stash.get(_RUNNING, None)


def with_test(item: pytest.Item) -> ExitStack:
    """What is entered here ends with a test that runs."""
    return item.stash[_ENDS]


def end(config: pytest.Config) -> None:
    """End what was entered for the test that runs, if one does."""
    item = running(config)
    if item is not None:
        del config.stash[_RUNNING]
        item.stash[_ENDS].close()


def end_interrupted(config: pytest.Config) -> None:
    """As `end`, for a test that Ctrl-C or `pytest.exit` has interrupted: pytest ends none such."""
    with suppress(ApiVideoWarning):  # where warnings are errors: nobody is there to take it
        end(config)
