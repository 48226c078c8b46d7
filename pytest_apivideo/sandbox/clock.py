"""Real time, for the account's limits: a test may freeze the time of the process."""

from __future__ import annotations

import sys
import threading
import time
from typing import Any


def monotonic() -> float:
    """Return real monotonic seconds, also while freezegun has frozen the process."""
    freezegun: Any = sys.modules.get("freezegun.api")
    return float(getattr(freezegun, "real_monotonic", time.monotonic)())


def pause(seconds: float) -> None:
    """Wait in real time, although `time.sleep` may be patched to move a clock."""
    threading.Event().wait(seconds)
