"""An answer on its way out, and what a fault does to it there."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from http.client import responses
from typing import TYPE_CHECKING

from fake_server.calls import DROPPED
from fake_server.faults import Fault, damaged
from fake_server.hosting import Disconnect

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

_PIECES = 20  # that a slow body comes in


@dataclass
class Reply:
    """An answer; its status is `DROPPED` if the client gets none."""

    status: int
    body: bytes = field(repr=False)
    headers: list[tuple[str, str]]
    fault: Fault | None = None

    def add(self, name: str, value: str) -> None:
        """Add a header, unless the answer has it."""
        if all(other.lower() != name.lower() for other, _ in self.headers):
            self.headers.append((name, value))

    def spoil(self, fault: Fault) -> None:
        """Let a fault have what it does to an answer."""
        self.fault = fault
        if fault.damage is not None:
            self.body, self.headers = damaged(fault.damage, self.body, self.headers)
        if fault.dropped in ("before", "after"):
            self.status = DROPPED

    def send(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Give the answer to the host; raises Disconnect to drop the connection."""
        fault = self.fault
        if fault is not None and self.status == DROPPED:
            raise Disconnect(reset=fault.reset)
        phrase = responses.get(self.status, "Unknown")
        if fault is None or (fault.dropped is None and not fault.drip_seconds):
            start_response(f"{self.status} {phrase}", self.headers)
            return [self.body]
        headers = [*self.headers, ("Content-Length", str(len(self.body)))]
        start_response(f"{self.status} {phrase}", headers)
        return _pieces(self.body, fault, environ["fake_server.stopping"])


def _pieces(body: bytes, fault: Fault, stopping: threading.Event) -> Iterator[bytes]:
    """The body as a fault lets it come: slowly, or only its first half."""
    most = body[: len(body) // 2] if fault.dropped == "middle" else body
    size = max(1, -(-len(most) // _PIECES)) if fault.drip_seconds else len(most)
    for start in range(0, len(most), size or 1):
        if fault.drip_seconds:
            fault.pause(fault.drip_seconds * size / len(most), stopping)
        yield most[start : start + size]
    if fault.dropped == "middle":
        raise Disconnect(reset=fault.reset)
