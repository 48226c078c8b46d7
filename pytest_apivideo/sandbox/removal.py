"""Removes what tests created: only what a ledger names or what carries a mark of ours."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from pytest_apivideo.sandbox.account import Account
from pytest_apivideo.sandbox.guard import SandboxRefused
from pytest_apivideo.sandbox.kinds import KINDS, Kind, digest
from pytest_apivideo.sandbox.ledger import Entry, Ledger, OldLedger, ledgers_in
from pytest_apivideo.sandbox.marks import age_of, mark_in
from pytest_apivideo.sandbox.upstream import SandboxLost

_GONE = (200, 202, 204, 404)
_MOST_PAGES = 50


@dataclass
class Swept:
    """What a sweep did; each is told in words."""

    removed: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    spared: list[str] = field(default_factory=list)


def remove(account: Account, ledger: Ledger, test: str | None = None) -> list[str]:
    """Remove what a test, or the whole run, created; newest first. Returns what could not be."""
    left = []
    for entry in ledger.left(test):
        if entry.identifier is None:
            continue  # whether it is there is found out by its mark, at the end of the run
        wrong = _delete(account, entry.path)
        if wrong is None:
            ledger.settle(entry)
        else:
            left.append(f"{entry.label}: {wrong}")
    return left


def finish(account: Account, ledger: Ledger) -> list[str]:
    """End a run: remove the rest of its ledger, and what carries its mark. Returns what is left."""
    left = remove(account, ledger)
    if any(entry.identifier is None for entry in ledger.left()):
        left += _look_for_the_lost(account, ledger)
    for kind, item in _marked(account):
        if _mark_of(kind, item) == ledger.run:
            wrong = _delete(account, f"{kind.path}/{item[kind.identifier]}")
            if wrong is not None:
                left.append(f"{kind.name} {item[kind.identifier]}: {wrong}")
    return list(dict.fromkeys(left))


def sweep(
    account: Account,
    directory: Path,
    *,
    older_than: timedelta,
    now: datetime,
    dry_run: bool = False,
) -> Swept:
    """Remove what runs that began longer ago have left, by their ledgers and by their marks.

    Spared are runs that are younger or still going on, and ledgers of other accounts.
    """
    swept = Swept()
    ledgers = list(ledgers_in(directory))
    ours = [old for old in ledgers if belongs_to(old, account)]
    held = {old.run for old in ours if old.is_held}
    marked = [(kind, item, _mark_of(kind, item)) for kind, item in _marked(account)]
    runs = {old.run for old in ours} | {mark for *_, mark in marked if mark is not None}
    young = {run for run in runs if age_of(run, now) < older_than} - held
    swept.spared += _spared(held, [age_of(run, now) for run in young], len(ledgers) - len(ours))
    for old in ours:
        if old.run not in held | young:
            _sweep_ledger(account, old, swept, dry_run)
    for kind, item, mark in marked:
        if mark is not None and mark not in held | young:
            name = f"{kind.name} {item[kind.identifier]}"
            _remove_one(account, f"{kind.path}/{item[kind.identifier]}", name, swept, dry_run)
    return swept


def belongs_to(old: OldLedger, account: Account) -> bool:
    """Whether a ledger is of this account, as far as it can be told."""
    if old.base_url != account.upstream.base_url:
        return False
    return old.account is None or old.account == account.name


def _spared(held: set[str], ages: list[timedelta], others: int) -> list[str]:
    """What a sweep does not touch, in words."""
    words = []
    if held:
        words.append(f"{_counted(len(held), 'run is', 'runs are')} still going on, left alone")
    if ages:
        youngest = "began" if len(ages) == 1 else "the youngest began"
        runs = _counted(len(ages), "run is", "runs are")
        words.append(f"{runs} too young ({youngest} {_ago(min(ages))} ago), left alone")
    if others:
        ledgers = _counted(others, "ledger is", "ledgers are")
        words.append(f"{ledgers} of another account or address, left alone")
    return words


def _counted(count: int, one: str, several: str) -> str:
    return f"{count} {one if count == 1 else several}"


def _ago(age: timedelta) -> str:
    seconds = max(0, int(age.total_seconds()))
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= 2 * size:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"


def _sweep_ledger(account: Account, old: OldLedger, swept: Swept, dry_run: bool) -> None:
    before = len(swept.left)
    for entry in old.left:
        if entry.identifier is not None and not entry.kind.secret:
            _remove_one(account, entry.path, entry.label, swept, dry_run)
        elif entry.identifier is not None:
            for secret in _matching(account, entry):
                path = f"{entry.kind.path}/{secret}"
                _remove_one(account, path, entry.label, swept, dry_run)
        elif not entry.kind.marked and not entry.kind.owned:
            swept.left.append(f"{entry.label}: {_LOST} (run {old.run}, {entry.test})")
    if not dry_run and len(swept.left) == before:
        old.path.unlink(missing_ok=True)


_LOST = (
    "its creation was not answered and it can carry no mark; look for it on the dashboard. "
    "Delete the ledger when you have"
)


def _look_for_the_lost(account: Account, ledger: Ledger) -> list[str]:
    """Those whose creation was not answered: marked ones are found by the mark, others are told."""
    left = []
    for entry in ledger.left():
        if entry.identifier is None and (entry.kind.marked or entry.kind.owned):
            ledger.settle(entry)
        elif entry.identifier is None:
            left.append(f"{entry.label}: {_LOST} ({entry.test})")
    return left


def _matching(account: Account, entry: Entry) -> Iterator[str]:
    """The identifiers whose digest a ledger has."""
    for item in list(_pages(account, entry.kind)):
        identifier = str(item.get(entry.kind.identifier))
        if digest(identifier) == entry.identifier:
            yield identifier


def _marked(account: Account) -> Iterator[tuple[Kind, dict[str, Any]]]:
    """Everything on the account that carries a mark of ours, of any run."""
    for kind in KINDS:
        if kind.marked:
            for item in list(_pages(account, kind)):
                if _mark_of(kind, item) and item.get(kind.identifier):
                    yield kind, item


def _pages(account: Account, kind: Kind) -> Iterator[dict[str, Any]]:
    for page in range(1, _MOST_PAGES + 1):
        reply = account.request("GET", f"{kind.path}?currentPage={page}&pageSize=100")
        answer = reply.json()
        if reply.status != 200 or not isinstance(answer, dict):
            raise SandboxRefused(
                f"GET {kind.path} gave {reply.status}: cannot look for what is left"
            )
        rows = answer.get("data")
        yield from (row for row in rows or [] if isinstance(row, dict))
        if page >= _last_page(answer.get("pagination")):
            return


def _last_page(pagination: Any) -> int:
    total = pagination.get("pagesTotal") if isinstance(pagination, dict) else 1
    return total if isinstance(total, int) else 1


def _mark_of(kind: Kind, item: dict[str, Any]) -> str | None:
    return mark_in(kind.marks_of(item))


def _remove_one(account: Account, path: str, name: str, swept: Swept, dry_run: bool) -> None:
    if name in swept.removed and not path.startswith("/upload-tokens"):
        return
    wrong = None if dry_run else _delete(account, path)
    if wrong is None:
        swept.removed.append(name)
    else:
        swept.left.append(f"{name}: {wrong}")


def _delete(account: Account, path: str) -> str | None:
    """Remove one thing; returns what went wrong."""
    try:
        reply = account.request("DELETE", path)
    except SandboxLost as lost:
        return type(lost).__name__ + ": no answer"
    return None if reply.status in _GONE else f"DELETE gave {reply.status}"
