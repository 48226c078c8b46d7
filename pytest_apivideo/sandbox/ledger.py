"""The ledger of a run: what it is about to create, has created and has removed.

A file of JSON lines, each on the disk before the request that it speaks of is sent, so that
`apivideo-fake sweep` can finish the work of a run that was killed. It holds no secret: of an
identifier that is one, only the digest. A ledger in which nothing is left is deleted. The run holds
a lock on it while it lives.
"""

from __future__ import annotations

import itertools
import json
import os
import sys
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TextIO

from pytest_apivideo.sandbox.files import open_regular
from pytest_apivideo.sandbox.kinds import BY_NAME, Kind, digest, is_digest, is_identifier
from pytest_apivideo.sandbox.marks import is_mark
from pytest_apivideo.sandbox.upstream import parse_json

try:
    import fcntl
except ImportError:  # not on Windows, where only its age tells whether a run has ended
    fcntl = None  # type: ignore[assignment]

DIRECTORY_VARIABLE = "APIVIDEO_LEDGER_DIR"


def default_directory(environ: Mapping[str, str] = os.environ) -> Path:
    """Return the directory of ledgers: the variable's, else the one for the user's state."""
    named = environ.get(DIRECTORY_VARIABLE)
    if named:
        return Path(named)
    if sys.platform == "win32":
        state = environ.get("LOCALAPPDATA") or str(Path.home() / "AppData" / "Local")
    else:
        state = environ.get("XDG_STATE_HOME") or str(Path.home() / ".local" / "state")
    return Path(state) / "pytest-apivideo" / "ledgers"


def checked_directory() -> Path:
    """Return the directory of ledgers. Raises ValueError if it is not writable."""
    directory = default_directory()
    there = next(path for path in (directory, *directory.parents) if path.exists())
    if not there.is_dir() or not os.access(there, os.W_OK | os.X_OK):
        raise ValueError(
            f"the ledgers of runs cannot be written to {directory}: {there} is no directory in "
            f"which files can be made. {DIRECTORY_VARIABLE} names another."
        )
    return directory


@dataclass(frozen=True)
class Entry:
    """A resource that a run set out to create.

    `identifier` is None until the answer came; for a kind whose identifier is a secret it is the
    digest, once it was read from a file.
    """

    number: int
    kind: Kind
    test: str
    identifier: str | None = None

    @property
    def path(self) -> str:
        """The path of the resource, once its identifier is known."""
        return f"{self.kind.path}/{self.identifier}"

    @property
    def label(self) -> str:
        """The name for messages, without a secret identifier."""
        if self.identifier is None:
            return f"{self.kind.name} not known by name"
        if self.kind.secret:
            return f"{self.kind.name} of {self.test} (its name is a secret)"
        return f"{self.kind.name} {self.identifier}"


class Ledger:
    """The ledger of the current run; safe to use from several threads.

    `account` is asked at the first line: what tells the account from others at its address.
    """

    def __init__(
        self,
        run: str,
        base_url: str,
        directory: Path,
        account: Callable[[], str],
    ) -> None:
        self.run = run
        self.path = directory / f"{run}.jsonl"
        self._head = {"run": run, "base_url": base_url}
        self._account = account
        self._lock = threading.Lock()
        self._numbers = itertools.count(1)
        self._open: dict[int, Entry] = {}
        self._made: set[tuple[str, str]] = set()
        self._file: TextIO | None = None
        self.has_begun = False
        """Whether it has a line."""
        self.is_kept = False
        """Whether the file is kept although no entry is open."""

    def intend(self, kind: Kind, test: str) -> Entry:
        """Write down, before the request, that something will be created; raises OSError."""
        with self._lock:
            entry = Entry(next(self._numbers), kind, test)
            self._write({"intended": entry.number, "kind": kind.name, "test": test})
            self._open[entry.number] = entry
        return entry

    def made(self, entry: Entry, identifier: str) -> None:
        """Write down the identifier of what was created."""
        with self._lock:
            self._open[entry.number] = replace(entry, identifier=identifier)
            self._made.add((entry.kind.name, identifier))
            written = digest(identifier) if entry.kind.secret else identifier
            self._write({"made": entry.number, "identifier": written})

    def settle(self, entry: Entry) -> None:
        """Write down that the resource was removed, or never created."""
        with self._lock:
            if self._open.pop(entry.number, None) is not None:
                self._write({"settled": entry.number})

    def has_made(self, kind: Kind, identifier: str) -> bool:
        """Return whether this run created a resource, even if it was removed since."""
        with self._lock:
            return (kind.name, identifier) in self._made

    def find(self, kind: Kind, identifier: str) -> Entry | None:
        """Return the open entry of a resource."""
        with self._lock:
            entries = list(self._open.values())
        same = (one for one in entries if one.kind is kind and one.identifier == identifier)
        return next(same, None)

    def left(self, test: str | None = None) -> list[Entry]:
        """Return the open entries of a test, or of all, newest first."""
        with self._lock:
            entries = sorted(self._open.values(), key=lambda entry: -entry.number)
        return [entry for entry in entries if test is None or entry.test == test]

    def keep(self) -> None:
        """Keep the file, because something may be left."""
        self.is_kept = True

    def close(self) -> None:
        """Close the file, and delete it if no entry is open."""
        with self._lock:
            if self._file is not None:
                self._file.close()
                self._file = None
                if not self._open and not self.is_kept:
                    self.path.unlink(missing_ok=True)

    def _write(self, line: dict[str, Any]) -> None:
        if self._file is None:
            self._file = self._begin()
            self.has_begun = True
        self._file.write(json.dumps(line) + "\n")
        self._file.flush()
        os.fsync(self._file.fileno())

    def _begin(self) -> TextIO:
        if self.has_begun:  # it was closed, and an answer came late
            return _text_file(self.path, os.O_WRONLY | os.O_APPEND)
        head = {**self._head, "account": self._account()}
        self.path.parent.mkdir(parents=True, exist_ok=True)
        new = self.path if sys.platform == "win32" else self.path.with_suffix(".new")
        file = _text_file(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL)
        _try_to_lock(file)
        file.write(json.dumps(head) + "\n")
        new.rename(self.path)  # locked before a sweep can see it
        return file


