"""One fault: a matcher, its effects, and how often it fired."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import Any, Self, get_args

from fake_server.auth.records import Token
from fake_server.auth.tokens import Tokens
from fake_server.calls import Calls
from fake_server.faults import effects
from fake_server.faults.canned_response import CannedResponse, canned_response
from fake_server.faults.effects import Damage, Effect, Firing, Reply, When
from fake_server.faults.matcher import GUIDE, FaultRequest, Matcher
from fake_server.time_values import Duration, in_seconds
from fake_server.waiting import in_thread, wait_until


@dataclass(frozen=True)
class Shared:
    """What the faults of one project share.

    `changed` guards their state, and is notified of each change. `overdue` are the complaints about
    holds that were not released.
    """

    calls: Calls
    changed: threading.Condition = field(default_factory=threading.Condition)
    overdue: list[str] = field(default_factory=list)


class Fault:
    """A rule for requests. The methods that add an effect return the fault, so that they chain.

    As a context manager it ends with the block, which fails if the fault never fired.
    """

    def __init__(self, matcher: Matcher, shared: Shared, *, number: int, place: str) -> None:
        self.id = str(number)
        self.place = place
        self.fired = 0
        self._matcher = matcher
        self._shared = shared
        self._effects: tuple[Effect, ...] = ()
        self._released = False
        self._removed = False

    def __repr__(self) -> str:
        return f"apivideo.on({self._matcher.describe()}){''.join(map(str, self._effects))}"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, error: type[BaseException] | None, *_: object) -> None:
        complaint = self.complaint()
        self.remove()
        if complaint and error is None:
            raise AssertionError(complaint)

    # Effects

    def respond(
        self,
        status: int,
        *,
        json: Any = None,
        body: str | bytes | None = None,
        headers: Mapping[str, str] | None = None,
        retry_after: float | None = None,
    ) -> Self:
        """Answer with this status, without handling the request.

        The body is `json`, or `body` unchanged. By default it is the problem that api.video answers
        with that status, empty below 400. `retry_after` (seconds) is for 429 only: the rate limit
        headers then say that no calls are left for that time, by default until the current window
        of the call class ends. Raises ValueError or TypeError for a response that cannot be sent.
        """
        response = canned_response(status, json, body, headers, retry_after)
        given = {"json": json, "body": body, "headers": headers}
        shown = [str(int(status))]
        shown += [f"{name}=…" for name, value in given.items() if value is not None]
        shown += [] if retry_after is None else [f"retry_after={retry_after!r}"]
        return self._add(effects.Respond(", ".join(shown), response))

    def delay(self, seconds: Duration) -> Self:
        """Wait for seconds of real time before the request is handled."""
        return self._add(effects.Delay(_seconds(seconds, "delay")))

    def hold(self, timeout: Duration = 30.0) -> Self:
        """Hold the request, before it is handled, until `release()` or the end of the test.

        The test fails if a request is held for longer than `timeout` seconds of real time.
        """
        return self._add(effects.Hold(_seconds(timeout, "hold")))

    def drop(self, when: When = "before", *, reset: bool = False) -> Self:
        """Close the connection: before the request is handled, after it, or in the middle of the
        body of the answer (before the answer if it has no body).

        `reset` closes it by a reset (RST) instead of an orderly end (FIN).
        """
        return self._add(effects.Drop(_one_of(when, When, "drop", "when"), bool(reset)))

    def corrupt(self, how: Damage = "truncated") -> Self:
        """Damage the body of the answer after the request was handled.

        `"truncated"`: send only the first half; `"invalid"`: make it invalid JSON;
        `"content_type"`: label it as text/html; `"empty"`: send no body.
        """
        return self._add(effects.Corrupt(_one_of(how, Damage, "corrupt", "how")))

    def throttle(self, seconds: Duration) -> Self:
        """Send the body of the answer in pieces, over seconds of real time."""
        return self._add(effects.Throttle(_seconds(seconds, "throttle")))

    def expire_token(self) -> Self:
        """Expire the request's access token (at POST /auth/refresh the refresh token) just before
        the request is handled. Happens once by default; see `times`.
        """
        return self._add(effects.EndToken("expire"))

    def revoke_token(self) -> Self:
        """Revoke the request's token just before it is handled; otherwise as `expire_token`."""
        return self._add(effects.EndToken("revoke"))

    def _add(self, effect: Effect) -> Self:
        """Add an effect. Raises ValueError if it cannot be combined with the others."""
        method = str(effect).partition("(")[0]
        with self._shared.changed:
            if any(str(other).startswith(f"{method}(") for other in self._effects):
                raise ValueError(
                    f"{self!r} has {method}() already; make two faults, each with times=. "
                    f"See {GUIDE}"
                )
            chain = (*self._effects, effect)
            if any(one.sends_answer for one in chain) and any(one.loses_answer for one in chain):
                raise ValueError(
                    f'{self!r}{effect} would never send that answer: only drop("middle") '
                    f"combines with respond(), corrupt() and throttle(). See {GUIDE}"
                )
            self._effects = chain
            if effect.needs_token and self._matcher.times is None:
                self._matcher.times = 1
        return self

    # What a test does with it

    def release(self) -> None:
        """Continue the requests that are held or delayed, and stop holding and delaying others."""
        with self._shared.changed:
            self._released = True
            self._shared.changed.notify_all()

    def remove(self) -> None:
        """End the fault, and continue the requests that it holds."""
        with self._shared.changed:
            self._removed = True
            self._shared.changed.notify_all()

    def wait_for(self, times: int = 1, *, timeout: Duration = 5.0) -> None:
        """Wait until the fault has fired `times` times; a hold fires when it catches a request.

        Raises TimeoutError after `timeout` seconds of real time, ValueError for less than one time.
        """
        if type(times) is not int or times < 1:
            raise ValueError(f"wait_for(times=) must be an integer from 1, not {times!r}")
        limit = in_seconds(timeout)
        if not wait_until(self._shared.changed, lambda: self.fired >= times, limit):
            raise TimeoutError(
                f"{self!r} fired {self.fired}x in {limit:g} s, expected {times}x."
                f"{self._near_misses()}"
            )

    async def async_wait_for(self, times: int = 1, *, timeout: Duration = 5.0) -> None:
        """Wait as `wait_for` does, without blocking the event loop of asyncio or trio."""
        await in_thread(partial(self.wait_for, times, timeout=timeout))

    # What the server does with it

    @property
    def instead(self) -> CannedResponse | None:
        """The response to send without handling the request, if there is one."""
        return next((one.instead for one in self._effects if one.instead is not None), None)

    def begin(self, token: Token | None, tokens: Tokens, stopping: threading.Event) -> None:
        """Run the effects that come before the request is handled: wait, end its token."""

        def complain(text: str) -> None:
            self._shared.overdue.append(f"{self!r}, made at {self.place}, {text}")

        firing = Firing(token, tokens, partial(self.pause, stopping=stopping), complain)
        for effect in sorted(self._effects, key=lambda one: one.order):
            effect.before(firing)

    def finish(self, reply: Reply, *, has_body: bool) -> bool:
        """Run the effects that change or drop the answer.

        Return False, and do not count the request, if the fault needs a body and there is none.
        """
        applied = self._effects
        needs_body = any(one.needs_body for one in applied)
        if needs_body and not has_body and all(one.sends_answer for one in applied):
            with self._shared.changed:
                self.fired -= 1
                self.miss("its answer had no body")
            return False
        for effect in applied:
            effect.after(reply, has_body=has_body)
        return True

    def pause(self, seconds: float, stopping: threading.Event) -> bool:
        """Wait for real seconds. Return early, and True, if the fault or the server ends."""
        return wait_until(
            self._shared.changed,
            lambda: self._released or self._removed or stopping.is_set(),
            seconds,
        )

    # What the registry asks; all but `mismatch` under the lock

    @property
    def active(self) -> bool:
        """Whether the fault has not been removed."""
        return not self._removed

    @property
    def has_effects(self) -> bool:
        """Whether an effect was chained."""
        return bool(self._effects)

    def mismatch(self, request: FaultRequest) -> str | None:
        """Return why a request does not match, None if it does; calls the test's `where`."""
        needs_token = any(effect.needs_token for effect in self._effects)
        return self._matcher.mismatch(request, needs_token=needs_token)

    def should_fire(self, mismatch: str | None) -> bool:
        """Return whether to fire for a request; count it, or why not."""
        reason = self._matcher.reason_to_skip(self.fired) if mismatch is None else mismatch
        if reason is not None:
            self.miss(reason)
        return reason is None

    def miss(self, reason: str) -> None:
        """Count a request that the fault did not fire for."""
        self._matcher.misses[reason] += 1

    def complaint(self) -> str | None:
        """Return the failure message for a fault that never fired, None if it is satisfied."""
        matcher = self._matcher
        skipped_by_chance = matcher.probability is not None and matcher.seen > 0
        if self._removed or self.fired or matcher.optional or skipped_by_chance:
            return None
        if not self._effects:
            return (
                f"{self!r}, made at {self.place}, has no effect: chain one, such as "
                f".respond(503), .delay(2) or .drop(). See {GUIDE}"
            )
        return (
            f"{self!r}, made at {self.place}, never fired.{self._near_misses()}\n"
            f"  Pass optional=True if the test may pass without it. See {GUIDE}"
        )

    def _near_misses(self) -> str:
        matcher = self._matcher
        lines = matcher.near_misses() or self._shared.calls.nearest(matcher.operation)
        if not lines:
            return "\n  No request reached this project."
        return "\n  What came close:" + "".join(f"\n    {line}" for line in lines)


def _seconds(value: Duration, method: str) -> float:
    if isinstance(value, timedelta):
        value = value.total_seconds()
    if type(value) not in (int, float) or not 0 < value < 1e6:
        raise ValueError(f"{method}() takes seconds of real time above 0, not {value!r}")
    return float(value)


def _one_of(value: Any, choices: Any, method: str, name: str) -> Any:
    if value in get_args(choices):
        return value
    valid = ", ".join(repr(choice) for choice in get_args(choices))
    raise ValueError(f"{method}({name}=) must be one of {valid}, not {value!r}; see {GUIDE}")
