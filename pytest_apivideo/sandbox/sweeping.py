"""The sweep: removes what earlier runs left, by their ledgers and by the marks on the account.

A ledger is a file that anybody may have written. So it only says where to look: what is removed
carries the mark of the ledger's run or, if its kind has no room for one, was created between the
beginning of the run and the last line of the ledger.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from pytest_apivideo.sandbox.account import Account
from pytest_apivideo.sandbox.age import is_from
from pytest_apivideo.sandbox.kinds import KINDS, VIDEO, Kind, RemoteResource, digest
from pytest_apivideo.sandbox.ledger import Entry, OldLedger, ledgers_in
from pytest_apivideo.sandbox.listing import CannotLookError, rows
from pytest_apivideo.sandbox.marks import age_of, begin_of
from pytest_apivideo.sandbox.removal import LOST, delete, named

_LONGEST_RUN = timedelta(days=1)  # taken for going on, where locks do not tell
_NOT_MARKED = (
    "it does not carry the mark of the run {run}, so it is left alone; look at it yourself"
)
_OF_ANOTHER_TIME = (
    "it was not created between the beginning of the run {run} and the last line of its ledger, so "
    "it is left alone"
)


@dataclass(frozen=True)
class Chosen:
    """The runs to sweep: those that are named, or those of a minimum age."""

    now: datetime
    older_than: timedelta = timedelta(0)
    runs: Collection[str] = ()

    def has(self, run: str) -> bool:
        """Return whether to sweep a run."""
        return run in self.runs if self.runs else age_of(run, self.now) >= self.older_than


@dataclass
class Swept:
    """The messages about what a sweep removed, left and spared."""

    removed: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    spared: list[str] = field(default_factory=list)


def sweep(account: Account, directory: Path, chosen: Chosen, *, dry_run: bool = False) -> Swept:
    """Remove what the chosen runs left, by their ledgers and by their marks.

    Spares other runs, active runs and ledgers of other accounts. Raises what sending a request
    raises.
    """
    ledgers, unreadable = ledgers_in(directory)
    ours = [old for old in ledgers if belongs_to(old, account)]
    broom = _Broom(account, chosen, {old.run for old in ours if _is_going_on(old, chosen)}, dry_run)
    broom.swept.left += unreadable
    broom.look_for_marks()
    broom.spare({old.run for old in ours}, len(ledgers) - len(ours))
    for old in ours:
        broom.remove_by(old)
    broom.remove_marked()
    broom.delete_finished(ours)
    return broom.swept


def belongs_to(old: OldLedger, account: Account) -> bool:
    """Return whether a ledger is of this account."""
    return old.base_url == account.upstream.base_url and account.is_known_as(old.account)


def _is_going_on(old: OldLedger, chosen: Chosen) -> bool:
    if old.is_held is not None:
        return old.is_held
    return old.run not in chosen.runs and age_of(old.run, chosen.now) < _LONGEST_RUN


class _Broom:
    """A sweep in progress."""

    def __init__(self, account: Account, chosen: Chosen, going_on: set[str], dry_run: bool) -> None:
        self.swept = Swept()
        self._account = account
        self._chosen = chosen
        self._going_on = going_on
        self._dry_run = dry_run
        self._marked: list[tuple[RemoteResource, set[str]]] = []
        self._listed: dict[Kind, list[dict[str, Any]]] = {}
        self._tried: set[str] = set()
        self._unfinished: set[str] = set()
        self._is_blind = False

    def look_for_marks(self) -> None:
        """Find what on the account carries the mark of any run."""
        for kind in KINDS:
            if kind.marked:
                try:
                    for name, item in named(kind, rows(self._account, kind)):
                        if marks := kind.marks_of(item):
                            self._marked.append((RemoteResource(kind, name), marks))
                except CannotLookError as unknown:
                    self._is_blind = True
                    words = f"{kind.name}: it is not known whether any is left, for {unknown}"
                    self.swept.left.append(words)

    def spare(self, of_ledgers: set[str], others: int) -> None:
        """Report what is not touched."""
        runs = of_ledgers.union(*(marks for _, marks in self._marked)) - self._going_on
        now = self._chosen.now
        ages = [age_of(run, now) for run in runs if not self._chosen.has(run)]
        self.swept.spared += _spared(self._going_on, [] if self._chosen.runs else ages, others)

    def remove_by(self, old: OldLedger) -> None:
        """Remove what a ledger names, newest first."""
        if not self._takes(old.run):
            return
        for entry in old.left:
            try:
                wrong = self._remove_entry(entry, old)
            except CannotLookError as unknown:
                wrong = f"it could not be looked at, for {unknown}"
            if wrong is not None:
                self._unfinished.add(old.run)
                self.swept.left.append(f"{entry.label}: {wrong}")
        if not old.is_whole:
            self._unfinished.add(old.run)
            self.swept.left.append(f"{old.path}: not all of its lines are those of a ledger")

    def remove_marked(self) -> None:
        """Remove what carries the marks of runs that are chosen, and of no other."""
        for thing, marks in self._marked:
            if all(self._takes(run) for run in marks):
                label = f"{thing.kind.name} {thing.identifier}"
                wrong = self._remove(thing, label)
                if wrong is not None:
                    self._unfinished |= marks
                    self.swept.left.append(f"{label}: {wrong}")

    def delete_finished(self, ledgers: list[OldLedger]) -> None:
        """Delete the ledgers in which nothing is left."""
        for old in ledgers:
            is_finished = self._takes(old.run) and old.run not in self._unfinished
            if is_finished and not self._dry_run and not self._is_blind:
                old.path.unlink(missing_ok=True)

    def _takes(self, run: str) -> bool:
        return run not in self._going_on and self._chosen.has(run)

    def _remove_entry(self, entry: Entry, old: OldLedger) -> str | None:
        """Remove what an entry names, if it is the run's; returns what went wrong."""
        kind, identifier, run = entry.kind, entry.identifier, old.run
        if identifier is None:
            has_no_room = not kind.marked and not kind.owned
            return f"{LOST} (run {run}, {entry.test})" if has_no_room else None
        if kind.marked:
            marks = self._marks_on(RemoteResource(kind, identifier))
            if marks is None:
                return None
            if run not in marks:
                return _NOT_MARKED.format(run=run)
            return self._remove(RemoteResource(kind, identifier), entry.label)
        found = self._find(kind, identifier)
        return None if found is None else self._remove_listed(found, entry, old)

    def _remove_listed(self, item: dict[str, Any], entry: Entry, old: OldLedger) -> str | None:
        if entry.kind.owned:
            video = VIDEO.name_of(item)
            marks = None if video is None else self._marks_on(RemoteResource(VIDEO, video))
            if old.run not in (marks or ()):
                return _NOT_MARKED.format(run=old.run)
        elif not is_from(item, begin_of(old.run), old.written):
            return _OF_ANOTHER_TIME.format(run=old.run)
        return self._remove(RemoteResource(entry.kind, str(entry.kind.name_of(item))), entry.label)

    def _marks_on(self, thing: RemoteResource) -> set[str] | None:
        """Return the current marks on a resource; None if it does not exist."""
        reply = self._account.request("GET", thing.path)
        if reply.status == 404:
            return None
        found = reply.json()
        if reply.status != 200 or not isinstance(found, dict):
            raise CannotLookError(f"GET {thing.path} was answered {reply.status}")
        return thing.kind.marks_of(found)

    def _find(self, kind: Kind, identifier: str) -> dict[str, Any] | None:
        """Return the resource that a ledger names, from the list of its kind."""
        if kind not in self._listed:
            self._listed[kind] = rows(self._account, kind)
        for name, item in named(kind, self._listed[kind]):
            if identifier == (digest(name) if kind.secret else name):
                return item
        return None

    def _remove(self, thing: RemoteResource, label: str) -> str | None:
        """Remove a thing, once; returns what went wrong."""
        if thing.path in self._tried:
            return None
        self._tried.add(thing.path)
        wrong = None if self._dry_run else delete(self._account, thing.path)
        if wrong is None:
            self.swept.removed.append(label)
        return wrong


def _spared(going_on: set[str], ages: list[timedelta], others: int) -> list[str]:
    """Return the messages about what a sweep does not touch."""
    words = []
    if going_on:
        words.append(f"{_counted(len(going_on), 'run is', 'runs are')} still going on, left alone")
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
