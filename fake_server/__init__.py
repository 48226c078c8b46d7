"""A stateful fake of api.video over real HTTP, independent of pytest."""

from fake_server.clock import Clock, Due
from fake_server.deliveries import Delivery
from fake_server.handle import ApiVideo
from fake_server.server import FakeServer
from fake_server.settings import SettingError, Settings, polls

__all__ = [
    "ApiVideo",
    "Clock",
    "Delivery",
    "Due",
    "FakeServer",
    "SettingError",
    "Settings",
    "polls",
]
