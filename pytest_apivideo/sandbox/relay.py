"""The relay: a loopback address that stands for the sandbox, with the care that its account gets.

It passes requests and answers on as they are, with these exceptions:

- Who logs in with the *session key* gets a token that stands for the login which all share.
- What is created carries the run's mark: a video gets it as one more metadata entry.
- What may not be sent, for it would touch what this run has not created or would create something
  without its mark, is answered 409: see `permission.py`.
- A 429 is waited for once.

Each worker has a port of its own, a `RelayApp`, so that it is known which test a request is for.
"""

from __future__ import annotations

import hmac
import json
import re
import secrets as random_secrets
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from fake_server.hosting import Host
from fake_server.hosting.answer import Disconnect
from pytest_apivideo.auth.tokens import LoginRefused
from pytest_apivideo.sandbox import removal
from pytest_apivideo.sandbox.account import Account
from pytest_apivideo.sandbox.age import created_at, is_new
from pytest_apivideo.sandbox.clock import monotonic
from pytest_apivideo.sandbox.guard import SandboxBusy, SandboxRefused
from pytest_apivideo.sandbox.kinds import VIDEO, Kind, RemoteResource, created_by, one_of
from pytest_apivideo.sandbox.ledger import Entry, Ledger
from pytest_apivideo.sandbox.marks import METADATA_KEY
from pytest_apivideo.sandbox.permission import Permission
from pytest_apivideo.sandbox.relay_names import CONTROL, CONTROL_HEADER
from pytest_apivideo.sandbox.upstream import Outgoing, Reply, SandboxLost

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

_LOGIN = "/auth/api-key"
_JSON = ("Content-Type", "application/json")
_MAX_BODY = 256 * 1024 * 1024
_MAX_CALLS = 30
_MAX_PROBLEM = 500  # characters of a problem that a failure shows
_LONGEST_WAIT = 30.0  # seconds, at the end, for creations that are under way
_WITHOUT_PHRASE = "Unknown"
_QUERY_TOKEN = re.compile(r"(?<=[?&]token=)[^&]+")


@dataclass(frozen=True)
class Keys:
    """What lets in at the relay: clients by `session`, the plugin by `control`."""

    session: str = field(default_factory=lambda: random_secrets.token_urlsafe(32), repr=False)
    token: str = field(default_factory=lambda: random_secrets.token_urlsafe(32), repr=False)
    control: str = field(default_factory=lambda: random_secrets.token_urlsafe(32), repr=False)


@dataclass
class TestNotes:
    """What happened to the requests of one test that its report should say."""

    inconclusive: list[str] = field(default_factory=list)
    told: list[str] = field(default_factory=list)
    calls: deque[str] = field(default_factory=lambda: deque(maxlen=_MAX_CALLS))


class RunOverError(Exception):
    """The run has ended, and creates nothing any more."""


class Relay:
    """What the ports of a run share: the account, the ledger, and the keys."""

    def __init__(self, account: Account, ledger: Ledger) -> None:
        self.account = account
        self.ledger = ledger
        self.keys = Keys()
        self.doubts: list[str] = []
        self._hosts: list[Host] = []
        self._under_way: set[int] = set()
        self._changed = threading.Condition()
        self._is_over = False
        account.secrets.add(self.keys.session, self.keys.token, self.keys.control)

    @property
    def run(self) -> str:
        """The run's id, which is its mark."""
        return self.ledger.run

    def open_port(self) -> str:
        """Open a port for a worker; returns its address."""
        host = Host(RelayApp(self), error_body=_refusal, now=monotonic)
        host.start()
        self._hosts.append(host)
        return host.url_for("").rstrip("/")

    @contextmanager
    def creation(self, kind: Kind, test: str) -> Iterator[Entry]:
        """An entry of the ledger, for as long as the request that it speaks of is under way.

        Raises OSError if the ledger cannot be written, RunOverError if the run has ended.
        """
        with self._changed:
            if self._is_over:
                raise RunOverError
            entry = self.ledger.intend(kind, test)
            self._under_way.add(entry.number)
        try:
            yield entry
        finally:
            with self._changed:
                self._under_way.discard(entry.number)
                self._changed.notify_all()

    def close(self) -> list[str]:
        """Remove what is left, and close the ports. Returns what could not be removed, in words.

        Waits for creations that are under way, whose clients may have given up.
        """
        try:
            with self._changed:
                self._is_over = True
                self._changed.wait_for(lambda: not self._under_way, _LONGEST_WAIT)
            return list(dict.fromkeys([*self.doubts, *self._finish()]))
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
            return removal.finish(self.account, self.ledger, self._under_way)
        except (SandboxRefused, LoginRefused, ConnectionError) as wrong:
            self.ledger.keep()
            return [*(entry.label for entry in self.ledger.left()), str(wrong)]


