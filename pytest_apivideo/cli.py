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
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from pytest_apivideo.sandbox.account import Account
    from pytest_apivideo.sandbox.sweeping import Chosen, Swept

_FILE = click.Path(path_type=Path, dir_okay=False, writable=True)
_EXISTING = click.Path(path_type=Path, dir_okay=False, exists=True)


@click.command(context_settings={"ignore_unknown_options": True})
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED, metavar="[PYTEST ARGUMENTS]…")
def contract(arguments: tuple[str, ...]) -> None:
    """Run the contract suite; accepts all arguments of pytest.

    It runs on the fake, or with --apivideo-target=sandbox on the sandbox, whose API key is read
    from APIVIDEO_SANDBOX_API_KEY. --apivideo-report=FILE writes a report for drift and verify.

    Exit codes are those of pytest: 0 if all tests passed, 1 if a test failed, 4 for a usage error,
    such as a missing key.
    """
    command = [sys.executable, "-m", "pytest", "--pyargs", "pytest_apivideo.contract"]
    # Without the key the run must fail, not pass with all tests skipped.
    command.append("--apivideo-require-sandbox")
    # A separate process: pytest rewrites the asserts only of modules that are not imported yet.
    sys.exit(subprocess.call([*command, *arguments]))  # noqa: S603 - the user's own arguments


@click.command()
@click.argument("first", type=_EXISTING)
@click.argument("second", type=_EXISTING, required=False)
@click.option("--openapi", type=_EXISTING, help="OpenAPI document: count fields that only it has.")
@click.option("--all", "in_full", is_flag=True, help="List the fields that only it has.")
@click.option(
    "--format",
    "output_format",
    type=click.Choice(["table", "markdown", "json"]),
    default="table",
    show_default=True,
    help="Output format.",
)
@click.option("--baseline", type=_EXISTING, help="TOML file of known drift.")
@click.option("--write-baseline", type=_FILE, help="Add new drift to this file and exit with 0.")
def drift(
    first: Path,
    second: Path | None,
    openapi: Path | None,
    in_full: bool,
    output_format: str,
    baseline: Path | None,
    write_baseline: Path | None,
) -> None:
    """Compare two reports: FIRST, usually of the fake, and SECOND, of the sandbox.

    SECOND is not needed if FIRST is a report of --apivideo-target=both.

    Exit codes: 0 without new drift, 1 with new drift or an unusable file, 2 for a usage error.
    """
    from pytest_apivideo.drift.baseline import merge, new_drift, read, stale_entries
    from pytest_apivideo.drift.compare import compare
    from pytest_apivideo.drift.files import write
    from pytest_apivideo.drift.formats import FORMATS, DriftTable
    from pytest_apivideo.drift.openapi import described_only, read_document
    from pytest_apivideo.drift.report import read as read_report

    with _file_errors():
        one, other = read_report(first), read_report(second or first)
        if second is None and len(one["targets"]) < 2:
            raise click.ClickException(f"{first} is a report of one target: name a second report")
        drifts = compare(one, other)
        if openapi:
            drifts += described_only(one, other, read_document(openapi))
        known, today = read(baseline) if baseline else [], date.today()
        new = new_drift(drifts, known, today)
        merged = merge(write_baseline, known, new, today) if write_baseline else None
        shown = DriftTable(drifts, new, sys.stdout.isatty(), in_full)
        click.echo(FORMATS[output_format](shown))
        for entry in stale_entries(drifts, known):
            click.echo(f"{baseline}: stale entry, matches no drift: {entry}", err=True)
        if write_baseline and merged:
            write(write_baseline, merged[0])
            click.echo(f"{write_baseline}: {merged[1]}", err=True)
    sys.exit(1 if new and write_baseline is None else 0)


@contextmanager
def _file_errors() -> Iterator[None]:
    """Show a FileError as a one-line message, without a traceback."""
    from pytest_apivideo.drift.files import FileError

    try:
        yield
    except FileError as error:
        raise click.ClickException(str(error)) from None


