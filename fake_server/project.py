"""A project: api.video's unit of isolation. Its keys, tokens, resources, clock, settings, calls.

Every test has one of its own in a shared server. `Projects` is what a server holds: all of them,
and what finds one by a credential.
"""

from __future__ import annotations

import copy
import functools
import threading
import traceback
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from fake_server.auth.keys import AdminKey, ApiKey, Keys, check_sendable
from fake_server.auth.secrets import SecretIndex, digest
from fake_server.auth.tokens import AccessToken, RefreshToken, TokenIndexes, Tokens
from fake_server.calls import Calls
from fake_server.clock import Clock, Mode
from fake_server.core.context import Context as AnyContext
from fake_server.core.context import ProjectContext as AnyProjectContext
from fake_server.core.names import Names
from fake_server.core.remote import RemoteFiles
from fake_server.core.spool import Spool
from fake_server.core.store import Ids, Store
from fake_server.deliveries import Courier
from fake_server.faults import Faults
from fake_server.history import History
from fake_server.lifecycle import EventHandler, Lifecycle
from fake_server.rate_limits import RateLimits
from fake_server.settings import ENVIRONMENTS, Environment, Settings

_MAX_ERRORS = 100
_MAX_GONE = 20_000
_MAX_INVOLVED = 3
_MAX_LATE = 20

LATE = (
    "This key or token is of a test, or a project, that has ended: what sends it, such as a client "
    "in a global, was made in it and is still in use. Make the client anew in each test; with the "
    "ini option apivideo_env_early, keys and their tokens last for the whole run. See "
    "docs/environment.md of pytest-apivideo."
)

Snapshot = dict[Environment, Any]
Known = ApiKey | AdminKey | AccessToken | RefreshToken
"""What a credential can turn out to be."""


@dataclass
class Account:
    """What the Admin API knows of a project, and the projects that were made through it.

    `created_ns` and `deletes_ns` in nanoseconds since the epoch.
    """

    id: str
    name: str
    created_ns: int
    deletes_ns: int | None = None
    others: list[Project] = field(default_factory=list)


