"""The target of a test: the fake or, if asked for, api.video's real sandbox.

`--apivideo-target` chooses. A test whose fixtures all work on the sandbox runs there as it is; what
only the fake has skips with a reason. With `both`, each such test runs twice.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args

import pytest

from pytest_apivideo.options import is_set, value_of

if TYPE_CHECKING:
    from fake_server import ApiVideo
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

KEY_VARIABLE = "APIVIDEO_SANDBOX_API_KEY"

SANDBOX: pytest.StashKey[SandboxRun] = pytest.StashKey()
OBSERVED: pytest.StashKey[list[dict[str, Any]]] = pytest.StashKey()
"""What a test has observed of its target, for the report."""


@dataclass(frozen=True)
class Target:
    """What a test runs against: the fake or the sandbox, used in the same way.

    `url` is the API's address (no slash at the end), `api_key` a key for it, `name` "fake" or
    "sandbox". On the sandbox, `url` is a loopback address that passes requests on to it, and takes
    care of the account: see docs/sandbox.md.
    """

    name: Name
    url: str
    api_key: str = field(repr=False)
    run: str = field(repr=False)
    client_key: str = field(repr=False)
    now: Callable[[], float] = field(repr=False)
    item: pytest.Item = field(repr=False)

    @property
    def is_fake(self) -> bool:
        """Whether it is the fake."""
        return self.name == "fake"

    def mark(self, text: str = "") -> str:
        """The text with the mark of this run, by which what a test created is found again.

        On the sandbox, names of live streams, player themes and of files for delegated uploads, and
        addresses of webhooks have to carry it.
        """
        return f"{text} {self.run}".strip()

    def observe(self, response: Any) -> Any:
        """Note what an answer looks like in the report of `--apivideo-report`; returns the answer.

        Takes a response of httpx or requests. Noted are the operation, status, media type, names of
        headers, problem and the types in the body; no values but those of enumerations.
        """
        from pytest_apivideo.drift.observation import observation

        self._noted().append(observation(response, len(self._noted())))
        return response

    def found(self, setting: str, value: Any) -> None:
        """Note which value of one of the fake's settings matches what was seen of the target."""
        self._noted().append({"setting": setting, "value": value})

    def _noted(self) -> list[dict[str, Any]]:
        return self.item.stash.setdefault(OBSERVED, [])


def choice(config: pytest.Config) -> Choice:
    """What `--apivideo-target` says; raises UsageError for what is no target."""
    value = value_of(config, "target")
    if value.value not in get_args(Choice):
        targets = ", ".join(get_args(Choice))
        raise pytest.UsageError(f"{value.source}: {value.value!r} is no target; use {targets}")
    return value.value  # type: ignore[return-value] # it was just looked up


def configure(config: pytest.Config) -> None:
    """Make ready what the options ask for: what cannot be right ends the run at once."""
    report = value_of(config, "report").value
    if report is not None:
        from pytest_apivideo.drift.report import Reporter

        config.pluginmanager.register(Reporter(config, Path(report).absolute()), "apivideo-report")
    served_at(config)
    if choice(config) == "fake":
        return
    from pytest_apivideo.sandbox import budget, guard
    from pytest_apivideo.sandbox.run import SandboxRun

    given = value_of(config, "base_url")
    rate = value_of(config, "budget")
    try:
        url = guard.checked_url(given.value or guard.SANDBOX)
        default = "off" if guard.is_loopback(url) else "70%"
        run = SandboxRun(config, url, budget.share(rate.value or default))
    except (guard.SandboxRefused, ValueError) as wrong:
        raise pytest.UsageError(str(wrong)) from None
    config.stash[SANDBOX] = run
    config.pluginmanager.register(run, "apivideo-sandbox")


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
    key = "" if config.stash[SANDBOX].key else f" (skipped: {KEY_VARIABLE} is not set)"
    sandbox = f"SANDBOX {config.stash[SANDBOX].base_url}{key}"
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


