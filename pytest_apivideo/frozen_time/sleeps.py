"""Records sleeps and moves the clock instead of waiting."""

from __future__ import annotations

import operator
import time
from collections.abc import Callable
from typing import SupportsIndex

import pytest


def record_sleeps(monkeypatch: pytest.MonkeyPatch, move: Callable[[float], object]) -> list[float]:
    """Replace `time.sleep` by a recorder, and return the list of recorded seconds.

    Code that did `from time import sleep` at its import keeps the real function.
    """
    slept: list[float] = []

    def sleep(seconds: float | SupportsIndex) -> None:
        duration = seconds if isinstance(seconds, float) else operator.index(seconds)
        if duration < 0:
            raise ValueError("sleep length must be non-negative")
        move(duration)
        slept.append(duration)

    monkeypatch.setattr(time, "sleep", sleep)
    return slept
