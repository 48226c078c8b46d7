"""A pytest plugin that gives a test suite a whole, stateful api.video."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fake_server import ApiVideo, Clock, FakeServer, SettingError, Settings

__all__ = ["ApiVideo", "Clock", "FakeServer", "SettingError", "Settings"]


def __getattr__(name: str) -> Any:
    """Import the public names when they are asked for: pytest loads this package at every start."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import fake_server

    return getattr(fake_server, name)
