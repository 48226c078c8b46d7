"""pytest-httpserver's rules, made safe for threads and for bodies that can be read only once."""

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


class NoMatchingRuleError(Exception):
    """No rule matches a request, so the application answers it."""


class RuleRequest(Request):
    """A request for rules, which keeps the raw body even if it is read as a form."""

    @cached_property
    def data(self) -> bytes:
        """Return the raw body, also of a form."""
        return self.get_data()

    def _load_form_data(self) -> None:
        self.get_data()
        super()._load_form_data()


class OneshotRules(RequestHandlerList):
    """Rules for one request each, removed when they match, so that no two requests share one."""

    def match(self, request: Request) -> RequestHandler | None:
        """Remove and return the first rule that matches the request, if any."""
        for rule in tuple(self):
            if rule.matcher.match(request) and self._take(rule):
                return rule
        return None

    def remove(self, rule: RequestHandler, /) -> None:
        """Remove a rule, unless it is removed already."""
        self._take(rule)

    def _take(self, rule: RequestHandler) -> bool:
        with contextlib.suppress(ValueError):
            super().remove(rule)
            return True
        return False


class BoundedList(list[T], Generic[T]):
    """A list that drops its oldest items beyond the limit."""

    def __init__(self, limit: int) -> None:
        super().__init__()
        self._limit = limit

    def append(self, item: T, /) -> None:
        """Add an item, and drop the oldest beyond the limit."""
        super().append(item)
        del self[: -self._limit]


class HandlerErrors(BoundedList[Exception]):
    """Errors of applications and rule handlers, but not those of clients or faults."""

    def append(self, error: Exception, /) -> None:
        """Add an error, unless a client or a fault caused it."""
        if not isinstance(error, BrokenBodyError | Disconnect):
            super().append(error)
