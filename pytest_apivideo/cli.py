"""The commands of `apivideo-fake` that are about the sandbox: contract, drift, verify, sweep.

`fake_server` knows nothing of them: it finds them by the entry points `apivideo_fake.commands`.
"""

from __future__ import annotations

import subprocess
import sys
from contextlib import closing
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from pytest_apivideo.drift.baseline import Known
    from pytest_apivideo.sandbox.account import Account
    from pytest_apivideo.sandbox.removal import Swept

_FILE = click.Path(path_type=Path, dir_okay=False)
_EXISTING = click.Path(path_type=Path, dir_okay=False, exists=True)


@click.command(context_settings={"ignore_unknown_options": True})
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED, metavar="[PYTEST ARGUMENTS]…")
def contract(arguments: tuple[str, ...]) -> None:
    """Run the tests of the contract; takes all arguments of pytest.

    On the fake, or with --apivideo-target=sandbox on the sandbox, whose key is in
    APIVIDEO_SANDBOX_API_KEY. With --apivideo-report=FILE it writes what it saw.
    """
    command = [sys.executable, "-m", "pytest", "--pyargs", "pytest_apivideo.contract"]
    # In a process of its own, for pytest rewrites asserts only in what is not imported yet.
    sys.exit(subprocess.call([*command, *arguments]))  # noqa: S603 - the user's own arguments


@click.command()
@click.argument("first", type=_EXISTING)
@click.argument("second", type=_EXISTING, required=False)
@click.option("--openapi", type=_EXISTING, help="A description, to tell what it alone has.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["table", "markdown", "json"]),
    default="table",
    show_default=True,
)
@click.option("--baseline", type=_EXISTING, help="Drift that is known, as TOML.")
@click.option("--write-baseline", type=_FILE, help="Write the drift that is new as known drift.")
def drift(
    first: Path,
    second: Path | None,
    openapi: Path | None,
    form: str,
    baseline: Path | None,
    write_baseline: Path | None,
) -> None:
    """Compare two reports: what FIRST (the fake's) does otherwise than SECOND (the sandbox's).

    One report of --apivideo-target=both is enough. Exits with 1 if there is drift that the baseline
    does not know.
    """
    from pytest_apivideo.drift import compare, show
    from pytest_apivideo.drift.baseline import BaselineError, as_toml, new_ones
    from pytest_apivideo.drift.report import ReportError, read

    try:
        one, other = read(first), read(second or first)
        if second is None and len(one["targets"]) < 2:
            raise ReportError(f"{first} is a report of one target: name a second report")
        found = compare.compare(one, other)
        if openapi is not None:
            found += compare.described_only(one, other, _description(openapi))
        known = _known(baseline)
    except (ReportError, BaselineError) as error:
        raise click.ClickException(str(error)) from None
    new = new_ones(found, known, date.today())
    click.echo(show.FORMS[form](found, new))
    if write_baseline is not None:
        text = as_toml(new, "to be explained", date.today())
        write_baseline.write_text(text, encoding="utf-8")
        return
    sys.exit(1 if new else 0)


def _known(baseline: Path | None) -> list[Known]:
    from pytest_apivideo.drift.baseline import read

    return [] if baseline is None else read(baseline)


def _description(path: Path) -> dict[str, Any]:
    import json

    text = path.read_text(encoding="utf-8")
    if path.suffix == ".json":
        loaded = json.loads(text)
    else:
        try:
            import yaml
        except ModuleNotFoundError:
            words = "a description in YAML needs PyYAML: pip install pyyaml, or give it as JSON"
            raise click.ClickException(words) from None
        loaded = yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506
    if not isinstance(loaded, dict) or "paths" not in loaded:
        raise click.ClickException(f"{path} is no OpenAPI description")
    return loaded


@click.command()
@click.argument("report", type=_EXISTING)
@click.option("--write", type=_FILE, help="Write settings that match it, for serve --config.")
def verify(report: Path, write: Path | None) -> None:
    """Say which defaults that no source settles REPORT confirms, and which it contradicts.

    Exits with 1 if it contradicts any.
    """
    from pytest_apivideo.drift.report import ReportError, checks_of, read
    from pytest_apivideo.drift.verify import as_toml, verify

    try:
        made = read(report)
        target, _ = checks_of(made, "sandbox")
        findings = verify(made)
    except ReportError as error:
        raise click.ClickException(str(error)) from None
    click.echo(f"{report}: the {target}, on {made.get('made', 'an unknown day')}")
    for finding in findings:
        click.echo(f"  {finding}")
    contradicted = [one for one in findings if one.verdict == "contradicted"]
    confirmed = [one for one in findings if one.verdict == "confirmed"]
    click.echo(f"{len(confirmed)} confirmed, {len(contradicted)} contradicted, of {len(findings)}")
    if write is not None:
        write.write_text(as_toml(findings), encoding="utf-8")
    sys.exit(1 if contradicted else 0)


@click.command()
@click.option("--older-than", required=True, metavar="DURATION", help="Such as 2h, 30m or 1d.")
@click.option("--dry-run", is_flag=True, help="Say what would be removed, and remove nothing.")
@click.option("--base-url", help="Address of the sandbox.  [default: https://sandbox.api.video]")
@click.option(
    "--ledgers",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    help="Their folder.  [default: $APIVIDEO_LEDGER_DIR, or the user's for state]",
)
def sweep(older_than: str, dry_run: bool, base_url: str | None, ledgers: Path | None) -> None:
    """Remove from the sandbox what runs of tests left there, and nothing else.

    Removed is what a ledger names, or what carries the mark of a run, if the run began longer ago
    and is not still going on. The key is read from APIVIDEO_SANDBOX_API_KEY. Exits with 1 if
    something could not be removed. See docs/sandbox.md
    """
    from pytest_apivideo.auth.tokens import LoginRefused
    from pytest_apivideo.sandbox import guard, removal
    from pytest_apivideo.sandbox.ledger import default_directory
    from pytest_apivideo.sandbox.marks import duration
    from pytest_apivideo.sandbox.upstream import SandboxLost

    try:
        age = duration(older_than)
        account = _account(guard.checked_url(base_url or guard.SANDBOX))
        directory, now = ledgers or default_directory(), datetime.now(UTC)
        with closing(account.upstream):
            account.check()
            swept = removal.sweep(account, directory, older_than=age, now=now, dry_run=dry_run)
    except (guard.SandboxRefused, SandboxLost, LoginRefused, ValueError) as error:
        raise click.ClickException(str(error)) from None
    _tell(swept, account, dry_run)
    sys.exit(1 if swept.left else 0)


def _account(base_url: str) -> Account:
    from pytest_apivideo.sandbox import guard
    from pytest_apivideo.sandbox.account import Account
    from pytest_apivideo.sandbox.budget import Budget, share
    from pytest_apivideo.sandbox.secrets import Secrets
    from pytest_apivideo.sandbox.upstream import Upstream

    key = guard.checked_key()
    if key is None:
        raise guard.SandboxRefused(f"{guard.KEY_VARIABLE} is not set: put the sandbox's key there")
    rate = None if guard.is_loopback(base_url) else share("70%")
    return Account(Upstream(base_url, Budget(rate)), key, Secrets())


def _tell(swept: Swept, account: Account, dry_run: bool) -> None:
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
