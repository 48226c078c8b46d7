"""What a run begins with if options ask for it: the sandbox, the report."""

from __future__ import annotations

import os
from importlib.util import find_spec
from pathlib import Path

import pytest

from pytest_apivideo.options import is_set, value_of
from pytest_apivideo.stash import SANDBOX
from pytest_apivideo.targets import KEY_VARIABLE, NO_KEY, choice, served_at

_CONTRACT = "pytest_apivideo.contract"


def configure(config: pytest.Config) -> None:
    """Make ready what the options ask for: what cannot be right ends the run at once."""
    _report(config)
    served_at(config)
    is_contract = any(str(one).startswith(_CONTRACT) for one in config.args)
    if is_contract:
        _need_httpx(_CONTRACT)
    if choice(config) == "fake":
        return
    _need_httpx(value_of(config, "target").source)
    from pytest_apivideo.addresses import is_loopback
    from pytest_apivideo.sandbox import budget, guard
    from pytest_apivideo.sandbox.run import SandboxRun

    url = sandbox_url(config)
    rate = value_of(config, "budget").value or ("off" if is_loopback(url) else "70%")
    try:
        run = SandboxRun(config, url, budget.share(rate))
    except (guard.SandboxRefused, ValueError) as wrong:
        raise pytest.UsageError(str(wrong)) from None
    if is_contract and run.key is None and is_set(config, "require_sandbox"):
        raise pytest.UsageError(NO_KEY)
    config.stash[SANDBOX] = run
    config.pluginmanager.register(run, "apivideo-sandbox")


def _report(config: pytest.Config) -> None:
    """Collect what tests see, if asked to; raises UsageError for a file that cannot be written."""
    given = value_of(config, "report")
    if given.value is None or config.getoption("collectonly"):
        return
    from pytest_apivideo.drift.files import NotWritableError, check_writable
    from pytest_apivideo.drift.report import Reporter

    path = Path(given.value).absolute()
    try:
        if not hasattr(config, "workerinput"):
            check_writable(path)
    except NotWritableError as wrong:
        raise pytest.UsageError(f"{given.source}: {wrong}") from None
    config.pluginmanager.register(Reporter(config, path), "apivideo-report")


def _need_httpx(by: str) -> None:
    """Raise UsageError that says what to install if httpx is missing; `by` is what needs it."""
    if find_spec("httpx") is None:
        raise pytest.UsageError(
            f"{by} needs the extra contract: pip install 'pytest-apivideo[contract]'"
        )


def sandbox_url(config: pytest.Config) -> str:
    """The address of the sandbox; raises UsageError for one that may not be used as such."""
    from pytest_apivideo.sandbox import guard

    try:
        return guard.checked_url(value_of(config, "base_url").value or guard.SANDBOX)
    except guard.SandboxRefused as wrong:
        raise pytest.UsageError(str(wrong)) from None


def described(config: pytest.Config) -> str:
    """The target in a few words, for the header of a run."""
    served = served_at(config)
    fake = f"fake at {served}" if served else "fake in this process"
    chosen = choice(config)
    if chosen == "fake":
        return fake
    key = "" if os.environ.get(KEY_VARIABLE) else f" (skipped: {KEY_VARIABLE} is not set)"
    sandbox = f"SANDBOX {sandbox_url(config)}{key}"
    return sandbox if chosen == "sandbox" else f"{fake} and {sandbox}"
