"""A pytest plugin that gives a test suite a whole, stateful api.video."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fake_server import (
        ApiVideo,
        Clock,
        Delivery,
        Due,
        FakeServer,
        SettingError,
        Settings,
        polls,
    )
    from pytest_apivideo.auth import LoginRefused
    from pytest_apivideo.frozen import FrozenTime
    from pytest_apivideo.interception.routes import BlockedHostError
    from pytest_apivideo.interception.session import Interception
    from pytest_apivideo.warnings import (
        ApiVideoSdkWarning,
        ApiVideoWarning,
        BlockedHostWarning,
        FrozenTimeWarning,
    )
    from pytest_apivideo.webhooks import WebhookReceiver

__all__ = [
    "ApiVideo",
    "ApiVideoSdkWarning",
    "ApiVideoWarning",
    "BlockedHostError",
    "BlockedHostWarning",
    "Clock",
    "Delivery",
    "Due",
    "FakeServer",
    "FrozenTime",
    "FrozenTimeWarning",
    "Interception",
    "LoginRefused",
    "SettingError",
    "Settings",
    "WebhookReceiver",
    "polls",
]

_OF_THE_PLUGIN = {
    "ApiVideoSdkWarning": "warnings",
    "ApiVideoWarning": "warnings",
    "BlockedHostError": "interception.routes",
    "BlockedHostWarning": "warnings",
    "FrozenTime": "frozen",
    "FrozenTimeWarning": "warnings",
    "Interception": "interception.session",
    "LoginRefused": "auth",
    "WebhookReceiver": "webhooks",
}


def __getattr__(name: str) -> Any:
    """Import the public names when they are asked for: pytest loads this package at every start."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module = _OF_THE_PLUGIN.get(name)
    return getattr(import_module(f"{__name__}.{module}" if module else "fake_server"), name)
