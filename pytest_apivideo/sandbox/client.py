"""A worker's client for the relay's control requests."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlsplit

from pytest_apivideo.sandbox.relay_names import CONTROL, CONTROL_HEADER


@dataclass(frozen=True)
class Port:
    """A port of the relay: its address, the run, the key for clients and that of the plugin."""

    url: str
    run: str
    session_key: str = field(repr=False)
    control_key: str = field(repr=False)

    @classmethod
    def from_worker_input(cls, given: dict[str, str]) -> Port:
        """Create the port from what the controller sent to this worker."""
        return cls(**given)

    def for_worker(self) -> dict[str, str]:
        """Return the port as plain data, to send to a worker."""
        return asdict(self)

    def begin(self, test: str) -> tuple[str | None, str | None]:
        """Announce the test that sends the next requests; return why it cannot run, if so.

        The first text says that the sandbox cannot be used, the second that it is too busy.
        """
        answer = self._ask("begin", test)
        return answer.get("refused"), answer.get("inconclusive")

    def notes(self, test: str) -> tuple[list[str], list[str], list[str]]:
        """Return why a test is inconclusive, other messages about it, and its calls."""
        notes = self._ask("notes", test)
        return notes["inconclusive"], notes["messages"], notes["calls"]

    def end(self, test: str) -> list[str]:
        """Remove what a test created; returns what could not be removed yet."""
        left: list[str] = self._ask("end", test)["left"]
        return left

    def _ask(self, verb: str, test: str) -> dict[str, Any]:
        parts = urlsplit(self.url)
        connection = HTTPConnection(parts.hostname or "", parts.port)
        try:
            headers = {CONTROL_HEADER: self.control_key}
            connection.request("POST", CONTROL + verb, json.dumps({"test": test}), headers)
            answer: dict[str, Any] = json.loads(connection.getresponse().read())
        finally:
            connection.close()
        return answer
