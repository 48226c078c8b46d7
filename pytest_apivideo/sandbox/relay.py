"""The relay: a loopback address that stands for the sandbox, with the care that its account gets.

It passes requests and answers on as they are, with these exceptions:

- Who logs in with the *session key* gets a token that stands for the login which all share.
- What is created carries the run's mark: a video gets it as one more metadata entry; a request that
  would create something else without it is answered 409, and not sent.
- Deleting or changing what neither this run created nor any run marked is answered 409 as well.
- A 429 is waited for once.

Each worker has a port of its own, a `Desk`, so that it is known which test a request is for.
"""

from __future__ import annotations

import hmac
import json
import re
import secrets as random_secrets
import threading
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from fake_server.hosting import Host
from fake_server.hosting.answer import Disconnect
from pytest_apivideo.sandbox import removal
from pytest_apivideo.sandbox.account import Account
from pytest_apivideo.sandbox.clock import monotonic
from pytest_apivideo.sandbox.guard import SandboxRefused
from pytest_apivideo.sandbox.kinds import VIDEO, Kind, created_by, one_of
from pytest_apivideo.sandbox.ledger import Entry, Ledger
from pytest_apivideo.sandbox.marks import METADATA_KEY, mark_in
from pytest_apivideo.sandbox.relay_names import CONTROL, CONTROL_HEADER
from pytest_apivideo.sandbox.upstream import Outgoing, Reply, SandboxLost

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

_LOGIN = "/auth/api-key"
_JSON = ("Content-Type", "application/json")
_MOST_BODY = 256 * 1024 * 1024
_FORM_HEAD = 64 * 1024  # bytes of a form in which the name of its file is
_MOST_CALLS = 30
_MOST_PROBLEM = 500  # characters of a problem that a failure shows
_WITHOUT_PHRASE = "Unknown"
_QUERY_TOKEN = re.compile(r"(?<=[?&]token=)[^&]+")


@dataclass(frozen=True)
class Keys:
    """What lets in at the relay: clients by `session`, the plugin by `control`."""

    session: str = field(default_factory=lambda: random_secrets.token_urlsafe(32), repr=False)
    token: str = field(default_factory=lambda: random_secrets.token_urlsafe(32), repr=False)
    control: str = field(default_factory=lambda: random_secrets.token_urlsafe(32), repr=False)


@dataclass
class Notes:
    """What happened to the requests of one test that its report should say."""

    inconclusive: list[str] = field(default_factory=list)
    told: list[str] = field(default_factory=list)
    calls: deque[str] = field(default_factory=lambda: deque(maxlen=_MOST_CALLS))


class Relay:
    """What the ports of a run share: the account, the ledger, and the keys."""

    def __init__(self, account: Account, ledger: Ledger) -> None:
        self.account = account
        self.ledger = ledger
        self.keys = Keys()
        self._hosts: list[Host] = []
        account.secrets.add(self.keys.session, self.keys.token, self.keys.control)

    @property
    def run(self) -> str:
        """The run's id, which is its mark."""
        return self.ledger.run

    def open_port(self) -> str:
        """Open a port for a worker; returns its address."""
        host = Host(Desk(self), refusal=_refusal, now=monotonic)
        host.start()
        self._hosts.append(host)
        return host.url_for("").rstrip("/")

    def close(self) -> list[str]:
        """Remove what is left, and close the ports. Returns what could not be removed, in words."""
        try:
            return self._finish()
        finally:
            for host in self._hosts:
                host.stop()
            self.ledger.close()
            self.account.upstream.close()

    def _finish(self) -> list[str]:
        try:
            self.account.check()
        except SandboxRefused:
            return [entry.label for entry in self.ledger.left()]
        try:
            return removal.finish(self.account, self.ledger)
        except (SandboxRefused, SandboxLost, ConnectionError) as wrong:
            return [*(entry.label for entry in self.ledger.left()), str(wrong)]


