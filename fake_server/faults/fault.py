"""One fault: what it does to the requests that it fires for."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import partial
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal, Self, get_args

from fake_server.auth.tokens import AccessToken, RefreshToken, Tokens
from fake_server.faults.answers import CannedResponse, Damage, given
from fake_server.faults.choice import FaultRequest, Matcher
from fake_server.time_values import Duration, in_seconds
from fake_server.waiting import in_thread

if TYPE_CHECKING:
    from fake_server.faults.of_project import Faults

When = Literal["before", "after", "middle"]
Token = AccessToken | RefreshToken

GUIDE = "docs/faults.md"


class Fault:
    """One rule, and what it does; the methods that say what return the fault, so that they chain.

    As a context manager it ends with its block: what it holds goes on, and if it never fired the
    block fails.
    """

    def __init__(
        self, owner: Faults, spoken: str, chosen: Matcher, *, number: int, place: str
    ) -> None:
        self.id = str(number)
        self.place = place
        self.fired = 0
        self.given: CannedResponse | None = None
        self.dropped: When | None = None
        self.reset = False
        self.damage: Damage | None = None
        self.throttle_seconds = 0.0
        self._owner = owner
        self._choice = chosen
        self._words = [f"apivideo.on({spoken})"]
        self._delay = 0.0
        self._hold: float | None = None
        self._ends_token: Callable[[Tokens, Token], None] | None = None
        self._released = False

    def __repr__(self) -> str:
        return "".join(self._words)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        complaint = self._owner.complaint(self)
        self.remove()
        if complaint and kind is None:
            raise AssertionError(complaint)

    # What it does

    def respond(
        self,
        status: int,
        *,
        json: Any = None,
        body: str | bytes | None = None,
        headers: Mapping[str, str] | None = None,
        retry_after: float | None = None,
    ) -> Self:
        """Answer with this status, in the place of the fake; the request is not handled.

        The body is `json`, or `body` as it is, or else what api.video answers with that status: a
        problem, and nothing below 400. A 429 says in api.video's rate limit headers that nothing is
        left for `retry_after` seconds, or until the window of the calls' class ends; no other
        status takes it. Raises ValueError and TypeError for what cannot be sent.
        """
        answer = given(status, json, body, headers, retry_after)
        sent = {"json": json, "body": body, "headers": headers}
        words = [
            str(int(status)),
            *(f"{name}=…" for name, value in sent.items() if value is not None),
        ]
        words += [] if retry_after is None else [f"retry_after={retry_after!r}"]
        return self._does(f".respond({', '.join(words)})", given=answer)

    def delay(self, seconds: Duration) -> Self:
        """Wait so many seconds of real time before the request is handled."""
        waits = _seconds(seconds, "delay")
        return self._does(f".delay({waits:g})", _delay=waits)

    def hold(self, timeout: Duration = 30.0) -> Self:
        """Keep the request, before it is handled, until `release()` or the end of the test.

        If nobody lets it go within `timeout` seconds of real time, the test fails.
        """
        return self._does(".hold()", _hold=_seconds(timeout, "hold"))

    def drop(self, when: When = "before", *, reset: bool = False) -> Self:
        """Close the connection before the request is handled, after it was (what it did stays done,
        the answer is lost) or in the middle of the answer's body (of one that has none, before it).

        `reset` closes it by a reset (RST) instead of an orderly end (FIN).
        """
        dropped = _one_of(when, When, "drop", "when")
        words = f".drop({when!r}{', reset=True' if reset else ''})"
        return self._does(words, dropped=dropped, reset=bool(reset))

    def corrupt(self, how: Damage = "truncated") -> Self:
        """Spoil the answer's body after the request was handled.

        `"truncated"`: half of it is missing; `"invalid"`: it is no JSON; `"content_type"`: it says
        that it is text/html; `"empty"`: there is none.
        """
        return self._does(f".corrupt({how!r})", damage=_one_of(how, Damage, "corrupt", "how"))

    def throttle(self, seconds: Duration) -> Self:
        """Send the answer's body piece by piece, the whole in so many seconds of real time."""
        lasts = _seconds(seconds, "throttle")
        return self._does(f".throttle({lasts:g})", throttle_seconds=lasts)

    def expire_token(self) -> Self:
        """Let the request's token expire just before it is handled; once, if `times` says no more.

        Its access token, at POST /auth/refresh its refresh token.
        """
        return self._does(".expire_token()", _ends_token=Tokens.expire)

    def revoke_token(self) -> Self:
        """Revoke the request's token just before it is handled; otherwise as `expire_token`."""
        return self._does(".revoke_token()", _ends_token=Tokens.revoke)

    # What a test does with it

    def release(self) -> None:
        """Let the requests go on that are held or delayed, and hold no more of them."""
        with self._owner.changed:
            self._released = True
            self._owner.changed.notify_all()

    def remove(self) -> None:
        """End the fault: nothing more fails by it, and what it holds goes on."""
        self._owner.remove(self)

    def wait_for(self, times: int = 1, *, timeout: Duration = 5.0) -> None:
        """Wait until it has fired so often; for a hold: until so many requests were caught.

        Raises TimeoutError after `timeout` seconds of real time, ValueError for less than one.
        """
        if type(times) is not int or times < 1:
            raise ValueError(f"wait_for() waits for one time or more, not for {times!r}")
        limit = in_seconds(timeout)
        if not self._owner.wait(lambda: self.fired >= times, limit):
            raise TimeoutError(
                f"{self!r} fired {self.fired} times in {limit:g} s, not {times} times."
                f"{self._owner.near(self)}"
            )

    async def async_wait_for(self, times: int = 1, *, timeout: Duration = 5.0) -> None:
        """As `wait_for`, for asyncio and trio: the event loop goes on."""
        await in_thread(partial(self.wait_for, times, timeout=timeout))

    # What the server does with it

    @property
    def instead(self) -> CannedResponse | None:
        """What comes in the place of handling the request, if anything does."""
        return CannedResponse(0, b"", ()) if self.dropped == "before" else self.given

    def begin(self, token: Token | None, tokens: Tokens, stopping: threading.Event) -> None:
        """Do what comes before the request is handled: wait, end its token."""
        owner = self._owner
        if self._delay:
            owner.wait(lambda: self._is_over(stopping), self._delay)
        held = self._hold
        if held is not None and not owner.wait(lambda: self._is_over(stopping), held):
            owner.overdue.append(
                f"{self!r}, made at {self.place}, held a request for {held:g} s of real time, and "
                "nobody called release().\n  The thread that waits for the answer cannot be the "
                f"one that releases it. See {GUIDE}"
            )
        if token is not None and self._ends_token is not None:
            self._ends_token(tokens, token)

    @property
    def needs_body(self) -> bool:
        """Whether all that it does is done to an answer's body."""
        waits = self._delay or self._hold is not None
        spoils = self.damage is not None or self.throttle_seconds
        return bool(spoils and not waits and not self._ends_token and not self.dropped)

    def missed_body(self) -> None:
        """Note that the answer had no body to spoil, so that it has not fired."""
        with self._owner.changed:
            self.fired -= 1
            self._choice.misses["its answer had no body"] += 1

    def pause(self, seconds: float, stopping: threading.Event) -> None:
        """Wait between two pieces of a slow body."""
        self._owner.wait(lambda: self._is_over(stopping), seconds)

    def _is_over(self, stopping: threading.Event) -> bool:
        return self._released or stopping.is_set() or self not in self._owner

    def _does(self, words: str, **what: Any) -> Self:
        """Take on one thing more to do; raises ValueError if it does that already, or never can."""
        method = words.partition("(")[0]
        with self._owner.changed:
            if any(said.startswith(f"{method}(") for said in self._words):
                raise ValueError(
                    f"{self!r} has its {method}() already; two faults take turns, each with "
                    f"times=. See {GUIDE}"
                )
            does = vars(self) | what
            answers = does["given"] or does["damage"] or does["throttle_seconds"]
            if answers and does["dropped"] in ("before", "after"):
                raise ValueError(
                    f"{self!r}{words} would never send that answer: with respond(), corrupt() and "
                    f'throttle() goes only drop("middle"). See {GUIDE}'
                )
            vars(self).update(what)
            self._words.append(words)
            if self._ends_token and self._choice.times is None:
                self._choice.times = 1
        return self

    # How the rules judge a request; all of it under the lock of their owner

    @property
    def is_complete(self) -> bool:
        """Whether somebody has said what it does."""
        return len(self._words) > 1

    @property
    def content(self) -> bool:
        """Whether nobody need complain of it: it fired, or nobody counts on that."""
        choice = self._choice
        by_chance = choice.probability is not None and choice.seen > 0
        return bool(self.fired or choice.optional or by_chance)

    @property
    def operation(self) -> str:
        """The operation or pattern that it speaks of."""
        return self._choice.operation

    def unlike(self, asked: FaultRequest) -> str | None:
        """Why a request is none that it speaks of, None if it is one; asks the test's `where`."""
        return self._choice.unlike(asked, wants_token=self._ends_token is not None)

    def takes(self, unlike: str | None) -> bool:
        """Whether it would fire for a request; counts the request, and why it did not fire."""
        reason = self._choice.not_yet(self.fired) if unlike is None else unlike
        if reason is not None:
            self._choice.misses[reason] += 1
        return reason is None

    def missed(self) -> list[str]:
        """Why the requests of its operation did not make it fire, with how many there were."""
        return [
            f"{times} request{'' if times == 1 else 's'} of {self.operation}: {reason}"
            for reason, times in self._choice.misses.items()
            if reason
        ]

    def shadowed(self, other: Fault) -> None:
        """Note that an earlier fault took the request."""
        self._choice.misses[f"{other!r} came first"] += 1


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
    raise ValueError(f"{method}({name}=) is one of {valid}, not {value!r}; see {GUIDE}")
