"""Removes what tests created: only what a ledger names or what carries a mark of ours."""

from __future__ import annotations

from collections.abc import Container, Iterator
from typing import Any

from pytest_apivideo.sandbox.account import Account
from pytest_apivideo.sandbox.kinds import KINDS, Kind, RemoteResource
from pytest_apivideo.sandbox.ledger import Entry, Ledger
from pytest_apivideo.sandbox.listing import CannotLookError, rows
from pytest_apivideo.sandbox.upstream import SandboxLost

LOST = (
    "its creation was not answered and it can carry no mark; look for it on the dashboard. "
    "Delete the ledger when you have"
)
_UNDER_WAY = "its creation was still under way when the run ended; sweep it in some minutes"
_GONE = (200, 202, 204, 404)


def remove(account: Account, ledger: Ledger, test: str | None = None) -> list[str]:
    """Remove what a test, or the whole run, created; newest first. Returns what could not be."""
    left = []
    for entry in ledger.left(test):
        if entry.identifier is None:
            continue  # whether it is there is found out by its mark, at the end of the run
        wrong = delete(account, entry.path)
        if wrong is None:
            ledger.settle(entry)
        else:
            left.append(f"{entry.label}: {wrong}")
    return left


def finish(account: Account, ledger: Ledger, under_way: Container[int] = ()) -> list[str]:
    """End a run: remove the rest of its ledger, and what carries its mark. Returns what is left.

    `under_way` holds the numbers of entries whose creations are pending.
    """
    if not ledger.has_begun:
        return []
    left = remove(account, ledger)
    for kind in KINDS:
        if kind.marked:
            left += _remove_marked(account, ledger, kind)
    for entry in ledger.left():
        if entry.number in under_way:
            left.append(f"{entry.label}: {_UNDER_WAY} ({entry.test})")
        elif entry.identifier is None:
            left += _lost(ledger, entry)
    return list(dict.fromkeys(left))


def _remove_marked(account: Account, ledger: Ledger, kind: Kind) -> list[str]:
    left = []
    try:
        for name, item in named(kind, rows(account, kind)):
            if ledger.run in kind.marks_of(item):
                wrong = delete(account, RemoteResource(kind, name).path)
                left += [] if wrong is None else [f"{kind.name} {name}: {wrong}"]
    except CannotLookError as unknown:
        ledger.keep()
        left.append(f"{kind.name}: it is not known whether any is left, for {unknown}")
    return left


def _lost(ledger: Ledger, entry: Entry) -> list[str]:
    """Return the message for an entry without an answer that no mark can find, else settle it."""
    if not entry.kind.marked and not entry.kind.owned:
        return [f"{entry.label}: {LOST} ({entry.test})"]
    if not ledger.is_kept:
        ledger.settle(entry)
    return []


def named(kind: Kind, items: list[dict[str, Any]]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield identifiers and resources. Raises CannotLookError for an invalid identifier."""
    for item in items:
        name = kind.name_of(item)
        if name is None:
            raise CannotLookError(f"GET {kind.path} shows one without a proper {kind.identifier}")
        yield name, item


def delete(account: Account, path: str) -> str | None:
    """Remove one thing; returns what went wrong."""
    try:
        reply = account.request("DELETE", path)
    except SandboxLost as lost:
        return type(lost).__name__ + ": no answer"
    return None if reply.status in _GONE else f"DELETE gave {reply.status}"
