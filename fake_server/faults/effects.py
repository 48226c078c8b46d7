"""What a fault does to a request: each effect is a class with the interface of `Effect`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import ClassVar, Literal, Protocol

from fake_server.auth.tokens import Tokens
from fake_server.calls import DROPPED
from fake_server.faults.canned_response import CannedResponse
from fake_server.faults.matcher import GUIDE, Token

Damage = Literal["truncated", "invalid", "content_type", "empty"]
When = Literal["before", "after", "middle"]

_THROTTLE_PIECES = 20


@dataclass(frozen=True)
class Firing:
    """One request that a fault fires for, before it is handled.

    `wait` waits for seconds of real time, and returns whether the fault ended meanwhile. `complain`
    makes the test fail.
    """

    token: Token | None
    tokens: Tokens
    wait: Callable[[float], bool]
    complain: Callable[[str], None]


@dataclass
class Transfer:
    """How the body of an answer is sent: in `seconds` of real time, cut off after the first half.

    `reset`: if the connection is closed early, close it by a reset (RST).
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
        """Read the stream of a large answer into `body`."""


class Effect:
    """One effect of a fault. Subclasses override the steps in which they do something.

    The class attributes: `method` of Fault that adds the effect; `order` among the effects that act
    before the request is handled; whether it `sends_answer`, and whether it can only fire for an
    answer with a body or a request with a token.
    """

    method: ClassVar[str]
    order: ClassVar[int] = 0
    sends_answer: ClassVar[bool] = False
    needs_body: ClassVar[bool] = False
    needs_token: ClassVar[bool] = False

    @property
    def instead(self) -> CannedResponse | None:
        """The response to send without handling the request."""
        return None

    @property
    def loses_answer(self) -> bool:
        """Whether no part of the answer is sent."""
        return False

    def before(self, firing: Firing) -> None:
        """Act before the request is handled."""

    def after(self, reply: Reply, *, has_body: bool) -> None:
        """Change or drop the answer."""

    def arguments(self) -> str:
        """Return the arguments of the method, as they are shown."""
        return ""

    def describe(self) -> str:
        """Return the call that adds the effect to a fault."""
        return f".{self.method}({self.arguments()})"


@dataclass(frozen=True)
class Respond(Effect):
    """Sends a response without handling the request; `shown` describes it."""

    response: CannedResponse
    shown: str

    method = "respond"
    sends_answer = True

    @property
    def instead(self) -> CannedResponse:
        """The response."""
        return self.response

    def arguments(self) -> str:
        """Return the status, and the names of the other arguments."""
        return self.shown


@dataclass(frozen=True)
class Delay(Effect):
    """Waits before the request is handled."""

    seconds: float

    method = "delay"

    def before(self, firing: Firing) -> None:
        """Wait."""
        firing.wait(self.seconds)

    def arguments(self) -> str:
        """Return the seconds."""
        return f"{self.seconds:g}"


@dataclass(frozen=True)
class Hold(Effect):
    """Holds the request until the fault is released."""

    timeout: float

    method = "hold"
    order = 1

    def before(self, firing: Firing) -> None:
        """Wait for the release, at most `timeout` seconds."""
        if not firing.wait(self.timeout):
            firing.complain(
                f"held a request for {self.timeout:g} s of real time without a call of release().\n"
                "  The thread that waits for the answer cannot be the one that releases it. "
                f"See {GUIDE}"
            )


class ExpireToken(Effect):
    """Expires the token of the request."""

    method = "expire_token"
    order = 2
    needs_token = True

    def before(self, firing: Firing) -> None:
        """Expire the token."""
        if firing.token is not None:
            firing.tokens.expire(firing.token)


class RevokeToken(Effect):
    """Revokes the token of the request."""

    method = "revoke_token"
    order = 2
    needs_token = True

    def before(self, firing: Firing) -> None:
        """Revoke the token."""
        if firing.token is not None:
            firing.tokens.revoke(firing.token)


@dataclass(frozen=True)
class Drop(Effect):
    """Closes the connection."""

    when: When
    reset: bool

    method = "drop"

    @property
    def instead(self) -> CannedResponse | None:
        """An empty response if the request is not handled."""
        return CannedResponse(DROPPED, b"", ()) if self.when == "before" else None

    @property
    def loses_answer(self) -> bool:
        """Whether the connection is closed before the answer is sent."""
        return self.when != "middle"

    def after(self, reply: Reply, *, has_body: bool) -> None:
        """Drop the answer, or the second half of its body."""
        reply.transfer.reset = self.reset
        if self.loses_answer or not has_body:
            reply.status = DROPPED
        else:
            reply.read_stream()
            reply.transfer.cut = True

    def arguments(self) -> str:
        """Return when the connection is closed, and whether by a reset."""
        return f"{self.when!r}{', reset=True' if self.reset else ''}"


@dataclass(frozen=True)
class Corrupt(Effect):
    """Damages the body of the answer."""

    how: Damage

    method = "corrupt"
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

    def arguments(self) -> str:
        """Return the kind of damage."""
        return repr(self.how)


@dataclass(frozen=True)
class Throttle(Effect):
    """Sends the body of the answer slowly."""

    seconds: float

    method = "throttle"
    sends_answer = True
    needs_body = True

    def after(self, reply: Reply, *, has_body: bool) -> None:
        """Set how long the body takes."""
        if has_body:
            reply.read_stream()
            reply.transfer.seconds = self.seconds

    def arguments(self) -> str:
        """Return the seconds."""
        return f"{self.seconds:g}"
