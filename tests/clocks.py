"""Clocks, and ways to freeze the time of the process, for the tests of the clock."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import get_args

import freezegun
import freezegun.api
import pytest
import time_machine

from fake_server.clock import Clock, Mode
from fake_server.time_values import SECOND

NEW_YEAR_2030 = 1_893_456_000
NEW_YEAR_2001 = 978_307_200
MODES = get_args(Mode)


def real_ns() -> int:
    """Return the real time; called by its module, because freezegun replaces imported names."""
    return freezegun.api.real_time_ns()


@contextmanager
def frozen_by_freezegun() -> Iterator[None]:
    with freezegun.freeze_time("2001-01-01"):
        yield


@contextmanager
def frozen_by_time_machine() -> Iterator[None]:
    with time_machine.travel(NEW_YEAR_2001, tick=False):
        yield


@contextmanager
def frozen_by_both() -> Iterator[None]:
    with time_machine.travel(0, tick=False), freezegun.freeze_time("2001-01-01"):
        yield


FREEZES = [frozen_by_freezegun, frozen_by_time_machine, frozen_by_both]
frozen_somehow = pytest.mark.parametrize("freeze", FREEZES)


def watched(*expiries: int | None, mode: Mode = "manual") -> Clock:
    """Return a clock at 2030-01-01; the last token expires the largest of `expiries` (s) later."""
    clock = Clock(mode)
    clock.travel("2030-01-01")
    good = [NEW_YEAR_2030 + expiry for expiry in expiries if expiry is not None]
    clock.watch_expiry(lambda: max(good) * SECOND if good else None)
    return clock
