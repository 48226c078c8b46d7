"""Rate limits: calls per minute of the project's clock, for each environment and call class.

A window of a minute begins with its first call. The limits are from api.video's reference, which
does not document the class of each call.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Literal, NamedTuple, get_args

from fake_server.clock import Clock
from fake_server.core import problems
from fake_server.core.operations import Operation
from fake_server.core.problems import Problem
from fake_server.settings import Environment, Settings
from fake_server.time_values import SECOND, Duration, duration_ns

CallClass = Literal["uploads", "writes", "reads"]

LIMITS: Mapping[Environment, Mapping[CallClass, int]] = {
    "sandbox": {"uploads": 40, "writes": 40, "reads": 100},
    "production": {"uploads": 100, "writes": 200, "reads": 500},
}
_WINDOW = 60 * SECOND


class _Window(NamedTuple):
    """The calls of a period; `allowed` is a quota that a test set, always enforced."""

    start_ns: int
    end_ns: int
    used: int = 0
    allowed: int | None = None

    def contains(self, now_ns: int) -> bool:
        """Return whether a call at this time counts in the window."""
        # Threads may count calls out of order; a clock moved back further starts a new window.
        return self.start_ns - _WINDOW < now_ns < self.end_ns


class Quota(NamedTuple):
    """The quota of a call class after a call; `retry_after` is in seconds."""

    limit: int
    remaining: int
    retry_after: int
    is_exceeded: bool = False

    def headers(self) -> list[tuple[str, str]]:
        """Return the headers of an answer."""
        values = {"Limit": self.limit, "Remaining": self.remaining, "Retry-After": self.retry_after}
        return [(f"X-RateLimit-{name}", str(value)) for name, value in values.items()]

    @property
    def refusal(self) -> Problem | None:
        """The problem that refuses the call, if it exceeds the quota."""
        return problems.too_many_requests() if self.is_exceeded else None


class RateLimits:
    """The rate limits of a project."""

    def __init__(self, clock: Clock, settings: Settings) -> None:
        self._clock = clock
        self._settings = settings
        self._windows: dict[tuple[Environment, CallClass], _Window] = {}
        self._lock = threading.Lock()

    def count(self, environment: Environment, call_class: CallClass, now_ns: int) -> Quota:
        """Count a call, and return the quota after it."""
        enforced = self._settings.rate_limits
        limit = LIMITS[enforced or environment][call_class]
        with self._lock:
            window = self._windows.get((environment, call_class))
            if window is None or not window.contains(now_ns):
                window = _Window(now_ns, now_ns + _WINDOW)
            allowed = limit if window.allowed is None else window.allowed
            is_enforced = enforced is not None or window.allowed is not None
            is_refused = is_enforced and window.used >= allowed
            if not is_refused:
                window = window._replace(used=window.used + 1)
            self._windows[environment, call_class] = window
        wait = -((max(now_ns, window.start_ns) - window.end_ns) // SECOND)  # rounded up
        return Quota(limit, max(0, allowed - window.used), wait, is_refused)

    def set_remaining(
        self, call_class: CallClass, remaining: int, retry_after: Duration, environment: Environment
    ) -> None:
        """Set the remaining quota of a call class, for `retry_after` seconds of the clock."""
        if call_class not in get_args(CallClass):
            valid = ", ".join(get_args(CallClass))
            raise ValueError(f"calls= must be one of {valid}, not {call_class!r}")
        if type(remaining) is not int or remaining < 0:
            raise ValueError(f"remaining= must be an integer from 0, not {remaining!r}")
        duration = duration_ns(retry_after)
        if duration <= 0:
            raise ValueError(f"retry_after= must be a duration above 0 s, not {retry_after!r}")
        now_ns = self._clock.now_ns()
        with self._lock:
            window = _Window(now_ns, now_ns + duration, allowed=remaining)
            self._windows[environment, call_class] = window

    def clear(self) -> None:
        """Forget all counts."""
        with self._lock:
            self._windows.clear()


def class_of(method: str, operation: Operation | None) -> CallClass | None:
    """Return the class of a call, None for uncounted ones: logins, assets, the Admin API."""
    credential = "authorization" if operation is None else operation.credential
    if method == "OPTIONS" or credential not in ("authorization", "upload_token"):
        return None
    if operation is not None and operation.canonical in ("POST /videos/{}/source", "POST /upload"):
        return "uploads"
    return "reads" if method in ("GET", "HEAD") else "writes"
