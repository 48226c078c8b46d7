"""Keeps tests that use the fake from the real api.video, unless the suite allows it."""

from __future__ import annotations

import pytest

from pytest_apivideo import finalizers
from pytest_apivideo.options import target_of, value_of

_FAKE_FIXTURES = {"apivideo_server", "apivideo_target"}
"""The fixtures on which all others that need a fake depend."""

_BLOCKED: pytest.StashKey[bool] = pytest.StashKey()


def block(item: pytest.Item, *, always: bool = False) -> None:
    """Block connections to api.video's hosts until the test ends, if it uses a fake.

    `always` is for fixtures, which a test may also request by `request.getfixturevalue`.
    """
    if _BLOCKED in item.stash or target_of(item) != "fake":
        return
    uses_fake = always or not _FAKE_FIXTURES.isdisjoint(getattr(item, "fixturenames", ()))
    if uses_fake and value_of(item.config, "real_hosts").value == "block":
        from pytest_apivideo.network.interception.session import interceptor_of

        item.stash[_BLOCKED] = True
        stack = finalizers.finalizers_of(item)
        stack.callback(item.stash.__delitem__, _BLOCKED)
        stack.enter_context(interceptor_of(item.config).blocking())


def block_running(config: pytest.Config) -> None:
    """Block them for the running test, if any."""
    item = finalizers.running_item(config)
    if item is not None:
        block(item, always=True)
