"""The life of one request, as a WSGI application."""

from __future__ import annotations

import functools
import json
import re
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from email.utils import formatdate
from typing import TYPE_CHECKING, Any, NamedTuple

from werkzeug.wrappers import Request

from fake_server import api_warnings, control, resources
from fake_server.admission import Arrival, Caller, admit
from fake_server.auth.tokens import RefreshToken
from fake_server.calls import Call, SecretText
from fake_server.core import problems
from fake_server.core.context import Answer, Context, as_json, with_extra
from fake_server.core.files import File, Stream
from fake_server.core.forms import RecordedStream
from fake_server.core.names import did_you_mean
from fake_server.core.operations import Operation, Routes
from fake_server.core.problems import Problem
from fake_server.faults import Fault, FaultRequest
from fake_server.process_time import real_seconds
from fake_server.project import Project, Projects
from fake_server.rate_limits import Quota, class_of
from fake_server.reply import Reply, streamed
from fake_server.time_values import SECOND, at

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

MAX_JSON = 1024 * 1024
"""Bytes that a JSON body may have."""

_SECRET = ("Authorization", "Proxy-Authorization", "Cookie")
_EXPECTED_HEADERS = "Authorization, Content-Type, Content-Range, AV-Origin-Client, AV-Origin-App"
_PLAIN_HOST = re.compile(r"(?:[A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(?::\d+)?")
_LOOPBACK = re.compile(r"localhost|127(\.\d+){3}|\[::1\]")

_ROUTES = Routes((*resources.OPERATIONS, *control.OPERATIONS))


class Took(NamedTuple):
    """When a request came: in real seconds, and in nanoseconds of the project's clock."""

    began: float
    came_ns: int


