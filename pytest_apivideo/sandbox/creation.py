"""Requests that create something: in the ledger before they are sent, judged by their answers."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from pytest_apivideo.sandbox.account import Account
from pytest_apivideo.sandbox.age import created_at, is_new
from pytest_apivideo.sandbox.clock import monotonic
from pytest_apivideo.sandbox.kinds import VIDEO, Kind, RemoteResource
from pytest_apivideo.sandbox.ledger import Entry, Ledger
from pytest_apivideo.sandbox.marks import METADATA_KEY
from pytest_apivideo.sandbox.upstream import Outgoing, Reply, SandboxLost, parse_json

Send = Callable[[Outgoing], Reply]


class RunOverError(Exception):
    """Raised for a creation after the end of the run."""


class Creations:
    """The creations of a run; `doubts` are those that may have left something, in words."""

    def __init__(self, account: Account, ledger: Ledger) -> None:
        self.doubts: list[str] = []
        self.pending: set[int] = set()
        self._account = account
        self._ledger = ledger
        self._changed = threading.Condition()
        self._is_over = False

    def close(self, seconds: float) -> None:
        """Refuse new creations, and wait up to so long for those whose answers are pending."""
        with self._changed:
            self._is_over = True
            self._changed.wait_for(lambda: not self.pending, seconds)

    def create(self, outgoing: Outgoing, kind: Kind, test: str, send: Send) -> tuple[Reply, str]:
        """Send a creation with the run's mark; return the answer, and what is wrong with it or "".

        Raises OSError if the ledger cannot be written, RunOverError, and what `send` raises.
        """
        with self._entry(kind, test) as entry:
            begun = monotonic()
            try:
                reply = send(_marked(outgoing, kind, self._ledger.run))
            except SandboxLost as lost:
                if lost.may_arrive:
                    self._ledger.keep()
                    self.doubts.append(f"{entry.label}: {lost}. It may be created later: sweep")
                raise
            return reply, self._record(entry, reply, monotonic() - begun)

    @contextmanager
    def _entry(self, kind: Kind, test: str) -> Iterator[Entry]:
        with self._changed:
            if self._is_over:
                raise RunOverError
            entry = self._ledger.intend(kind, test)
            self.pending.add(entry.number)
        try:
            yield entry
        finally:
            with self._changed:
                self.pending.discard(entry.number)
                self._changed.notify_all()

    def _record(self, entry: Entry, reply: Reply, seconds: float) -> str:
        """Write down what an answer says, `seconds` after the request; return what is wrong."""
        kind = entry.kind
        if not 200 <= reply.status < 300:
            if 400 <= reply.status < 500:
                self._ledger.settle(entry)  # refused, so nothing was created
            return ""
        answer = reply.json()
        identifier = kind.name_of(answer) if isinstance(answer, dict) else None
        if identifier is None:
            return (
                f"{kind.name}: its creation was answered {reply.status} with a body that is not a "
                f"JSON object with a {kind.identifier}, or is nested too deeply"
            )
        if not self._is_created(RemoteResource(kind, identifier), answer, reply, seconds):
            return self._doubt(entry, identifier)
        if self._ledger.find(kind, identifier) is None:
            self._ledger.made(entry, identifier)
        else:
            self._ledger.settle(entry)  # a part of something that an earlier request created
        return ""

    def _is_created(
        self, resource: RemoteResource, answer: Any, reply: Reply, seconds: float
    ) -> bool:
        """Return whether the request created what its answer names, by its mark or its age.

        A resource that the answer shows in part only is read.
        """
        kind, run = resource.kind, self._ledger.run
        if run in kind.marks_of(answer):
            return True
        if created_at(answer) is None and kind.has_page:
            reply = self._account.request("GET", resource.path)
            answer = reply.json() if reply.status == 200 else {}
        return isinstance(answer, dict) and (
            run in kind.marks_of(answer) or is_new(kind, answer, reply.by_name, seconds)
        )

    def _doubt(self, entry: Entry, identifier: str) -> str:
        """Keep out of the ledger what was answered as created, but may have been there before."""
        self._ledger.settle(entry)
        shown = "(its name is a secret)" if entry.kind.secret else identifier
        message = (
            f"{entry.kind.name} {shown}: answered as created, but it neither carries the mark of "
            "the run nor is it new, so it is left alone"
        )
        self.doubts.append(message)
        return message


def _marked(outgoing: Outgoing, kind: Kind, run: str) -> Outgoing:
    """Return the request with the run's mark in the metadata, if it creates an unmarked video."""
    if kind is not VIDEO or outgoing.path != VIDEO.path or run.encode() in outgoing.body:
        return outgoing
    video = parse_json(outgoing.body)
    metadata = video.get("metadata", []) if isinstance(video, dict) else None
    if not isinstance(metadata, list):
        return outgoing
    video["metadata"] = [*metadata, {"key": METADATA_KEY, "value": run}]
    return replace(outgoing, body=json.dumps(video).encode())
