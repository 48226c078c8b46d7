"""The markers: their words for `pytest --markers`, and how their settings are read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from fake_server import Settings

MARKERS = (
    "apivideo(**settings): settings of this test's fake api.video, such as expires_in=60; "
    "the nearest marker wins (see docs/settings.md)",
)


def settings_of(item: pytest.Item) -> Settings:
    """The settings that the item's `apivideo` markers give; the nearest wins.

    Raises pytest.UsageError for a positional argument, and SettingError for a wrong setting.
    """
    from fake_server import SettingError, Settings

    given: dict[str, Any] = {}
    for marker in reversed(list(item.iter_markers("apivideo"))):
        if marker.args:
            raise pytest.UsageError(
                f"@pytest.mark.apivideo takes settings by name only, not {marker.args!r}; "
                "write for example @pytest.mark.apivideo(expires_in=60)"
            )
        given |= marker.kwargs
    try:
        return Settings(**given)
    except SettingError as error:
        raise pytest.UsageError(f"@pytest.mark.apivideo of {item.nodeid}: {error}") from None
