"""What a worker knows of the relay, and how it asks it for things."""

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
        """The port that was opened for this worker."""
        return cls(**given)

    def for_worker(self) -> dict[str, str]:
        """The port as what is handed to a worker."""
        return asdict(self)

    def begin(self, test: str) -> tuple[str | None, str | None]:
        """Say which test the next requests are for; returns why there can be none, if so.

        The first words say that the sandbox cannot be used, the others that it is too busy.
        """
        answer = self._ask("begin", test)
        return answer.get("refused"), answer.get("inconclusive")

    def notes(self, test: str) -> tuple[list[str], list[str], list[str]]:
        """What made a test inconclusive, what else there is to tell of it, and its calls."""
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
