"""`FakeServer`: the fake over real HTTP, in threads of this process."""

from __future__ import annotations

import itertools
import ssl
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from fake_server import resources
from fake_server.account import ServerConfig, add_notes, raise_all
from fake_server.app import App
from fake_server.auth.records import ApiKey
from fake_server.clock import Clock, Mode
from fake_server.core import problems
from fake_server.core.context import as_json
from fake_server.core.names import Names
from fake_server.core.operations import Operation
from fake_server.handle import ApiVideo
from fake_server.hosting import Host
from fake_server.process_time import process_time_ns
from fake_server.project import Project
from fake_server.registry import ProjectRegistry
from fake_server.settings import Settings
from fake_server.time_values import SECOND


class FakeServer(Host):
    """A server with any number of projects, and a `pytest_httpserver.HTTPServer`.

    >>> with FakeServer() as server, server.project(expires_in=60) as apivideo:
    ...     apivideo.url.startswith("http://127.0.0.1:")
    True

    Port 0 selects a free one. `mode` is the initial mode of the projects' clocks. `on_error` is
    called with each unexpected error of the fake. `operations` extend or replace api.video's (see
    `fake_server.extending`). Raises TypeError for an invalid operation.
    """

    def __init__(
        self,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        ssl_context: ssl.SSLContext | None = None,
        mode: Mode = "follow",
        on_error: Callable[[Exception], None] | None = None,
        operations: Iterable[Operation] = (),
    ) -> None:
        added = tuple(operations)
        for one in added:
            if not isinstance(one, Operation):
                raise TypeError(
                    f"{one!r} is not an operation; create one with fake_server.extending, like "
                    'GET("/mine", handler)'
                )
        names = [operation.name for operation in (*resources.OPERATIONS, *added)]
        self.projects = ProjectRegistry(
            ServerConfig(Names(names), mode, resources.EVENT_HANDLERS, on_error)
        )
        self._numbers = itertools.count(1)
        super().__init__(
            App(self.projects, lambda: self.url, added),
            host=host,
            port=port,
            ssl_context=ssl_context,
            error_body=_error_body,
            now=lambda: process_time_ns() / SECOND,
        )

    def stop(self) -> None:
        """Close all connections, including those of requests that a fault holds."""
        self.stopping.set()
        for project in self.projects.open():
            project.account.faults.wake()
        super().stop()

    @property
    def url(self) -> str:
        """The server's URL, without a trailing slash."""
        return self.url_for("").rstrip("/")

    def clock_of(self, api_key: str) -> Clock | None:
        """Return the clock of an API key's project, or None for an unknown key."""
        key = self.projects.credentials.find(api_key)
        project = self.projects.owner(key) if isinstance(key, ApiKey) else None
        return None if project is None else project.clock

    def handle(self, project: Project) -> ApiVideo:
        """Return the handle of a project."""
        return ApiVideo(self.url, project)

    @contextmanager
    def project(self, **settings: Any) -> Iterator[ApiVideo]:
        """Create a project with these settings for the block, and yield its handle.

        Raises SettingError for an invalid setting and, at the end of the block, unexpected errors
        of the fake that occurred in the project.
        """
        project = self.projects.create(f"project {next(self._numbers)}", Settings(**settings))
        with self._opened(project) as apivideo:
            yield apivideo

    @contextmanager
    def test_project(self, seed: str, settings: Settings) -> Iterator[ApiVideo]:
        """Create a project that also gets the requests without a known credential."""
        before = self.projects.test_project
        project = self.projects.create(seed, settings, with_session_keys=True)
        self.projects.test_project = project
        self.projects.ended_project.account.calls.clear()
        try:
            with self._opened(project) as apivideo:
                yield apivideo
        finally:
            self.projects.test_project = before

    def take_errors(self) -> list[Exception]:
        """Return, and forget, the unexpected errors of the fake, of rules and of the host."""
        errors = [error for one in self.projects.open() for error in one.account.take_errors()]
        while True:
            try:
                super().check()
            except Exception as error:
                errors.append(error)
            else:
                return errors

    def check(self) -> None:
        """Raise the errors of `take_errors`; several as an ExceptionGroup."""
        raise_all(self.take_errors())

    @contextmanager
    def _opened(self, project: Project) -> Iterator[ApiVideo]:
        try:
            yield self.handle(project)
        except BaseException as failure:
            add_notes(failure, project.account.take_errors())
            self.projects.failed_projects.append(project)
            raise
        else:
            raise_all(project.account.take_errors())
            if complaint := project.account.end_faults():
                raise AssertionError(complaint)
        finally:
            self.projects.close(project)


def _error_body(status: int, detail: str) -> tuple[str, bytes]:
    """Return the body of a response to invalid HTTP or to an error of the application."""
    if status >= 500:
        return "application/json", as_json(problems.server_error(detail).body())
    return "application/json", as_json(problems.bad_request(status, detail).body())
