"""The plugin's options: one row each gives command line, environment, ini file and help.

The first place that names a value wins: the command line `--apivideo-<name>`, the environment
`PYTEST_APIVIDEO_<NAME>`, the ini file `apivideo_<name>`, the default.
"""

from __future__ import annotations

import os
from typing import Any, Literal, NamedTuple

import pytest


class Option(NamedTuple):
    """One option of the plugin."""

    name: str
    help: str
    default: str | None = None
    metavar: str | None = None
    is_switch: bool = False
    choices: tuple[str, ...] | None = None

    @property
    def flag(self) -> str:
        """Its name on the command line."""
        return "--apivideo-" + self.name.replace("_", "-")

    @property
    def variable(self) -> str:
        """Its name in the environment."""
        return "PYTEST_APIVIDEO_" + self.name.upper()

    @property
    def ini(self) -> str:
        """Its name in the ini file."""
        return "apivideo_" + self.name


class Value(NamedTuple):
    """What an option is set to, and which place said so."""

    value: str | None
    source: str


OPTIONS = (
    Option(
        "target",
        "what tests run against: the fake, api.video's sandbox, or both, each test twice",
        default="fake",
        metavar="fake|sandbox|both",
    ),
    Option(
        "base_url",
        "address of the sandbox (default: https://sandbox.api.video); production is refused",
        metavar="URL",
    ),
    Option(
        "server",
        "address of an `apivideo-fake serve` to use as the fake, with a project for each test",
        metavar="URL",
    ),
    Option(
        "require_sandbox",
        "fail, rather than skip, tests on the sandbox if its key is missing",
        is_switch=True,
    ),
    Option(
        "budget",
        "share of the documented rate of requests to use on the sandbox "
        "(default: 70%; off on loopback)",
        metavar="PERCENT|off",
    ),
    Option(
        "report",
        "write what tests saw of their target into this file, for apivideo-fake drift and verify",
        metavar="FILE",
    ),
    Option(
        "seed",
        "seed of ids, keys and tokens, with each test's name (default: the test's name alone)",
        metavar="TEXT",
    ),
    Option(
        "strict",
        "fail tests that call an unknown path or misuse the API: the setting strict, for all",
        is_switch=True,
    ),
    Option(
        "info",
        "print the configuration, and where each value comes from, and run nothing",
        is_switch=True,
    ),
    Option(
        "real_hosts",
        "whether a test that uses the fake may reach the real api.video: block (default) or allow",
        default="block",
        choices=("block", "allow"),
    ),
)


class IniOption(NamedTuple):
    """An option that tells of the suite rather than of a run, so it is in the ini file only."""

    ini: str
    kind: Literal["args", "bool", "string"]
    help: str
    default: str | None = None
    choices: tuple[str, ...] | None = None


INI_OPTIONS = (
    IniOption(
        "apivideo_env_aliases",
        "args",
        "more variables for apivideo_env: NAME for an API key, or NAME=what, such as VIDEO_URL=url",
    ),
    IniOption(
        "apivideo_env_early",
        "bool",
        "set the variables for the whole run, before any module of the suite is loaded",
    ),
    IniOption(
        "apivideo_environment",
        "string",
        "the setting environment of tests without a marker of it: sandbox (default) or production",
        default="sandbox",
        choices=("sandbox", "production"),
    ),
)


_OF_THE_SUITE = {option.ini: option for option in INI_OPTIONS}

_VALUES: pytest.StashKey[dict[str, Value]] = pytest.StashKey()
"""What each option is set to, once pytest is configured."""


def add_options(parser: pytest.Parser) -> None:
    """Declare every option to pytest."""
    group = parser.getgroup("apivideo", "api.video")
    for option in OPTIONS:
        words = f"{option.help} [env {option.variable}, ini {option.ini}]".replace("%", "%%")
        if option.is_switch:
            group.addoption(
                option.flag, dest=option.ini, action="store_true", default=None, help=words
            )
        else:
            group.addoption(
                option.flag,
                dest=option.ini,
                default=None,
                metavar=option.metavar,
                choices=option.choices,
                help=words,
            )
        parser.addini(option.ini, option.help, default=None)
    for suites in INI_OPTIONS:
        default = {} if suites.default is None else {"default": suites.default}
        parser.addini(suites.ini, suites.help, type=suites.kind, **default)


def check(config: pytest.Config) -> None:
    """Look up every option once for the whole run.

    Raises UsageError for one whose value is none of its choices.
    """
    for suites in INI_OPTIONS:
        of_the_suite(config, suites.ini)
    config.stash[_VALUES] = {option.name: _looked_up(config, option) for option in OPTIONS}


def of_the_suite(config: pytest.Config, ini: str) -> Any:
    """What one of the options of the ini file alone is set to.

    Raises UsageError for a value that it cannot have.
    """
    option = _OF_THE_SUITE[ini]
    try:
        value = config.getini(ini)
    except (ValueError, pytest.UsageError) as wrong:  # as pytest has it
        valid = ". It can be true or false" if option.kind == "bool" else ""
        raise pytest.UsageError(f"ini {ini}: {wrong}{valid}") from None
    if option.choices and value not in option.choices:
        raise pytest.UsageError(f"ini {ini} is {value!r}; it can be {' or '.join(option.choices)}")
    return value


def value_of(config: pytest.Config, name: str) -> Value:
    """What an option is set to; raises KeyError for a name that is no option.

    Raises UsageError for a value that is none of the option's choices.
    """
    known = config.stash.get(_VALUES, None)
    if known is not None:
        return known[name]
    return _looked_up(config, {option.name: option for option in OPTIONS}[name])


def _looked_up(config: pytest.Config, option: Option) -> Value:
    places = (
        (config.getoption(option.ini), option.flag),
        (os.environ.get(option.variable) or None, option.variable),
        (config.getini(option.ini) or None, f"ini {option.ini}"),
    )
    for value, source in places:
        if value is not None:
            if option.choices and value not in option.choices:
                valid = " or ".join(option.choices)
                raise pytest.UsageError(f"{source} is {value!r}; it can be {valid}")
            return Value(str(value), source)
    return Value(option.default, "default")


def is_set(config: pytest.Config, name: str) -> bool:
    """Whether a switch is on: named on the command line, or set to anything but 0, false or no."""
    value = value_of(config, name).value
    return value is not None and value.lower() not in ("", "0", "false", "no", "off")
