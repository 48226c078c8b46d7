"""`--apivideo-info`: the configuration, and which place said so."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterable, Iterator
from importlib.metadata import PackageNotFoundError, version

import pytest

from pytest_apivideo import markers
from pytest_apivideo.beginning import described
from pytest_apivideo.options import INI_OPTIONS, OPTIONS, IniOption, value_of
from pytest_apivideo.redact import without_credentials
from pytest_apivideo.targets import KEY_VARIABLE

_PACKAGES = (
    "pytest-apivideo", "pytest", "pytest-httpserver", "werkzeug", "h11", "pydantic", "freezegun",
    "time-machine", "httpx", "requests", "api.video", "pytest-xdist",
)  # fmt: skip
_HOOKS = (
    "pytest_apivideo_operations", "pytest_apivideo_configure_server", "pytest_apivideo_redact",
)  # fmt: skip


def show(config: pytest.Config) -> int:
    """Print everything that decides how the plugin behaves; returns pytest's exit code."""
    print("\n".join(lines(config)))
    return pytest.ExitCode.OK


def lines(config: pytest.Config) -> Iterator[str]:
    """The configuration, a line for each value."""
    yield f"api.video: {described(config)}"
    yield "\nOptions (docs/options.md)"
    values = [(one, value_of(config, one.name)) for one in OPTIONS if one.name != "info"]
    yield from _table(
        (one.flag, without_credentials(value.value or "-"), value.source) for one, value in values
    )
    yield from _table(_of_the_suite(config, one) for one in INI_OPTIONS)
    yield "\nSettings of a test without a marker (docs/settings.md)"
    yield from _table(_settings(config))
    yield "\nSecrets"
    key = os.environ.get(KEY_VARIABLE)
    yield from _table([(KEY_VARIABLE, "is set" if key else "is not set", "environment")])
    yield "\nHooks (docs/hooks.md)"
    yield from _table((hook, ", ".join(_answering(config, hook)) or "-", "") for hook in _HOOKS)
    yield "\nVersions"
    yield from _table([("Python", platform.python_version(), "")])
    yield from _table((name, _version(name), "") for name in _PACKAGES)


def _of_the_suite(config: pytest.Config, option: IniOption) -> tuple[str, str, str]:
    """What the ini file alone can say."""
    value = config.getini(option.ini)
    said = " ".join(value) if isinstance(value, list) else str(value)
    is_default = not value or value == option.default
    return option.ini, said or "-", "default" if is_default else f"ini {option.ini}"


def _settings(config: pytest.Config) -> Iterator[tuple[str, str, str]]:
    from fake_server import Settings

    given = markers.of_every_test(config)
    sources = {
        "strict": value_of(config, "strict").source,
        "environment": "ini apivideo_environment",
    }
    for name, default in Settings():
        yield name, repr(given.get(name, default)), sources[name] if name in given else "default"


def _answering(config: pytest.Config, hook: str) -> list[str]:
    plugins = getattr(config.hook, hook).get_hookimpls()
    return [str(found.plugin_name) for found in plugins]


def _table(rows: Iterable[tuple[str, str, str]]) -> Iterator[str]:
    for name, value, source in rows:
        yield f"  {name:<34} {value:<28} {source}".rstrip()


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"
