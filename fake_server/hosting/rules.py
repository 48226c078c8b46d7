"""pytest-httpserver's rules, made safe for threads and for bodies that are read once."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Generic, TypeVar

from pytest_httpserver.httpserver import RequestHandlerList
from werkzeug import Request
from werkzeug.utils import cached_property

from fake_server.hosting.answer import Disconnect
from fake_server.hosting.body import BrokenBodyError

if TYPE_CHECKING:
    from pytest_httpserver import RequestHandler

T = TypeVar("T")


class UnmatchedError(Exception):
    """No rule speaks for a request: the application answers it."""


class RuleRequest(Request):
    """A request as rules see it: the raw body stays at hand, even if it was read as a form."""

    @cached_property
    def data(self) -> bytes:
        """The raw body, also of a form."""
        return self.get_data()

    def _load_form_data(self) -> None:
        self.get_data()
        super()._load_form_data()


class OneshotRules(RequestHandlerList):
    """Rules for one request each, taken when they match, so that no two requests share one."""

    def match(self, request: Request) -> RequestHandler | None:
        """Take the first rule that matches the request, if any does."""
        for rule in tuple(self):
            if rule.matcher.match(request) and self._take(rule):
                return rule
        return None

    def remove(self, rule: RequestHandler, /) -> None:
        """Remove a rule unless it has been taken already."""
        self._take(rule)

    def _take(self, rule: RequestHandler) -> bool:
        with contextlib.suppress(ValueError):
            super().remove(rule)
            return True
        return False


class Newest(list[T], Generic[T]):
    """A list that forgets its oldest items when it grows beyond the limit."""

    def __init__(self, limit: int) -> None:
        super().__init__()
        self._limit = limit

    def append(self, item: T, /) -> None:
        """Add an item, and forget the oldest if there are too many."""
        super().append(item)
        del self[: -self._limit]


class HandlerErrors(Newest[Exception]):
    """Errors of applications and rule handlers; what the client or a fault did is none."""

    def append(self, error: Exception, /) -> None:
        """Keep an error, unless it is no error."""
        if not isinstance(error, BrokenBodyError | Disconnect):
            super().append(error)