class App:
    """The fake as a WSGI application, over the projects of a server whose address is `url()`.

    `operations` are those that somebody has added to the API's.
    """

    def __init__(
        self,
        projects: Projects,
        url: Callable[[], str],
        operations: Sequence[Operation] = (),
    ) -> None:
        self._projects = projects
        self._url = url
        self._routes = Routes((*_ROUTES.operations, *operations)) if operations else _ROUTES

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        return self.answer(Request(environ)).send(environ, start_response)

    def answer(self, request: Request) -> Reply:
        """Find what is asked, let the caller in, handle it, and record it as a call."""
        began = real_seconds()
        operation, parameters, problem = self._find(request)
        is_form = operation is not None and operation.file_rule is not None
        body = b"" if is_form else request.stream.read(MAX_JSON + 1)
        arrival = _arrival(request, operation, parameters, body)
        caller = admit(self._projects, arrival)
        if is_form:
            _record_stream(request, caller)
        came_ns = caller.now_ns
        for watcher in caller.project.watchers:
            watcher()
        fault: Fault | None = None
        quota: Quota | None = None
        try:
            fault = _met(request, operation, caller, body)
            if fault is not None:
                fault.begin(caller.token, caller.project.tokens, _stopping(request))
                caller = admit(self._projects, arrival)  # time has passed, or a token has ended
            quota = _counted(request, operation, caller)
            problem = problem or caller.refusal or (quota.refusal if quota else None)
            problem = problem or _unfit(request, body)
            if fault is not None and fault.instead is not None:
                status, content, headers = fault.instead
                reply = Reply(status, content, [*headers])
            elif problem is not None:
                raise problem
            else:
                assert operation is not None  # else there is a problem
                context = self._context(request, operation, parameters, caller, body)
                context.check_query()
                reply = _reply(context, operation.action.handle(context))
        except Problem as raised:
            reply = _refused(request, raised, caller)
        except Exception as error:
            error.add_note(f"while the fake answered {request.method} {_path(request)}")
            caller.project.failed(error)
            reply = _refused(request, problems.server_error(repr(error)), caller)
        reply.add("Date", _date(caller.now_ns // SECOND))
        if caller.project.settings.extra_fields and (fault is None or fault.instead is None):
            _extend(reply, caller.project.settings.extra_fields)
        for name, value in quota.headers() if quota else ():
            reply.add(name, value)
        if not _is_control(request):
            reply.add("Access-Control-Allow-Origin", "*")
            if fault is not None:
                reply.spoil(fault, request.method)
                if isinstance(caller.known, RefreshToken):
                    caller.known.answer_lost = True
            _record(request, operation, caller, body, reply, Took(began, came_ns))
        return reply

    def _find(self, request: Request) -> tuple[Operation | None, dict[str, str], Problem | None]:
        """The operation and its path parameters, or the problem that there is none."""
        try:
            operation, parameters = self._routes.find(request.method, _path(request))
        except Problem as problem:
            if problem.status == 404 and not _is_control(request):
                near = self._projects.names.suggest(f"{request.method} {_path(request)}")
                problem.detail = f"This fake has no such path.{did_you_mean(near)}"
            return None, {}, problem
        return operation, parameters, None

    def _context(
        self,
        request: Request,
        operation: Operation,
        parameters: dict[str, str],
        caller: Caller,
        body: bytes,
    ) -> Context[Project]:
        return Context(
            operation=operation,
            project=caller.project,
            environment=caller.environment,
            settings=caller.project.settings,
            store=caller.project.store(caller.environment),
            now_ns=caller.now_ns,
            base_url=_address(request) or self._url(),
            request=request,
            parameters=parameters,
            query=dict(request.args.lists()),
            body=body,
        )


def _counted(request: Request, operation: Operation | None, caller: Caller) -> Quota | None:
    """What the rate limits leave; None for a call that none of them counts."""
    calls = class_of(request.method, operation)
    if calls is None or _is_control(request) or _path(request).startswith("/auth/"):
        return None
    return caller.project.rate_limits.count(caller.environment, calls, caller.now_ns)


def _unfit(request: Request, body: bytes) -> Problem | None:
    if len(body) > MAX_JSON:
        return problems.payload_too_large(MAX_JSON)
    if _is_control(request) and _comes_from_elsewhere(request):
        return problems.foreign_origin()
    return None


def _arrival(
    request: Request, operation: Operation | None, parameters: dict[str, str], body: bytes
) -> Arrival:
    required = operation.credential if operation else "authorization"
    authorization = request.environ.get("HTTP_AUTHORIZATION")
    identifiers = tuple(parameters.values())
    if required == "upload_token":
        identifiers = tuple(request.args.getlist("token"))
    return Arrival(required, _host(request), authorization, body, identifiers)


def _met(
    request: Request, operation: Operation | None, caller: Caller, body: bytes
) -> Fault | None:
    """The fault of the project that fires for a request, if there is one."""
    faults, path = caller.project.faults, _path(request)
    part = None
    if request.method == "POST":
        upload = f"{path}?{request.query_string!r}"
        part = faults.part_of(upload, request.headers.get("Content-Range"))
    if not faults or _is_control(request):
        return None
    name = f"{request.method} {operation.path if operation else path}"
    query = request.query_string.decode("latin-1")
    return faults.meet(
        FaultRequest(name, request.method, path, query, request.headers, body, caller.token, part)
    )


def _reply(context: Context[Project], result: Any) -> Reply:
    answer = result if isinstance(result, Answer) else Answer(result)
    status = answer.status or context.operation.status
    headers = list(answer.headers)
    if answer.value is None:
        return Reply(status, b"", headers)
    if isinstance(answer.value, Stream):
        return streamed(answer.value, context.request)
    if isinstance(answer.value, File):
        reply = Reply(status, answer.value.content, headers)
        reply.add("Content-Type", answer.value.content_type)
        return reply
    reply = Reply(status, context.rendered(answer.value), headers)
    reply.add("Content-Type", "application/json")
    return reply


def _refused(request: Request, problem: Problem, caller: Caller) -> Reply:
    if request.method == "OPTIONS" and problem.status == 405:
        return _preflight(request, problem)
    settings = caller.project.settings
    headers = [("Content-Type", settings.problem_content_type), *problem.headers]
    if problem.status == 401 and settings.www_authenticate:
        headers.append(("WWW-Authenticate", 'Bearer realm="api.video"'))
    return Reply(problem.status, as_json(problem.body()), headers)


def _extend(reply: Reply, extra: Mapping[str, Any]) -> None:
    """Add the setting's fields to every object of a JSON answer."""
    if reply.body and dict(reply.headers).get("Content-Type", "").endswith("json"):
        reply.body = as_json(with_extra(json.loads(reply.body), extra))


def _preflight(request: Request, problem: Problem) -> Reply:
    """What a browser asks before a call of another origin: every path of the API allows it."""
    methods = dict(problem.headers)["Allow"]
    wanted = request.headers.get("Access-Control-Request-Headers", _EXPECTED_HEADERS)
    headers = [
        ("Allow", methods),
        ("Access-Control-Allow-Methods", methods),
        ("Access-Control-Allow-Headers", wanted),
        ("Access-Control-Max-Age", "86400"),
    ]
    return Reply(204, b"", headers)


def _record_stream(request: Request, caller: Caller) -> None:
    """Let the record have the beginning of a body that is read as it comes."""
    environ, most = request.environ, caller.project.settings.max_body
    environ["wsgi.input"] = RecordedStream(environ["wsgi.input"], most)


def _record(
    request: Request,
    operation: Operation | None,
    caller: Caller,
    body: bytes,
    reply: Reply,
    took: Took,
) -> None:
    settings, method = caller.project.settings, request.method
    path, stream = _path(request), request.environ["wsgi.input"]
    body = stream.recorded if isinstance(stream, RecordedStream) else body
    call = Call(
        operation=f"{method} {operation.path if operation else path}",
        method=method,
        path=path,
        query=request.query_string.decode("latin-1"),
        status=reply.status,
        environment=caller.environment,
        credential=caller.credential,
        at=at(caller.now_ns),
        headers=_headers(request),
        request_body=body[: settings.max_body],
        response_body=reply.body[: settings.max_body],
        project=caller.project.id,
        fault=None if reply.fault is None else repr(reply.fault),
        began=took.began,
        duration=real_seconds() - took.began,
        clock_duration=(caller.project.clock.now_ns() - took.came_ns) / SECOND,
    )
    found = (
        *caller.warnings,
        *api_warnings.of_content_type(operation, request.mimetype, body),
        *api_warnings.of_polling(call, caller.project.calls),
    )
    caller.project.calls.record(
        replace(call, warnings=found) if found else call, settings.max_calls
    )


def _headers(request: Request) -> dict[str, str]:
    environ, plain = request.environ, ("CONTENT_TYPE", "CONTENT_LENGTH")
    sent = [name for name in environ if name.startswith("HTTP_") or name in plain]
    found = {name.removeprefix("HTTP_").replace("_", "-").title(): environ[name] for name in sent}
    return {name: SecretText(text) if name in _SECRET else text for name, text in found.items()}


@functools.lru_cache(maxsize=16)
def _date(seconds: int) -> str:
    return formatdate(seconds, usegmt=True)


def _path(request: Request) -> str:
    """The path as it came: werkzeug's own attribute makes one slash of two at the front."""
    raw: str = request.environ["PATH_INFO"]
    return raw if raw.isascii() else raw.encode("latin-1").decode(errors="replace")


def _host(request: Request) -> str:
    host: str = request.environ.get("HTTP_HOST", "")
    return re.sub(r":\d+$", "", host).lower()


def _address(request: Request) -> str | None:
    """The address that the client used for the fake; None if its Host is not one to repeat."""
    host = request.environ.get("HTTP_HOST", "")
    if not _PLAIN_HOST.fullmatch(host) or host.lower().endswith(".api.video"):
        return None
    return f"{request.environ['wsgi.url_scheme']}://{host}"


def _comes_from_elsewhere(request: Request) -> bool:
    """Whether a browser sends this for a page that is not the fake's own, at a loopback address.

    A name that only resolves to loopback could be any page's, so a browser must use a plain one.
    """
    origin, site = (request.environ.get(f"HTTP_{name}") for name in ("ORIGIN", "SEC_FETCH_SITE"))
    if origin is None and site in (None, "none", "same-origin"):
        return False
    own = _LOOPBACK.fullmatch(_host(request)) is not None
    return not own or origin not in (None, _address(request)) or site not in (None, "same-origin")


def _stopping(request: Request) -> threading.Event:
    stopping: threading.Event = request.environ["fake_server.stopping"]
    return stopping


def _is_control(request: Request) -> bool:
    return _path(request).startswith("/_fake/")