class Desk:
    """The relay on one port, as a WSGI application."""

    def __init__(self, relay: Relay) -> None:
        self._relay = relay
        self._account = relay.account
        self._test = ""
        self._notes: dict[str, Notes] = {}
        self._lock = threading.Lock()

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Pass a request on, or obey one of the plugin's."""
        outgoing = _read(environ)
        if outgoing.path.startswith(CONTROL):
            reply = self._control(outgoing)
        else:
            reply = self._answered(outgoing)
        phrase = _phrase(reply.status)
        start_response(f"{reply.status} {phrase}", reply.headers)
        return [reply.body]

    def _answered(self, outgoing: Outgoing) -> Reply:
        begun = monotonic()
        calls = self._note().calls
        try:
            reply = self._passed_on(outgoing)
        except SandboxLost as lost:
            calls.append(f"{_shown(outgoing)} -> no answer")
            self._note().told.append(str(lost))
            raise Disconnect from None
        milliseconds = (monotonic() - begun) * 1000
        calls.append(f"{_shown(outgoing)} -> {reply.status}  ({milliseconds:.0f} ms)")
        calls.extend(f"    {problem}" for problem in _problem(reply))
        return reply

    def _passed_on(self, outgoing: Outgoing) -> Reply:
        if self._asks_for_the_shared_login(outgoing):
            return self._shared_login()
        kind = created_by(outgoing.method, outgoing.path)
        refusal = self._wrong_with(outgoing, kind)
        if refusal is not None:
            self._note().told.append(refusal)
            return _answer(409, {"title": "Not sent to the sandbox.", "detail": refusal})
        if kind is None or (kind is VIDEO and self._names_a_video_of_ours(outgoing)):
            reply = self._send(outgoing)
            self._settle_what_was_deleted(outgoing, reply)
            return reply
        return self._create(_marked(outgoing, kind, self._relay.run), kind)

    def _send(self, outgoing: Outgoing) -> Reply:
        reply = self._sent(outgoing)
        self._account.secrets.add_from(reply.body)
        if reply.limited:
            self._note().inconclusive.append(
                f"{outgoing.method} {outgoing.path} was answered 429, and again after a wait"
            )
        return reply

    def _sent(self, outgoing: Outgoing) -> Reply:
        sent = {name.lower(): value for name, value in outgoing.headers}
        if _equal(sent.get("authorization", ""), f"Bearer {self._relay.keys.token}"):
            return self._account.send_as_ours(outgoing)
        return self._account.upstream.send(outgoing)

    def _create(self, outgoing: Outgoing, kind: Kind) -> Reply:
        ledger = self._relay.ledger
        entry = ledger.intend(kind, self._test)
        reply = self._send(outgoing)
        found = reply.json() if 200 <= reply.status < 300 else None
        identifier = found.get(kind.identifier) if isinstance(found, dict) else None
        if _is_identifier(identifier):
            self._made(entry, str(identifier))
        elif 400 <= reply.status < 500:
            ledger.settle(entry)  # refused, so there is nothing
        return reply

    def _made(self, entry: Entry, identifier: str) -> None:
        ledger = self._relay.ledger
        if ledger.find(entry.kind, identifier) is None:
            ledger.made(entry, identifier)
        else:
            ledger.settle(entry)  # a part of something that an earlier request created

    def _settle_what_was_deleted(self, outgoing: Outgoing, reply: Reply) -> None:
        named = one_of(outgoing.path)
        if outgoing.method == "DELETE" and named and reply.status in (204, 404):
            entry = self._relay.ledger.find(*named)
            if entry is not None:
                self._relay.ledger.settle(entry)

    # What may not be sent

    def _wrong_with(self, outgoing: Outgoing, kind: Kind | None) -> str | None:
        if kind is not None:
            return self._wrong_with_creation(outgoing, kind)
        if outgoing.method in ("GET", "HEAD", "OPTIONS"):
            return None
        return self._wrong_with_change(outgoing)

    def _wrong_with_creation(self, outgoing: Outgoing, kind: Kind) -> str | None:
        is_form = outgoing.path == "/upload"
        if is_form and self._names_a_video_of_ours(outgoing):
            return None
        can_be_marked = kind.marked and (is_form or kind is not VIDEO)
        if not can_be_marked or self._relay.run.encode() in outgoing.body[:_FORM_HEAD]:
            return None
        where = "its file's name" if is_form else f"its {kind.marked[0]}"
        return (
            f"This {kind.name} would not carry the mark of the run, and could be left behind on "
            f"the account: put apivideo_target.mark(...) into {where}."
        )

    def _wrong_with_change(self, outgoing: Outgoing) -> str | None:
        """Whether a request changes something that is there and is not ours."""
        named = _owner(outgoing.path)
        if named is None or self._relay.ledger.find(*named) is not None:
            return None
        kind, identifier = named
        if not kind.marked:
            known = kind.owned or self._account.request("GET", outgoing.path).status == 404
            return None if known or kind.name == "watermark" else self._not_ours(kind)
        reply = self._account.request("GET", f"{kind.path}/{identifier}")
        there = reply.json() if reply.status == 200 else None
        if not isinstance(there, dict) or mark_in(kind.marks_of(there)):
            return None
        return self._not_ours(kind)

    def _not_ours(self, kind: Kind) -> str:
        return (
            f"This {kind.name} was there before this run. Tests change and delete only what a run "
            "of tests created."
        )

    def _names_a_video_of_ours(self, outgoing: Outgoing) -> bool:
        """Whether a part of a delegated upload is for a video that this run has created."""
        if outgoing.path != "/upload":
            return False
        made = (one for one in self._relay.ledger.left() if one.kind is VIDEO and one.identifier)
        head, tail = outgoing.body[:_FORM_HEAD], outgoing.body[-_FORM_HEAD:]
        return any(str(one.identifier).encode() in part for one in made for part in (head, tail))

    # The login that all share

    def _asks_for_the_shared_login(self, outgoing: Outgoing) -> bool:
        if (outgoing.method, outgoing.path) != ("POST", _LOGIN):
            return False
        try:
            sent = json.loads(outgoing.body)
        except ValueError:
            return False
        key = sent.get("apiKey") if isinstance(sent, dict) else None
        return isinstance(key, str) and _equal(key, self._relay.keys.session)

    def _shared_login(self) -> Reply:
        token = self._relay.keys.token
        grant = {"token_type": "Bearer", "expires_in": 86400, "access_token": token}
        return _answer(200, {**grant, "refresh_token": ""})

    # What the plugin asks for

    def _control(self, outgoing: Outgoing) -> Reply:
        headers = {name.lower(): value for name, value in outgoing.headers}
        if not _equal(headers.get(CONTROL_HEADER.lower(), ""), self._relay.keys.control):
            return _answer(404, {"title": "Not found."})
        asked = json.loads(outgoing.body)
        verbs: dict[str, Callable[[str], dict[str, Any]]] = {
            "begin": self._begin,
            "notes": self._told,
            "end": self._end,
        }
        return _answer(200, verbs[outgoing.path.removeprefix(CONTROL)](asked["test"]))

    def _begin(self, test: str) -> dict[str, Any]:
        self._test = test
        self._notes[test] = Notes()
        try:
            self._account.check()
        except SandboxRefused as refused:
            return {"refused": str(refused)}
        self._account.upstream.budget.rest()
        return {}

    def _told(self, test: str) -> dict[str, Any]:
        notes = self._notes.get(test, Notes())
        hide = self._account.secrets.hide
        return {
            "inconclusive": notes.inconclusive,
            "told": notes.told,
            "calls": [hide(line) for line in notes.calls],
        }

    def _end(self, test: str) -> dict[str, Any]:
        self._notes.pop(test, None)
        return {"left": removal.remove(self._account, self._relay.ledger, test)}

    def _note(self) -> Notes:
        with self._lock:
            return self._notes.setdefault(self._test, Notes())


