"""Which target a test has: the fake or, if asked for, api.video's real sandbox.

`--apivideo-target` chooses. A test whose fixtures all work on the sandbox runs there as it is; what
only the fake has skips with a reason. With `both`, each such test runs twice.
"""

from __future__ import annotations

import os
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args

import pytest

from pytest_apivideo.addresses import is_loopback
from pytest_apivideo.options import is_set, value_of

if TYPE_CHECKING:
    from pytest_apivideo.sandbox.run import SandboxRun

Name = Literal["fake", "sandbox"]
Choice = Literal["fake", "sandbox", "both"]

# fmt: off
WORKS_ON_BOTH = frozenset((
    "apivideo_target", "apivideo_http", "apivideo_async_http", "apivideo_session",
    "apivideo_client",
))
# fmt: on
"""The fixtures that work on the sandbox as well. All others stand on `apivideo`, the fake's."""

NEEDS = {
    "clock": "a clock that can be turned",
    "faults": "faults on demand",
    "production_key": "a key of the other environment",
    "settings": "settings of the service itself",
    "webhooks": "deliveries that reach this machine",
}
"""What `@pytest.mark.apivideo_contract(needs=…)` can name: what only the fake has."""

CONTRACT = "pytest_apivideo.contract"
KEY_VARIABLE = "APIVIDEO_SANDBOX_API_KEY"
NO_KEY = f"{KEY_VARIABLE} is not set: it is where the sandbox's API key is read from"

FAKE_ALONE = ("apivideo_target", "fake alone")
"""The property of a test that would run on both targets, if it could be run twice."""

SANDBOX: pytest.StashKey[SandboxRun] = pytest.StashKey()
OBSERVED: pytest.StashKey[list[dict[str, Any]]] = pytest.StashKey()
"""What a test has observed of its target, for the report."""


def choice(config: pytest.Config) -> Choice:
    """What `--apivideo-target` says; raises UsageError for what is no target."""
    value = value_of(config, "target")
    if value.value not in get_args(Choice):
        targets = ", ".join(get_args(Choice))
        raise pytest.UsageError(f"{value.source}: {value.value!r} is no target; use {targets}")
    return value.value  # type: ignore[return-value] # it was just looked up


def configure(config: pytest.Config) -> None:
    """Make ready what the options ask for: what cannot be right ends the run at once."""
    _report(config)
    served_at(config)
    is_contract = any(str(one).startswith(CONTRACT) for one in config.args)
    if is_contract:
        _need_httpx(CONTRACT)
    if choice(config) == "fake":
        return
    _need_httpx(value_of(config, "target").source)
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


def served_at(config: pytest.Config) -> str | None:
    """The address of the fake, if it is one that is served elsewhere."""
    given = value_of(config, "server")
    if given.value is None:
        return None
    from pytest_apivideo.served import ServerRefused, checked_server

    try:
        return checked_server(given.value)
    except ServerRefused as wrong:
        raise pytest.UsageError(f"{given.source}: {wrong}") from None


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


def parametrize(metafunc: pytest.Metafunc) -> None:
    """Run a test that works on both targets on each, if both are chosen."""
    if "apivideo_target" in metafunc.fixturenames and choice(metafunc.config) == "both":
        metafunc.parametrize("apivideo_target", get_args(Name), indirect=True)


def target_of(item: pytest.Item) -> Name:
    """The target that a test runs on."""
    callspec = getattr(item, "callspec", None)
    if callspec is not None and "apivideo_target" in callspec.params:
        name: Name = callspec.params["apivideo_target"]
        return name
    return "sandbox" if choice(item.config) == "sandbox" else "fake"


def note_if_on_the_fake_alone(item: pytest.Item) -> None:
    """Note of a test that it runs on the fake alone, although both targets are chosen."""
    is_one_of_two = "apivideo_target" in getattr(getattr(item, "callspec", None), "params", ())
    if choice(item.config) == "both" and not is_one_of_two:
        item.user_properties.append(FAKE_ALONE)


def skip_what_only_the_fake_has(item: pytest.Item) -> None:
    """Skip a test on the sandbox, with the reason, if it could not run there.

    By a marker, which pytest looks at next, for its reports show such a skip where the test stands.
    """
    reason = _reason_to_skip(item)
    if reason is not None:
        item.add_marker(pytest.mark.skip(reason=reason))


def _reason_to_skip(item: pytest.Item) -> str | None:
    needs = _needs(item)
    ours = [name for name in getattr(item, "fixturenames", ()) if _is_ours(item, name)]
    only = [name for name in ours if name not in WORKS_ON_BOTH]
    if target_of(item) == "fake":
        if only and served_at(item.config) is not None:
            names, verb = ", ".join(only), "needs" if len(only) == 1 else "need"
            return f"not on a fake that is served elsewhere: {names} {verb} it in this process"
        return None
    if not ours:
        return None
    for marker in item.iter_markers("apivideo_fake_only"):
        return f"not on the sandbox: {marker.kwargs['reason']}"
    if needs:
        words = ", ".join(NEEDS[name] for name in needs)
        return f"not on the sandbox: it needs {words}, which only the fake has"
    if only:
        names = ", ".join([name for name in only if name != "apivideo_server"] or only)
        return f"not on the sandbox: it uses {names}, which only the fake has"
    if item.config.stash[SANDBOX].key is None:
        if is_set(item.config, "require_sandbox"):
            pytest.fail(NO_KEY, pytrace=False)
        return NO_KEY
    return None


def _is_ours(item: pytest.Item, fixture: str) -> bool:
    """Whether a fixture is the plugin's: a user's own may be called alike."""
    return hasattr(item.config.pluginmanager.get_plugin("apivideo-fixtures"), fixture)


def _needs(item: pytest.Item) -> list[str]:
    """What the item's markers say that it needs; a marker that is wrong fails the test."""
    for marker in item.iter_markers("apivideo_fake_only"):
        reason = marker.kwargs.get("reason")
        if marker.args or set(marker.kwargs) != {"reason"} or not isinstance(reason, str):
            pytest.fail('write @pytest.mark.apivideo_fake_only(reason="…")', pytrace=False)
    found: list[str] = []
    for marker in item.iter_markers("apivideo_contract"):
        given = marker.kwargs.get("needs", ())
        names = list(given) if isinstance(given, list | tuple | set | frozenset) else [given]
        is_valid = all(isinstance(name, str) and name in NEEDS for name in names)
        if marker.args or set(marker.kwargs) - {"needs"} or not is_valid:
            valid = ", ".join(NEEDS)
            words = "@pytest.mark.apivideo_contract(needs=…) takes one or several of: "
            pytest.fail(words + valid, pytrace=False)
        found += names
    return found
