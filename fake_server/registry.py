"""The projects of a server, and which of them a credential or an id belongs to."""

from __future__ import annotations

import functools
import threading
from collections import deque
from contextlib import suppress

from fake_server.account import Account, ServerConfig
from fake_server.auth.credential_index import CredentialIndex
from fake_server.auth.records import CredentialRecord
from fake_server.core.store import Ids
from fake_server.project import Project
from fake_server.settings import ENVIRONMENTS, Environment, Settings

_MAX_FAILED = 3


class ProjectRegistry:
    """The projects of a server, and the *current* one, to which requests without a project belong.

    In-process the current project is the running test's (`test_project`), else the newest open one,
    else a default project that is created when needed. `failed_projects` are those whose block
    ended with a failure, for the failure report.
    """

    def __init__(self, config: ServerConfig) -> None:
        self.config = config
        self.credentials = CredentialIndex()
        self.test_project: Project | None = None
        self.failed_projects: deque[Project] = deque(maxlen=_MAX_FAILED)
        self._open: dict[str, Project] = {}
        self._main: dict[str, Project] = {}  # the first project of each account
        self._lock = threading.RLock()

    @property
    def current(self) -> Project:
        """The project of a request that names none."""
        if self.test_project is not None:
            return self.test_project
        with self._lock:
            if projects := self.main_projects():
                return projects[-1]
            return self.create("default", Settings(), with_session_keys=True)

    def create(
        self,
        seed: str,
        settings: Settings,
        *,
        isolated: bool = False,
        with_session_keys: bool = False,
    ) -> Project:
        """Open a project of a new account, with a key for each environment.

        The setting `seed` wins over `seed`; equal seeds still give different keys and ids while
        both projects are open. An `isolated` project is never the current one.
        `with_session_keys` gives it the keys that last for the whole run, if there are any.
        """
        seed = seed if settings.seed is None else str(settings.seed)
        with self._lock:
            identifier, ids = self._unused_id(seed)
            account = Account(identifier, settings, self.config, isolated=isolated)
            project = self._add(Project(identifier, ids, account, self.credentials))
            self._main[project.id] = project
            account.clock.watch_expiry(project.tokens.latest_expiry_ns)
            keys = self.credentials.session.keys if with_session_keys else {}
            for value in keys.values():
                self.credentials.forget(value)
        for environment in ENVIRONMENTS:
            project.keys.add(environment, keys.get(environment))
        return project

    def create_sibling(self, project: Project, name: str) -> Project:
        """Open another project of the same account, as the Admin API does.

        It has its own keys, tokens and resources, shares the account, and is closed with `project`.
        """
        with self._lock:
            identifier, ids = self._unused_id(f"{project.id} {len(project.siblings) + 1}")
            sibling = self._add(Project(identifier, ids, project.account, self.credentials))
            sibling.name = name
            project.siblings.append(sibling)
        return sibling

    def close(self, project: Project) -> None:
        """Close a project: its credentials become invalid."""
        for sibling in project.siblings:
            self.close(sibling)
        with self._lock:
            for key in project.keys:
                self.credentials.add(key)  # another project may hold a session key
            self.credentials.end(project.lasting_secrets(), project.tokens.values())
            if self._main.pop(project.id, None):
                project.account.close()
            project.close()
            self._open.pop(project.id, None)

    def bind_session_key(self, secret: str) -> bool:
        """Give the current project a session key, or a token issued for one, in whichever test.

        Returns False for any other secret.
        """
        session = self.credentials.session
        grant = session.grant(secret)
        value = secret if grant is None else grant.access.key.value
        if value not in session.keys.values():
            return False
        current = self.current
        with self._lock:
            self.credentials.forget(value)
            for key in current.keys:
                if key.value == value:
                    self.credentials.add(key)
            if grant is not None:
                with suppress(LookupError):  # the test has deleted the key
                    current.tokens.import_grant(grant)
        return True

    def open(self) -> list[Project]:
        """Return all open projects."""
        return list(self._open.values())

    def main_projects(self) -> list[Project]:
        """Return the first project of each account that is not isolated, oldest first."""
        return [one for one in list(self._main.values()) if not one.account.isolated]

    def secrets(self) -> list[str]:
        """Return the secrets, without tokens, of the open projects and of those that ended last.

        Tokens are recognised by their shape.
        """
        lasting = [value for project in self.open() for value in project.lasting_secrets()]
        return self.credentials.recent_secrets() + lasting

    @functools.cached_property
    def ended_project(self) -> Project:
        """The project of late requests, sent with a credential of an ended test or project."""
        account = Account("ended", Settings(), self.config)
        return Project("ended", Ids("ended"), account, self.credentials)

    def holder(self, identifier: str) -> tuple[Project, Environment] | None:
        """Return the open project, and its environment, that has a resource with this id."""
        for project in self.open():
            for environment in ENVIRONMENTS:
                if project.store(environment).has(identifier):
                    return project, environment
        return None

    def owner(self, record: CredentialRecord) -> Project | None:
        """Return the open project that a credential belongs to."""
        return self._open.get(record.project_id)

    def _add(self, project: Project) -> Project:
        self._open[project.id] = project
        self.credentials.add(project.admin_key)
        return project

    def _unused_id(self, seed: str) -> tuple[str, Ids]:
        """Return an id for a new project, and the source of ids that it came from."""
        repeats, ids = 1, Ids(seed)
        while (identifier := ids.text("pr", 21)) in self._open:
            repeats += 1
            ids = Ids(f"{seed} ({repeats})")
        return identifier, ids
