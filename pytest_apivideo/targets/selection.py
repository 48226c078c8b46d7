"""Which targets a run has, and which tests run on which.

A test whose fixtures all work on the sandbox runs there unchanged; a test that needs what only the
fake has is skipped with a reason. With `--apivideo-target=both`, tests that work on both run twice.
"""

from __future__ import annotations

from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, get_args

import pytest

from pytest_apivideo.options import (
    FAKE_ALONE,
    NO_KEY,
    TargetName,
    fake_server_url,
    is_set,
    sandbox_url,
    target_choice,
    target_of,
    value_of,
)

if TYPE_CHECKING:
    from pytest_apivideo.options import Value

# fmt: off
WORKS_ON_BOTH = frozenset((
    "apivideo_target", "apivideo_http", "apivideo_async_http", "apivideo_session",
    "apivideo_client",
))
# fmt: on
"""The fixtures that also work on the sandbox. All others depend on `apivideo`, the fake's."""

NEEDS = {
    "clock": "control of the clock",
    "faults": "faults on demand",
    "production_key": "a key of the other environment",
    "settings": "settings of the service",
    "webhooks": "webhooks that reach this machine",
}
"""The values of `@pytest.mark.apivideo_contract(needs=…)`: what only the fake has."""

_LOCAL_SETTINGS = frozenset(("max_body", "max_calls", "seed", "strict"))
"""The settings that change no response, so that tests with them run on the sandbox too."""

_CONTRACT = "pytest_apivideo.contract"


def configure(config: pytest.Config) -> None:
    """Prepare the report and the sandbox, if options ask for them; raise UsageError if invalid."""
    _start_report(config, value_of(config, "report"))
    _check_server(config)
    is_contract = any(str(arg).startswith(_CONTRACT) for arg in config.args)
    if is_contract or target_choice(config) != "fake":
        from pytest_apivideo.shadowing import import_fake_server

        import_fake_server()
    if is_contract:
        _require_httpx(_CONTRACT)
    if target_choice(config) == "fake":
        return
    _require_httpx(value_of(config, "target").source)
    from pytest_apivideo.network.addresses import is_loopback
    from pytest_apivideo.sandbox import budget, guard
    from pytest_apivideo.sandbox.run import SANDBOX_RUN, SandboxRun

    rate = value_of(config, "budget").value
    try:
        url = guard.checked_url(sandbox_url(config))
        rate = rate or ("off" if is_loopback(url) else "70%")
        run = SandboxRun(config, url, budget.share(rate))
    except (guard.SandboxRefused, ValueError) as error:
        raise pytest.UsageError(str(error)) from None
    if is_contract and run.key is None and is_set(config, "require_sandbox"):
        raise pytest.UsageError(NO_KEY)
    config.stash[SANDBOX_RUN] = run
    config.pluginmanager.register(run, "apivideo-sandbox")


def check(config: pytest.Config) -> None:
    """Raise UsageError for the address of a fake or of a sandbox that must not be used."""
    _check_server(config)
    if target_choice(config) != "fake":
        from pytest_apivideo.sandbox import guard

        try:
            guard.checked_url(sandbox_url(config))
        except guard.SandboxRefused as error:
            raise pytest.UsageError(str(error)) from None


def _check_server(config: pytest.Config) -> None:
    server = value_of(config, "server")
    if server.value is not None:
        from pytest_apivideo.targets.remote_server import ServerRefused, check_server

        try:
            check_server(server.value)
        except ServerRefused as error:
            raise pytest.UsageError(f"{server.source}: {error}") from None


def _start_report(config: pytest.Config, file: Value) -> None:
    """Register the reporter of `--apivideo-report`; raise UsageError for an unwritable file."""
    if file.value is None or config.getoption("collectonly"):
        return
    from pytest_apivideo.drift.files import NotWritableError, check_writable
    from pytest_apivideo.drift.report import Reporter

    path = Path(file.value).absolute()
    try:
        if not hasattr(config, "workerinput"):
            check_writable(path)
    except NotWritableError as error:
        raise pytest.UsageError(f"{file.source}: {error}") from None
    config.pluginmanager.register(Reporter(config, path), "apivideo-report")


