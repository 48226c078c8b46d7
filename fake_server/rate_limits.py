"""Rate limits: how many calls a minute may have, and the headers that tell how many are left.

Counted for each environment of a project and each class of calls, in windows of a minute by the
project's clock; a window begins with the first call in it. The limits are those of api.video's
reference; which call is of which class is not documented.
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
CLASSES: tuple[CallClass, ...] = get_args(CallClass)

LIMITS: Mapping[Environment, Mapping[CallClass, int]] = {
    "sandbox": {"uploads": 40, "writes": 40, "reads": 100},
    "production": {"uploads": 100, "writes": 200, "reads": 500},
}
_WINDOW = 60 * SECOND
_UPLOADS = ("POST /videos/{}/source", "POST /upload")


class _Window(NamedTuple):
    """Counts until it ends; one that a test made is enforced whatever the setting says."""

    began_ns: int
    ends_ns: int
    used: int = 0
    allowed: int | None = None

    def holds(self, now_ns: int) -> bool:
        """Whether a call of this moment belongs to it.

        One from a little before it began does too: several threads do not count their calls in the
        order of their moments. A clock that went back by more begins anew.
        """
        return self.began_ns - _WINDOW < now_ns < self.ends_ns


class Quota(NamedTuple):
    """What a call finds of its class: the limit, how many are left, seconds until there are more.

    `is_exceeded`: the call is one too many, and is refused.
    """

    limit: int
    remaining: int
    retry_after: int
    is_exceeded: bool = False

    def headers(self) -> list[tuple[str, str]]:
        """The headers of an answer."""
        return [
            ("X-RateLimit-Limit", str(self.limit)),
            ("X-RateLimit-Remaining", str(self.remaining)),
            ("X-RateLimit-Retry-After", str(self.retry_after)),
        ]

    @property
    def refusal(self) -> Problem | None:
        """The problem of a call that is one too many."""
        return problems.too_many_requests() if self.is_exceeded else None


class RateLimits:
    """The rate limits of a project."""

    def __init__(self, clock: Clock, settings: Settings) -> None:
        self._clock = clock
        self._settings = settings
        self._windows: dict[tuple[Environment, CallClass], _Window] = {}
        self._lock = threading.Lock()

    def count(self, environment: Environment, of: CallClass, now_ns: int) -> Quota:
        """Count a call, and say what that leaves."""
        enforced = self._settings.rate_limits
        limit = LIMITS[enforced or environment][of]
        with self._lock:
            window = self._windows.get((environment, of))
            if window is None or not window.holds(now_ns):
                window = _Window(now_ns, now_ns + _WINDOW)
            allowed = limit if window.allowed is None else window.allowed
            exceeded = window.used >= allowed
            is_refused = exceeded and (enforced is not None or window.allowed is not None)
            if not is_refused:
                window = window._replace(used=window.used + 1)
            self._windows[environment, of] = window
        wait = -((max(now_ns, window.began_ns) - window.ends_ns) // SECOND)  # rounded up
        return Quota(limit, max(0, allowed - window.used), wait, is_refused)

    def leave(
        self, of: CallClass, remaining: int, retry_after: Duration, environment: Environment
    ) -> None:
        """Let so many calls of a class be left, until so many seconds of the clock have passed."""
        if of not in CLASSES:
            raise ValueError(f"calls are {', '.join(CLASSES)}, not {of!r}")
        if type(remaining) is not int or remaining < 0:
            raise ValueError(f"remaining is a number of calls from 0, not {remaining!r}")
        left = duration_ns(retry_after)
        if left <= 0:
            raise ValueError(f"retry_after is a duration above 0 s, not {retry_after!r}")
        now_ns = self._clock.now_ns()
        with self._lock:
            self._windows[environment, of] = _Window(now_ns, now_ns + left, allowed=remaining)

    def clear(self) -> None:
        """Begin to count anew."""
        with self._lock:
            self._windows.clear()


def class_of(method: str, operation: Operation | None) -> CallClass | None:
    """The class of a call; None for one that no limit counts: logins, assets, the Admin API."""
    if operation is not None and operation.credential not in ("authorization", "upload_token"):
        return None
    if method == "OPTIONS":
        return None
    if operation is not None and operation.canonical in _UPLOADS:
        return "uploads"
    return "reads" if method in ("GET", "HEAD") else "writes"
