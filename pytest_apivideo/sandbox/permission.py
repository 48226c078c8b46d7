"""Which requests are sent: those that read, or change only what this run created.

All others are refused: a path that is not in normal form, an unknown writing operation, and a
change of a resource that this run did not create.
"""

from __future__ import annotations

import re

from pytest_apivideo.sandbox.account import Account, busy_at
from pytest_apivideo.sandbox.forms import Form, UnreadableError, form_of, video_in_json
from pytest_apivideo.sandbox.kinds import SUMMARY, VIDEO, Kind, RemoteResource, created_by, thing_at
from pytest_apivideo.sandbox.ledger import Ledger
from pytest_apivideo.sandbox.listing import CannotLookError, rows
from pytest_apivideo.sandbox.upstream import Outgoing, Reply

_READING = ("GET", "HEAD", "OPTIONS")
_NORMAL = re.compile(r"(?:/[A-Za-z0-9_-][A-Za-z0-9_.-]*)+")
# fmt: off
_OVERRIDES = frozenset((
    "x-http-method-override", "x-http-method", "x-method-override", "x-original-url",
    "x-rewrite-url",
))
# fmt: on
_OVERRIDE_IN_QUERY = re.compile(r"[?&]_method=", re.IGNORECASE)
_FOUND, _NOT_FOUND = 200, 404


class Permission:
    """The rule on which resources the requests of a run may change."""

    def __init__(self, account: Account, ledger: Ledger) -> None:
        self._account = account
        self._ledger = ledger

    def refusal(self, outgoing: Outgoing) -> str | None:
        """Return why a request is refused, or None. Raises what sending a request raises."""
        if _is_disguised(outgoing):
            return (
                "A header or a query that asks for another method or path than the request has is "
                "not passed on."
            )
        if outgoing.method in _READING:
            return None
        if _NORMAL.fullmatch(outgoing.path) is None:
            return (
                f"{outgoing.method} {outgoing.path} is not in its normal form: write the path "
                "without empty parts, dots, percent signs and a slash at the end, so that it can "
                "be told what it is about."
            )
        if outgoing.path.startswith("/auth/"):
            return None
        return self._wrong_with_writing(outgoing)

    def _wrong_with_writing(self, outgoing: Outgoing) -> str | None:
        kind = created_by(outgoing.method, outgoing.path)
        if kind is not None:
            return self._wrong_with_creation(outgoing, kind)
        thing = thing_at(outgoing.path)
        if thing is None:
            return (
                f"{outgoing.method} {outgoing.path} is no operation by which tests create things, "
                "or change those that they created. Nothing else is passed on to the sandbox."
            )
        return None if self._is_ours(thing) or self._is_nowhere(thing) else _not_ours(thing.kind)

    def names_a_video_of_ours(self, outgoing: Outgoing) -> bool:
        """Return whether a delegated upload is for a video that this run created."""
        try:
            form = form_of(outgoing)
        except UnreadableError:
            return False
        return form.video is not None and self._is_ours(RemoteResource(VIDEO, form.video))

    # What is created

    def _wrong_with_creation(self, outgoing: Outgoing, kind: Kind) -> str | None:
        try:
            if outgoing.path == "/upload":
                return self._wrong_with_upload(form_of(outgoing))
            if kind is SUMMARY:
                return self._wrong_with_summary(video_in_json(outgoing.body))
        except UnreadableError as unreadable:
            return f"Which video this is about cannot be told: {unreadable}."
        if not kind.marked or kind is VIDEO or self._ledger.run.encode() in outgoing.body:
            return None
        return _not_marked(kind, f"its {kind.marked[0]}")

    def _wrong_with_upload(self, form: Form) -> str | None:
        if form.video is not None:
            video = RemoteResource(VIDEO, form.video)
            if self._is_ours(video):
                return None
            if not self._is_nowhere(video):
                return _not_ours(VIDEO)
        if all(self._ledger.run in name for name in form.files):
            return None
        return _not_marked(VIDEO, "its file's name")

    def _wrong_with_summary(self, identifier: str | None) -> str | None:
        if identifier is None:
            return None  # it names no video, so that there is nothing to be made
        video = RemoteResource(VIDEO, identifier)
        return None if self._is_ours(video) or self._is_nowhere(video) else _not_ours(VIDEO)

    # Whose it is

    def _is_ours(self, thing: RemoteResource) -> bool:
        """Return whether this run created a resource, by the ledger or by its mark."""
        if self._ledger.has_made(thing.kind, thing.identifier):
            return True
        if thing.kind.owned:
            return self._is_of_a_video_of_ours(thing)
        if not thing.kind.marked:
            return False
        found = self._read(thing)
        there = found.json() if found is not None and found.status == _FOUND else None
        return isinstance(there, dict) and self._ledger.run in thing.kind.marks_of(there)

    def _is_of_a_video_of_ours(self, thing: RemoteResource) -> bool:
        listed = self._listed(thing)
        video = listed.get(VIDEO.identifier) if listed else None
        return isinstance(video, str) and self._is_ours(RemoteResource(VIDEO, video))

    def _is_nowhere(self, thing: RemoteResource) -> bool:
        """Return whether a resource certainly does not exist."""
        if thing.kind.has_page:
            found = self._read(thing)
            return found is not None and found.status == _NOT_FOUND
        return self._listed(thing) == {}

    def _read(self, thing: RemoteResource) -> Reply | None:
        if _NORMAL.fullmatch(thing.path) is None:
            return None
        reply = self._account.request("GET", thing.path)
        if reply.limited:
            raise busy_at("GET", thing.path)
        return reply

    def _listed(self, thing: RemoteResource) -> dict[str, object] | None:
        """Return the resource as listed: empty if it is not listed, None if that is unknown."""
        try:
            listed = rows(self._account, thing.kind)
        except CannotLookError:
            return None
        same = (row for row in listed if row.get(thing.kind.identifier) == thing.identifier)
        return next(same, {})


def _is_disguised(outgoing: Outgoing) -> bool:
    sent = {name.lower() for name, _ in outgoing.headers}
    return bool(sent & _OVERRIDES) or _OVERRIDE_IN_QUERY.search(outgoing.target) is not None


def _not_marked(kind: Kind, where: str) -> str:
    return (
        f"This {kind.name} would not carry the mark of the run, and could be left behind on the "
        f"account: put apivideo_target.mark(...) into {where}."
    )


def _not_ours(kind: Kind) -> str:
    return (
        f"This {kind.name} was there before this run, or it cannot be told whether it was. Tests "
        "change and delete only what their run has created."
    )
