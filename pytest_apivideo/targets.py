"""Which target a test has: the fake or, if asked for, api.video's real sandbox."""

from __future__ import annotations

from typing import Literal, get_args

import pytest

from pytest_apivideo.options import value_of

Name = Literal["fake", "sandbox"]
Choice = Literal["fake", "sandbox", "both"]

KEY_VARIABLE = "APIVIDEO_SANDBOX_API_KEY"
NO_KEY = f"{KEY_VARIABLE} is not set: it is where the sandbox's API key is read from"

FAKE_ALONE = ("apivideo_target", "fake alone")
"""The property of a test that would run on both targets, if it could be run twice."""


def choice(config: pytest.Config) -> Choice:
    """What `--apivideo-target` says; raises UsageError for what is no target."""
    value = value_of(config, "target")
    if value.value not in get_args(Choice):
        targets = ", ".join(get_args(Choice))
        raise pytest.UsageError(f"{value.source}: {value.value!r} is no target; use {targets}")
    return value.value  # type: ignore[return-value] # it was just looked up


def target_of(item: pytest.Item) -> Name:
    """The target that a test runs on."""
    callspec = getattr(item, "callspec", None)
    if callspec is not None and "apivideo_target" in callspec.params:
        name: Name = callspec.params["apivideo_target"]
        return name
    return "sandbox" if choice(item.config) == "sandbox" else "fake"


def served_at(config: pytest.Config) -> str | None:
    """The address of the fake, if it is one that is served elsewhere."""
    given = value_of(config, "server")
    if given.value is None:
        return None
    from pytest_apivideo.remote_server import ServerRefused, checked_server

    try:
        return checked_server(given.value)
    except ServerRefused as wrong:
        raise pytest.UsageError(f"{given.source}: {wrong}") from None
