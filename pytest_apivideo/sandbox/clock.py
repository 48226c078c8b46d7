"""The real time: a test may freeze its own, the account's limits go on."""

from __future__ import annotations

import sys
import threading
import time
from typing import Any


def monotonic() -> float:
    """Seconds that really pass, also while freezegun has frozen the process."""
    freezegun: Any = sys.modules.get("freezegun.api")
    return float(getattr(freezegun, "real_monotonic", time.monotonic)())


def pause(seconds: float) -> None:
    """Wait really, though `time.sleep` may be one that only moves a clock."""
    threading.Event().wait(seconds)
