"""When requests were sent: by this run alone, or by all runs on this machine."""

from __future__ import annotations

import hashlib
import json
import os
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from pytest_apivideo.sandbox.files import open_regular

try:
    import fcntl
except ImportError:  # not on Windows, where each run keeps its own
    fcntl = None  # type: ignore[assignment]

Sent = dict[str, deque[float]]
"""The moments of each rate, in seconds of a clock that all processes share, oldest first."""


class OwnTimes:
    """The moments at which this process has sent requests."""

    def __init__(self) -> None:
        self._sent: Sent = {}

    @contextmanager
    def at_hand(self) -> Iterator[Sent]:
        """Return the times, to be read and changed in the block."""
        yield self._sent


class SharedTimes(OwnTimes):
    """The moments at which all runs of this machine have sent requests to an address.

    They stand in a file that one process at a time has locked. Where that cannot be, each keeps its
    own.
    """

    def __init__(self, directory: Path, base_url: str) -> None:
        super().__init__()
        digest = hashlib.sha256(base_url.encode()).hexdigest()
        self._path = directory / f"rate-{digest[:16]}.json"

    @contextmanager
    def at_hand(self) -> Iterator[Sent]:
        """Return the times, to be read and changed in the block; other processes wait."""
        file = self._opened()
        if file is None:
            yield self._sent
            return
        with file:
            fcntl.flock(file.fileno(), fcntl.LOCK_EX)
            file.seek(0)
            sent = _read(file.read())
            yield sent
            file.seek(0)
            file.truncate()
            file.write(json.dumps({name: list(times) for name, times in sent.items()}))

    def _opened(self) -> TextIO | None:
        if fcntl is None:
            return None
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            descriptor = open_regular(self._path, os.O_RDWR | os.O_CREAT)
            return os.fdopen(descriptor, "r+", encoding="utf-8", errors="replace")
        except OSError:
            return None


def _read(text: str) -> Sent:
    """Parse the times in a file; return nothing if it is invalid."""
    try:
        found = json.loads(text)
        return {str(name): deque(map(float, times)) for name, times in found.items()}
    except (AttributeError, RecursionError, TypeError, ValueError):
        return {}
