"""Folders for a time: removed by whoever made them or, if that was killed, by the next."""

from __future__ import annotations

import contextlib
import functools
import os
import shutil
import tempfile
import weakref
from pathlib import Path

try:
    import fcntl
except ImportError:  # not on Windows, where nobody can tell whether a folder is in use
    fcntl = None  # type: ignore[assignment]

_PREFIX = "apivideo-"
_LOCK = "in-use"


class Folder:
    """A folder that only this user can read. Its process holds a lock on it while it lives."""

    def __init__(self) -> None:
        self.name = tempfile.mkdtemp(prefix=_PREFIX)
        new = Path(self.name, "new")
        lock = os.open(new, os.O_CREAT | os.O_RDWR, 0o600)
        _try_to_lock(lock)
        new.rename(new.with_name(_LOCK))  # locked before anybody who sweeps can see it
        self.remove = weakref.finalize(self, _remove, self.name, lock, os.getpid())


def new_folder() -> Folder:
    """A new folder; the first of a process removes those of processes that were killed."""
    _sweep()
    return Folder()


@functools.cache
def _sweep() -> None:
    for path in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*/{_LOCK}"):
        with contextlib.suppress(OSError):  # it is another user's, or somebody sweeps it already
            lock = os.open(path, os.O_RDWR)
            if _try_to_lock(lock):
                shutil.rmtree(path.parent, ignore_errors=True)
            os.close(lock)


def _try_to_lock(descriptor: int) -> bool:
    """Lock a file for as long as it is open; False if a process that lives has locked it."""
    if fcntl is None:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _remove(name: str, lock: int, maker: int) -> None:
    if os.getpid() == maker:  # a child by fork has a copy of the folder's object
        shutil.rmtree(name, ignore_errors=True)
    os.close(lock)
