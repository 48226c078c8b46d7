"""A run of pytest on the sandbox: the relay's life, and the hooks that its tests need.

Registered only when the sandbox is a target. The relay lives in the process that the user started;
workers of xdist are handed a port of it.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING, Any, NoReturn

import pytest

from pytest_apivideo.options import FAKE_ALONE, KEY_VARIABLE, NO_KEY, is_set, target_choice
from pytest_apivideo.reporting.redaction import redact
from pytest_apivideo.sandbox.client import Port
from pytest_apivideo.sandbox.guard import SANDBOX, checked_key, production_keys
from pytest_apivideo.sandbox.ledger import checked_directory

if TYPE_CHECKING:
    from pytest_apivideo.sandbox.relay import Relay
    from pytest_apivideo.sandbox.secrets import Secrets

_FOR_WORKERS = "apivideo_sandbox_port"
SANDBOX_RUN: pytest.StashKey[SandboxRun] = pytest.StashKey()
"""This run's use of the sandbox, if tests run there."""

_INCONCLUSIVE = "apivideo_inconclusive"
_MAX_RUNS_NAMED = 5
_SECTION = "api.video sandbox"


class SandboxRun:
    """The sandbox in one process of a run; `begun` are the tests that have used it."""

    def __init__(self, config: pytest.Config, base_url: str, budget: float | None) -> None:
        self._config = config
        self.base_url = base_url
        self._budget = budget
        self._relay: Relay | None = None
        self._port: Port | None = None
        self._given: dict[str, str] | None = getattr(config, "workerinput", {}).get(_FOR_WORKERS)
        self._left: list[str] = []
        self._earlier: str | None = None
        self._is_refused = False
        self.key = checked_key()
        self._production_keys = production_keys(self.key)
        if self.key is not None:
            checked_directory()
        self.begun: set[str] = set()
        self._on_the_fake_alone: set[str] = set()

    def port(self) -> Port:
        """Return the port of this process, which the first call opens."""
        if self._port is None:
            given = self._given
            self._port = self._open() if given is None else Port.from_worker_input(given)
        return self._port

    def _open(self) -> Port:
        if self._relay is None:
            self._relay = self._make_relay()
        keys = self._relay.keys
        return Port(self._relay.open_port(), self._relay.run, keys.session, keys.control)

    def _make_relay(self) -> Relay:
        from pytest_apivideo.sandbox.account import Account
        from pytest_apivideo.sandbox.budget import Budget
        from pytest_apivideo.sandbox.ledger import Ledger
        from pytest_apivideo.sandbox.marks import new_run
        from pytest_apivideo.sandbox.relay import Relay
        from pytest_apivideo.sandbox.secrets import Secrets
        from pytest_apivideo.sandbox.times import SharedTimes
        from pytest_apivideo.sandbox.upstream import Upstream

        assert self.key is not None  # else no test comes so far
        directory = checked_directory()
        budget = Budget(self._budget, times=SharedTimes(directory, self.base_url))
        account = Account(Upstream(self.base_url, budget), self.key, Secrets())
        ledger = Ledger(new_run(), self.base_url, directory, account.known_as)
        return Relay(account, ledger, self._production_keys)

    def refuse(self, item: pytest.Item, words: str) -> NoReturn:
        """Fail a test as the sandbox cannot be used, and end the run unless the fake's tests go on.

        Only the first failure gives the full reason.
        """
        if target_choice(self._config) == "sandbox":
            item.session.shouldfail = "the sandbox cannot be used, for the reason above"
        elif self._is_refused:
            words = "The sandbox cannot be used: the first such test says why."
        self._is_refused = True
        pytest.fail(words, pytrace=False)

    def miss_key(self) -> NoReturn:
        """Skip a test because the key is missing, or fail it if the key is required."""
        if is_set(self._config, "require_sandbox"):
            pytest.fail(NO_KEY, pytrace=False)
        pytest.skip(NO_KEY)

    def skip_as_inconclusive(self, item: pytest.Item, words: str) -> NoReturn:
        """Skip a test because the sandbox is too busy."""
        item.user_properties.append((_INCONCLUSIVE, words))
        pytest.skip(f"inconclusive, {words}")

    @property
    def _secrets(self) -> Secrets | None:
        return None if self._relay is None else self._relay.account.secrets

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        """Hand a worker of xdist its port."""
        if self.key is not None:
            node.workerinput[_FOR_WORKERS] = self._open().for_worker()

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Add the relay's notes to a failure; a 429 after a wait makes it inconclusive."""
        report = yield
        if report.failed and report.when != "teardown" and item.nodeid in self.begun:
            inconclusive, messages, calls = self.port().notes(item.nodeid)
            if calls:
                where = f"{self.port().url} passes on to {self.base_url}"
                report.sections.append(("api.video: calls", "\n".join([where, *calls])))
            if messages:
                report.sections.append((_SECTION, "\n".join(messages)))
            if inconclusive:
                _make_inconclusive(report, item, inconclusive)
        return report

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> Generator[None]:
        """Take secrets out of a report before it is shown or written."""
        if self._secrets is not None:
            redact(report, self._secrets.hide)
        if FAKE_ALONE in map(tuple, report.user_properties):
            self._on_the_fake_alone.add(report.nodeid)
        yield

    @pytest.hookimpl(wrapper=True, trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> Generator[None]:
        """Remove what is left once all fixtures are torn down; fail the run if something stays.

        After an interruption pytest tears down the fixtures of its test only in this hook.
        """
        try:
            yield
        finally:
            if self._relay is not None:
                self._finish(self._relay, session)

    def _finish(self, relay: Relay, session: pytest.Session) -> None:
        secrets = relay.account.secrets
        self._left = [secrets.hide(words) for words in relay.close()]
        self._earlier = self._left_by_earlier_runs(relay)
        if self._left and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """List what was left behind, by this run and by earlier ones."""
        if self._on_the_fake_alone:
            count = len(self._on_the_fake_alone)
            ran = "1 test ran" if count == 1 else f"{count} tests ran"
            terminalreporter.write_line(
                f"{_SECTION}: {ran} on the fake alone, for a unittest.TestCase, or a test that "
                "asks by request.getfixturevalue, cannot be run twice"
            )
        if self._relay is None:
            return
        self._summarize(terminalreporter, self._relay)
        if self._earlier is not None:
            terminalreporter.write_line(f"{_SECTION}: {self._earlier}")

    def _summarize(self, terminalreporter: pytest.TerminalReporter, relay: Relay) -> None:
        if not self._left:
            terminalreporter.write_line(f"{_SECTION}: run {relay.run} left nothing behind")
            return
        terminalreporter.section(f"{_SECTION}: left behind by run {relay.run}")
        for words in self._left:
            terminalreporter.write_line(words)
        if relay.ledger.path.exists():
            terminalreporter.write_line(
                f"The ledger is {relay.ledger.path}. To try again, with {KEY_VARIABLE} set: "
                f"{self._sweep_command([relay.run])}"
            )

    def _sweep_command(self, runs: list[str]) -> str:
        """Return the command that sweeps these runs and no others."""
        named = " ".join(f"--run {run}" for run in runs[:_MAX_RUNS_NAMED])
        where = "" if self.base_url == SANDBOX else f" --base-url {self.base_url}"
        return f"apivideo-fake sweep {named}{where}"

    def _left_by_earlier_runs(self, relay: Relay) -> str | None:
        from pytest_apivideo.sandbox.ledger import ledgers_in
        from pytest_apivideo.sandbox.sweeping import belongs_to

        ledgers, _ = ledgers_in(relay.ledger.path.parent)
        earlier = {
            old.run: len(old.left)
            for old in ledgers
            if old.run != relay.run and not old.is_held and belongs_to(old, relay.account)
        }
        if not earlier:
            return None
        runs = "an earlier run" if len(earlier) == 1 else f"{len(earlier)} earlier runs"
        count = sum(earlier.values())
        things = "1 thing" if count == 1 else f"{count} things"
        return f"{runs} left {things}: {self._sweep_command(list(earlier))}"


def _make_inconclusive(report: pytest.TestReport, item: pytest.Item, reasons: list[str]) -> None:
    path, line, _ = item.location
    words = f"Skipped: inconclusive, {'; '.join(reasons)}"
    report.outcome = "skipped"
    report.longrepr = (path, (line or 0) + 1, words)
    report.user_properties.append((_INCONCLUSIVE, "; ".join(reasons)))
