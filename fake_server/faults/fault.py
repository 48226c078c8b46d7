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
from fake_server.faults.matcher import GUIDE, Matcher
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

    As a context manager it ends with the block, which fails if the fault never fired. `instead` is
    the response to send without handling the request.
    """

    def __init__(self, matcher: Matcher, shared: Shared, *, number: int, place: str) -> None:
        self.id = str(number)
        self.place = place
        self.matcher = matcher
        self.effects: tuple[Effect, ...] = ()
        self.instead: CannedResponse | None = None
        self.fired = 0
        self.removed = False
        self._released = False
        self._shared = shared

    def __repr__(self) -> str:
        chain = "".join(effect.text for effect in self.effects)
        return f"apivideo.on({self.matcher.describe()}){chain}"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, error: type[BaseException] | None, *_: object) -> None:
        complaint = self.complaint()
        self.remove()
        if complaint and error is None:
            raise AssertionError(complaint)

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

        The body is `json`, or `body` unchanged; by default the problem that api.video answers with
        that status, empty below 400. `retry_after` (seconds, for 429 only) is how long the rate
        limit headers say that no calls are left, by default until the call class's window ends.
        Raises ValueError or TypeError for a response that cannot be sent.
        """
        response = canned_response(status, json, body, headers, retry_after)
        given = {"json": json, "body": body, "headers": headers}
        shown = "".join(f", {name}=…" for name, value in given.items() if value is not None)
        shown += "" if retry_after is None else f", retry_after={retry_after!r}"
        return self._add(effects.Respond(f".respond({int(status)}{shown})", instead=response))

    def delay(self, seconds: Duration) -> Self:
        """Wait for seconds of real time before the request is handled."""
        seconds = _seconds(seconds, "delay")
        return self._add(effects.Delay(f".delay({seconds:g})", seconds))

    def hold(self, timeout: Duration = 30.0) -> Self:
        """Hold the request, before it is handled, until `release()` or the end of the test.

        The test fails if a request is held for longer than `timeout` seconds of real time.
        """
        return self._add(effects.Hold(".hold()", _seconds(timeout, "hold")))

    def drop(self, when: When = "before", *, reset: bool = False) -> Self:
        """Close the connection: before the request is handled, after it, or in the middle of the
        body of the answer (before the answer if it has no body).

        `reset` closes it by a reset (RST) instead of an orderly end (FIN).
        """
        _check_choice(when, When, "drop", "when")
        text = f".drop({when!r}{', reset=True' if reset else ''})"
        return self._add(effects.Drop(text, when, bool(reset)))

    def corrupt(self, how: Damage = "truncated") -> Self:
        """Damage the body of the answer after the request was handled.

        `"truncated"`: send only the first half; `"invalid"`: make it invalid JSON;
        `"content_type"`: label it as text/html; `"empty"`: send no body.
        """
        _check_choice(how, Damage, "corrupt", "how")
        return self._add(effects.Corrupt(f".corrupt({how!r})", how))

    def throttle(self, seconds: Duration) -> Self:
        """Send the body of the answer in pieces, over seconds of real time."""
        seconds = _seconds(seconds, "throttle")
        return self._add(effects.Throttle(f".throttle({seconds:g})", seconds))

    def expire_token(self) -> Self:
        """Expire the request's access token (at POST /auth/refresh the refresh token) just before
        the request is handled. Happens once by default; see `times`.
        """
        return self._add(effects.EndToken(".expire_token()", Tokens.expire))

    def revoke_token(self) -> Self:
        """Revoke the request's token just before it is handled; otherwise as `expire_token`."""
        return self._add(effects.EndToken(".revoke_token()", Tokens.revoke))

    def _add(self, effect: Effect) -> Self:
        """Add an effect. Raises ValueError if it cannot be combined with the others."""
        with self._shared.changed:
            if same := [one for one in self.effects if type(one) is type(effect)]:
                raise ValueError(
                    f"{self!r} has {same[0].text.partition('(')[0]}() already; make two faults, "
                    f"each with times=. See {GUIDE}"
                )
            chain = (*self.effects, effect)
            if any(one.sends_answer for one in chain) and any(one.loses_answer for one in chain):
                raise ValueError(
                    f'{self!r}{effect.text} would never send that answer: only drop("middle") '
                    f"combines with respond(), corrupt() and throttle(). See {GUIDE}"
                )
            self.effects = chain
            self.instead = self.instead or effect.instead
            if effect.needs_token:
                self.matcher.needs_token = True
                self.matcher.times = self.matcher.times or 1
        return self

    def release(self) -> None:
        """Continue the requests that are held or delayed, and stop holding and delaying others."""
        with self._shared.changed:
            self._released = True
            self._shared.changed.notify_all()

    def remove(self) -> None:
        """End the fault, and continue the requests that it holds."""
        with self._shared.changed:
            self.removed = True
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

    def begin(self, token: Token | None, tokens: Tokens, stopping: threading.Event) -> None:
        """Run the effects that come before the request is handled: wait, end its token."""

        def complain(text: str) -> None:
            self._shared.overdue.append(f"{self!r}, made at {self.place}, {text}")

        firing = Firing(token, tokens, partial(self.pause, stopping=stopping), complain)
        for effect in sorted(self.effects, key=lambda one: one.order):
            effect.before(firing)

    def finish(self, reply: Reply, *, has_body: bool) -> bool:
        """Run the effects that change or drop the answer.

        Return False, and do not count the request, if the fault needs a body and there is none.
        """
        applied = self.effects
        needs_body = any(one.needs_body for one in applied)
        if needs_body and not has_body and all(one.sends_answer for one in applied):
            with self._shared.changed:
                self.fired -= 1
                self.matcher.misses["its answer had no body"] += 1
            return False
        for effect in applied:
            effect.after(reply, has_body=has_body)
        return True

    def pause(self, seconds: float, stopping: threading.Event) -> bool:
        """Wait for real seconds. Return early, and True, if the fault or the server ends."""

        def ended() -> bool:
            return self._released or self.removed or stopping.is_set()

        return wait_until(self._shared.changed, ended, seconds)

    def complaint(self) -> str | None:
        """Return the failure message for a fault that never fired, None if it is satisfied."""
        matcher = self.matcher
        skipped_by_chance = matcher.probability is not None and matcher.seen > 0
        if self.removed or self.fired or matcher.optional or skipped_by_chance:
            return None
        text = "has no effect: chain one, such as .respond(503), .delay(2) or .drop()."
        if self.effects:
            text = f"never fired.{self._near_misses()}\n"
            text += "  Pass optional=True if the test may pass without it."
        return f"{self!r}, made at {self.place}, {text} See {GUIDE}"

    def _near_misses(self) -> str:
        lines = self.matcher.near_misses() or self._shared.calls.nearest(self.matcher.operation)
        if not lines:
            return "\n  No request reached this project."
        return "\n  What came close:" + "".join(f"\n    {line}" for line in lines)


def _seconds(value: Duration, method: str) -> float:
    if isinstance(value, timedelta):
        value = value.total_seconds()
    if type(value) not in (int, float) or not 0 < value < 1e6:
        raise ValueError(f"{method}() takes seconds of real time above 0, not {value!r}")
    return float(value)


def _check_choice(value: str, choices: Any, method: str, name: str) -> None:
    if value not in get_args(choices):
        valid = ", ".join(repr(choice) for choice in get_args(choices))
        raise ValueError(f"{method}({name}=) must be one of {valid}, not {value!r}; see {GUIDE}")
