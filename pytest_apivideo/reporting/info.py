"""`--apivideo-info`: the configuration, and the source of each value."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterable, Iterator
from importlib.metadata import PackageNotFoundError, version

import pytest

from pytest_apivideo import markers
from pytest_apivideo.network.addresses import without_credentials
from pytest_apivideo.options import INI_OPTIONS, KEY_VARIABLE, OPTIONS, IniOption, value_of
from pytest_apivideo.reporting.header import target_description

_PACKAGES = (
    "pytest-apivideo", "pytest", "pytest-httpserver", "werkzeug", "h11", "pydantic", "freezegun",
    "time-machine", "httpx", "requests", "api.video", "pytest-xdist",
)  # fmt: skip
_HOOKS = (
    "pytest_apivideo_operations", "pytest_apivideo_configure_server", "pytest_apivideo_redact",
)  # fmt: skip

_Row = tuple[str, str, str]


def show(config: pytest.Config) -> int:
    """Print the configuration, and return pytest's exit code."""
    print("\n".join(lines(config)))
    return pytest.ExitCode.OK


def lines(config: pytest.Config) -> Iterator[str]:
    """Yield the configuration, a line for each value."""
    yield f"api.video: {target_description(config)}"
    yield "\nOptions (docs/options.md)"
    values = [(opt, value_of(config, opt.name)) for opt in OPTIONS if opt.name != "info"]
    yield from _table(
        (option.flag, without_credentials(value.value or "-"), value.source)
        for option, value in values
    )
    yield from _table(_ini_row(config, option) for option in INI_OPTIONS)
    yield "\nSettings of a test without a marker (docs/settings.md)"
    yield from _table(_settings(config))
    yield "\nSecrets"
    key = os.environ.get(KEY_VARIABLE)
    yield from _table([(KEY_VARIABLE, "is set" if key else "is not set", "environment")])
    yield "\nHooks (docs/hooks.md)"
    yield from _table((hook, ", ".join(_plugins(config, hook)) or "-", "") for hook in _HOOKS)
    yield "\nVersions"
    yield from _table([("Python", platform.python_version(), "")])
    yield from _table((name, _version(name), "") for name in _PACKAGES)


def _ini_row(config: pytest.Config, option: IniOption) -> _Row:
    value = config.getini(option.ini)
    text = " ".join(value) if isinstance(value, list) else str(value)
    is_default = not value or value == option.default
    return option.ini, text or "-", "default" if is_default else f"ini {option.ini}"


def _settings(config: pytest.Config) -> Iterator[_Row]:
    from pytest_apivideo.shadowing import import_fake_server

    import_fake_server()
    from fake_server import Settings

    changed = markers.settings_from_options(config)
    sources = {
        "strict": value_of(config, "strict").source,
        "environment": "ini apivideo_environment",
    }
    for name, default in Settings():
        source = sources[name] if name in changed else "default"
        yield name, repr(changed.get(name, default)), source


def _plugins(config: pytest.Config, hook: str) -> list[str]:
    """Return the names of the plugins that implement a hook."""
    return [str(found.plugin_name) for found in getattr(config.hook, hook).get_hookimpls()]


def _table(rows: Iterable[_Row]) -> Iterator[str]:
    for name, value, source in rows:
        yield f"  {name:<34} {value:<28} {source}".rstrip()


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"
