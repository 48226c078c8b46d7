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
    from pytest_apivideo.clients.tokens import LoginRefused
    from pytest_apivideo.frozen_time.freeze import FrozenTime
    from pytest_apivideo.network.interception.routes import BlockedHostError
    from pytest_apivideo.network.interception.session import Interception
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

_MODULES = {
    "ApiVideoSdkWarning": "warnings",
    "ApiVideoWarning": "warnings",
    "BlockedHostError": "network.interception.routes",
    "BlockedHostWarning": "warnings",
    "FrozenTime": "frozen_time.freeze",
    "FrozenTimeWarning": "warnings",
    "Interception": "network.interception.session",
    "LoginRefused": "clients.tokens",
    "WebhookReceiver": "webhooks",
}
"""The modules of this package's own names; the others are in `fake_server`."""


def __getattr__(name: str) -> Any:
    """Import a public name at its first use, because pytest loads this package at every start."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module = _MODULES.get(name)
    if module in (None, "frozen_time.freeze", "webhooks"):  # these import fake_server
        from pytest_apivideo.shadowing import import_fake_server

        fake_server = import_fake_server()
    return getattr(import_module(f"{__name__}.{module}") if module else fake_server, name)
