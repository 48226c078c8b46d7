"""The effects of a fault: each is a class with the interface of `Effect`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Literal, Protocol

from fake_server.auth.records import Token
from fake_server.auth.tokens import Tokens
from fake_server.calls import DROPPED
from fake_server.faults.canned_response import CannedResponse
from fake_server.faults.matcher import GUIDE

Damage = Literal["truncated", "invalid", "content_type", "empty"]
When = Literal["before", "after", "middle"]

_THROTTLE_PIECES = 20


@dataclass(frozen=True)
class Firing:
    """One request that a fault fires for, before it is handled.

    `wait` waits for real seconds and returns whether the fault ended; `complain` fails the test.
    """

    token: Token | None
    tokens: Tokens
    wait: Callable[[float], bool]
    complain: Callable[[str], None]


@dataclass
class Transfer:
    """How the body of an answer is sent: over real seconds, or cut off in the middle.

    `reset` closes a cut or dropped connection by a reset (RST).
    """

    seconds: float = 0.0
    cut: bool = False
    reset: bool = False

    def pieces(self, body: bytes, pause: Callable[[float], object]) -> Iterator[bytes]:
        """Yield the part of the body that is sent, with pauses between the pieces."""
        if self.cut:
            body = body[: len(body) // 2]
        size = max(1, -(-len(body) // _THROTTLE_PIECES)) if self.seconds else len(body)
        for start in range(0, len(body), size or 1):
            if self.seconds:
                pause(self.seconds * size / len(body))
            yield body[start : start + size]


class Reply(Protocol):
    """What an effect can change of an answer."""

    status: int
    body: bytes
    headers: list[tuple[str, str]]
    transfer: Transfer

    def read_stream(self) -> None:
        """Read a streamed answer into `body`."""


@dataclass
class Effect:
    """One effect of a fault. `text` is the method call that adds it.

    `instead` is sent without handling the request. The class attributes say whether the effect
    sends or loses the answer, and whether it requires an answer with a body or a request with a
    token. `order` is that of the `before` steps.
    """

    text: str
    instead: CannedResponse | None = field(default=None, kw_only=True)
    sends_answer = False
    loses_answer = False
    needs_body = False
    needs_token = False
    order = 0

    def before(self, firing: Firing) -> None:
        """Act before the request is handled."""

    def after(self, reply: Reply, *, has_body: bool) -> None:
        """Change or drop the answer."""


class Respond(Effect):
    """Answers without handling the request."""

    sends_answer = True


@dataclass
class Delay(Effect):
    """Delays the request."""

    seconds: float

    def before(self, firing: Firing) -> None:
        """Wait for `seconds`."""
        firing.wait(self.seconds)


@dataclass
class Hold(Effect):
    """Holds the request until the fault is released, at most `timeout` seconds."""

    timeout: float
    order = 1

    def before(self, firing: Firing) -> None:
        """Wait for the release."""
        if not firing.wait(self.timeout):
            firing.complain(
                f"held a request for {self.timeout:g} s of real time without a call of release().\n"
                "  The thread that waits for the answer cannot be the one that releases it. "
                f"See {GUIDE}"
            )


@dataclass
class EndToken(Effect):
    """Ends the request's token by a method of Tokens."""

    end: Callable[[Tokens, Token], None]
    needs_token = True
    order = 2

    def before(self, firing: Firing) -> None:
        """Expire or revoke the token."""
        if firing.token is not None:
            self.end(firing.tokens, firing.token)


@dataclass
class Drop(Effect):
    """Closes the connection."""

    when: When
    reset: bool

    def __post_init__(self) -> None:
        self.loses_answer = self.when != "middle"
        if self.when == "before":
            self.instead = CannedResponse(DROPPED, b"", ())

    def after(self, reply: Reply, *, has_body: bool) -> None:
        """Drop the answer, or the second half of its body."""
        reply.transfer.reset = self.reset
        if self.loses_answer or not has_body:
            reply.status = DROPPED
        else:
            reply.read_stream()
            reply.transfer.cut = True


@dataclass
class Corrupt(Effect):
    """Damages the answer."""

    how: Damage
    sends_answer = True
    needs_body = True

    def after(self, reply: Reply, *, has_body: bool) -> None:
        """Change the body, or the Content-Type header."""
        if not has_body:
            return
        reply.read_stream()
        if self.how == "content_type":
            kept = [header for header in reply.headers if header[0].lower() != "content-type"]
            reply.headers = [("Content-Type", "text/html; charset=utf-8"), *kept]
        elif self.how == "truncated":
            reply.body = reply.body[: len(reply.body) // 2]
        else:
            reply.body = b"{" + reply.body if self.how == "invalid" else b""


@dataclass
class Throttle(Effect):
    """Sends the body slowly."""

    seconds: float
    sends_answer = True
    needs_body = True

    def after(self, reply: Reply, *, has_body: bool) -> None:
        """Set how long the body takes."""
        if has_body:
            reply.read_stream()
            reply.transfer.seconds = self.seconds
