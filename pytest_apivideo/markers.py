"""The markers: their words for `pytest --markers`, and how their settings are read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn

import pytest

from pytest_apivideo.options import is_set, of_the_suite

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
    """The settings that the item's `apivideo` markers give; the nearest wins.

    A wrong setting fails the test, with words that name the valid ones.
    """
    from fake_server import SettingError, Settings

    given = of_every_test(item.config)
    for marker in reversed(list(item.iter_markers("apivideo"))):
        if marker.args:
            _refuse(item, f"it takes settings by name, such as expires_in=60, not {marker.args!r}")
        given |= marker.kwargs
    try:
        return Settings(**given)
    except SettingError as error:
        wrong = str(error)
    return _refuse(item, wrong)


def of_every_test(config: pytest.Config) -> dict[str, Any]:
    """The settings that options give to every test, where they differ from the defaults."""
    given: dict[str, Any] = {"strict": True} if is_set(config, "strict") else {}
    environment = of_the_suite(config, "apivideo_environment")
    return given if environment == "sandbox" else given | {"environment": environment}


def _refuse(item: pytest.Item, reason: str) -> NoReturn:
    pytest.fail(f"@pytest.mark.apivideo of {item.nodeid}: {reason}", pytrace=False)
