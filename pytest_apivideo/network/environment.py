"""The environment variables by which programs find api.video: the fixture `apivideo_env`.

Programs use different names, so all names in use are set. This also hides what a developer's shell
has in them, perhaps a key that works.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

import pytest

from pytest_apivideo.options import KEY_VARIABLE, ini_value, target_choice

if TYPE_CHECKING:
    from fake_server import ApiVideo, FakeServer
    from fake_server.settings import Environment

NAMES = {
    "api_key": ("APIVIDEO_API_KEY", "API_VIDEO_KEY", "API_VIDEO_API_KEY", "APIVIDEO_KEY"),
    "url": ("APIVIDEO_BASE_URL", "API_VIDEO_BASE_URL", "APIVIDEO_BASE_URI", "APIVIDEO_BASE"),
    "environment": ("APIVIDEO_ENVIRONMENT", "API_VIDEO_ENVIRONMENT", "API_VIDEO_ENV"),
}
"""The variables that are always set, by the kind of their value."""

KINDS = ("api_key", "sandbox_key", "production_key", "url", "environment")
"""The kinds of values that `apivideo_env_aliases` accepts."""

_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_SYSTEM_VARIABLES = frozenset(
    ("PATH", "HOME", "PWD", "SHELL", "USER", "LANG", "TMPDIR", "PYTHONPATH", "PYTHONHOME")
)

HIDDEN = (KEY_VARIABLE, "API_VIDEO_SANDBOX_KEY")
"""The variables that are removed, because they hold keys that work."""

EARLY_KEYS: dict[Environment, str] = {
    "sandbox": "early-sandbox-key",
    "production": "early-production-key",
}
"""The API keys of every test's project with `apivideo_env_early`, by environment."""

READ_TOO_EARLY = (
    "Your shell has this value in {name}. The program read it while apivideo_env did not hide it, "
    "perhaps during its import: the ini option apivideo_env_early covers that. See "
    "docs/environment.md of pytest-apivideo."
)

_IS_EARLY: pytest.StashKey[bool] = pytest.StashKey()
_SHELL_KEYS: pytest.StashKey[dict[str, str]] = pytest.StashKey()


def keys_of_shell(config: pytest.Config) -> dict[str, str]:
    """Return the API keys in the shell's variables at the start of pytest, with their variables.

    They may work, so reports hide them.
    """
    if _SHELL_KEYS not in config.stash:
        kinds = variables(config) | dict.fromkeys(HIDDEN, "api_key")
        names = [name for name, kind in kinds.items() if kind.endswith("key")]
        keys = {os.environ[name]: name for name in names if os.environ.get(name)}
        ours = EARLY_KEYS.values()  # xdist's workers inherit them from the controller
        config.stash[_SHELL_KEYS] = {key: name for key, name in keys.items() if key not in ours}
    return config.stash[_SHELL_KEYS]


def is_early(config: pytest.Config) -> bool:
    """Return whether the variables are set for the whole run, before modules are loaded."""
    return bool(ini_value(config, "apivideo_env_early"))


def variables(config: pytest.Config) -> dict[str, str]:
    """Return all variables, including those of `apivideo_env_aliases`, with their kinds.

    Raises UsageError for an invalid alias.
    """
    aliases: dict[str, str] = {}
    for alias in ini_value(config, "apivideo_env_aliases"):
        name, equals, kind = alias.partition("=")
        kind = kind if equals else "api_key"
        if not _VARIABLE.fullmatch(name) or kind not in KINDS:
            problem = (
                f"{alias!r} is invalid. Write NAME for a variable with an API key, or NAME=what; "
                f"what can be {', '.join(KINDS)}"
            )
        elif name in aliases:
            problem = f"{name} is there twice"
        elif name in _SYSTEM_VARIABLES:
            problem = f"{name} is a variable of the system, not of a program that calls api.video"
        else:
            aliases[name] = kind
            continue
        raise pytest.UsageError(f"ini apivideo_env_aliases: {problem}")
    return {name: kind for kind, names in NAMES.items() for name in names} | aliases


def set_for_test(
    config: pytest.Config, apivideo: ApiVideo, environment: pytest.MonkeyPatch
) -> dict[str, str]:
    """Set the variables to the values of a test's project, and return them."""
    values = {kind: getattr(apivideo, kind) for kind in KINDS if kind != "environment"}
    values["environment"] = apivideo.settings.environment
    for name in HIDDEN:
        environment.delenv(name, raising=False)
    return _set(variables(config), values, environment)


def set_early(config: pytest.Config, server: FakeServer) -> None:
    """Start the server and set the variables, until the end of the run."""
    environment = pytest.MonkeyPatch()
    config.stash[_IS_EARLY] = True
    server.start()
    server.projects.credentials.session.keys.update(EARLY_KEYS)
    config.add_cleanup(server.stop)
    config.add_cleanup(environment.undo)
    default = ini_value(config, "apivideo_environment")
    values = {
        "api_key": EARLY_KEYS[default],
        "sandbox_key": EARLY_KEYS["sandbox"],
        "production_key": EARLY_KEYS["production"],
        "url": server.url,
        "environment": default,
    }
    _set(variables(config), values, environment)
    on_command_line = getattr(config.known_args_namespace, "apivideo_target", None)
    if (on_command_line or target_choice(config)) == "fake":  # the sandbox needs its key
        for name in HIDDEN:
            environment.delenv(name, raising=False)


def check_early(config: pytest.Config) -> None:
    """Raise UsageError if the plugin was loaded too late for `apivideo_env_early`."""
    if is_early(config) and _IS_EARLY not in config.stash:
        raise pytest.UsageError(
            "ini apivideo_env_early: pytest-apivideo was loaded too late for it, by pytest_plugins "
            "in a conftest.py. An installed plugin is loaded automatically; otherwise add "
            "-p pytest_apivideo.plugin to addopts"
        )


def _set(
    names: Mapping[str, str], values: Mapping[str, str], environment: pytest.MonkeyPatch
) -> dict[str, str]:
    result = {name: values[kind] for name, kind in names.items()}
    for name, value in result.items():
        environment.setenv(name, value)
    return result
