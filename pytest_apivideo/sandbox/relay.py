"""The relay: loopback addresses that stand for the sandbox and take care of its account.

It passes requests and answers on unchanged, with these exceptions:

- A login with the *session key* is answered with a token for the login that all clients share.
- A video is created with the run's mark, as one more metadata entry.
- A request that could harm this or another account is answered 409 and not sent: see
  `credentials.py` and `permission.py`.
- After a 429 a request is sent once more.

Each worker has a port of its own, a `RelayApp`, which knows the test that a request is for.
"""

from __future__ import annotations

import json
from collections.abc import Iterable

from fake_server.hosting import Host
from pytest_apivideo.clients.tokens import LoginRefused
from pytest_apivideo.sandbox import removal
from pytest_apivideo.sandbox.account import Account
from pytest_apivideo.sandbox.clock import monotonic
from pytest_apivideo.sandbox.creation import Creations
from pytest_apivideo.sandbox.credentials import Credentials, ProductionKeys
from pytest_apivideo.sandbox.guard import SandboxRefused
from pytest_apivideo.sandbox.ledger import Ledger
from pytest_apivideo.sandbox.permission import Permission
from pytest_apivideo.sandbox.relay_app import JSON_TYPE, Keys, RelayApp

_LONGEST_WAIT = 30.0  # seconds, at the end, for creations whose answers are pending


class Relay:
    """What the ports of a run share: the account, the ledger, the keys and the creations.

    `production_keys` are values that no request may hold.
    """

    def __init__(
        self, account: Account, ledger: Ledger, production_keys: Iterable[str] = ()
    ) -> None:
        self.account = account
        self.ledger = ledger
        self.keys = Keys()
        self.creations = Creations(account, ledger)
        self.permission = Permission(account, ledger)
        self.credentials = Credentials(account, ledger, (self.keys.session, self.keys.token))
        production_keys = tuple(production_keys)
        self.production_keys = ProductionKeys(production_keys)
        self._hosts: list[Host] = []
        account.secrets.add(self.keys.session, self.keys.token, self.keys.control)
        for key in production_keys:
            account.secrets.add_key(key)

    @property
    def run(self) -> str:
        """The run's id, which is its mark."""
        return self.ledger.run

    def open_port(self) -> str:
        """Open a port for a worker, and return its address."""
        app = RelayApp(
            self.account,
            self.ledger,
            self.keys,
            self.creations,
            self.permission,
            self.credentials,
            self.production_keys,
        )
        host = Host(app, error_body=_refusal, now=monotonic)
        host.start()
        self._hosts.append(host)
        return host.url_for("").rstrip("/")

    def close(self) -> list[str]:
        """Remove what is left, and close the ports; return what could not be removed, in words.

        Waits for pending creations, because their clients may have given up.
        """
        try:
            self.creations.close(_LONGEST_WAIT)
            left = self._finish()
            return list(dict.fromkeys([*self.creations.doubts, *left]))
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
            return removal.finish(self.account, self.ledger, self.creations.pending)
        except (SandboxRefused, LoginRefused, ConnectionError) as error:
            self.ledger.keep()
            return [*(entry.label for entry in self.ledger.left()), str(error)]


def _refusal(status: int, detail: str) -> tuple[str, bytes]:
    body = {"title": "The relay to the sandbox failed.", "status": status, "detail": detail}
    return JSON_TYPE, json.dumps(body).encode()