class Project:
    """One project of a server, with resources of its own for sandbox and production.

    `errors` holds the newest unexpected exceptions of the fake itself while it served this project;
    `watchers` are called at each request of the project, in the thread that serves it.
    """

    def __init__(
        self,
        projects: Projects,
        seed: str,
        settings: Settings,
        *,
        name: str = "Default project",
        parent: Project | None = None,
    ) -> None:
        ids = Ids(seed)
        self.id = ids.new("pr", 21)
        self.projects = projects
        self.parent = parent
        self.settings = settings
        self.clock: Clock = parent.clock if parent else Clock(projects.mode)
        self.calls: Calls = parent.calls if parent else Calls(projects.names, settings.max_calls)
        self.faults: Faults = parent.faults if parent else Faults(self.calls, self.id)
        self.rate_limits = RateLimits(self.clock, settings)
        self.errors: deque[Exception] = parent.errors if parent else deque(maxlen=_MAX_ERRORS)
        self.watchers: list[Callable[[], None]] = parent.watchers if parent else []
        self.history: History = parent.history if parent else History(self.clock)
        self.keys = Keys(self.id, ids, self.clock, projects.keys)
        self.tokens = Tokens(self.keys, ids, self.clock, settings, projects.tokens, self.history)
        self.spool = Spool()
        self.remote_files: RemoteFiles = parent.remote_files if parent else RemoteFiles()
        self.account = Account(ids.new("project_"), name, self.clock.now_ns())
        self.admin_key = AdminKey(ids.new("", 43), self.id)
        extra_fields = copy.deepcopy(settings.extra_fields)  # the one value that a test can mutate
        self._initial_settings = settings.model_copy(update={"extra_fields": extra_fields})
        self._stores = {environment: Store(ids) for environment in ENVIRONMENTS}
        self.apart = False
        self._judged = False
        self.courier: Courier = parent.courier if parent else Courier()
        self._lifecycle: Lifecycle = (
            parent._lifecycle if parent else Lifecycle(projects.effects, self.courier, self.failed)
        )
        for environment, store in self._stores.items():
            self._lifecycle.include(self, settings, environment, store)
        if parent is None:
            self.clock.watch_expiry(self.tokens.latest_expiry_ns)
            self.clock.watch_due(self._lifecycle)
            self.clock.add_listener(self.history.clock_moved)

    def __repr__(self) -> str:
        return f"<Project {self.id}>"

    def store(self, environment: Environment | None = None) -> Store:
        """The resources of an environment, by default the setting's."""
        return self._stores[environment or self.settings.environment]

    def run_due(self, now_ns: int | None = None) -> int:
        """Let happen what is due by now; every request and lever begins with it. Returns now."""
        now_ns = self.clock.now_ns() if now_ns is None else now_ns
        self._lifecycle.run_due(now_ns)
        return now_ns

    def drain(self) -> None:
        """As `run_due`, and wait for what that sends."""
        self._lifecycle.run(self.clock.now_ns(), moving=False)

    def context(self, environment: Environment | None = None) -> ProjectContext:
        """What is at hand for a lever, in an environment, by default the setting's."""
        now_ns, environment = self.run_due(), environment or self.settings.environment
        return ProjectContext(self, environment, self.settings, self.store(environment), now_ns)

    def snapshot(self) -> Snapshot:
        """The resources of both environments as they are now, with no delivery under way."""
        self.drain()
        return {environment: store.snapshot() for environment, store in self._stores.items()}

    def restore(self, snapshot: Snapshot) -> None:
        """Return to the resources of a snapshot."""
        for environment, store in self._stores.items():
            store.restore(snapshot[environment])

    def reset(self) -> None:
        """Return to the beginning: no resources, tokens, faults or calls; the API keys stay.

        Clock and settings are as at first.
        """
        self.courier.join()
        for project in (self, *self.account.others):
            for store in project._stores.values():
                store.clear()
            project.tokens.clear()
            project.rate_limits.clear()
        self.faults.clear()
        self.calls.reset()
        self.errors.clear()
        self.remote_files.clear()
        self.clock.reset()
        self.history.clear()
        for name, value in self._initial_settings.model_copy(deep=True):
            setattr(self.settings, name, value)

    def failed(self, error: Exception) -> None:
        """Note an unexpected error of the fake while it served this project."""
        self.errors.append(error)
        if self.projects.on_error is not None:
            self.projects.on_error(error)

    def take_errors(self) -> list[Exception]:
        """The errors since they were last taken, oldest first."""
        return [self.errors.popleft() for _ in range(len(self.errors))]

    def end(self) -> str | None:
        """End the faults with the test; what there is to complain of, told once, if anything."""
        found = [self.faults.end()]
        if self.settings.strict and not self._judged:
            found += [_strictly("found no operation", self.calls.strays())]
            found += [_strictly("api_warnings the API", self.calls.warned())]
        self._judged = True
        return "\n".join(text for text in found if text) or None

    def use_admin_key(self, value: str) -> None:
        """Let this be the key for the Admin API, in the place of the generated one.

        Raises ValueError for what is no key, and for the value of another key of this server.
        """
        check_sendable(value, "an admin key")
        if value in self.projects.keys or value in self.projects.admin_keys:
            raise ValueError("another key of this server has this value")
        self.projects.admin_keys.remove(self.admin_key)
        self.admin_key = AdminKey(value, self.id)
        self.projects.admin_keys.add(self.admin_key)

    def key_values(self) -> list[str]:
        """The values of all its keys."""
        return [self.admin_key.value, *(key.value for key in self.keys)]

    def lasting_secrets(self) -> list[str]:
        """The values of all its keys, and of what in its resources is or was secret."""
        stored = [one for store in self._stores.values() for one in store.secrets()]
        return self.key_values() + stored

    def secrets(self) -> list[str]:
        """The same, and its tokens."""
        return self.lasting_secrets() + self.tokens.values()

    def close(self) -> None:
        """Let go of what the server finds the project by, of files, and of what is held or sent."""
        if self.parent is None:
            self.faults.clear()
            self.courier.close()
        self.spool.close()
        self.tokens.clear()
        self.keys.clear()


def _strictly(what: str, lines: list[str]) -> str | None:
    if not lines:
        return None
    return (
        f"These calls {what}:{''.join(lines)}\n"
        "  They fail the test because the setting strict is on. See docs/calls.md"
    )


def note_all(failure: BaseException, errors: list[Exception]) -> None:
    """Add errors of the fake to a failure that they may have caused."""
    for error in errors:
        text = "".join(traceback.format_exception(error))
        failure.add_note(f"The fake api.video failed before this:\n{text}")


def raise_all(errors: list[Exception]) -> None:
    """Raise the error, or several as a group; nothing happens without one."""
    if len(errors) == 1:
        raise errors[0]
    if errors:
        raise ExceptionGroup("the fake api.video failed several times", errors)


Context = AnyContext[Project]
"""What a handler may know of its call."""
ProjectContext = AnyProjectContext[Project]
"""What is at hand when something happens in a project, by a call or otherwise."""