def skip_what_only_the_fake_has(item: pytest.Item) -> None:
    """Skip a test on the sandbox, with the reason, if it could not run there."""
    needs = _needs(item)
    ours = [name for name in getattr(item, "fixturenames", ()) if name.startswith("apivideo")]
    only = [name for name in ours if name not in WORKS_ON_BOTH]
    if target_of(item) == "fake":
        if only and served_at(item.config) is not None:
            names = ", ".join(only)
            pytest.skip(f"not on a fake that is served elsewhere: {names} needs it in this process")
        return
    if not ours:
        return
    for marker in item.iter_markers("apivideo_fake_only"):
        pytest.skip(f"not on the sandbox: {marker.kwargs['reason']}")
    if needs:
        words = ", ".join(NEEDS[name] for name in needs)
        pytest.skip(f"not on the sandbox: it needs {words}, which only the fake has")
    if only:
        names = ", ".join([name for name in only if name != "apivideo_server"] or only)
        pytest.skip(f"not on the sandbox: it uses {names}, which only the fake has")
    if item.config.stash[SANDBOX].key is None:
        reason = f"{KEY_VARIABLE} is not set: it is where the sandbox's API key is read from"
        if is_set(item.config, "require_sandbox"):
            pytest.fail(reason, pytrace=False)
        pytest.skip(reason)


def _needs(item: pytest.Item) -> list[str]:
    """What the item's markers say that it needs; a marker that is wrong fails the test."""
    for marker in item.iter_markers("apivideo_fake_only"):
        if marker.args or set(marker.kwargs) != {"reason"}:
            pytest.fail('write @pytest.mark.apivideo_fake_only(reason="…")', pytrace=False)
    found: list[str] = []
    for marker in item.iter_markers("apivideo_contract"):
        given = marker.kwargs.get("needs", ())
        names = [given] if isinstance(given, str) else list(given)
        if marker.args or set(marker.kwargs) - {"needs"} or set(names) - set(NEEDS):
            valid = ", ".join(NEEDS)
            words = "@pytest.mark.apivideo_contract(needs=…) takes one or several of: "
            pytest.fail(words + valid, pytrace=False)
        found += names
    return found


@contextmanager
def opened(request: pytest.FixtureRequest) -> Iterator[Target]:
    """The target of a test, for as long as it runs."""
    server = served_at(request.config)
    if target_of(request.node) == "sandbox":
        with _sandbox(request.config.stash[SANDBOX], request.node) as target:
            yield target
    elif server is not None:
        with _served(server, request.node) as target:
            yield target
    else:
        yield _fake(request.getfixturevalue("apivideo"), request.node)


def _fake(apivideo: ApiVideo, item: pytest.Item) -> Target:
    from pytest_apivideo.sandbox.marks import new_run

    key, now = apivideo.api_key, apivideo.clock.now
    return Target("fake", apivideo.url, key, new_run(), key, now, item)


@contextmanager
def _served(server: str, item: pytest.Item) -> Iterator[Target]:
    from pytest_apivideo.markers import settings_of
    from pytest_apivideo.sandbox.marks import new_run
    from pytest_apivideo.served import ServerRefused, project

    given = settings_of(item).model_dump(mode="json", exclude_unset=True)
    try:
        with project(server, given) as made:
            is_production = given.get("environment") == "production"
            key = made.production_key if is_production else made.sandbox_key
            yield Target("fake", made.url, key, new_run(), key, time.time, item)
    except ServerRefused as wrong:
        pytest.fail(str(wrong), pytrace=False)


@contextmanager
def _sandbox(run: SandboxRun, item: pytest.Item) -> Iterator[Target]:
    from pytest_apivideo.auth.tokens import Hidden

    port = run.port()
    refused = port.begin(item.nodeid)
    if refused is not None:
        pytest.fail(refused, pytrace=False)
    run.begun.add(item.nodeid)
    key = Hidden(run.key)
    yield Target("sandbox", port.url, key, port.run, Hidden(port.session_key), time.time, item)
    port.end(item.nodeid)
