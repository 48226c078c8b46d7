"""A test that uses the fake does not reach the real api.video, unless the suite allows it."""

from __future__ import annotations

from contextlib import ExitStack

import pytest

from pytest_apivideo.options import value_of

_NEEDS = "apivideo_server"
"""What every fixture of ours for the fake stands on."""

_BLOCK: pytest.StashKey[ExitStack] = pytest.StashKey()


def block(item: pytest.Item, *, always: bool = False) -> None:
    """Stop connections to api.video's hosts from now on, if the test uses a fixture of ours.

    `always` is for a fixture that is asked for by `request.getfixturevalue`.
    """
    wanted = always or _NEEDS in getattr(item, "fixturenames", ())
    if wanted and _BLOCK not in item.stash and value_of(item.config, "real_hosts").value == "block":
        from pytest_apivideo.interception.session import interceptor_of

        item.stash[_BLOCK] = ExitStack()
        item.stash[_BLOCK].enter_context(interceptor_of(item.config).blocking())


def unblock(item: pytest.Item) -> None:
    """End what `block` began, if it did; warns of what it stopped."""
    begun = item.stash.get(_BLOCK, None)
    if begun is not None:
        del item.stash[_BLOCK]
        begun.close()
