"""Temporary folders: removed by the process that made them or, if it was killed, by the next."""

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
except ImportError:  # Windows: it is unknown there whether a folder is in use
    fcntl = None  # type: ignore[assignment]

_PREFIX = "apivideo-"
_LOCK = "in-use"


class Folder:
    """A folder that only this user can read, locked as long as its process lives."""

    def __init__(self) -> None:
        self.name = tempfile.mkdtemp(prefix=_PREFIX)
        new = Path(self.name, "new")
        lock = os.open(new, os.O_CREAT | os.O_RDWR, 0o600)
        _try_to_lock(lock)
        new.rename(new.with_name(_LOCK))  # only now another process's sweep can see it
        self.remove = weakref.finalize(self, _remove, self.name, lock, os.getpid())


def new_folder() -> Folder:
    """Create a folder; the first call also removes the folders of killed processes."""
    _sweep()
    return Folder()


@functools.cache
def _sweep() -> None:
    for path in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*/{_LOCK}"):
        with contextlib.suppress(OSError):  # another user's, or another process is sweeping it
            lock = os.open(path, os.O_RDWR)
            if _try_to_lock(lock):
                shutil.rmtree(path.parent, ignore_errors=True)
            os.close(lock)


def _try_to_lock(descriptor: int) -> bool:
    """Lock a file while it is open; return False if a running process has locked it."""
    try:
        if fcntl is not None:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return fcntl is not None


def _remove(name: str, lock: int, creator_pid: int) -> None:
    if os.getpid() == creator_pid:  # a forked child has a copy of the object
        shutil.rmtree(name, ignore_errors=True)
    os.close(lock)
