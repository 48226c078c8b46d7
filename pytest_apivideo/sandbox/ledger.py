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
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TextIO

from pytest_apivideo.sandbox.kinds import BY_NAME, Kind, digest

try:
    import fcntl
except ImportError:  # not on Windows, where only its age tells whether a run has ended
    fcntl = None  # type: ignore[assignment]

DIRECTORY_VARIABLE = "APIVIDEO_LEDGER_DIR"


def default_directory(environ: Mapping[str, str] = os.environ) -> Path:
    """Where ledgers are: in the variable's directory, else in the user's for state."""
    named = environ.get(DIRECTORY_VARIABLE)
    if named:
        return Path(named)
    if sys.platform == "win32":
        state = environ.get("LOCALAPPDATA") or str(Path.home() / "AppData" / "Local")
    else:
        state = environ.get("XDG_STATE_HOME") or str(Path.home() / ".local" / "state")
    return Path(state) / "pytest-apivideo" / "ledgers"


@dataclass(frozen=True)
class Entry:
    """One thing that a run set out to create.

    `identifier` is None until the answer came; for a kind whose identifier is a secret it is the
    digest, once it was read from a file.
    """

    number: int
    kind: Kind
    test: str
    identifier: str | None = None

    @property
    def path(self) -> str:
        """Where it is, if that is known."""
        return f"{self.kind.path}/{self.identifier}"

    @property
    def label(self) -> str:
        """How it is named to people: a secret is not."""
        if self.identifier is None:
            return f"{self.kind.name} not known by name"
        if self.kind.secret:
            return f"{self.kind.name} of {self.test} (its name is a secret)"
        return f"{self.kind.name} {self.identifier}"


class Ledger:
    """The ledger of a run that is going on; safe to use from several threads.

    `account` is asked at the first line: what tells the account from others at its address.
    """

    def __init__(
        self,
        run: str,
        base_url: str,
        directory: Path,
        account: Callable[[], str | None] = lambda: None,
    ) -> None:
        self.run = run
        self.path = directory / f"{run}.jsonl"
        self._head = {"run": run, "base_url": base_url}
        self._account = account
        self._lock = threading.Lock()
        self._numbers = itertools.count(1)
        self._open: dict[int, Entry] = {}
        self._file: TextIO | None = None

    def intend(self, kind: Kind, test: str) -> Entry:
        """Write down, before the request, that something will be created."""
        with self._lock:
            entry = Entry(next(self._numbers), kind, test)
            self._open[entry.number] = entry
            self._write({"intended": entry.number, "kind": kind.name, "test": test})
        return entry

    def made(self, entry: Entry, identifier: str) -> None:
        """Write down what it is called."""
        with self._lock:
            self._open[entry.number] = replace(entry, identifier=identifier)
            written = digest(identifier) if entry.kind.secret else identifier
            self._write({"made": entry.number, "identifier": written})

    def settle(self, entry: Entry) -> None:
        """Write down that nothing of it is there: removed, or never created."""
        with self._lock:
            if self._open.pop(entry.number, None) is not None:
                self._write({"settled": entry.number})

    def find(self, kind: Kind, identifier: str) -> Entry | None:
        """The entry of something that this run created."""
        with self._lock:
            known = list(self._open.values())
        same = (one for one in known if one.kind is kind and one.identifier == identifier)
        return next(same, None)

    def left(self, test: str | None = None) -> list[Entry]:
        """What is not settled, newest first; of one test, or of all."""
        with self._lock:
            entries = sorted(self._open.values(), key=lambda entry: -entry.number)
        return [entry for entry in entries if test is None or entry.test == test]

    def close(self) -> None:
        """Close the file; it goes if nothing in it is left."""
        with self._lock:
            if self._file is not None:
                self._file.close()
                self._file = None
                if not self._open:
                    self.path.unlink(missing_ok=True)

    def _write(self, line: dict[str, Any]) -> None:
        if self._file is None:
            self._file = self._begin()
        self._file.write(json.dumps(line) + "\n")
        self._file.flush()
        os.fsync(self._file.fileno())

    def _begin(self) -> TextIO:
        head = {**self._head, "account": self._account()}
        self.path.parent.mkdir(parents=True, exist_ok=True)
        new = self.path if sys.platform == "win32" else self.path.with_suffix(".new")
        file = new.open("a", encoding="utf-8")
        _try_to_lock(file)
        file.write(json.dumps(head) + "\n")
        new.rename(self.path)  # locked before anybody who sweeps can see it
        return file


@dataclass(frozen=True)
class OldLedger:
    """A ledger that is there: its run, its account and the address of it, and what is open in it.

    `is_held` tells that its run is still going on, `account` is None if nothing tells it.
    """

    path: Path
    run: str
    base_url: str
    account: str | None
    is_held: bool
    left: list[Entry]


def ledgers_in(directory: Path) -> Iterator[OldLedger]:
    """The ledgers in a directory; a file that is none is passed over."""
    for path in sorted(directory.glob("*.jsonl")):
        found = _read(path)
        if found is not None:
            yield found


def _read(path: Path) -> OldLedger | None:
    lines = list(_lines(path))
    if not lines or not {"run", "base_url"} <= lines[0].keys():
        return None
    head = lines[0]
    held = _is_held(path)
    return OldLedger(
        path, head["run"], head["base_url"], head.get("account"), held, _entries(lines[1:])
    )


def _is_held(path: Path) -> bool:
    try:
        with path.open("r+", encoding="utf-8") as file:
            return not _try_to_lock(file)
    except OSError:  # another user's, or its run ends just now
        return True


def _try_to_lock(file: TextIO) -> bool:
    """Lock a file for as long as it is open; False if a process that lives has locked it."""
    if fcntl is None:
        return True
    try:
        fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    """The whole lines of a file: the last may be cut, if the run was killed while it wrote."""
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
        try:
            found = json.loads(line)
        except ValueError:
            continue
        if isinstance(found, dict):
            yield found


def _entries(lines: Iterable[dict[str, Any]]) -> list[Entry]:
    entries: dict[int, Entry] = {}
    for line in lines:
        if "intended" in line and line.get("kind") in BY_NAME:
            kind = BY_NAME[line["kind"]]
            entries[line["intended"]] = Entry(line["intended"], kind, line.get("test", ""))
        elif "made" in line and line["made"] in entries:
            made = replace(entries[line["made"]], identifier=line.get("identifier"))
            entries[line["made"]] = made
        elif "settled" in line:
            entries.pop(line["settled"], None)
    return sorted(entries.values(), key=lambda entry: -entry.number)
