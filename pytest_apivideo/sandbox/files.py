"""Files in the folder of ledgers, opened only if they are regular files of this user."""

from __future__ import annotations

import os
import stat
from pathlib import Path

_SAFE = sum(getattr(os, name, 0) for name in ("O_NOFOLLOW", "O_NONBLOCK", "O_CLOEXEC"))
_MAX_SIZE = 64 * 1024 * 1024  # bytes


def open_regular(path: Path, flags: int) -> int:
    """Open a file and return its descriptor.

    Raises OSError, also for a link, FIFO or device, another user's file, and one over 64 MiB.
    """
    descriptor = os.open(path, flags | _SAFE, 0o600)
    try:
        state = os.fstat(descriptor)
        is_foreign = hasattr(os, "geteuid") and state.st_uid != os.geteuid()
        if not stat.S_ISREG(state.st_mode) or is_foreign or state.st_size > _MAX_SIZE:
            raise OSError("not a regular file of this user, or over 64 MiB")
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor
