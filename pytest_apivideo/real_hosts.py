"""A test that uses the fake does not reach the real api.video, unless the suite allows it."""

from __future__ import annotations

import pytest

from pytest_apivideo import ending
from pytest_apivideo.options import value_of
from pytest_apivideo.targets import target_of

_NEEDS = ("apivideo_server", "apivideo_target")
"""What every fixture of ours for the fake stands on: one in this process, or any target."""

_BLOCKED: pytest.StashKey[bool] = pytest.StashKey()


def block(item: pytest.Item, *, always: bool = False) -> None:
    """Stop connections to api.video's hosts until the test ends, if it uses a fake of ours.

    `always` is for a fixture that is asked for by `request.getfixturevalue`.
    """
    if _BLOCKED in item.stash or target_of(item) != "fake":
        return
    wanted = always or not {*_NEEDS}.isdisjoint(getattr(item, "fixturenames", ()))
    if wanted and value_of(item.config, "real_hosts").value == "block":
        from pytest_apivideo.interception.session import interceptor_of

        item.stash[_BLOCKED] = True
        with_test = ending.with_test(item)
        with_test.callback(item.stash.__delitem__, _BLOCKED)
        with_test.enter_context(interceptor_of(item.config).blocking())


def block_running(config: pytest.Config) -> None:
    """Do so for the test that runs now, if one does."""
    item = ending.running(config)
    if item is not None:
        block(item, always=True)
