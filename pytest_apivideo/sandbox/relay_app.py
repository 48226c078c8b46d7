"""One port of the relay, as a WSGI application: what it answers itself, and what it passes on."""

from __future__ import annotations

import hmac
import json
import re
import secrets as random_secrets
import threading
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from fake_server.hosting.answer import Disconnect
from pytest_apivideo.clients.tokens import LoginRefused
from pytest_apivideo.sandbox import removal
from pytest_apivideo.sandbox.account import Account
from pytest_apivideo.sandbox.clock import monotonic
from pytest_apivideo.sandbox.creation import Creations, RunOverError
from pytest_apivideo.sandbox.credentials import LOGINS, Credentials, ProductionKeys
from pytest_apivideo.sandbox.guard import SandboxBusy, SandboxRefused
from pytest_apivideo.sandbox.kinds import created_by, one_of
from pytest_apivideo.sandbox.ledger import Ledger
from pytest_apivideo.sandbox.permission import Permission
from pytest_apivideo.sandbox.relay_names import CONTROL, CONTROL_HEADER
from pytest_apivideo.sandbox.upstream import Outgoing, Reply, SandboxLost, parse_json

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

JSON_TYPE = "application/json"
_MAX_BODY = 256 * 1024 * 1024
_MAX_CALLS = 30
_MAX_PROBLEM = 500  # characters of a problem that a failure shows
_SECRET_IN_QUERY = re.compile(
    r"(?<=[?&])([^=&]*(?:token|key|auth|secret|pass|session|credential)[^=&]*=)[^&]+", re.IGNORECASE
)


def _random_key() -> str:
    return random_secrets.token_urlsafe(32)


@dataclass(frozen=True)
class Keys:
    """The keys to the relay: `session` and `token` for clients, `control` for the plugin."""

    session: str = field(default_factory=_random_key, repr=False)
    token: str = field(default_factory=_random_key, repr=False)
    control: str = field(default_factory=_random_key, repr=False)


@dataclass
class TestNotes:
    """What the report of one test says about its requests."""

    inconclusive: list[str] = field(default_factory=list)
    messages: list[str] = field(default_factory=list)
    calls: deque[str] = field(default_factory=lambda: deque(maxlen=_MAX_CALLS))


