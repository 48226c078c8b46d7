"""The rate of requests: a share of the documented limits, slowed down as the answers ask."""

from __future__ import annotations

import re
import threading
from collections import deque
from collections.abc import Callable, Mapping
from typing import Literal

from pytest_apivideo.sandbox.clock import monotonic, pause
from pytest_apivideo.sandbox.times import OwnTimes, Sent

Rate = Literal["reads", "writes", "uploads"]

PER_MINUTE: dict[Rate, int] = {"reads": 100, "writes": 40, "uploads": 40}
"""The sandbox's documented limits."""

_WINDOW = 60.0
_LONGEST_PAUSE = 90.0  # seconds; a window is 60
_PART_OF_A_TEST = 4  # a test begins when a quarter of the requests of a window are free
_SOURCE = re.compile(r"/videos/[^/]+/source|/upload")


def rate_of(method: str, path: str) -> Rate | None:
    """Return the limit that a request counts against; None for logins and renewals."""
    if path.startswith("/auth/"):
        return None
    if method in ("GET", "HEAD", "OPTIONS"):
        return "reads"
    return "uploads" if method == "POST" and _SOURCE.fullmatch(path) else "writes"


def share(text: str) -> float | None:
    """Read `70%` as 0.7 and `off` as None; raises ValueError for anything else."""
    if text.strip().lower() == "off":
        return None
    found = re.fullmatch(r"(\d{1,3})\s*%", text.strip())
    if found is None or not 1 <= int(found.group(1)) <= 100:
        raise ValueError(
            f"a budget is a share of the documented rate from 1% to 100%, or off, not {text!r}"
        )
    return int(found.group(1)) / 100


class Budget:
    """A limiter of requests to a share of the documented rate.

    A share of None means no limit. `now` and `pause` are in seconds; `times` stores when requests
    were sent, perhaps by other runs as well.
    """

    def __init__(
        self,
        part: float | None,
        now: Callable[[], float] = monotonic,
        pause: Callable[[float], None] = pause,
        times: OwnTimes | None = None,
    ) -> None:
        self._most = {rate: max(1, int(most * (part or 1))) for rate, most in PER_MINUTE.items()}
        self._is_on = part is not None
        self._now = now
        self._pause = pause
        self._times = times or OwnTimes()
        self._not_before: dict[Rate, float] = {}
        self._lock = threading.Lock()

    def take(self, rate: Rate | None) -> None:
        """Wait until a request may go out."""
        while rate is not None and self._is_on:
            with self._lock, self._times.at_hand() as sent:
                seconds = self._seconds_to_wait(rate, sent)
                if seconds <= 0:
                    sent[rate].append(self._now())
                    return
            self._pause(seconds)

    def rest(self) -> None:
        """Wait until there is room for a few requests of each rate.

        Waiting between two tests is safe: within a test, a client may time out.
        """
        for rate, most in self._most.items():
            room = max(1, most // _PART_OF_A_TEST)
            while (seconds := self._locked_seconds(rate, room)) > 0:
                self._pause(seconds)

    def _locked_seconds(self, rate: Rate, room: int) -> float:
        if not self._is_on:
            return 0.0
        with self._lock, self._times.at_hand() as sent:
            return self._seconds_to_wait(rate, sent, room)

    def heed(self, rate: Rate | None, headers: Mapping[str, str]) -> None:
        """Delay the next request if an answer says that no more are allowed now."""
        if rate is None or not self._is_on or headers.get("x-ratelimit-remaining") != "0":
            return
        with self._lock:
            self._not_before[rate] = self._now() + retry_after(headers)

    def _seconds_to_wait(self, rate: Rate, all_sent: Sent, room: int = 1) -> float:
        now = self._now()
        in_window = [moment for moment in all_sent.get(rate, ()) if now - _WINDOW < moment <= now]
        sent = all_sent[rate] = deque(in_window)
        asked = self._not_before.get(rate, now) - now
        too_many = len(sent) + room - self._most[rate]
        own = sent[too_many - 1] + _WINDOW - now if too_many > 0 else 0.0
        return max(asked, own)


def retry_after(headers: Mapping[str, str]) -> float:
    """Return how many seconds an answer asks to wait, at most 90; 60 if it does not say.

    api.video documents `X-RateLimit-Retry-After`; the field's usual name is read as well.
    """
    for name in ("x-ratelimit-retry-after", "retry-after"):
        text = headers.get(name, "").strip()
        if text.isascii() and text.isdigit():
            return min(float(text), _LONGEST_PAUSE)
    return _WINDOW
