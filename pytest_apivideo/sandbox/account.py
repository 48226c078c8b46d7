"""The account of a run: one login for all clients, and a check before the first test."""

from __future__ import annotations

import hmac
import json
import re
import secrets as random_secrets
import threading
from base64 import urlsafe_b64decode
from typing import Any

from pytest_apivideo.clients.shared_token import SharedToken
from pytest_apivideo.clients.tokens import Answer, Hidden, LoginRefused, Target, Token, TokenCall
from pytest_apivideo.network.addresses import is_loopback
from pytest_apivideo.options import KEY_VARIABLE
from pytest_apivideo.sandbox.clock import monotonic
from pytest_apivideo.sandbox.guard import SandboxBusy, SandboxRefused
from pytest_apivideo.sandbox.secrets import Secrets
from pytest_apivideo.sandbox.upstream import Outgoing, Reply, SandboxLost, Upstream

_READS_OF_PRODUCTION = 500  # a minute, as documented; the sandbox has 100
_LIMIT_HEADER = "x-ratelimit-limit"
_JSON = ("Content-Type", "application/json")
_UNAUTHORIZED = 401
_MAX_LOOKS = 3  # at an account that answers 429


class Account:
    """The sandbox account that an API key opens."""

    def __init__(self, upstream: Upstream, api_key: str, secrets: Secrets) -> None:
        self.upstream = upstream
        self.secrets = secrets
        self._shared = SharedToken(Target(upstream.base_url), api_key, monotonic)
        self._lock = threading.Lock()
        self._verdict: SandboxRefused | None = None
        self._is_checked = False
        self._looks = 0
        self._login_kind = ""
        self._api_key = api_key
        self.name: str | None = None
        """The id of api.video's project; None before `check` and if no token names it."""
        self.own: set[str] = {api_key}
        """The credentials of this run: the key, and the tokens that logins with it gave."""
        secrets.add_key(api_key)

    def token(self, refused: Token | None = None) -> Token:
        """Return the token that all clients share; `refused` is a token that was answered 401.

        Raises LoginRefused if the key is not good, SandboxBusy if the login is answered 429.
        """
        return self._shared.obtain(self._exchange, refused)

    def send_as_ours(self, outgoing: Outgoing) -> Reply:
        """Send a request with the shared token, renewed once if it is refused."""
        token = self.token()
        reply = self.upstream.send(_signed(outgoing, token))
        if reply.status == _UNAUTHORIZED:
            reply = self.upstream.send(_signed(outgoing, self.token(token)))
        return reply

    def request(self, method: str, target: str, payload: Any = None) -> Reply:
        """Send a request of our own, with a JSON body if there is a payload.

        Raises SandboxLost, and what `token` raises.
        """
        body = b"" if payload is None else json.dumps(payload).encode()
        return self.send_as_ours(Outgoing(method, target, [_JSON] if body else [], body))

    def known_as(self) -> str:
        """Return the account's name in a ledger: its project, else a salted digest of its key."""
        if self.name is not None:
            return f"project {self.name}"
        salt = random_secrets.token_hex(16)
        return f"key {salt} {self._digest(salt)}"

    def is_known_as(self, written: str | None) -> bool:
        """Return whether a name in a ledger is that of this account."""
        match (written or "").split(" "):
            case ["project", name]:
                return name == self.name
            case ["key", salt, written_digest]:
                return hmac.compare_digest(written_digest.encode(), self._digest(salt).encode())
        return False

    def _digest(self, salt: str) -> str:
        return hmac.digest(self._api_key.encode(), salt.encode(), "sha256").hex()

    def check(self) -> None:
        """Look, once a run, whether this is a sandbox, before anything is written.

        Raises SandboxRefused if it is not, the same each time; SandboxBusy if it answers 429.
        """
        with self._lock:
            if not self._is_checked:
                self._verdict = self._look()
                self._looks += 1
                is_busy = isinstance(self._verdict, SandboxBusy)
                self._is_checked = not is_busy or self._looks >= _MAX_LOOKS
        if self._verdict is not None:
            raise self._verdict

    def _look(self) -> SandboxRefused | None:
        where = self.upstream.base_url
        try:
            reply = self.request("GET", "/videos?currentPage=1&pageSize=1")
        except LoginRefused as refused:
            return SandboxRefused(f"{refused}\n{self._what_else_to_check(refused)}")
        except SandboxBusy as busy:
            return busy
        except SandboxLost as lost:
            return SandboxRefused(str(lost))
        if reply.limited:
            return busy_at("GET", "/videos")
        page = reply.json()
        if reply.status != 200 or not isinstance(page, dict) or "pagination" not in page:
            kind = reply.by_name.get("content-type", "no content type")
            return SandboxRefused(
                f"{where} does not answer as api.video does: GET /videos gave {reply.status} with "
                f"{kind}, not 200 with a page of videos. Check the base URL."
            )
        wrong = self._wrong_limit(reply)
        if wrong is None:
            self.name = _project_in(self.token())
        return wrong

    def _wrong_limit(self, reply: Reply) -> SandboxRefused | None:
        """Return the refusal of an account that is not shown by its rate limit to be a sandbox."""
        where = self.upstream.base_url
        limits = [value for name, value in reply.headers if name.lower() == _LIMIT_HEADER]
        is_readable = len(limits) == 1 and re.fullmatch(r"[0-9]{1,9}", limits[0].strip())
        if is_readable and int(limits[0]) >= _READS_OF_PRODUCTION:
            return SandboxRefused(
                f"{where} allows {limits[0]} reads a minute, as api.video's production does: the "
                f"sandbox has 100. Nothing was written. Give {KEY_VARIABLE} a key of the sandbox."
            )
        if is_readable or is_loopback(where):
            return None
        return SandboxRefused(
            f"The answer of {where} to GET /videos has no readable header X-RateLimit-Limit, so "
            "it is not known whether this is a sandbox. Nothing was written."
        )

    def _what_else_to_check(self, refused: LoginRefused) -> str:
        if refused.problem is None and self._login_kind != "application/json":
            return f"The answer was {self._login_kind}, as of a page or a proxy, not of api.video."
        return f"The key is that of {KEY_VARIABLE}."

    def learn(self, reply: Reply) -> None:
        """Remember the tokens in the answer to a login as the run's own, and as secrets."""
        self.secrets.add_from(reply.body)
        grant = reply.json()
        if isinstance(grant, dict):
            tokens = (grant.get(name) for name in ("access_token", "refresh_token"))
            self.own.update(token for token in tokens if isinstance(token, str) and token)

    def _exchange(self, call: TokenCall) -> Answer:
        path = call.url.removeprefix(self.upstream.base_url)
        body = json.dumps(call.payload).encode()
        reply = self.upstream.send(Outgoing("POST", path, [_JSON], body))
        self.learn(reply)
        if reply.limited:
            raise busy_at("POST", path)
        sent = reply.by_name.get("content-type", "of no content type")
        self._login_kind = sent.partition(";")[0].strip().lower()
        return Answer(reply.status, b"" if reply.json() is None else reply.body)


def busy_at(method: str, path: str) -> SandboxBusy:
    """Return the exception for a request that was answered 429 twice."""
    return SandboxBusy(f"{method} {path} was answered 429, and again after a wait")


def _project_in(token: Token) -> str | None:
    """Return the project that an access token of api.video names, if any."""
    payload = token.access.split(".")[1:2]
    try:
        claims = json.loads(urlsafe_b64decode(payload[0] + "=" * (-len(payload[0]) % 4)))
        return str(claims["projectId"])
    except (IndexError, KeyError, TypeError, ValueError):
        return None


def _signed(outgoing: Outgoing, token: Token) -> Outgoing:
    headers = [pair for pair in outgoing.headers if pair[0].lower() != "authorization"]
    signature: tuple[str, Hidden] = ("Authorization", token.authorization)
    return Outgoing(outgoing.method, outgoing.target, [*headers, signature], outgoing.body)