def _read(environ: WSGIEnvironment) -> Outgoing:
    target: str = environ["RAW_URI"]
    if not target.startswith("/"):
        target = "/"
    headers = [
        (name.removeprefix("HTTP_").replace("_", "-").title(), value)
        for name, value in environ.items()
        if name.startswith("HTTP_") or (name == "CONTENT_TYPE" and value)
    ]
    body = environ["wsgi.input"].read(_MOST_BODY)
    return Outgoing(environ["REQUEST_METHOD"], target, headers, body)


def _marked(outgoing: Outgoing, kind: Kind, run: str) -> Outgoing:
    """The request with the run's mark, where that can be added without a change that matters."""
    if kind is not VIDEO or outgoing.path != VIDEO.path or run.encode() in outgoing.body:
        return outgoing
    try:
        sent = json.loads(outgoing.body)
    except ValueError:
        return outgoing
    metadata = sent.get("metadata", []) if isinstance(sent, dict) else None
    if not isinstance(metadata, list):
        return outgoing
    sent["metadata"] = [*metadata, {"key": METADATA_KEY, "value": run}]
    return replace(outgoing, body=json.dumps(sent).encode())


def _owner(path: str) -> tuple[Kind, str] | None:
    """What a path speaks of: `/videos/vi…/captions/en` is about that video."""
    return one_of("/".join(path.split("/")[:3]))


def _is_identifier(value: Any) -> bool:
    return isinstance(value, str) and value.replace("_", "").replace("-", "").isalnum()


def _equal(sent: str, known: str) -> bool:
    return hmac.compare_digest(sent.encode(), known.encode())


def _answer(status: int, value: dict[str, Any]) -> Reply:
    body = json.dumps({"status": status, **value} if status >= 400 else value).encode()
    return Reply(status, [_JSON], body)


def _shown(outgoing: Outgoing) -> str:
    """A request as people see it: an upload token in its query is not shown."""
    return f"{outgoing.method} {_QUERY_TOKEN.sub('***', outgoing.target)}"


def _problem(reply: Reply) -> list[str]:
    """The problem in an answer, in one line; none if it has none."""
    found = reply.json() if reply.status >= 400 else None
    if not isinstance(found, dict):
        return []
    words = [str(found[name]) for name in ("title", "detail", "name") if found.get(name)]
    return [" ".join(words)[:_MOST_PROBLEM]] if words else []


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return _WITHOUT_PHRASE


def _refusal(status: int, detail: str) -> tuple[str, bytes]:
    body = {"title": "The relay to the sandbox failed.", "status": status, "detail": detail}
    return _JSON[1], json.dumps(body).encode()
