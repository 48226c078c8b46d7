"""A small video library on api.video."""

from video_library.client import Client
from video_library.config import Config
from video_library.errors import ApiError, ConfigError, KeyRefused, LibraryError, Unreachable
from video_library.library import Library, Video

__all__ = [
    "ApiError",
    "Client",
    "Config",
    "ConfigError",
    "KeyRefused",
    "Library",
    "LibraryError",
    "Unreachable",
    "Video",
]
