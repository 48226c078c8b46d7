"""The commands contract, drift, verify and sweep of `apivideo-fake`.

`fake_server` finds them by the entry points `apivideo_fake.commands`.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from pytest_apivideo.drift.baseline import Known
    from pytest_apivideo.sandbox.account import Account
    from pytest_apivideo.sandbox.sweeping import Chosen, Swept

_FILE = click.Path(path_type=Path, dir_okay=False, writable=True)
_EXISTING = click.Path(path_type=Path, dir_okay=False, exists=True)


@click.command(context_settings={"ignore_unknown_options": True})
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED, metavar="[PYTEST ARGUMENTS]…")
def contract(arguments: tuple[str, ...]) -> None:
    """Run the tests of the contract; takes all arguments of pytest.

    On the fake, or with --apivideo-target=sandbox on the sandbox, whose key is in
    APIVIDEO_SANDBOX_API_KEY. With --apivideo-report=FILE it writes what it saw.
    """
    command = [sys.executable, "-m", "pytest", "--pyargs", "pytest_apivideo.contract"]
    # A suite run against the sandbox must not pass without its key.
    command.append("--apivideo-require-sandbox")
    # A separate process, because pytest cannot rewrite asserts of imported modules.
    sys.exit(subprocess.call([*command, *arguments]))  # noqa: S603 - the user's own arguments


@click.command()
@click.argument("first", type=_EXISTING)
@click.argument("second", type=_EXISTING, required=False)
@click.option("--openapi", type=_EXISTING, help="A description, to count what it alone has.")
@click.option("--all", "in_full", is_flag=True, help="List what the description alone has.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["table", "markdown", "json"]),
    default="table",
    show_default=True,
)
@click.option("--baseline", type=_EXISTING, help="Drift that is known, as TOML.")
@click.option("--write-baseline", type=_FILE, help="Add the drift that is new to known drift.")
def drift(
    first: Path,
    second: Path | None,
    openapi: Path | None,
    in_full: bool,
    form: str,
    baseline: Path | None,
    write_baseline: Path | None,
) -> None:
    """Compare two reports: what FIRST (the fake's) does otherwise than SECOND (the sandbox's).

    One report of --apivideo-target=both is enough. Exits with 1 if there is drift that the baseline
    does not know, or if a report saw nothing.
    """
    from pytest_apivideo.drift import compare, show
    from pytest_apivideo.drift.baseline import merge, new_ones, stale_ones
    from pytest_apivideo.drift.files import write
    from pytest_apivideo.drift.report import read

    with _errors_in_one_line():
        one, other = read(first), read(second or first)
        if second is None and len(one["targets"]) < 2:
            raise click.ClickException(f"{first} is a report of one target: name a second report")
        found = compare.compare(one, other)
        if openapi is not None:
            found += compare.described_only(one, other, _description(openapi))
        known, today = _known(baseline), date.today()
        new = new_ones(found, known, today)
        merged = None if write_baseline is None else merge(write_baseline, known, new, today)
        click.echo(show.FORMS[form](show.Shown(found, new, sys.stdout.isatty(), in_full)))
        for entry in stale_ones(found, known):
            click.echo(f"{baseline}: stale, for it matches nothing any more: {entry}", err=True)
        if write_baseline is not None and merged is not None:
            write(write_baseline, merged.text)
            click.echo(f"{write_baseline}: {merged}", err=True)
            return
    sys.exit(1 if new else 0)


@contextmanager
def _errors_in_one_line() -> Iterator[None]:
    """Report an invalid file that the user named, without a traceback."""
    from pytest_apivideo.drift.baseline import BaselineError
    from pytest_apivideo.drift.files import NotWritableError
    from pytest_apivideo.drift.report import ReportError

    try:
        yield
    except (ReportError, BaselineError, NotWritableError) as wrong:
        raise click.ClickException(str(wrong)) from None


def _known(baseline: Path | None) -> list[Known]:
    from pytest_apivideo.drift.baseline import read

    return [] if baseline is None else read(baseline)


def _description(path: Path) -> dict[str, Any]:
    try:
        loaded = _loaded(path)
    except (OSError, ValueError, RecursionError) as error:
        reason = " ".join(str(error).split())
        raise click.ClickException(f"{path} is not an OpenAPI description: {reason}") from None
    if not isinstance(loaded, dict) or not isinstance(loaded.get("paths"), dict):
        raise click.ClickException(f"{path} is not an OpenAPI description: it has no paths")
    return loaded


def _loaded(path: Path) -> Any:
    """Load a file of JSON or YAML. Raises ValueError for an invalid one."""
    import json

    text = path.read_text(encoding="utf-8")
    if path.suffix == ".json":
        return json.loads(text)
    try:
        import yaml
    except ModuleNotFoundError:
        words = "a description in YAML needs the extra contract, or give it as JSON"
        install = "pip install 'pytest-apivideo[contract]'"
        raise click.ClickException(f"{words}: {install}") from None
    try:
        return yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506
    except yaml.YAMLError as error:
        raise ValueError(str(error)) from None


@click.command()
@click.argument("report", type=_EXISTING)
@click.option("--write", "settings", type=_FILE, help="Write settings that match it, for serve.")
def verify(report: Path, settings: Path | None) -> None:
    """Say which defaults that no source settles REPORT confirms, and which it contradicts.

    A report of the fake, or of what stands for the sandbox, agrees or differs, and confirms none.
    Exits with 1 if a default was seen otherwise, or if the report saw nothing.
    """
    from pytest_apivideo.drift.files import write
    from pytest_apivideo.drift.report import read
    from pytest_apivideo.drift.show import visible
    from pytest_apivideo.drift.verify import verify

    with _errors_in_one_line():
        verification = verify(read(report))
        click.echo(f"{report}: " + "\n".join(map(visible, verification.told())))
        if settings is not None:
            write(settings, verification.as_toml())
            click.echo(f"{settings}: written", err=True)
    sys.exit(1 if verification.differs else 0)


@click.command()
@click.option("--older-than", metavar="DURATION", help="All runs of that age: 2h, 30m or 1d.")
@click.option("--run", "runs", multiple=True, metavar="RUN", help="This run; may be repeated.")
@click.option("--dry-run", is_flag=True, help="Say what would be removed, and remove nothing.")
@click.option("--base-url", help="Address of the sandbox.  [default: https://sandbox.api.video]")
@click.option(
    "--ledgers",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    help="Their folder.  [default: $APIVIDEO_LEDGER_DIR, or the user's for state]",
)
def sweep(
    older_than: str | None,
    runs: tuple[str, ...],
    dry_run: bool,
    base_url: str | None,
    ledgers: Path | None,
) -> None:
    """Remove from the sandbox what runs of tests left there, and nothing else.

    Removed is what a ledger names or what carries the mark of a run, if the run is named, or began
    longer ago, and is not still going on. The key is read from APIVIDEO_SANDBOX_API_KEY. Exits with
    1 if something could not be removed, with 2 if an option was wrong or the key is
    not set. See docs/sandbox.md
    """
    from pytest_apivideo.clients.tokens import LoginRefused
    from pytest_apivideo.sandbox import guard, sweeping
    from pytest_apivideo.sandbox.ledger import checked_directory
    from pytest_apivideo.sandbox.upstream import SandboxLost

    try:
        chosen = _chosen(older_than, runs)
        directory = ledgers or checked_directory()
        account = _account(guard.checked_url(base_url or guard.SANDBOX), directory)
    except (guard.SandboxRefused, ValueError) as wrong:
        raise click.UsageError(str(wrong)) from None
    try:
        with closing(account.upstream):
            account.check()
            swept = sweeping.sweep(account, directory, chosen, dry_run=dry_run)
    except (guard.SandboxRefused, SandboxLost, LoginRefused, ValueError) as error:
        raise click.ClickException(str(error)) from None
    _report(swept, account, dry_run)
    sys.exit(1 if swept.left else 0)


def _chosen(older_than: str | None, runs: tuple[str, ...]) -> Chosen:
    """Return the chosen runs. Raises UsageError, and ValueError for an invalid run or age."""
    from pytest_apivideo.sandbox.marks import begin_of, duration
    from pytest_apivideo.sandbox.sweeping import Chosen

    if (older_than is None) == (not runs):
        raise click.UsageError("say which runs are meant: --older-than DURATION or --run RUN")
    for run in runs:
        begin_of(run)
    age = duration(older_than or "0s")
    return Chosen(datetime.now(UTC), age, runs)


def _account(base_url: str, directory: Path) -> Account:
    from pytest_apivideo.network.addresses import is_loopback
    from pytest_apivideo.options import KEY_VARIABLE
    from pytest_apivideo.sandbox import guard
    from pytest_apivideo.sandbox.account import Account
    from pytest_apivideo.sandbox.budget import Budget, share
    from pytest_apivideo.sandbox.secrets import Secrets
    from pytest_apivideo.sandbox.times import SharedTimes
    from pytest_apivideo.sandbox.upstream import Upstream

    key = guard.checked_key()
    if key is None:
        raise guard.SandboxRefused(f"{KEY_VARIABLE} is not set: put the sandbox's key there")
    rate = None if is_loopback(base_url) else share("70%")
    budget = Budget(rate, times=SharedTimes(directory, base_url))
    return Account(Upstream(base_url, budget), key, Secrets())


def _report(swept: Swept, account: Account, dry_run: bool) -> None:
    hide = account.secrets.hide
    for name in swept.removed:
        click.echo(hide(f"{'would remove' if dry_run else 'removed'} {name}"))
    for words in swept.left:
        click.echo(hide(f"left {words}"), err=True)
    for words in swept.spared:
        click.echo(words)
    click.echo(
        f"{len(swept.removed)} {'to remove' if dry_run else 'removed'}, {len(swept.left)} left"
    )
