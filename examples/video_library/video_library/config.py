"""The configuration, from environment variables."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field

from video_library.errors import ConfigError

HOSTS = {"sandbox": "https://sandbox.api.video", "production": "https://ws.api.video"}


@dataclass(frozen=True)
class Config:
    """The API key, and the address and the environment of api.video."""

    api_key: str = field(repr=False)
    base_url: str = HOSTS["sandbox"]
    environment: str = "sandbox"

    @classmethod
    def from_environment(cls, variables: Mapping[str, str] = os.environ) -> Config:
        """Read APIVIDEO_API_KEY (required), APIVIDEO_ENVIRONMENT and APIVIDEO_BASE_URL.

        Raises ConfigError for a missing or an invalid value.
        """
        api_key = variables.get("APIVIDEO_API_KEY", "").strip()
        if not api_key:
            raise ConfigError("APIVIDEO_API_KEY is not set: set it to your api.video API key")
        environment = variables.get("APIVIDEO_ENVIRONMENT") or "sandbox"
        if environment not in HOSTS:
            raise ConfigError(
                f"APIVIDEO_ENVIRONMENT is {environment!r}; it can be {' or '.join(HOSTS)}"
            )
        base_url = variables.get("APIVIDEO_BASE_URL") or HOSTS[environment]
        if not base_url.startswith(("https://", "http://")):
            raise ConfigError(f"APIVIDEO_BASE_URL is {base_url!r}; it must begin with https://")
        return cls(api_key, base_url.rstrip("/"), environment)
