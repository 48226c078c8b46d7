"""A project: api.video's unit of isolation, with its own keys, tokens and resources.

Every test has a project of its own in a shared server.
"""

from __future__ import annotations

from typing import Any

from fake_server.account import Account
from fake_server.auth.credential_index import CredentialIndex
from fake_server.auth.keys import Keys, check_sendable
from fake_server.auth.records import AdminKey
from fake_server.auth.tokens import Tokens
from fake_server.core.context import Context as AnyContext
from fake_server.core.context import ProjectContext as AnyProjectContext
from fake_server.core.spool import Spool
from fake_server.core.store import Ids, Store
from fake_server.rate_limits import RateLimits
from fake_server.settings import ENVIRONMENTS, Environment

Snapshot = dict[Environment, Any]


class Project:
    """One project of an account, with resources of its own for sandbox and production.

    `admin_id`, `name`, `created_ns` and `deletes_ns` (nanoseconds since the epoch) are what the
    Admin API shows of it. `siblings` are the projects that it added to the account.
    """

    name = "Default project"

    def __init__(
        self, identifier: str, ids: Ids, account: Account, credentials: CredentialIndex
    ) -> None:
        self.id = identifier
        self.account = account
        self.clock, self.settings = account.clock, account.settings
        self.rate_limits = RateLimits(self.clock, self.settings)
        self.credentials = credentials
        self.keys = Keys(self.id, ids, self.clock, credentials)
        self.tokens = Tokens(self.keys, ids, credentials, account)
        self.spool = Spool()
        self.admin_id = ids.new("project_")
        self.created_ns = self.clock.now_ns()
        self.deletes_ns: int | None = None
        self.admin_key = AdminKey(ids.text("", 43), self.id)
        self.siblings: list[Project] = []
        self._stores = {environment: Store(ids) for environment in ENVIRONMENTS}
        for environment, store in self._stores.items():
            account.lifecycle.include(self, self.settings, environment, store)

    def __repr__(self) -> str:
        return f"<Project {self.id}>"

    def store(self, environment: Environment | None = None) -> Store:
        """Return the resources of an environment, by default the setting's."""
        return self._stores[environment or self.settings.environment]

    def run_due(self, now_ns: int | None = None) -> int:
        """Run the events that are due, and return the current time in nanoseconds."""
        now_ns = self.clock.now_ns() if now_ns is None else now_ns
        self.account.lifecycle.run_due(now_ns)
        return now_ns

    def drain(self) -> None:
        """Run the events that are due, and wait for the deliveries that they send."""
        self.account.lifecycle.run(self.clock.now_ns(), moving=False)

    def context(self, environment: Environment | None = None) -> ProjectContext:
        """Return the context of an action outside a call, by default in the environment set."""
        now_ns, environment = self.run_due(), environment or self.settings.environment
        return ProjectContext(self, environment, self.settings, self.store(environment), now_ns)

    def snapshot(self) -> Snapshot:
        """Return the resources of both environments, after all deliveries under way."""
        self.drain()
        return {environment: store.snapshot() for environment, store in self._stores.items()}

    def restore(self, snapshot: Snapshot) -> None:
        """Return to the resources of a snapshot."""
        for environment, store in self._stores.items():
            store.restore(snapshot[environment])

    def reset(self) -> None:
        """Remove all resources, tokens, faults and calls; reset clock and settings.

        The API keys stay.
        """
        self.account.courier.join()
        for project in (self, *self.siblings):
            for store in project._stores.values():
                store.clear()
            project.tokens.clear()
            project.rate_limits.clear()
        self.account.reset()

    def use_admin_key(self, value: str) -> None:
        """Replace the generated key for the Admin API.

        Raises ValueError for an invalid key, and for the value of another credential.
        """
        check_sendable(value, "an admin key")
        if value in self.credentials:
            raise ValueError("another credential of this server has this value")
        self.credentials.remove(self.admin_key)
        self.admin_key = AdminKey(value, self.id)
        self.credentials.add(self.admin_key)

    def key_values(self) -> list[str]:
        """Return the values of all keys."""
        return [self.admin_key.value, *(key.value for key in self.keys)]

    def lasting_secrets(self) -> list[str]:
        """Return the values of all keys, and the present and past secrets of the resources."""
        return self.key_values() + [
            secret for store in self._stores.values() for secret in store.secrets()
        ]

    def close(self) -> None:
        """Remove its credentials and its files."""
        self.spool.close()
        self.tokens.clear()
        self.keys.clear()
        self.credentials.remove(self.admin_key)


Context = AnyContext[Project]
"""What a handler knows of its call."""
ProjectContext = AnyProjectContext[Project]
"""What an action knows of the project that it changes, in a call or outside one."""
