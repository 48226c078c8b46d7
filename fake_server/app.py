"""The life of one request, as a WSGI application."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

from fake_server import control, resources
from fake_server.core.operations import Operation, Routes
from fake_server.core.problems import Problem
from fake_server.exchange import Exchange
from fake_server.incoming import IncomingRequest
from fake_server.registry import ProjectRegistry
from fake_server.reply import Reply

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

_ROUTES = Routes((*resources.OPERATIONS, *control.OPERATIONS))


class App:
    """The fake as a WSGI application, over the projects of a server whose address is `url()`.

    `operations` are added to the API's, or replace those with the same name.
    """

    def __init__(
        self,
        registry: ProjectRegistry,
        url: Callable[[], str],
        operations: Sequence[Operation] = (),
    ) -> None:
        self._registry = registry
        self._url = url
        self._routes = Routes((*_ROUTES.operations, *operations)) if operations else _ROUTES

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        return self.answer(environ).send(environ, start_response)

    def answer(self, environ: WSGIEnvironment) -> Reply:
        """Route and admit a request, run its fault, call its handler, and record the call."""
        exchange = Exchange(IncomingRequest(environ, self._routes), self._registry)
        exchange.notify_watchers()
        try:
            exchange.meet_fault()
            exchange.count_against_limits()
            reply = exchange.canned_reply() or exchange.handle(self._url)
        except Problem as problem:
            reply = exchange.refuse(problem)
        except Exception as error:
            reply = exchange.fail(error)
        exchange.complete(reply)
        if not exchange.incoming.is_control:
            exchange.apply_fault(reply)
            exchange.record(reply)
        return reply
