"""The fixture `apivideo_target`: the fake or the sandbox, used in the same way."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from pytest_apivideo.network import real_hosts
from pytest_apivideo.options import TargetName, fake_server_url, target_of
from pytest_apivideo.stash import OBSERVED
from pytest_apivideo.targets.selection import note_if_on_fake_only

if TYPE_CHECKING:
    from fake_server import ApiVideo
    from pytest_apivideo.sandbox.run import SandboxRun


@dataclass(frozen=True)
class Target:
    """What a test runs against: the fake or the sandbox, used in the same way.

    `url` is the API's address (no slash at the end), `api_key` a key for it, `name` "fake" or
    "sandbox". On the sandbox, `url` is a loopback address that forwards requests and protects the
    account: see docs/sandbox.md.
    """

    name: TargetName
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

    @property
    def timeout(self) -> float:
        """The seconds that a client should wait for a response.

        On the sandbox a request may be delayed, for the budget or after a 429.
        """
        return 30.0 if self.is_fake else 300.0

    def mark(self, text: str = "") -> str:
        """Return the text with the mark of this run, which identifies what its tests created.

        On the sandbox, the names of live streams, player themes and of files for delegated uploads,
        and the addresses of webhooks must have it. An address gets it in its query, a file name
        before its suffix, any other text at the end.
        """
        from pytest_apivideo.sandbox.marks import marked

        return marked(text, self.run)

    def observe(self, response: Any) -> Any:
        """Record the shape of a response in the report of `--apivideo-report`, and return it.

        Takes a response of httpx or requests. Recorded are the operation, status, media type,
        header names, problem and the types in the body; values of enumerations only. Raises
        TypeError for another object, ValueError for a response that was not read.
        """
        from pytest_apivideo.drift.observation import observation

        observed = self._observed()
        observed.append(dict(observation(response, len(observed))))
        return response

    def found(self, setting: str, value: Any) -> None:
        """Record which value of a setting of the fake matches the target's behaviour.

        A question that no setting covers gets a name of its own, for `drift` to compare. The value
        is true or false, a number, a word or None; another text is recorded as a text only. Raises
        TypeError for anything else, and ValueError for a number that is not finite.
        """
        from pytest_apivideo.drift.sanitize import sanitize, sanitize_setting

        self._observed().append({"setting": sanitize(setting), "value": sanitize_setting(value)})

    def _observed(self) -> list[dict[str, Any]]:
        return self.item.stash.setdefault(OBSERVED, [])


@contextmanager
def open_target(request: pytest.FixtureRequest) -> Iterator[Target]:
    """Open the target of a test, until the block ends."""
    server = fake_server_url(request.config)
    real_hosts.block(request.node, always=True)
    note_if_on_fake_only(request.node)
    if target_of(request.node) == "sandbox":
        from pytest_apivideo.sandbox.run import SANDBOX_RUN

        with _sandbox(request.config.stash[SANDBOX_RUN], request.node) as target:
            yield target
    elif server is not None:
        with _remote_fake(server, request.node) as target:
            yield target
    else:
        yield _fake(request.getfixturevalue("apivideo"), request.node)


def _fake(apivideo: ApiVideo, item: pytest.Item) -> Target:
    from pytest_apivideo.sandbox.marks import new_run

    key, now = apivideo.api_key, apivideo.clock.now
    return Target("fake", apivideo.url, key, new_run(), key, now, item)


@contextmanager
def _remote_fake(server: str, item: pytest.Item) -> Iterator[Target]:
    from pytest_apivideo.markers import settings_of
    from pytest_apivideo.sandbox.marks import new_run
    from pytest_apivideo.targets.remote_server import ServerRefused, project

    settings = settings_of(item).model_dump(mode="json", exclude_unset=True)
    try:
        with project(server, settings) as created:
            is_production = settings.get("environment") == "production"
            key = created.production_key if is_production else created.sandbox_key
            yield Target("fake", created.url, key, new_run(), key, time.time, item)
    except ServerRefused as error:
        pytest.fail(str(error), pytrace=False)


@contextmanager
def _sandbox(run: SandboxRun, item: pytest.Item) -> Iterator[Target]:
    from pytest_apivideo.clients.tokens import Hidden

    if run.key is None:
        run.miss_key()
    port = run.port()
    refused, inconclusive = port.begin(item.nodeid)
    if refused is not None:
        run.refuse(item, refused)
    if inconclusive is not None:
        run.skip_as_inconclusive(item, inconclusive)
    run.begun.add(item.nodeid)
    key = Hidden(run.key)
    yield Target("sandbox", port.url, key, port.run, Hidden(port.session_key), time.time, item)
    with suppress(OSError):  # the relay's process may be gone; its ledger lists what is left
        port.end(item.nodeid)