@dataclass(frozen=True)
class OldLedger:
    """A ledger of an earlier run: its run, account, base URL and open entries.

    `is_held` tells whether its run is still going on, None where locks do not tell; `account` is
    None if nothing tells it. `is_whole` is false if it has lines that no run can have written.
    """

    path: Path
    run: str
    base_url: str
    account: str | None
    is_held: bool | None
    left: list[Entry]
    is_whole: bool
    written: datetime
    """When the run wrote its last line."""


def ledgers_in(directory: Path) -> tuple[list[OldLedger], list[str]]:
    """Return the ledgers in a directory, and what is wrong with the other files there."""
    ledgers, wrong = [], []
    for path in sorted(directory.glob("*.jsonl")):
        try:
            ledgers.append(_read(path))
        except FileNotFoundError:
            continue  # its run has just ended
        except (OSError, ValueError) as error:
            wrong.append(f"{path}: it is no ledger that can be read ({error})")
    return ledgers, wrong


def _read(path: Path) -> OldLedger:
    """Read a ledger. Raises OSError, or ValueError for an invalid file."""
    with _text_file(path, os.O_RDONLY) as file:
        held = _is_held(file)
        written = datetime.fromtimestamp(os.fstat(file.fileno()).st_mtime, UTC)
        lines = _lines(file.read())
    head = lines[0] if lines else None
    if not isinstance(head, dict) or not is_mark(head.get("run")):
        raise ValueError("its first line names no run")
    account = head.get("account")
    if not isinstance(head.get("base_url"), str) or not isinstance(account, str | None):
        raise ValueError("its first line names no account")
    entries, is_whole = _entries(lines[1:])
    return OldLedger(path, head["run"], head["base_url"], account, held, entries, is_whole, written)


def _is_held(file: TextIO) -> bool | None:
    if fcntl is None:
        return None
    return not _try_to_lock(file)


def _text_file(path: Path, flags: int) -> TextIO:
    descriptor = open_regular(path, flags)
    if flags == os.O_RDONLY:
        return os.fdopen(descriptor, "r", encoding="utf-8", errors="replace")
    return os.fdopen(descriptor, "w", encoding="utf-8")


def _try_to_lock(file: TextIO) -> bool:
    """Lock a file for as long as it is open; False if a process that lives has locked it."""
    if fcntl is None:
        return True
    try:
        fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _lines(text: str) -> list[Any]:
    """Return what the lines of a ledger hold, None for a line that is not JSON.

    An incomplete last line is left out, as the run may have been killed while it wrote.
    """
    return [parse_json(line.encode()) for line in text.split("\n")[:-1]]


def _entries(lines: Iterable[Any]) -> tuple[list[Entry], bool]:
    """Return the open entries, newest first, and whether all lines were valid."""
    entries: dict[int, Entry] = {}
    is_whole = True
    for line in lines:
        is_whole &= isinstance(line, dict) and _is_followed(line, entries)
    return sorted(entries.values(), key=lambda entry: -entry.number), is_whole


def _is_followed(line: dict[str, Any], entries: dict[int, Entry]) -> bool:
    """Apply a line; return False for one that no run writes."""
    match line:
        case {"intended": int(number), "kind": str(name), "test": str(test)} if name in BY_NAME:
            entries[number] = Entry(number, BY_NAME[name], test)
        case {"made": int(number), "identifier": str(identifier)} if number in entries:
            if not _is_name(entries[number].kind, identifier):
                return False
            entries[number] = replace(entries[number], identifier=identifier)
        case {"settled": int(number)} if number in entries:
            del entries[number]
        case _:
            return False
    return True


def _is_name(kind: Kind, identifier: str) -> bool:
    return is_digest(identifier) if kind.secret else is_identifier(identifier)
