"""Sleeps that take no time: recorded, and the clock moved instead."""

from __future__ import annotations

import operator
import time
from collections.abc import Callable
from typing import SupportsIndex

import pytest


def record_sleeps(monkeypatch: pytest.MonkeyPatch, move: Callable[[float], object]) -> list[float]:
    """Put a recorder in the place of `time.sleep`; returns the list of the seconds asked for.

    It takes and refuses what the real one does, which code keeps that did `from time import sleep`
    at its import.
    """
    slept: list[float] = []

    def sleep(seconds: float | SupportsIndex) -> None:
        asked = seconds if isinstance(seconds, float) else operator.index(seconds)
        if asked < 0:
            raise ValueError("sleep length must be non-negative")
        move(asked)
        slept.append(asked)

    monkeypatch.setattr(time, "sleep", sleep)
    return slept
