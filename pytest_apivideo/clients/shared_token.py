"""One token for all users of a client, and one renewal at a time.

Threads and tasks of any event loop may use it. The lock is never held during a request, so it does
not block an event loop; callers wait on the future of the renewal.
"""

import threading
from collections.abc import Callable, Generator
from concurrent.futures import Future
from types import TracebackType
from typing import Self

from pytest_apivideo.clients.tokens import Answer, Clock, Hidden, Target, Token, TokenCall, renewal

__all__ = ["Pending", "SharedToken", "Turn"]

# Resolved when the renewal ends: with the token, or None if it failed.
Pending = Future[Token | None]


class SharedToken:
    """The current token of one API key on one target."""

    def __init__(self, target: Target, api_key: str, now: Clock) -> None:
        self.target = target
        self._api_key = Hidden(api_key)
        self._now = now
        self._lock = threading.Lock()
        self._token: Token | None = None
        self._pending: Pending | None = None

    def __repr__(self) -> str:
        return f"SharedToken({self.target!r}, {self._token!r})"

    def claim(self, refused: Token | None = None) -> "Token | Turn | Pending":
        """Return a valid token, a `Turn` if the caller must renew, or the `Pending` renewal.

        `refused` is a token that was answered with 401: only a newer one is valid.
        """
        with self._lock:
            if self._pending is not None:
                return self._pending
            if self._token is not None and self._token is not refused and self._is_fresh():
                return self._token
            self._pending = Future()
            calls = renewal(self.target, self._api_key, self._token, self._now)
            return Turn(self, self._pending, calls)

    def obtain(
        self, exchange: Callable[[TokenCall], Answer], refused: Token | None = None
    ) -> Token:
        """Return a valid token, renewed by `exchange` or by another thread.

        Retries after another thread's failure. Raises LoginRefused and what `exchange` raises.
        """
        while True:
            claim = self.claim(refused)
            if isinstance(claim, Turn):
                with claim:
                    return claim.take(exchange)
            token = claim if isinstance(claim, Token) else claim.result()
            if token is not None:
                return token

    def settle(self, pending: Pending, token: Token | None) -> None:
        """End the renewal and wake its waiters; `None` keeps the old token."""
        with self._lock:
            self._pending = None
            self._token = token or self._token
        pending.set_result(token)

    def _is_fresh(self) -> bool:
        return self._token is not None and self._now() < self._token.renew_at


class Turn:
    """The exclusive right to renew: a context manager that wakes the waiters at its end."""

    def __init__(
        self, shared: SharedToken, pending: Pending, calls: Generator[TokenCall, Answer, Token]
    ) -> None:
        self._shared = shared
        self._pending = pending
        self._calls = calls
        self._token: Token | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._shared.settle(self._pending, self._token)

    def take(self, exchange: Callable[[TokenCall], Answer]) -> Token:
        """Make the calls of the renewal and return its token."""
        step = self.step(None)
        while isinstance(step, TokenCall):
            step = self.step(exchange(step))
        return step

    def step(self, answer: Answer | None) -> TokenCall | Token:
        """Return the next call, given the answer to the previous one (or None), or the token.

        Raises LoginRefused.
        """
        try:
            return next(self._calls) if answer is None else self._calls.send(answer)
        except StopIteration as done:
            token: Token = done.value
            self._token = token
            return token