@click.command()
@click.argument("report", type=_EXISTING)
@click.option("--write", "settings", type=_FILE, help="Write matching settings for serve --config.")
def verify(report: Path, settings: Path | None) -> None:
    """List the defaults that REPORT confirms or contradicts.

    Only a report of api.video's own sandbox confirms or contradicts; any other agrees or differs.

    Exit codes: 0 if no default was contradicted, 1 if one was, or if the report has no
    observations, 2 for a usage error.
    """
    from pytest_apivideo.drift.files import write
    from pytest_apivideo.drift.formats import visible
    from pytest_apivideo.drift.report import read
    from pytest_apivideo.drift.verify import verify

    with _file_errors():
        verification = verify(read(report))
        click.echo(f"{report}: " + "\n".join(map(visible, verification.lines())))
        click.echo("\n" + "\n".join(map(visible, verification.summary())))
        if settings is not None:
            write(settings, verification.as_toml())
            click.echo(f"{settings}: written", err=True)
    sys.exit(1 if verification.differs else 0)


@click.command()
@click.option("--older-than", metavar="DURATION", help="All runs older than 2h, 30m or 1d.")
@click.option("--run", "runs", multiple=True, metavar="RUN", help="This run; repeatable.")
@click.option("--dry-run", is_flag=True, help="List what would be removed; remove nothing.")
@click.option("--base-url", help="Address of the sandbox.  [default: https://sandbox.api.video]")
@click.option(
    "--ledgers",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    help="Folder of ledgers.  [default: $APIVIDEO_LEDGER_DIR, or the user's state directory]",
)
def sweep(
    older_than: str | None,
    runs: tuple[str, ...],
    dry_run: bool,
    base_url: str | None,
    ledgers: Path | None,
) -> None:
    """Remove what earlier test runs left on the sandbox.

    It removes only resources that a ledger lists or that carry the mark of a run, and only of runs
    that have ended and that --run or --older-than selects. The API key is read from
    APIVIDEO_SANDBOX_API_KEY. See docs/sandbox.md.

    Exit codes: 0 if everything was removed, 1 if something could not be removed, 2 for a usage
    error, such as an invalid option or a missing key.
    """
    from pytest_apivideo.clients.tokens import LoginRefused
    from pytest_apivideo.sandbox import guard, sweeping
    from pytest_apivideo.sandbox.ledger import checked_directory
    from pytest_apivideo.sandbox.upstream import SandboxLost

    try:
        chosen = _chosen(older_than, runs)
        directory = ledgers or checked_directory()
        account = _account(guard.checked_url(base_url or guard.SANDBOX), directory)
    except (guard.SandboxRefused, ValueError) as error:
        raise click.UsageError(str(error)) from None
    try:
        with closing(account.upstream):
            account.check()
            swept = sweeping.sweep(account, directory, chosen, dry_run=dry_run)
    except (guard.SandboxRefused, SandboxLost, LoginRefused, ValueError) as error:
        raise click.ClickException(str(error)) from None
    _print(swept, account, dry_run)
    sys.exit(1 if swept.left else 0)


def _chosen(older_than: str | None, runs: tuple[str, ...]) -> Chosen:
    """Return which runs to sweep. Raises UsageError or ValueError for invalid options."""
    from pytest_apivideo.sandbox.marks import begin_of, duration
    from pytest_apivideo.sandbox.sweeping import Chosen

    if (older_than is None) == (not runs):
        raise click.UsageError("select runs by either --older-than DURATION or --run RUN")
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
        raise guard.SandboxRefused(f"{KEY_VARIABLE} is not set: set it to the sandbox's API key")
    rate = None if is_loopback(base_url) else share("70%")
    budget = Budget(rate, times=SharedTimes(directory, base_url))
    return Account(Upstream(base_url, budget), key, Secrets())


def _print(swept: Swept, account: Account, dry_run: bool) -> None:
    hide = account.secrets.hide
    for name in swept.removed:
        click.echo(hide(f"{'would remove' if dry_run else 'removed'} {name}"))
    for message in swept.left:
        click.echo(hide(f"left {message}"), err=True)
    for message in swept.spared:
        click.echo(message)
    click.echo(
        f"{len(swept.removed)} {'to remove' if dry_run else 'removed'}, {len(swept.left)} left"
    )
