"""The header line of a run."""

from __future__ import annotations

import os

import pytest

from pytest_apivideo.options import (
    KEY_VARIABLE,
    fake_server_url,
    sandbox_url,
    target_choice,
    value_of,
)


def header(config: pytest.Config) -> str:
    """Return the header line: the target, and the seed of ids on the fake."""
    if target_choice(config) == "sandbox":
        return f"api.video: {target_description(config)}"
    seed = value_of(config, "seed")
    ids = "each test's name" if seed.value is None else f"{seed.value!r} ({seed.source})"
    return f"api.video: {target_description(config)}, ids seeded by {ids}"


def target_description(config: pytest.Config) -> str:
    """Return a short description of the target."""
    url = fake_server_url(config)
    fake = f"fake at {url}" if url else "fake in this process"
    choice = target_choice(config)
    if choice == "fake":
        return fake
    skipped = "" if os.environ.get(KEY_VARIABLE) else f" (skipped: {KEY_VARIABLE} is not set)"
    sandbox = f"SANDBOX {sandbox_url(config)}{skipped}"
    return sandbox if choice == "sandbox" else f"{fake} and {sandbox}"
