"""A test's target as it holds it: `apivideo_target`, the fake or the sandbox, used alike."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from pytest_apivideo import real_hosts
from pytest_apivideo.selection import note_if_on_the_fake_alone
from pytest_apivideo.stash import OBSERVED, SANDBOX
from pytest_apivideo.targets import Name, served_at, target_of

if TYPE_CHECKING:
    from fake_server import ApiVideo
    from pytest_apivideo.sandbox.run import SandboxRun


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

    @property
    def patience(self) -> float:
        """The seconds that a client should wait for an answer.

        On the sandbox a request may be held back, for the budget or after a 429.
        """
        return 30.0 if self.is_fake else 300.0

    def mark(self, text: str = "") -> str:
        """The text with the mark of this run, by which what a test created is found again.

        On the sandbox, names of live streams, player themes and of files for delegated uploads, and
        addresses of webhooks have to carry it. An address gets it in its query, the name of a file
        before its suffix, all else at the end.
        """
        from pytest_apivideo.sandbox.marks import marked

        return marked(text, self.run)

    def observe(self, response: Any) -> Any:
        """Note what an answer looks like in the report of `--apivideo-report`; returns the answer.

        Takes a response of httpx or requests. Noted are the operation, status, media type, names of
        headers, problem and the types in the body; no values but those of enumerations. Raises
        TypeError for what is no response, ValueError for one that was not read.
        """
        from pytest_apivideo.drift.observation import observation

        self._noted().append(dict(observation(response, len(self._noted()))))
        return response

    def found(self, setting: str, value: Any) -> None:
        """Note which value of one of the fake's settings matches what was seen of the target.

        A question that no setting answers is named in words, for `drift` to compare. The value is
        true or false, a number, a word or None; of another text nothing is noted but that it was
        one. Raises TypeError for anything else, and ValueError for a number that is not finite.
        """
        from pytest_apivideo.drift.sanitize import sanitize, sanitize_setting

        self._noted().append({"setting": sanitize(setting), "value": sanitize_setting(value)})

    def _noted(self) -> list[dict[str, Any]]:
        return self.item.stash.setdefault(OBSERVED, [])


@contextmanager
def opened(request: pytest.FixtureRequest) -> Iterator[Target]:
    """The target of a test, for as long as it runs."""
    server = served_at(request.config)
    real_hosts.block(request.node, always=True)
    note_if_on_the_fake_alone(request.node)
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
    from pytest_apivideo.remote_server import ServerRefused, project
    from pytest_apivideo.sandbox.marks import new_run

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
    with suppress(OSError):  # the process of the relay may be gone: its ledger says what is left
        port.end(item.nodeid)