def _require_httpx(dependent: str) -> None:
    if find_spec("httpx") is None:
        raise pytest.UsageError(
            f"{dependent} needs the extra contract: pip install 'pytest-apivideo[contract]'"
        )


def parametrize(metafunc: pytest.Metafunc) -> None:
    """Run a test that works on both targets on each, if both are selected."""
    if "apivideo_target" in metafunc.fixturenames and target_choice(metafunc.config) == "both":
        metafunc.parametrize("apivideo_target", get_args(TargetName), indirect=True)


def note_if_on_fake_only(item: pytest.Item) -> None:
    """Mark the report of a test that runs on the fake only, although both targets are selected."""
    is_parametrized = "apivideo_target" in getattr(getattr(item, "callspec", None), "params", ())
    if target_choice(item.config) == "both" and not is_parametrized:
        item.user_properties.append(FAKE_ALONE)


def skip_unsupported(item: pytest.Item) -> None:
    """Skip a test that its target cannot run, with the reason.

    A marker makes pytest report the location of the test instead of this function's.
    """
    reason = _reason_to_skip(item)
    if reason is not None:
        item.add_marker(pytest.mark.skip(reason=reason))


def _reason_to_skip(item: pytest.Item) -> str | None:
    needs = list(_needs(item))
    ours = [name for name in getattr(item, "fixturenames", ()) if _is_ours(item, name)]
    fake_only = [name for name in ours if name not in WORKS_ON_BOTH]
    if target_of(item) == "fake":
        if fake_only and fake_server_url(item.config) is not None:
            verb = "needs" if len(fake_only) == 1 else "need"
            return f"not on a remote fake: {', '.join(fake_only)} {verb} the fake in this process"
        return None
    if not ours:
        return None
    for marker in item.iter_markers("apivideo_fake_only"):
        return f"not on the sandbox: {marker.kwargs['reason']}"
    if needs:
        requirements = ", ".join(NEEDS[name] for name in needs)
        return f"not on the sandbox: it needs {requirements}, which only the fake has"
    if fake_only:
        names = ", ".join([n for n in fake_only if n != "apivideo_server"] or fake_only)
        return f"not on the sandbox: it uses {names}, which only the fake has"
    settings = {name for marker in item.iter_markers("apivideo") for name in marker.kwargs}
    if settings := settings - _LOCAL_SETTINGS:
        names = ", ".join(sorted(settings))
        return f"not on the sandbox: it sets {names}, which only the fake can"
    from pytest_apivideo.sandbox.run import SANDBOX_RUN

    if item.config.stash[SANDBOX_RUN].key is None:
        if is_set(item.config, "require_sandbox"):
            pytest.fail(NO_KEY, pytrace=False)
        return NO_KEY
    return None


def _is_ours(item: pytest.Item, fixture: str) -> bool:
    """Return whether the plugin defines a fixture of this name."""
    return hasattr(item.config.pluginmanager.get_plugin("apivideo-fixtures"), fixture)


def _needs(item: pytest.Item) -> Iterator[str]:
    """Yield the `needs` of the item's markers; fail the test for an invalid marker."""
    for marker in item.iter_markers("apivideo_fake_only"):
        reason = marker.kwargs.get("reason")
        if marker.args or set(marker.kwargs) != {"reason"} or not isinstance(reason, str):
            pytest.fail('write @pytest.mark.apivideo_fake_only(reason="…")', pytrace=False)
    for marker in item.iter_markers("apivideo_contract"):
        needs = marker.kwargs.get("needs", ())
        names = needs if isinstance(needs, list | tuple | set | frozenset) else [needs]
        is_valid = all(isinstance(name, str) and name in NEEDS for name in names)
        if marker.args or set(marker.kwargs) - {"needs"} or not is_valid:
            pytest.fail(
                "@pytest.mark.apivideo_contract(needs=…) takes one or several of: "
                + ", ".join(NEEDS),
                pytrace=False,
            )
        yield from names
