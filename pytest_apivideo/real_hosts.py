"""A test that uses the fake does not reach the real api.video, unless the suite allows it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytest_apivideo.options import value_of

if TYPE_CHECKING:
    from pytest_apivideo.interception.routes import ToNobody

_NEEDS = "apivideo_server"
"""What every fixture of ours for the fake stands on."""

_BLOCK: pytest.StashKey[ToNobody] = pytest.StashKey()


def block(item: pytest.Item, *, always: bool = False) -> None:
    """Stop connections to api.video's hosts from now on, if the test uses a fixture of ours.

    `always` is for a fixture that is asked for by `request.getfixturevalue`.
    """
    wanted = always or _NEEDS in getattr(item, "fixturenames", ())
    if wanted and _BLOCK not in item.stash and value_of(item.config, "real_hosts").value == "block":
        from pytest_apivideo.interception.session import begin_block

        begun = begin_block(item.config)
        if begun is not None:
            item.stash[_BLOCK] = begun


def unblock(item: pytest.Item) -> None:
    """End what `block` began, if it did; warns of what it stopped."""
    begun = item.stash.get(_BLOCK, None)
    if begun is not None:
        from pytest_apivideo.interception.session import end_block

        del item.stash[_BLOCK]
        end_block(item.config, begun)
