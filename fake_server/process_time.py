"""The time of the process, frozen or not, and the real time.

freezegun replaces the functions of `time` while server threads run. So nothing here calls a
replaced function, ticks an `auto_tick` freeze, or fails when a freeze ends in another thread.
"""

from __future__ import annotations

import sys
import time
from typing import Any

from fake_server.time_values import SECOND, moment_ns


def process_time_ns() -> int:
    """Return the process's time in nanoseconds since the epoch, frozen or not.

    freezegun's active factory is read, not called: a call would tick an `auto_tick` freeze, and
    fails when the freeze ends in another thread. time-machine patches `time.time_ns` itself.
    """
    freezegun: Any = sys.modules.get("freezegun.api")
    if freezegun is None:
        return time.time_ns()
    try:
        factory = freezegun.freeze_factories[-1]
    except (IndexError, AttributeError):
        return int(getattr(freezegun, "real_time_ns", time.time_ns)())
    ticking = type(factory).__name__ == "TickingDateTimeFactory"
    return moment_ns(factory() if ticking else factory.time_to_freeze)


def real_time_ns() -> int:
    """Return the real time in nanoseconds since the epoch."""
    try:
        return int(sys.modules["time_machine"].escape_hatch.time.time_ns())
    except (KeyError, AttributeError, ValueError):  # time-machine is not active
        return int(_unfrozen("time_ns")())


def real_monotonic_ns() -> int:
    """Return the real monotonic time in nanoseconds."""
    return int(_unfrozen("monotonic_ns")())


def real_seconds() -> float:
    """Return the real monotonic time in seconds; use it only to wait and to measure."""
    return real_monotonic_ns() / SECOND


def _unfrozen(name: str) -> Any:
    freezegun = sys.modules.get("freezegun.api")
    return getattr(freezegun, f"real_{name}", None) or getattr(time, name)
