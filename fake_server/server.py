"""`FakeServer`: the fake, served over real HTTP from a thread of this process."""

from __future__ import annotations

import itertools
import ssl
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from fake_server import resources
from fake_server.app import App
from fake_server.clock import Clock, Mode
from fake_server.core import problems
from fake_server.core.context import as_json
from fake_server.core.operations import Operation
from fake_server.handle import ApiVideo
from fake_server.hosting import Host
from fake_server.process_time import process_time_ns
from fake_server.project import Project, Projects, note_all, raise_all
from fake_server.settings import Settings
from fake_server.time_values import SECOND


class FakeServer(Host):
    """A server with any number of projects; a `pytest_httpserver.HTTPServer` whose rules go first.

    >>> with FakeServer() as server, server.project(expires_in=60) as apivideo:
    ...     apivideo.url.startswith("http://127.0.0.1:")
    True

    `port` 0 takes any free one; `mode` is how the projects' clocks begin; `on_error` is told of
    unexpected errors of the fake as they occur; `operations` are added to those of api.video, or
    take the place of one with the same name (see `fake_server.extending`). Raises TypeError for
    what is none.
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
                    f"{one!r} is no operation; fake_server.extending makes them, like "
                    'GET("/mine", handler)'
                )
        names = [operation.name for operation in (*resources.OPERATIONS, *added)]
        self.projects = Projects(names, mode, on_error, resources.EVENT_HANDLERS)
        self._numbers = itertools.count(1)
        super().__init__(
            App(self.projects, lambda: self.url, added),
            host=host,
            port=port,
            ssl_context=ssl_context,
            error_body=_refusal,
            now=lambda: process_time_ns() / SECOND,
        )

    def stop(self) -> None:
        """End all connections, also those of requests that a fault holds."""
        self.stopping.set()
        for project in self.projects.open():
            project.faults.wake()
        super().stop()

    @property
    def url(self) -> str:
        """The server's address, without a slash at the end."""
        return self.url_for("").rstrip("/")

    def clock_of(self, api_key: str) -> Clock | None:
        """The clock of the project that an API key belongs to; None for an unknown key."""
        key = self.projects.keys.find(api_key)
        project = None if key is None else self.projects.owner(key)
        return None if project is None else project.clock

    def handle(self, project: Project) -> ApiVideo:
        """The handle on a project of this server."""
        return ApiVideo(self.url, project)

    @contextmanager
    def project(self, **settings: Any) -> Iterator[ApiVideo]:
        """A fresh project with these settings, gone when the block ends; gives its handle.

        At the end of the block, an unexpected error of the fake while it served the project is
        raised. Raises SettingError for a wrong setting.
        """
        project = self.projects.create(f"project {next(self._numbers)}", Settings(**settings))
        with self._opened(project) as apivideo:
            yield apivideo

    @contextmanager
    def test_project(self, seed: str, settings: Settings) -> Iterator[ApiVideo]:
        """As `project`, and until the block ends it also gets the requests that name no project."""
        before = self.projects.test_project
        project = self.projects.create(seed, settings, standing=True)
        self.projects.test_project = project
        self.projects.closed.calls.clear()
        try:
            with self._opened(project) as apivideo:
                yield apivideo
        finally:
            self.projects.test_project = before

    def take_errors(self) -> list[Exception]:
        """Every unexpected error since they were last taken: of the fake, of rules, of the host."""
        errors = [error for one in self.projects.open() for error in one.take_errors()]
        while True:
            try:
                super().check()
            except Exception as error:
                errors.append(error)
            else:
                return errors

    def check(self) -> None:
        """Raise what `take_errors` gives; several come as an ExceptionGroup."""
        raise_all(self.take_errors())

    @contextmanager
    def _opened(self, project: Project) -> Iterator[ApiVideo]:
        try:
            yield self.handle(project)
        except BaseException as failure:
            note_all(failure, project.take_errors())
            self.projects.involved.append(project)
            raise
        else:
            raise_all(project.take_errors())
            if complaint := project.end():
                raise AssertionError(complaint)
        finally:
            self.projects.close(project)


def _refusal(status: int, detail: str) -> tuple[str, bytes]:
    """What the host answers to what is not HTTP as it should be, or when the application failed."""
    is_ours = status >= 500
    problem = problems.server_error(detail) if is_ours else problems.bad_request(status, detail)
    return "application/json", as_json(problem.body())