class Projects:
    """The projects of a server, and the *current* one: that of requests which name none.

    In-process the current project is the running test's (`test_project`), else the newest one that
    is open, else a default project made when needed. `on_error` is told of unexpected errors of the
    fake, in the thread that they occurred in. `effects` is what due events do, by their names.
    `involved` are projects that a block ended with a failure, for whoever reports it.
    """

    def __init__(
        self,
        operations: Iterable[str],
        mode: Mode = "follow",
        on_error: Callable[[Exception], None] | None = None,
        effects: Mapping[str, EventHandler] = MappingProxyType({}),
    ) -> None:
        self.names = Names(operations)
        self.mode = mode
        self.on_error = on_error
        self.effects = effects
        self.keys: SecretIndex[ApiKey] = SecretIndex()
        self.admin_keys: SecretIndex[AdminKey] = SecretIndex()
        self.tokens = TokenIndexes(SecretIndex[AccessToken](), SecretIndex[RefreshToken]())
        self.standing = self.tokens.standing
        self.test_project: Project | None = None
        self._open: dict[str, Project] = {}
        self._gone: dict[bytes, None] = {}
        self._explained: dict[bytes, str] = {}
        self._late: deque[list[str]] = deque(maxlen=_MAX_LATE)
        self.involved: deque[Project] = deque(maxlen=_MAX_INVOLVED)
        self._lock = threading.RLock()

    @property
    def current(self) -> Project:
        """The project of a request that names none."""
        if self.test_project is not None:
            return self.test_project
        with self._lock:
            found = [one for one in self._open.values() if one.parent is None and not one.apart]
            return found[-1] if found else self.create("default", Settings(), standing=True)

    def create(
        self, seed: str, settings: Settings, *, apart: bool = False, standing: bool = False
    ) -> Project:
        """Open a project with a key for each environment; one that is `apart` is never current.

        One that is `standing` has the server's standing keys, if there are any.

        The setting `seed` goes before `seed`; equal seeds still give different keys and ids while
        both projects are open.
        """
        seed = seed if settings.seed is None else str(settings.seed)
        with self._lock:
            project = self._unused(seed, settings)
            project.apart = apart
            self._open[project.id] = project
            self.admin_keys.add(project.admin_key)
            keys = self.standing.keys if standing else {}
            for value in keys.values():
                self.keys.forget(value)
        for environment in ENVIRONMENTS:
            project.keys.add(environment, keys.get(environment))
        return project

    def welcome(self, secret: str) -> bool:
        """Let the current project have a standing key, or a token of one, from whichever test.

        False for any other secret.
        """
        grant = self.standing.grant(secret)
        value = secret if grant is None else grant.access.key.value
        if value not in self.standing.keys.values():
            return False
        current = self.current
        with self._lock:
            self.keys.forget(value)
            for key in current.keys:
                if key.value == value:
                    self.keys.add(key)
            if grant is not None:
                with suppress(LookupError):  # the test has deleted the key
                    current.tokens.adopt(grant)
        return True

    def create_beside(self, project: Project, name: str) -> Project:
        """Open another project of the same account, as the Admin API does.

        It has keys, tokens and resources of its own; clock, settings and the record of calls are
        those of the first. It is closed with it.
        """
        with self._lock:
            seed = f"{project.id} {len(project.account.others) + 1}"
            other = self._unused(seed, project.settings, name=name, parent=project)
            self._open[other.id] = other
            project.account.others.append(other)
        return other

    def close(self, project: Project) -> None:
        """Close a project: its credentials mean nothing from now on."""
        for other in project.account.others:
            self.close(other)
        with self._lock:
            for key in project.keys:
                self.keys.add(key)  # a standing one may be in another's hands
            for secret in project.secrets():
                self._gone[digest(secret)] = None
            self._late.append(project.lasting_secrets())
            while len(self._gone) > _MAX_GONE:
                del self._gone[next(iter(self._gone))]
            project.close()
            self.admin_keys.remove(project.admin_key)
            self._open.pop(project.id, None)

    def _unused(self, seed: str, settings: Settings, **facts: Any) -> Project:
        project, repeats = Project(self, seed, settings, **facts), 1
        while project.id in self._open:
            repeats += 1
            project = Project(self, f"{seed} ({repeats})", settings, **facts)
        return project

    def open(self) -> list[Project]:
        """All projects that are open."""
        return list(self._open.values())

    def secrets(self) -> list[str]:
        """What no text may show of all projects that are open, or were until lately.

        Without their tokens, which are known by their shape.
        """
        with self._lock:
            late = [value for secrets in self._late for value in secrets]
        return late + [value for project in self.open() for value in project.lasting_secrets()]

    def was_closed(self, secret: str) -> bool:
        """Whether a key or token belonged to a project that is closed."""
        return digest(secret) in self._gone

    def explain(self, secret: str, words: str) -> None:
        """Tell a client that sends a secret which is no credential here what it is."""
        self._explained[digest(secret)] = words

    def explanation(self, secret: str) -> str | None:
        """What a secret is that is no credential here, if that is known."""
        return self._explained.get(digest(secret)) or (LATE if self.was_closed(secret) else None)

    @functools.cached_property
    def closed(self) -> Project:
        """Stands for all closed projects: a late request of an earlier test is not this one's."""
        return Project(self, "closed", Settings())

    def holder(self, identifier: str) -> tuple[Project, Environment] | None:
        """The open project, and the environment in it, that has a resource of this id."""
        for project in self.open():
            for environment in ENVIRONMENTS:
                if project.store(environment).has(identifier):
                    return project, environment
        return None

    def owner(self, known: Known) -> Project | None:
        """The open project that a key or token belongs to."""
        key = known if isinstance(known, ApiKey | AdminKey) else known.key
        return self._open.get(key.project_id)
