"""The options of the plugin: one row each gives command line, environment, ini file and help.

The first source that has a value wins: the command line `--apivideo-<name>`, the environment
`PYTEST_APIVIDEO_<NAME>`, the ini file `apivideo_<name>`, the default.
"""

from __future__ import annotations

import os
from typing import Any, Literal, NamedTuple, get_args

import pytest

TargetName = Literal["fake", "sandbox"]
TargetChoice = Literal["fake", "sandbox", "both"]

KEY_VARIABLE = "APIVIDEO_SANDBOX_API_KEY"
NO_KEY = f"{KEY_VARIABLE} is not set: it is where the sandbox's API key is read from"

FAKE_ALONE = ("apivideo_target", "fake alone")
"""The property of a test that runs on the fake only, although both targets are selected."""


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
    """The value of an option, and the source that gave it."""

    value: str | None
    source: str


OPTIONS = (
    Option(
        "target",
        "what tests run against: the fake, api.video's sandbox, or both, each test twice",
        default="fake",
        metavar="fake|sandbox|both",
        choices=get_args(TargetChoice),
    ),
    Option(
        "base_url",
        "address of the sandbox (default: https://sandbox.api.video); production is refused",
        default="https://sandbox.api.video",
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
        "print the configuration and the source of each value, and run nothing",
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
    """An option that describes the suite rather than one run, so it exists in the ini file only."""

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
        "the setting environment of tests without a marker for it: sandbox (default) or production",
        default="sandbox",
        choices=("sandbox", "production"),
    ),
)

_VALUES: pytest.StashKey[dict[str, Value]] = pytest.StashKey()
"""The values of all options, once pytest is configured."""


def add_options(parser: pytest.Parser) -> None:
    """Declare every option to pytest."""
    group = parser.getgroup("apivideo", "api.video")
    for option in OPTIONS:
        help_text = f"{option.help} [env {option.variable}, ini {option.ini}]".replace("%", "%%")
        if option.is_switch:
            group.addoption(
                option.flag, dest=option.ini, action="store_true", default=None, help=help_text
            )
        else:
            group.addoption(
                option.flag,
                dest=option.ini,
                default=None,
                metavar=option.metavar,
                choices=option.choices,
                help=help_text,
            )
        parser.addini(option.ini, option.help, default=None)
    for ini_option in INI_OPTIONS:
        default = {} if ini_option.default is None else {"default": ini_option.default}
        parser.addini(ini_option.ini, ini_option.help, type=ini_option.kind, **default)


def check(config: pytest.Config) -> None:
    """Look up every option once for the whole run; raise UsageError for an invalid value."""
    for option in INI_OPTIONS:
        ini_value(config, option.ini)
    config.stash[_VALUES] = {option.name: _look_up(config, option) for option in OPTIONS}


def ini_value(config: pytest.Config, ini: str) -> Any:
    """Return the value of an ini-only option; raise UsageError for an invalid one."""
    option = next(option for option in INI_OPTIONS if option.ini == ini)
    try:
        value = config.getini(ini)
    except (ValueError, pytest.UsageError) as error:  # depending on pytest's version
        valid = ". It can be true or false" if option.kind == "bool" else ""
        raise pytest.UsageError(f"ini {ini}: {error}{valid}") from None
    if option.choices and value not in option.choices:
        raise pytest.UsageError(f"ini {ini} is {value!r}; it can be {' or '.join(option.choices)}")
    return value


def value_of(config: pytest.Config, name: str) -> Value:
    """Return the value of an option.

    Raises KeyError for an unknown name, UsageError for an invalid value.
    """
    if _VALUES in config.stash:
        return config.stash[_VALUES][name]
    return _look_up(config, {option.name: option for option in OPTIONS}[name])


def _look_up(config: pytest.Config, option: Option) -> Value:
    sources = (
        (config.getoption(option.ini), option.flag),
        (os.environ.get(option.variable) or None, option.variable),
        (config.getini(option.ini) or None, f"ini {option.ini}"),
    )
    for value, source in sources:
        if value is not None:
            if option.choices and value not in option.choices:
                valid = " or ".join(option.choices)
                raise pytest.UsageError(f"{source} is {value!r}; it can be {valid}")
            return Value(str(value), source)
    return Value(option.default, "default")


def is_set(config: pytest.Config, name: str) -> bool:
    """Return whether a switch is on: any value but empty, 0, false, no and off."""
    value = value_of(config, name).value
    return value is not None and value.lower() not in ("", "0", "false", "no", "off")


def target_choice(config: pytest.Config) -> TargetChoice:
    """Return the value of `--apivideo-target`; raise UsageError for an invalid one."""
    value: Any = value_of(config, "target").value
    choice: TargetChoice = value
    return choice


def target_of(item: pytest.Item) -> TargetName:
    """Return the target that a test runs on."""
    callspec = getattr(item, "callspec", None)
    if callspec is not None and "apivideo_target" in callspec.params:
        name: TargetName = callspec.params["apivideo_target"]
        return name
    return "sandbox" if target_choice(item.config) == "sandbox" else "fake"


def fake_server_url(config: pytest.Config) -> str | None:
    """Return the address of a remote fake, without a slash at the end; None without one."""
    url = value_of(config, "server").value
    return None if url is None else url.rstrip("/")


def sandbox_url(config: pytest.Config) -> str:
    """Return the address of the sandbox, without a slash at the end."""
    return (value_of(config, "base_url").value or "").rstrip("/")
