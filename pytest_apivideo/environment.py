"""The environment variables by which programs find api.video, set to the fake's values.

There is no one name for them, so all that are in use are set: what a developer's shell has in them,
perhaps a key that works, is out of sight of the program meanwhile.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

import pytest

from pytest_apivideo.options import of_the_suite
from pytest_apivideo.targets import KEY_VARIABLE, choice

if TYPE_CHECKING:
    from fake_server import ApiVideo, FakeServer
    from fake_server.settings import Environment

NAMES = {
    "api_key": ("APIVIDEO_API_KEY", "API_VIDEO_KEY", "API_VIDEO_API_KEY", "APIVIDEO_KEY"),
    "url": ("APIVIDEO_BASE_URL", "API_VIDEO_BASE_URL", "APIVIDEO_BASE_URI", "APIVIDEO_BASE"),
    "environment": ("APIVIDEO_ENVIRONMENT", "API_VIDEO_ENVIRONMENT", "API_VIDEO_ENV"),
}
"""The variables that are always set, by what they are set to."""

MEANINGS = ("api_key", "sandbox_key", "production_key", "url", "environment")
"""What `apivideo_env_aliases` can set a variable to."""

_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_OF_THE_SYSTEM = (
    "PATH",
    "HOME",
    "PWD",
    "SHELL",
    "USER",
    "LANG",
    "TMPDIR",
    "PYTHONPATH",
    "PYTHONHOME",
)

HIDDEN = (KEY_VARIABLE, "API_VIDEO_SANDBOX_KEY")
"""The variables that are taken away: they hold keys that work."""

EARLY_KEYS: dict[Environment, str] = {
    "sandbox": "early-sandbox-key",
    "production": "early-production-key",
}
"""The API keys of every test's project with `apivideo_env_early`, by their environment."""


READ_TOO_EARLY = (
    "This is what your shell has in {name}. The program read it where apivideo_env did not hide "
    "it, perhaps at its import: for that there is the ini option apivideo_env_early. See "
    "docs/environment.md of pytest-apivideo."
)

_EARLY_SINCE_THE_START: pytest.StashKey[bool] = pytest.StashKey()
_OF_THE_SHELL: pytest.StashKey[dict[str, str]] = pytest.StashKey()


def keys_of_the_shell(config: pytest.Config) -> dict[str, str]:
    """The keys that the shell had in the variables, with their names, as pytest began.

    They may work, so no report shows them.
    """
    if _OF_THE_SHELL not in config.stash:
        meanings = variables(config) | dict.fromkeys(HIDDEN, "api_key")
        names = [name for name, meaning in meanings.items() if meaning.endswith("key")]
        found = {os.environ[name]: name for name in names if os.environ.get(name)}
        ours = EARLY_KEYS.values()  # what the processes of xdist have from the one that began them
        config.stash[_OF_THE_SHELL] = {key: name for key, name in found.items() if key not in ours}
    return config.stash[_OF_THE_SHELL]


def is_early(config: pytest.Config) -> bool:
    """Whether the variables are set for the whole run, before any module of the suite is loaded."""
    return bool(of_the_suite(config, "apivideo_env_early"))


def variables(config: pytest.Config) -> dict[str, str]:
    """What each variable is set to: name and meaning, with those of `apivideo_env_aliases`.

    Raises UsageError for an alias that means nothing.
    """
    found = {name: meaning for meaning, names in NAMES.items() for name in names}
    aliases: dict[str, str] = {}
    for alias in of_the_suite(config, "apivideo_env_aliases"):
        name, equals, meaning = alias.partition("=")
        meaning = meaning if equals else "api_key"
        if not _VARIABLE.fullmatch(name) or meaning not in MEANINGS:
            raise pytest.UsageError(
                f"ini apivideo_env_aliases: {alias!r} is no alias. Write NAME for a variable with "
                f"an API key, or NAME=what; what can be {', '.join(MEANINGS)}"
            )
        if name in aliases:
            raise pytest.UsageError(f"ini apivideo_env_aliases: {name} is there twice")
        if name in _OF_THE_SYSTEM:
            raise pytest.UsageError(
                f"ini apivideo_env_aliases: {name} is a variable of the system, not of a program "
                "that calls api.video"
            )
        aliases[name] = meaning
    return found | aliases


def set_for_test(
    config: pytest.Config, apivideo: ApiVideo, environment: pytest.MonkeyPatch
) -> dict[str, str]:
    """Set the variables to what the handle says; returns them."""
    meanings = {name: getattr(apivideo, name) for name in MEANINGS if name != "environment"}
    meanings["environment"] = apivideo.settings.environment
    for name in HIDDEN:
        environment.delenv(name, raising=False)
    return _set(variables(config), meanings, environment)


def begin_early(config: pytest.Config, server: FakeServer) -> None:
    """Start the server of this run and set the variables, until the run ends."""
    environment = pytest.MonkeyPatch()
    config.stash[_EARLY_SINCE_THE_START] = True
    server.start()
    server.projects.credentials.session.keys.update(EARLY_KEYS)
    config.add_cleanup(server.stop)
    config.add_cleanup(environment.undo)
    environment_of_all = of_the_suite(config, "apivideo_environment")
    meanings = {
        "api_key": EARLY_KEYS[environment_of_all],
        "sandbox_key": EARLY_KEYS["sandbox"],
        "production_key": EARLY_KEYS["production"],
        "url": server.url,
        "environment": environment_of_all,
    }
    _set(variables(config), meanings, environment)
    on_the_command_line = getattr(config.known_args_namespace, "apivideo_target", None)
    if (on_the_command_line or choice(config)) == "fake":  # the sandbox needs its key
        for name in HIDDEN:
            environment.delenv(name, raising=False)


def refuse_what_is_not_early(config: pytest.Config) -> None:
    """Raise UsageError if the early mode is on, and its beginning was missed."""
    if is_early(config) and _EARLY_SINCE_THE_START not in config.stash:
        raise pytest.UsageError(
            "ini apivideo_env_early: pytest-apivideo was loaded too late for it, by pytest_plugins "
            "in a conftest.py. Installed, it loads by itself; else write -p pytest_apivideo.plugin "
            "into addopts"
        )


def _set(
    names: Mapping[str, str], meanings: Mapping[str, str], environment: pytest.MonkeyPatch
) -> dict[str, str]:
    values = {name: meanings[meaning] for name, meaning in names.items()}
    for name, value in values.items():
        environment.setenv(name, value)
    return values
