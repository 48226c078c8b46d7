"""What the plugin tells pytest: the header line, and errors of the fake as the test's failure."""

from __future__ import annotations

import traceback
from typing import TYPE_CHECKING

import pytest

from pytest_apivideo.options import value_of

if TYPE_CHECKING:
    from fake_server import ApiVideo, FakeServer


def header(config: pytest.Config) -> str:
    """The line at the top of a run: the target, and where ids come from."""
    seed = value_of(config, "seed")
    ids = "each test's name" if seed.value is None else f"{seed.value!r} ({seed.source})"
    return f"api.video: fake in this process, ids seeded by {ids}"


def raise_server_errors(item: pytest.Item) -> None:
    """Fail the test that ran into an unexpected error of the fake or of a rule's handler."""
    used = getattr(item, "funcargs", {})
    handle: ApiVideo | None = used.get("apivideo")
    server: FakeServer | None = used.get("apivideo_server")
    if handle is not None:
        handle.check()
    if server is not None:
        server.check()


def note_server_errors(item: pytest.Item, failure: BaseException) -> None:
    """Add unexpected errors of the fake to a failure that they may have caused."""
    try:
        raise_server_errors(item)
    except Exception as error:
        text = "".join(traceback.format_exception(error))
        failure.add_note(f"The fake api.video failed during this test:\n{text}")