class RelayApp:
    """The relay on one port, as a WSGI application."""

    def __init__(self, relay: Relay) -> None:
        self._relay = relay
        self._account = relay.account
        self._permission = Permission(relay.account, relay.ledger)
        self._test = ""
        self._notes: dict[str, TestNotes] = {}
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
        except SandboxBusy as busy:
            self._note().inconclusive.append(str(busy))
            reply = _answer(429, {"title": "Too many requests.", "detail": str(busy)})
        except LoginRefused as refused:
            reply = self._refuse(str(refused))
        milliseconds = (monotonic() - begun) * 1000
        calls.append(f"{_shown(outgoing)} -> {reply.status}  ({milliseconds:.0f} ms)")
        calls.extend(f"    {problem}" for problem in _problem(reply))
        return reply

    def _passed_on(self, outgoing: Outgoing) -> Reply:
        if self._asks_for_the_shared_login(outgoing):
            return self._shared_login()
        if len(outgoing.body) > _MAX_BODY:
            return self._refuse(f"Its body is larger than {_MAX_BODY} bytes.")
        refusal = self._permission.refusal(outgoing)
        if refusal is not None:
            return self._refuse(refusal)
        kind = created_by(outgoing.method, outgoing.path)
        is_upload = outgoing.path == "/upload"
        if kind is None or (is_upload and self._permission.names_a_video_of_ours(outgoing)):
            reply = self._send(outgoing)
            self._settle_what_was_deleted(outgoing, reply)
            return reply
        try:
            with self._relay.creation(kind, self._test) as entry:
                return self._create(_marked(outgoing, kind, self._relay.run), entry)
        except RunOverError:
            return self._refuse("The run of tests is over.")
        except OSError as error:
            if isinstance(error, SandboxLost | Disconnect):
                raise
            return self._refuse(f"The ledger cannot be written ({error}).")

    def _refuse(self, words: str) -> Reply:
        self._note().told.append(words)
        return _answer(409, {"title": "Not sent to the sandbox.", "detail": words})

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

    def _create(self, outgoing: Outgoing, entry: Entry) -> Reply:
        ledger, kind = self._relay.ledger, entry.kind
        begun = monotonic()
        try:
            reply = self._send(outgoing)
        except SandboxLost as lost:
            if lost.may_arrive:
                ledger.keep()
                self._relay.doubts.append(f"{entry.label}: {lost}. It may be created later: sweep")
            raise
        found = reply.json() if 200 <= reply.status < 300 else None
        identifier = kind.name_of(found) if isinstance(found, dict) else None
        if found is not None and identifier is not None:
            if self._is_created(
                RemoteResource(kind, identifier), found, reply, monotonic() - begun
            ):
                self._made(entry, identifier)
            else:
                self._doubt(entry, identifier)
        elif 400 <= reply.status < 500:
            ledger.settle(entry)  # refused, so there is nothing
        return reply

    def _is_created(self, thing: RemoteResource, found: Any, reply: Reply, seconds: float) -> bool:
        """Whether a request that took that long created what its answer names.

        By its mark or its age, in the answer or, if that shows a part of it only, on its page.
        """
        kind = thing.kind
        if self._relay.run in kind.marks_of(found):
            return True
        if created_at(found) is None and kind.has_page:
            reply = self._account.request("GET", thing.path)
            found = reply.json() if reply.status == 200 else {}
        return isinstance(found, dict) and (
            self._relay.run in kind.marks_of(found) or is_new(kind, found, reply.by_name, seconds)
        )

    def _made(self, entry: Entry, identifier: str) -> None:
        ledger = self._relay.ledger
        if ledger.find(entry.kind, identifier) is None:
            ledger.made(entry, identifier)
        else:
            ledger.settle(entry)  # a part of something that an earlier request created

    def _doubt(self, entry: Entry, identifier: str) -> None:
        """Keep out of the ledger what was answered as created, but may have been there before."""
        self._relay.ledger.settle(entry)
        shown = "(its name is a secret)" if entry.kind.secret else identifier
        words = (
            f"{entry.kind.name} {shown}: answered as created, but it neither carries the mark of "
            "the run nor is it new, so it is left alone"
        )
        self._note().told.append(words)
        self._relay.doubts.append(words)

    def _settle_what_was_deleted(self, outgoing: Outgoing, reply: Reply) -> None:
        named = one_of(outgoing.path)
        if outgoing.method == "DELETE" and named and reply.status in (204, 404):
            entry = self._relay.ledger.find(*named)
            if entry is not None:
                self._relay.ledger.settle(entry)

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
        self._notes[test] = TestNotes()
        try:
            self._account.check()
        except SandboxBusy as busy:
            return {"inconclusive": str(busy)}
        except SandboxRefused as refused:
            return {"refused": str(refused)}
        self._account.upstream.budget.rest()
        return {}

    def _told(self, test: str) -> dict[str, Any]:
        notes = self._notes.get(test, TestNotes())
        hide = self._account.secrets.hide
        return {
            "inconclusive": notes.inconclusive,
            "told": notes.told,
            "calls": [hide(line) for line in notes.calls],
        }

    def _end(self, test: str) -> dict[str, Any]:
        self._notes.pop(test, None)
        return {"left": removal.remove(self._account, self._relay.ledger, test)}

    def _note(self) -> TestNotes:
        with self._lock:
            return self._notes.setdefault(self._test, TestNotes())


def _read(environ: WSGIEnvironment) -> Outgoing:
    target: str = environ["RAW_URI"]
    if not target.startswith("/"):
        target = "/"
    headers = [
        (name.removeprefix("HTTP_").replace("_", "-").title(), value)
        for name, value in environ.items()
        if name.startswith("HTTP_") or (name == "CONTENT_TYPE" and value)
    ]
    body = environ["wsgi.input"].read(_MAX_BODY + 1)
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
    return [" ".join(words)[:_MAX_PROBLEM]] if words else []


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return _WITHOUT_PHRASE


def _refusal(status: int, detail: str) -> tuple[str, bytes]:
    body = {"title": "The relay to the sandbox failed.", "status": status, "detail": detail}
    return _JSON[1], json.dumps(body).encode()
