"""The markers: their text for `pytest --markers`, and the settings that they give."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn

import pytest

from pytest_apivideo.options import ini_value, is_set

if TYPE_CHECKING:
    from fake_server import Settings

MARKERS = (
    "apivideo(**settings): settings of this test's fake api.video, such as expires_in=60; "
    "the nearest marker wins (see docs/settings.md)",
    "apivideo_fake_only(reason=...): skip this test on the sandbox",
    "apivideo_contract(needs=...): what this test needs and only the fake has, such as clock or "
    "faults: skip it on the sandbox (see docs/sandbox.md)",
)


def settings_of(item: pytest.Item) -> Settings:
    """Return the settings of a test: from options, then from its markers; the nearest wins.

    An invalid setting fails the test with a message that lists the valid ones.
    """
    from fake_server import SettingError, Settings

    settings = settings_from_options(item.config)
    for marker in reversed(list(item.iter_markers("apivideo"))):
        if marker.args:
            _fail(item, f"it takes settings by name, such as expires_in=60, not {marker.args!r}")
        settings |= marker.kwargs
    try:
        return Settings(**settings)
    except SettingError as error:
        message = str(error)
    return _fail(item, message)


def settings_from_options(config: pytest.Config) -> dict[str, Any]:
    """Return the settings that options give to every test, if they differ from the defaults."""
    settings: dict[str, Any] = {"strict": True} if is_set(config, "strict") else {}
    environment = ini_value(config, "apivideo_environment")
    return settings if environment == "sandbox" else settings | {"environment": environment}


def _fail(item: pytest.Item, reason: str) -> NoReturn:
    pytest.fail(f"@pytest.mark.apivideo of {item.nodeid}: {reason}", pytrace=False)
