"""One request and its answer, from arrival to the record of calls."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import replace
from email.utils import formatdate

from fake_server import api_warnings
from fake_server.admission import Principal, admit
from fake_server.auth.records import RefreshToken
from fake_server.calls import Call
from fake_server.core import problems
from fake_server.core.context import Context as AnyContext
from fake_server.core.names import did_you_mean
from fake_server.core.problems import Problem
from fake_server.faults import Fault, FaultRequest
from fake_server.incoming import MAX_JSON, IncomingRequest
from fake_server.process_time import real_seconds
from fake_server.project import Context, Project
from fake_server.rate_limits import Quota, class_of
from fake_server.registry import ProjectRegistry
from fake_server.reply import Reply, handled, refused
from fake_server.time_values import SECOND, at


class Exchange:
    """The state of one request while it is answered; `App.answer` calls its steps in order."""

    def __init__(self, incoming: IncomingRequest, registry: ProjectRegistry) -> None:
        self.incoming = incoming
        self._registry = registry
        self.principal: Principal = admit(registry, incoming.credentials)
        self._arrived_ns = self.principal.now_ns
        self._fault: Fault | None = None
        self._quota: Quota | None = None
        self._warnings: list[str] = []
        incoming.record_form(self.project.settings.max_body)

    @property
    def project(self) -> Project:
        """The project that the request reaches."""
        return self.principal.project

    def notify_watchers(self) -> None:
        """Call the watchers of the account."""
        for watcher in self.project.account.watchers:
            watcher()

    def meet_fault(self) -> None:
        """Find the fault that fires for the request, and run its effects before the request."""
        incoming, faults = self.incoming, self.project.account.faults
        part = None
        if incoming.method == "POST":
            upload = f"{incoming.path}?{incoming.request.query_string!r}"
            part = faults.part_of(upload, incoming.request.headers.get("Content-Range"))
        if not faults or incoming.is_control:
            return
        self._fault = faults.meet(
            FaultRequest(
                incoming.name,
                incoming.method,
                incoming.path,
                incoming.query_string,
                incoming.request.headers,
                incoming.body,
                self.principal.token,
                part,
            )
        )
        if self._fault is not None:
            self._fault.begin(self.principal.token, self.project.tokens, incoming.stopping)
            # Time has passed, or a token has ended.
            self.principal = admit(self._registry, incoming.credentials)

    def count_against_limits(self) -> None:
        """Count the request against the rate limits, except logins and the control API."""
        incoming, principal = self.incoming, self.principal
        calls = class_of(incoming.method, incoming.operation)
        if calls is None or incoming.is_control or incoming.path.startswith("/auth/"):
            return
        limits = self.project.rate_limits
        self._quota = limits.count(principal.environment, calls, principal.now_ns)

    def canned_reply(self) -> Reply | None:
        """Return the answer that a fault gives instead of the fake's, if it gives one."""
        if self._fault is None or self._fault.instead is None:
            return None
        canned = self._fault.instead
        reply = Reply(canned.status, canned.body, [*canned.headers])
        if canned.is_problem:
            reply.add("Content-Type", self.project.settings.problem_content_type)
        return reply

    def handle(self, server_url: Callable[[], str]) -> Reply:
        """Call the operation's handler and return its answer; raises the problem of a refusal."""
        if problem := self._refusal():
            raise problem
        incoming, operation = self.incoming, self.incoming.operation
        assert operation is not None  # otherwise there is a routing problem
        context: Context = AnyContext(
            operation=operation,
            project=self.project,
            environment=self.principal.environment,
            settings=self.project.settings,
            store=self.project.store(self.principal.environment),
            now_ns=self.principal.now_ns,
            base_url=incoming.base_url or server_url(),
            registry=self._registry,
            request=incoming.request,
            parameters=incoming.parameters,
            query=dict(incoming.request.args.lists()),
            body=incoming.body,
            warnings=self._warnings,
        )
        context.check_query()
        return handled(context, operation.action.handle(context))

    def refuse(self, problem: Problem) -> Reply:
        """Return the answer for a problem."""
        return refused(self.incoming.request, problem, self.project.settings)

    def fail(self, error: Exception) -> Reply:
        """Record an unexpected error, for the test that caused it, and return a 500."""
        error.add_note(f"while the fake answered {self.incoming.method} {self.incoming.path}")
        self.project.account.record_error(error)
        return self.refuse(problems.server_error(repr(error)))

    def complete(self, reply: Reply) -> None:
        """Add the fields and headers that every answer has."""
        reply.add("Date", _date(self.principal.now_ns // SECOND))
        extra = self.project.settings.extra_fields
        if extra and (self._fault is None or self._fault.instead is None):
            reply.extend(extra)
        for name, value in self._quota.headers() if self._quota else ():
            reply.add(name, value)
        if not self.incoming.is_control:
            reply.add("Access-Control-Allow-Origin", "*")

    def apply_fault(self, reply: Reply) -> None:
        """Apply the effects of the fault to the answer."""
        if self._fault is not None:
            reply.apply_fault(self._fault, self.incoming.method)
            if isinstance(self.principal.record, RefreshToken):
                self.principal.record.answer_lost = True

    def record(self, reply: Reply) -> None:
        """Add the request and its answer to the record of calls, with its warnings."""
        incoming, principal, settings = self.incoming, self.principal, self.project.settings
        calls, body = self.project.account.calls, incoming.recorded_body
        call = Call(
            operation=incoming.name,
            method=incoming.method,
            path=incoming.path,
            query=incoming.query_string,
            status=reply.status,
            environment=principal.environment,
            credential=principal.credential,
            at=at(principal.now_ns),
            headers=incoming.recorded_headers,
            request_body=body[: settings.max_body],
            response_body=reply.body[: settings.max_body],
            project=self.project.id,
            fault=None if reply.fault is None else repr(reply.fault),
            began=incoming.arrived,
            duration=real_seconds() - incoming.arrived,
            clock_duration=(self.project.clock.now_ns() - self._arrived_ns) / SECOND,
        )
        mimetype = incoming.request.mimetype
        warnings = (
            *principal.warnings,
            *self._warnings,
            *api_warnings.of_content_type(incoming.operation, mimetype, body),
            *api_warnings.of_polling(call, calls),
        )
        calls.record(replace(call, warnings=warnings) if warnings else call, settings.max_calls)

    def _refusal(self) -> Problem | None:
        """Return the first reason to refuse the request, if there is one."""
        incoming, problem = self.incoming, self.incoming.routing_problem
        if problem is not None and problem.status == 404 and not incoming.is_control:
            nearest = self._registry.config.names.suggest(f"{incoming.method} {incoming.path}")
            problem.detail = f"This fake has no such path.{did_you_mean(nearest)}"
        problem = problem or self.principal.refusal
        problem = problem or (self._quota.refusal if self._quota else None)
        if problem is None and len(incoming.body) > MAX_JSON:
            return problems.payload_too_large(MAX_JSON)
        if problem is None and incoming.is_control and incoming.is_cross_origin:
            return problems.foreign_origin()
        return problem


@functools.lru_cache(maxsize=16)
def _date(seconds: int) -> str:
    return formatdate(seconds, usegmt=True)