@dataclass
class RelayApp:
    """The relay on one port, as a WSGI application."""

    account: Account
    ledger: Ledger
    keys: Keys
    creations: Creations
    permission: Permission
    credentials: Credentials
    production_keys: ProductionKeys
    _test: str = ""
    _notes: dict[str, TestNotes] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Pass a request on, or answer one of the plugin's."""
        outgoing = _read(environ)
        is_control = outgoing.path.startswith(CONTROL)
        reply = self._control(outgoing) if is_control else self._answer(outgoing)
        start_response(f"{reply.status} {_phrase(reply.status)}", reply.headers)
        return [reply.body]

    def _answer(self, outgoing: Outgoing) -> Reply:
        begun = monotonic()
        calls = self._note().calls
        leak = self.production_keys.refusal(outgoing)
        call = f"{outgoing.method} ***" if leak else _shown(outgoing)
        try:
            reply = self._refuse(leak) if leak else self._pass_on(outgoing)
        except SandboxLost as lost:
            calls.append(f"{call} -> no answer")
            self._note().messages.append(str(lost))
            raise Disconnect from None
        except SandboxBusy as busy:
            self._note().inconclusive.append(str(busy))
            reply = _json(429, {"title": "Too many requests.", "detail": str(busy)})
        except LoginRefused as refused:
            reply = self._refuse(str(refused))
        milliseconds = (monotonic() - begun) * 1000
        calls.append(f"{call} -> {reply.status}  ({milliseconds:.0f} ms)")
        calls.extend(f"    {problem}" for problem in _problem(reply))
        return reply

    def _pass_on(self, outgoing: Outgoing) -> Reply:
        if self._is_shared_login(outgoing):
            token = self.keys.token
            grant = {"token_type": "Bearer", "expires_in": 86400, "access_token": token}
            return _json(200, {**grant, "refresh_token": ""})
        if len(outgoing.body) > _MAX_BODY:
            return self._refuse(f"Its body is larger than {_MAX_BODY} bytes.")
        refusal = self.credentials.refusal(outgoing) or self.permission.refusal(outgoing)
        if refusal is not None:
            return self._refuse(refusal)
        kind = created_by(outgoing.method, outgoing.path)
        is_upload = outgoing.path == "/upload"
        if kind is None or (is_upload and self.permission.names_a_video_of_ours(outgoing)):
            reply = self._send(outgoing)
            self.credentials.learn(outgoing, reply)
            self._settle_deleted(outgoing, reply)
            return reply
        try:
            reply, wrong = self.creations.create(outgoing, kind, self._test, self._send)
        except RunOverError:
            return self._refuse("The run of tests is over.")
        except OSError as error:
            if isinstance(error, SandboxLost | Disconnect):
                raise
            return self._refuse(f"The ledger cannot be written ({error}).")
        if wrong:
            self._note().messages.append(wrong)
        return reply

    def _refuse(self, message: str) -> Reply:
        self._note().messages.append(message)
        return _json(409, {"title": "Not sent to the sandbox.", "detail": message})

    def _send(self, outgoing: Outgoing) -> Reply:
        sent = {name.lower(): value for name, value in outgoing.headers}
        if _equal(sent.get("authorization", ""), f"Bearer {self.keys.token}"):
            reply = self.account.send_as_ours(outgoing)
        else:
            reply = self.account.upstream.send(outgoing)
        self.account.secrets.add_from(reply.body)
        if reply.limited:
            self._note().inconclusive.append(
                f"{outgoing.method} {outgoing.path} was answered 429, and again after a wait"
            )
        return reply

    def _settle_deleted(self, outgoing: Outgoing, reply: Reply) -> None:
        named = one_of(outgoing.path)
        if outgoing.method == "DELETE" and named and reply.status in (204, 404):
            entry = self.ledger.find(*named)
            if entry is not None:
                self.ledger.settle(entry)

    def _is_shared_login(self, outgoing: Outgoing) -> bool:
        if (outgoing.method, outgoing.path) != ("POST", LOGINS[0]):
            return False
        login = parse_json(outgoing.body)
        key = login.get("apiKey") if isinstance(login, dict) else None
        return isinstance(key, str) and _equal(key, self.keys.session)

    # Requests of the plugin

    def _control(self, outgoing: Outgoing) -> Reply:
        headers = {name.lower(): value for name, value in outgoing.headers}
        if not _equal(headers.get(CONTROL_HEADER.lower(), ""), self.keys.control):
            return _json(404, {"title": "Not found."})
        verbs: dict[str, Callable[[str], dict[str, Any]]] = {
            "begin": self._begin,
            "notes": self._report,
            "end": self._end,
        }
        test = json.loads(outgoing.body)["test"]
        return _json(200, verbs[outgoing.path.removeprefix(CONTROL)](test))

    def _begin(self, test: str) -> dict[str, Any]:
        self._test = test
        self._notes[test] = TestNotes()
        try:
            self.account.check()
        except SandboxBusy as busy:
            return {"inconclusive": str(busy)}
        except SandboxRefused as refused:
            return {"refused": str(refused)}
        self.account.upstream.budget.rest()
        return {}

    def _report(self, test: str) -> dict[str, Any]:
        notes = self._notes.get(test, TestNotes())
        hide = self.account.secrets.hide
        return {
            "inconclusive": notes.inconclusive,
            "messages": [hide(message) for message in notes.messages],
            "calls": [hide(line) for line in notes.calls],
        }

    def _end(self, test: str) -> dict[str, Any]:
        self._notes.pop(test, None)
        return {"left": removal.remove(self.account, self.ledger, test)}

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


def _equal(sent: str, known: str) -> bool:
    return hmac.compare_digest(sent.encode(), known.encode())


def _json(status: int, value: dict[str, Any]) -> Reply:
    body = json.dumps({"status": status, **value} if status >= 400 else value).encode()
    return Reply(status, [("Content-Type", JSON_TYPE)], body)


def _shown(outgoing: Outgoing) -> str:
    """Return a request as reports show it: without the credentials in its query."""
    target = _SECRET_IN_QUERY.sub(r"\1***", outgoing.target)
    return f"{outgoing.method} {target}"


def _problem(reply: Reply) -> list[str]:
    """Return the problem in an answer as one line, or nothing."""
    problem = reply.json() if reply.status >= 400 else None
    if not isinstance(problem, dict):
        return []
    parts = [str(problem[name]) for name in ("title", "detail", "name") if problem.get(name)]
    return [" ".join(parts)[:_MAX_PROBLEM]] if parts else []


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Unknown"
