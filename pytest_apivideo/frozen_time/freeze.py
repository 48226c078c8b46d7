"""Frozen time: freezegun and the fake's clock, moved together."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from freezegun import freeze_time

from fake_server import ApiVideo
from fake_server.process_time import process_time_ns
from fake_server.time_values import Duration, Moment, at, bounded_ns, duration_ns, moment_ns
from pytest_apivideo.clients.sdk import MODELS


class FrozenTime:
    """The frozen time of a test, which moves the process, the fake's clock and the SDK."""

    def __init__(self, factory: Any, run_due: Callable[[], None]) -> None:
        self._factory = factory
        self._run_due = run_due

    def __repr__(self) -> str:
        return f"<FrozenTime {self.now().isoformat()}>"

    def now(self) -> datetime:
        """Return the frozen time, as an aware UTC datetime."""
        return at(self._now_ns())

    def tick(self, seconds: Duration = 1) -> datetime:
        """Move by `seconds` (a number or a timedelta; below 0 back), and return the new time."""
        return self.move_to(at(bounded_ns(self._now_ns() + duration_ns(seconds))))

    def move_to(self, moment: Moment) -> datetime:
        """Move to a moment: a datetime, a date, ISO 8601 text, or seconds since the epoch."""
        self._factory.move_to(at(moment_ns(moment)).replace(tzinfo=None))
        self._run_due()
        return self.now()

    def _now_ns(self) -> int:
        return moment_ns(self._factory.time_to_freeze)


@contextmanager
def frozen_time(apivideo: ApiVideo) -> Iterator[FrozenTime]:
    """Freeze the process until the block ends, with the fake's clock following it."""
    apivideo.clock.follow()
    with freeze_time(at(process_time_ns()), real_asyncio=True, ignore=[MODELS]) as factory:
        yield FrozenTime(factory, apivideo.clock.run_due)
