"""A project: api.video's unit of isolation. Its keys, tokens, resources, clock, settings, calls.

Every test has one of its own in a shared server. `Projects` is what a server holds: all of them,
and what finds one by a credential.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from typing import Any

from fake_server.auth.keys import ApiKey, Keys
from fake_server.auth.secrets import SecretIndex
from fake_server.auth.tokens import AccessToken, RefreshToken, TokenIndexes, Tokens
from fake_server.calls import Calls
from fake_server.clock import Clock, Mode
from fake_server.core.context import Context as AnyContext
from fake_server.core.store import Ids, Store
from fake_server.settings import ENVIRONMENTS, Environment, Settings

Snapshot = dict[Environment, Any]


class Project:
    """One project of a server, with resources of its own for sandbox and production.

    `errors` holds unexpected exceptions of the fake itself while it served this project; `watchers`
    are called at each request of the project, in the thread that serves it.
    """

    def __init__(self, projects: Projects, seed: str, mode: Mode, settings: Settings) -> None:
        ids = Ids(seed)
        self.id = ids.new("pr", 21)
        self.settings = settings
        self.clock = Clock(mode)
        self.keys = Keys(self.id, ids, projects.keys)
        self.tokens = Tokens(self.keys, ids, self.clock, settings, projects.tokens)
        self.calls = Calls(projects.operations, settings.max_calls)
        self.errors: list[Exception] = []
        self.watchers: list[Callable[[], None]] = []
        self._initial_settings = settings.model_copy(deep=True)
        self._stores = {environment: Store(ids) for environment in ENVIRONMENTS}
        self.clock.watch_expiry(self.tokens.latest_expiry_ns)

    def __repr__(self) -> str:
        return f"<Project {self.id}>"

    def store(self, environment: Environment | None = None) -> Store:
        """The resources of an environment, by default the setting's."""
        return self._stores[environment or self.settings.environment]

    def snapshot(self) -> Snapshot:
        """The resources of both environments as they are now."""
        return {environment: store.snapshot() for environment, store in self._stores.items()}

    def restore(self, snapshot: Snapshot) -> None:
        """Return to the resources of a snapshot."""
        for environment, store in self._stores.items():
            store.restore(snapshot[environment])

    def reset(self) -> None:
        """Return to the beginning: no resources, tokens or calls, clock and settings as at first.

        The API keys stay.
        """
        for store in self._stores.values():
            store.clear()
        self.tokens.clear()
        self.calls.clear()
        self.clock.reset()
        for name, value in self._initial_settings.model_copy(deep=True):
            setattr(self.settings, name, value)

    def close(self) -> None:
        """Let go of what the server finds the project by."""
        self.tokens.clear()
        self.keys.clear()


Context = AnyContext[Project]
"""What a handler may know of its call."""


class Projects:
    """The projects of a server, and the *current* one: that of requests which name none.

    In-process the current project is the running test's (`test_project`), else the newest one that
    is open, else a default project made when needed.
    """

    def __init__(self, operations: Iterable[str], mode: Mode = "follow") -> None:
        self.operations = tuple(operations)
        self.mode = mode
        self.keys: SecretIndex[ApiKey] = SecretIndex()
        self.tokens = TokenIndexes(SecretIndex[AccessToken](), SecretIndex[RefreshToken]())
        self.test_project: Project | None = None
        self._open: dict[str, Project] = {}
        self._lock = threading.RLock()

    @property
    def current(self) -> Project:
        """The project of a request that names none."""
        if self.test_project is not None:
            return self.test_project
        with self._lock:
            if not self._open:
                return self.create("default", Settings())
            return next(reversed(self._open.values()))

    def create(self, seed: str, settings: Settings) -> Project:
        """Open a project with a key for each environment.

        The setting `seed` goes before `seed`; equal seeds still give different keys and ids while
        both projects are open.
        """
        seed = seed if settings.seed is None else str(settings.seed)
        with self._lock:
            project = Project(self, seed, self.mode, settings)
            repeats = 1
            while project.id in self._open:
                repeats += 1
                project = Project(self, f"{seed} ({repeats})", self.mode, settings)
            self._open[project.id] = project
        for environment in ENVIRONMENTS:
            project.keys.add(environment)
        return project

    def close(self, project: Project) -> None:
        """Close a project: its credentials mean nothing from now on."""
        with self._lock:
            project.close()
            self._open.pop(project.id, None)

    def holder(self, identifier: str) -> tuple[Project, Environment] | None:
        """The open project, and the environment in it, that has a resource of this id."""
        for project in list(self._open.values()):
            for environment in ENVIRONMENTS:
                if project.store(environment).has(identifier):
                    return project, environment
        return None

    def owner(self, known: ApiKey | AccessToken | RefreshToken) -> Project | None:
        """The open project that a key or token belongs to."""
        key = known if isinstance(known, ApiKey) else known.key
        return self._open.get(key.project_id)
