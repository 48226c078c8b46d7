"""The authenticated clients, against a stub that knows nothing but tokens.

Every rule is a test over all kinds of client: `requests`, and `httpx` in threads, asyncio and trio.
"""

import asyncio
import io
import json
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import freezegun
import httpx
import pytest
import requests
import trio

from pytest_apivideo.auth import LoginRefused
from pytest_apivideo.auth.for_httpx import async_http_client, http_client
from pytest_apivideo.auth.for_requests import session
from pytest_apivideo.auth.sharing import SharedToken
from pytest_apivideo.auth.tokens import Target, same_origin, wall_clock

KEY = "key-that-nobody-may-see"
LOGIN, REFRESH = "/auth/api-key", "/auth/refresh"
KINDS = ("requests", "httpx", "asyncio", "trio")
PATIENCE = 20  # seconds after which a test that hangs fails


# The stub


@dataclass
class Answer:
    status: int
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)


DROP = Answer(0)
TITLED = {"title": "The user credentials were incorrect.", "status": 400}


@dataclass
class Call:
    method: str
    path: str
    authorization: str | None
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Stub:
    """An api.video with tokens only. `on` scripts what a path answers, call by call."""

    def __init__(self) -> None:
        self.url = ""
        self.expires_in: Any = 3600
        self.calls: list[Call] = []
        self.connections = 0
        self.issued = 0
        self.access: set[str] = set()
        self.refresh: set[str] = set()
        self.scripts: dict[str, list[Answer | Callable[[], Answer | None]]] = {}
        self.lock = threading.Lock()
        self.closed = threading.Condition()
        self.open = 0

    def on(self, path: str, *answers: Answer | Callable[[], Answer | None]) -> None:
        self.scripts[path] = list(answers)

    def count(self, path: str) -> int:
        return len(self.to(path))

    def to(self, path: str) -> list[Call]:
        return [call for call in self.calls if call.path == path]

    def expire_all(self) -> None:
        self.access.clear()

    def answer(self, call: Call) -> Answer:
        with self.lock:
            self.calls.append(call)
            script = self.scripts.get(call.path)
            scripted = script.pop(0) if script else None
        if scripted is not None and not isinstance(scripted, Answer):
            scripted = scripted()
        if scripted is not None:
            return scripted
        with self.lock:
            return self.as_usual(call)

    def as_usual(self, call: Call) -> Answer:
        if call.path.endswith(LOGIN):
            return self.issue() if call.json == {"apiKey": KEY} else Answer(400, TITLED)
        if call.path == REFRESH:
            known = call.json["refreshToken"] in self.refresh
            self.refresh.discard(call.json["refreshToken"])
            return self.issue() if known else Answer(400, TITLED)
        scheme, _, token = (call.authorization or "").partition(" ")
        if scheme != "Bearer" or token not in self.access:
            return Answer(401, {"title": "The access token is invalid or expired."})
        return Answer(200, {"path": call.path})

    def issue(self) -> Answer:
        self.issued += 1
        self.access.add(f"access-{self.issued}")
        self.refresh.add(f"refresh-{self.issued}")
        return Answer(
            200,
            {
                "token_type": "Bearer",
                "expires_in": self.expires_in,
                "access_token": f"access-{self.issued}",
                "refresh_token": f"refresh-{self.issued}",
            },
        )

    def wait_until_open(self, at_most: int) -> bool:
        with self.closed:
            return self.closed.wait_for(lambda: self.open <= at_most, PATIENCE)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: "Server"

    def setup(self) -> None:
        super().setup()
        self.stub = self.server.stub  # a connection may outlive its test
        with self.stub.closed:
            self.stub.connections += 1
            self.stub.open += 1

    def finish(self) -> None:
        super().finish()
        with self.stub.closed:
            self.stub.open -= 1
            self.stub.closed.notify_all()

    def handle_any(self) -> None:
        path = urlsplit(self.path).path
        call = Call(self.command, path, self.headers["Authorization"], self.read_body())
        answer = self.stub.answer(call)
        if answer is DROP:
            self.close_connection = True
            return
        raw = isinstance(answer.body, bytes)
        body = answer.body if raw else json.dumps(answer.body).encode()
        self.send_response(answer.status)
        for name, value in {**answer.headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = handle_any  # noqa: N815  http.server looks for these names

    def read_body(self) -> bytes:
        if self.headers["Transfer-Encoding"] != "chunked":
            return self.rfile.read(int(self.headers["Content-Length"] or 0))
        body = b""
        while size := int(self.rfile.readline(), 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return body

    def log_message(self, *args: object) -> None:
        pass


class Server(ThreadingHTTPServer):
    block_on_close = False
    request_queue_size = 128
    stub: Stub

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Be silent about clients that were cancelled before they were answered."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


@pytest.fixture(scope="module")
def servers() -> Iterator[list[Server]]:
    """Two running servers; each test gives them fresh stubs."""
    made = [Server(("127.0.0.1", 0), Handler) for _ in range(2)]
    for server in made:
        server.stub = Stub()
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield made
    for server in made:
        server.shutdown()
        server.server_close()


def fresh_stub(server: Server) -> Stub:
    server.stub = Stub()
    server.stub.url = f"http://127.0.0.1:{server.server_port}"
    return server.stub


@pytest.fixture
def stub(servers: list[Server]) -> Stub:
    return fresh_stub(servers[0])


@pytest.fixture
def foreign(servers: list[Server]) -> Stub:
    return fresh_stub(servers[1])


# The clients, behind one face


class Time:
    """A clock that is turned by hand."""

    def __init__(self) -> None:
        self.seconds = 1_000_000.0

    def __call__(self) -> float:
        return self.seconds


@dataclass
class Reply:
    status: int
    body: bytes
    request_headers: Any


class Caller:
    """One of the clients; `get` and `post` send a request, `together` many at once."""

    def __init__(self, kind: str, client: Any) -> None:
        self.kind = kind
        self.client = client
        self.is_async = kind in ("asyncio", "trio")

    def get(self, url: str = "/videos", **options: Any) -> Reply:
        return self.send("GET", url, **options)

    def post(self, url: str = "/videos", **options: Any) -> Reply:
        return self.send("POST", url, **options)

    def send(self, method: str, url: str, **options: Any) -> Reply:
        if self.is_async:
            answer: Reply = self.run(partial(self.send_async, method, url, **options))
            return answer
        follow = "allow_redirects" if self.kind == "requests" else "follow_redirects"
        return reply(self.client.request(method, url, **{follow: True}, **options))

    async def send_async(self, method: str, url: str, **options: Any) -> Reply:
        return reply(await self.client.request(method, url, follow_redirects=True, **options))

    def run(self, main: Callable[..., Any]) -> Any:
        return trio.run(main) if self.kind == "trio" else asyncio.run(main())

    def together(self, number: int) -> list[Reply | Exception]:
        """Send requests at once: from threads, or from the tasks of one loop."""
        if self.is_async:
            outcomes: list[Reply | Exception] = self.run(partial(self.gather, number))
            return outcomes
        barrier = threading.Barrier(number)

        def one(_: int) -> Reply | Exception:
            barrier.wait(PATIENCE)
            try:
                return self.get()
            except Exception as error:
                return error

        with ThreadPoolExecutor(number) as pool:
            return list(pool.map(one, range(number)))

    async def gather(self, number: int) -> list[Reply | Exception]:
        outcomes: list[Reply | Exception] = []

        async def one() -> None:
            try:
                outcomes.append(await self.send_async("GET", "/videos"))
            except Exception as error:
                outcomes.append(error)

        if self.kind == "asyncio":
            await asyncio.gather(*[one() for _ in range(number)])
        else:
            async with trio.open_nursery() as nursery:
                for _ in range(number):
                    nursery.start_soon(one)
        return outcomes

    def body(self, content: Any) -> dict[str, Any]:
        return {"data" if self.kind == "requests" else "content": content}

    def stream(self, *chunks: bytes) -> dict[str, Any]:
        """The option for a body that can be read once only."""

        async def asynchronously() -> AsyncIterator[bytes]:
            for chunk in chunks:
                yield chunk

        return self.body(asynchronously() if self.is_async else iter(chunks))


def reply(response: Any) -> Reply:
    return Reply(response.status_code, response.content, response.request.headers)


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def make(time: Time) -> Iterator[Callable[..., Caller]]:
    """Make a client of some kind, closed after the test."""
    with ExitStack() as stack:

        def made(kind: str, base_url: str, api_key: str = KEY) -> Caller:
            if kind == "requests":
                return Caller(kind, stack.enter_context(session(base_url, api_key, now=time)))
            if kind == "httpx":
                return Caller(kind, stack.enter_context(http_client(base_url, api_key, now=time)))
            caller = Caller(kind, async_http_client(base_url, api_key, now=time))
            stack.callback(caller.run, caller.client.aclose)
            return caller

        yield made


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def caller(kind: str, stub: Stub, make: Callable[..., Caller]) -> Caller:
    return make(kind, stub.url)


@pytest.fixture
def claimed(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Wait until so many callers have asked for a token: the ones who may not renew are waiting."""
    claims = threading.Semaphore(0)
    claim = SharedToken.claim

    def counted(self: SharedToken, *args: Any, **keywords: Any) -> Any:
        try:
            return claim(self, *args, **keywords)
        finally:
            claims.release()

    def wait(number: int) -> None:
        for _ in range(number):
            assert claims.acquire(timeout=PATIENCE)

    monkeypatch.setattr(SharedToken, "claim", counted)
    return wait


def statuses(outcomes: list[Reply | Exception]) -> list[int]:
    return [outcome.status for outcome in outcomes if isinstance(outcome, Reply)]


# Logging in


def test_first_request_logs_in_and_the_next_ones_reuse_the_token(
    caller: Caller, stub: Stub
) -> None:
    assert [caller.get().status for _ in range(3)] == [200, 200, 200]
    assert [call.path for call in stub.calls] == [LOGIN, "/videos", "/videos", "/videos"]
    login, *others = stub.calls
    assert (login.method, login.json, login.authorization) == ("POST", {"apiKey": KEY}, None)
    assert {call.authorization for call in others} == {"Bearer access-1"}


def test_making_a_client_sends_nothing(caller: Caller, stub: Stub) -> None:
    assert stub.calls == []


@pytest.mark.parametrize(
    ("base", "url", "path"),
    [
        ("", "/videos", "/videos"),
        ("", "videos", "/videos"),
        ("/", "/videos", "/videos"),
        ("/v1", "/videos", "/v1/videos"),
        ("", "{origin}/videos", "/videos"),
        ("", "/videos?next=http://elsewhere.test/", "/videos"),
    ],
)
def test_url_may_be_relative_or_absolute(
    kind: str, stub: Stub, make: Callable[..., Caller], base: str, url: str, path: str
) -> None:
    make(kind, stub.url + base).get(url.format(origin=stub.url))
    assert [call.path for call in stub.calls] == [base.rstrip("/") + LOGIN, path]


def test_session_takes_urls_as_bytes(stub: Stub, make: Callable[..., Caller]) -> None:
    assert make("requests", stub.url).client.get(b"/videos").status_code == 200


@pytest.mark.parametrize("path", [LOGIN, REFRESH, "/upload"])
def test_operations_that_need_no_token_are_sent_as_they_are(
    caller: Caller, stub: Stub, path: str
) -> None:
    stub.on(path, Answer(401, TITLED))
    assert caller.post(path + "?token=to1", json={"apiKey": "other"}).status == 401
    assert [(call.path, call.authorization) for call in stub.calls] == [(path, None)]


# Renewing in time


@pytest.mark.parametrize(
    ("expires_in", "age", "renewed"),
    [
        (3600, 3589.9, False),
        (3600, 3590, True),
        (100, 89.9, False),
        (100, 90, True),
        (5, 4.4, False),
        (5, 4.5, True),
        (None, 1e9, False),
    ],
)
def test_token_is_renewed_shortly_before_it_expires(
    caller: Caller, stub: Stub, time: Time, expires_in: Any, age: float, renewed: bool
) -> None:
    stub.expires_in = expires_in
    caller.get()
    time.seconds += age
    caller.get()
    assert (stub.count(LOGIN), stub.count(REFRESH)) == (1, int(renewed))
    assert stub.calls[-1].authorization == f"Bearer access-{1 + renewed}"


def test_token_that_expires_at_once_is_used_once(caller: Caller, stub: Stub) -> None:
    stub.expires_in = 0
    assert [caller.get().status for _ in range(2)] == [200, 200]
    assert [call.path for call in stub.calls] == [LOGIN, "/videos", REFRESH, "/videos"]


def test_each_refresh_uses_the_refresh_token_of_the_last(
    caller: Caller, stub: Stub, time: Time
) -> None:
    for _ in range(3):
        caller.get()
        time.seconds += 3600
    sent = [call.json for call in stub.to(REFRESH)]
    assert sent == [{"refreshToken": "refresh-1"}, {"refreshToken": "refresh-2"}]
    assert stub.count(LOGIN) == 1


@pytest.mark.parametrize(
    "answer",
    [Answer(400, TITLED), Answer(401, TITLED), Answer(500), Answer(503, []), Answer(200, {})],
    ids=lambda answer: str(answer.status),
)
def test_refresh_that_gives_no_token_is_followed_by_one_login(
    caller: Caller, stub: Stub, time: Time, answer: Answer
) -> None:
    caller.get()
    time.seconds += 3600
    stub.on(REFRESH, answer)
    assert caller.get().status == 200
    assert [call.path for call in stub.calls[2:]] == [REFRESH, LOGIN, "/videos"]


def test_login_without_a_refresh_token_is_renewed_by_login(caller: Caller, stub: Stub) -> None:
    stub.access.add("alone")
    stub.on(LOGIN, Answer(200, {"access_token": "alone", "expires_in": 0}))
    caller.get()
    caller.get()
    assert (stub.count(LOGIN), stub.count(REFRESH)) == (2, 0)


def test_age_is_judged_by_the_frozen_time_unless_told_otherwise() -> None:
    with freezegun.freeze_time("2001-09-09 01:46:40"):
        assert wall_clock() == 1_000_000_000


# After a 401


def test_refused_token_is_renewed_and_the_request_repeated(caller: Caller, stub: Stub) -> None:
    caller.get()
    stub.expire_all()
    assert caller.get().status == 200
    assert [call.path for call in stub.calls[2:]] == ["/videos", REFRESH, "/videos"]
    assert stub.calls[-1].authorization == "Bearer access-2"


def test_second_401_is_returned(caller: Caller, stub: Stub) -> None:
    stub.on("/videos", *[Answer(401, TITLED)] * 10)
    answer = caller.get()
    assert (answer.status, json.loads(answer.body)) == (401, TITLED)
    assert [call.path for call in stub.calls] == [LOGIN, "/videos", REFRESH, "/videos"]


@pytest.mark.parametrize("status", [400, 403, 404, 500, 503])
def test_other_errors_are_returned_as_they_are(caller: Caller, stub: Stub, status: int) -> None:
    stub.on("/videos", Answer(status, TITLED))
    assert caller.get().status == status
    assert [call.path for call in stub.calls] == [LOGIN, "/videos"]


@pytest.mark.parametrize(
    "options",
    [
        {"json": {"title": "A"}},
        {"data": {"title": "A"}},
        {"files": {"file": ("a.mp4", b"film", "video/mp4")}},
        {"files": {"file": io.BytesIO(b"film")}},
        {},
    ],
    ids=["json", "form", "multipart of bytes", "multipart of a file", "none"],
)
def test_body_is_repeated_whole(caller: Caller, stub: Stub, options: dict[str, Any]) -> None:
    caller.get()
    stub.expire_all()
    assert caller.post(**options).status == 200
    first, repeated = (
        call for call in stub.calls if call.method == "POST" and call.path == "/videos"
    )
    assert first.body == repeated.body
    assert bool(first.body) == bool(options)


def test_session_repeats_a_file_from_where_it_began(
    stub: Stub, make: Callable[..., Caller]
) -> None:
    film = io.BytesIO(b"head:film")
    film.seek(5)
    stub.on("/videos", Answer(401))
    assert make("requests", stub.url).post(data=film).status == 200
    assert [call.body for call in stub.to("/videos")] == [b"film", b"film"]


def test_body_that_was_used_up_is_not_repeated_but_the_token_is_renewed(
    caller: Caller, stub: Stub
) -> None:
    caller.get()
    stub.expire_all()
    answer = caller.post(**caller.stream(b"fi", b"lm"))
    assert (answer.status, b"invalid or expired" in answer.body) == (401, True)
    assert [call.body for call in stub.to("/videos")] == [b"", b"film"]
    assert stub.count(REFRESH) == 1
    assert caller.get().status == 200
    assert stub.count(REFRESH) == 1


class Pipe(io.BytesIO):
    """A file that cannot go back."""

    def seekable(self) -> bool:
        return False

    def tell(self) -> int:
        raise io.UnsupportedOperation

    def seek(self, *args: int) -> int:
        raise io.UnsupportedOperation


class Stuck(io.BytesIO):
    """A file that knows where it is but refuses to go back."""

    def seek(self, *args: int) -> int:
        if self.tell():
            raise io.UnsupportedOperation
        return super().seek(*args)


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("requests", lambda: {"data": Pipe(b"film")}),
        ("requests", lambda: {"data": Stuck(b"film")}),
        ("httpx", lambda: {"content": Pipe(b"film")}),
        ("httpx", lambda: {"content": io.BytesIO(b"film")}),
        ("httpx", lambda: {"files": {"file": Pipe(b"film")}}),
        ("httpx", lambda: {"content": (c for c in [b"film"]), "headers": {"Content-Length": "4"}}),
        ("asyncio", lambda: {"files": {"file": Pipe(b"film")}}),
        ("trio", lambda: {"files": {"file": Pipe(b"film")}}),
    ],
)
def test_file_that_cannot_be_read_again_is_not_repeated(
    stub: Stub, make: Callable[..., Caller], kind: str, options: Callable[[], dict[str, Any]]
) -> None:
    caller = make(kind, stub.url)
    stub.on("/videos", Answer(401))
    assert caller.post(**options()).status == 401
    assert (stub.count("/videos"), stub.count(REFRESH)) == (1, 1)


@pytest.mark.parametrize("kind", ["requests", "httpx"])
def test_repeating_gives_the_connection_back(
    stub: Stub, make: Callable[..., Caller], kind: str
) -> None:
    caller = make(kind, stub.url)
    caller.get()
    stub.expire_all()
    if kind == "requests":
        with caller.client.get("/videos", stream=True) as response:
            assert json.loads(response.raw.read()) == {"path": "/videos"}
    else:
        with caller.client.stream("GET", "/videos") as response:
            assert json.loads(b"".join(response.iter_raw())) == {"path": "/videos"}
    assert stub.connections == 1


@pytest.mark.parametrize("kind", ["asyncio", "trio"])
def test_async_client_keeps_no_connection(
    stub: Stub, make: Callable[..., Caller], kind: str
) -> None:
    caller = make(kind, stub.url)
    caller.get()
    stub.expire_all()
    caller.get()
    stub.on("/videos", Answer(401))
    caller.post(**caller.stream(b"film"))
    assert stub.wait_until_open(at_most=0)


@pytest.mark.parametrize("repeatable", [True, False])
def test_failing_renewal_after_a_401_closes_the_answer(
    caller: Caller, stub: Stub, repeatable: bool
) -> None:
    caller.get()
    stub.expire_all()
    stub.on(REFRESH, Answer(400))
    stub.on(LOGIN, Answer(400, TITLED))
    with pytest.raises(LoginRefused) as caught:
        caller.post(**({} if repeatable else caller.stream(b"film")))
    kept_for_the_next_request = 0 if caller.is_async else 1
    assert stub.wait_until_open(at_most=kept_for_the_next_request)
    assert caught.value.status == 400  # alive until here, and with it whatever its frames hold
    assert caller.get().status == 200


# Where the token may go


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirect_to_a_foreign_origin_carries_no_token_and_its_401_renews_nothing(
    caller: Caller, stub: Stub, foreign: Stub, status: int
) -> None:
    stub.on("/videos", Answer(status, headers={"Location": foreign.url + "/videos"}))
    assert caller.get().status == 401
    assert [call.authorization for call in foreign.calls] == [None]
    assert [call.path for call in stub.calls] == [LOGIN, "/videos"]


def test_foreign_origin_gets_no_token_and_its_401_renews_nothing(
    caller: Caller, stub: Stub, foreign: Stub
) -> None:
    assert caller.get(foreign.url + "/videos").status == 401
    assert [call.authorization for call in foreign.calls] == [None]
    assert stub.calls == []


def test_redirect_within_the_origin_carries_the_token(caller: Caller, stub: Stub) -> None:
    stub.on("/old", Answer(307, headers={"Location": "/videos"}))
    assert caller.get("/old").status == 200
    assert [call.authorization for call in stub.calls[1:]] == ["Bearer access-1"] * 2


def test_redirect_that_comes_back_carries_the_token(
    caller: Caller, stub: Stub, foreign: Stub
) -> None:
    foreign.on("/there", Answer(302, headers={"Location": stub.url + "/videos"}))
    assert caller.get(foreign.url + "/there").status == 200
    assert foreign.calls[0].authorization is None


def test_token_is_renewed_in_the_middle_of_a_redirect(caller: Caller, stub: Stub) -> None:
    stub.on("/old", Answer(307, headers={"Location": "/videos"}))
    stub.on("/videos", Answer(401))
    assert caller.post("/old", json={"title": "A"}).status == 200
    assert [call.json for call in stub.to("/videos")] == [{"title": "A"}] * 2
    assert (stub.count("/old"), stub.count(REFRESH)) == (1, 1)


def test_login_follows_no_redirect(caller: Caller, stub: Stub, foreign: Stub) -> None:
    stub.on(LOGIN, Answer(307, headers={"Location": foreign.url + LOGIN}))
    with pytest.raises(LoginRefused, match="307"):
        caller.get()
    assert foreign.calls == []


@pytest.mark.parametrize("value", ["Bearer mine", "Basic bWluZTo=", ""])
def test_authorization_of_the_caller_is_sent_as_it_is(
    caller: Caller, stub: Stub, value: str
) -> None:
    assert caller.get(headers={"authorization": value}).status == 401
    assert [(call.path, call.authorization) for call in stub.calls] == [("/videos", value)]


def test_auth_of_the_caller_is_sent_as_it_is(caller: Caller, stub: Stub) -> None:
    assert caller.get(auth=("mine", "")).status == 401
    assert [(call.path, call.authorization) for call in stub.calls] == [
        ("/videos", "Basic bWluZTo=")
    ]


@pytest.mark.parametrize("kind", ["httpx", "asyncio", "trio"])
def test_httpx_auth_none_sends_no_credential(
    stub: Stub, make: Callable[..., Caller], kind: str
) -> None:
    assert make(kind, stub.url).get(auth=None).status == 401
    assert [(call.path, call.authorization) for call in stub.calls] == [("/videos", None)]


def test_authorization_of_the_caller_stays_at_home(
    caller: Caller, stub: Stub, foreign: Stub
) -> None:
    stub.on("/videos", Answer(307, headers={"Location": foreign.url + "/videos"}))
    caller.get(headers={"Authorization": "Bearer mine"})
    assert [call.authorization for call in foreign.calls] == [None]


def test_session_does_not_read_netrc(
    stub: Stub, make: Callable[..., Caller], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login someone password something\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    stub.on("/old", Answer(307, headers={"Location": "/videos"}))
    assert make("requests", stub.url).get("/old").status == 200
    assert {call.authorization for call in stub.calls[1:]} == {"Bearer access-1"}


def test_proxy_of_the_environment_is_used(
    kind: str, stub: Stub, make: Callable[..., Caller], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "no_proxy", "NO_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HTTP_PROXY", stub.url.removeprefix("http://"))
    assert make(kind, "http://video.invalid").get().status == 200
    assert [call.path for call in stub.calls] == [LOGIN, "/videos"]


def test_proxy_is_not_used_for_hosts_that_the_environment_excepts(
    kind: str, stub: Stub, make: Callable[..., Caller], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    assert make(kind, stub.url).get().status == 200


@pytest.mark.parametrize(
    ("url", "other", "same"),
    [
        ("http://a.test", "http://a.test:80/videos", True),
        ("https://a.test:443", "https://A.test/", True),
        ("http://[::1]:81", "http://[::1]:81/videos", True),
        ("http://a.test", "https://a.test", False),
        ("http://a.test:81", "http://a.test:82", False),
        ("http://a.test", "http://a.test.evil.test", False),
        ("http://a.test", "http://a.test@evil.test", False),
    ],
)
def test_origin_is_scheme_host_and_port(url: str, other: str, same: bool) -> None:
    assert same_origin(url, other) is same
    assert Target(url).wants_token(other) is same


@pytest.mark.parametrize("kind", ["httpx", "asyncio"])
def test_httpx_takes_an_ipv6_base_url(make: Callable[..., Caller], kind: str) -> None:
    assert make(kind, "http://[::1]:1").client.base_url.host == "::1"


# When there is no token to be had


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (Answer(400, TITLED), ["400", "The user credentials were incorrect.", "sandbox"]),
        (Answer(401, {"title": "The API key is invalid."}), ["401", "The API key is invalid."]),
        (Answer(503, {"title": "Down"}), ["503", "Down", "base URL"]),
        (Answer(502, ["no", "problem"]), ["502", "no problem title"]),
        (Answer(504, b"<html>"), ["504", "no problem title"]),
        (Answer(200, {}), ["200", "no token", "base URL"]),
    ],
    ids=lambda case: str(case.status) if isinstance(case, Answer) else "",
)
def test_refused_login_says_what_was_answered_and_what_to_check(
    caller: Caller, stub: Stub, answer: Answer, said: list[str]
) -> None:
    stub.on(LOGIN, answer)
    with pytest.raises(LoginRefused) as caught:
        caller.get()
    error = caught.value
    assert error.url == stub.url + LOGIN
    assert error.status == answer.status
    titled = isinstance(answer.body, dict) and answer.status >= 400
    assert error.problem == (answer.body if titled else None)
    for words in [stub.url + LOGIN, *said]:
        assert words in str(error)
    assert stub.count("/videos") == 0


def test_secrets_are_in_no_repr_and_no_refusal(caller: Caller, stub: Stub) -> None:
    stub.on(LOGIN, Answer(400, {"title": f"No {KEY}", "problems": [{"name": KEY, "n": 1}]}))
    with pytest.raises(LoginRefused) as caught:
        caller.get()
    assert caught.value.problem == {"title": "No ***", "problems": [{"name": "***", "n": 1}]}
    caller.get()
    shown = [repr(caught.value), str(caught.value), *reprs(caller.client)]
    assert any("SharedToken" in text for text in shown)
    for secret in (KEY, "access-1", "refresh-1"):
        assert not any(secret in text for text in shown)


def reprs(thing: object) -> Iterator[str]:
    """The reprs of a client and of all of our own objects in it."""
    yield repr(thing)
    for value in getattr(thing, "__dict__", {}).values():
        for inner in value.values() if isinstance(value, dict) else [value]:
            if type(inner).__module__.startswith("pytest_apivideo"):
                yield from reprs(inner)


@pytest.mark.parametrize("path", [LOGIN, "/videos"])
def test_connection_error_shows_the_request_of_the_caller(
    caller: Caller, stub: Stub, path: str
) -> None:
    stub.on(path, DROP)
    with pytest.raises((httpx.TransportError, requests.ConnectionError)) as caught:
        caller.get()
    request = caught.value.request  # type: ignore[attr-defined]  # both libraries set it
    assert str(request.url) == stub.url + "/videos"
    assert "Authorization" not in request.headers


@pytest.mark.parametrize(
    ("path", "answer", "showlocals"),
    [(LOGIN, DROP, True), (LOGIN, Answer(400, TITLED), True), ("/videos", DROP, False)],
    ids=["login dropped", "login refused", "request dropped"],
)
def test_traceback_shows_no_secret(
    caller: Caller, stub: Stub, path: str, answer: Answer, showlocals: bool
) -> None:
    stub.on(path, answer)
    with pytest.raises(Exception, match=r"\w") as caught:
        caller.get()
    printed = str(caught.getrepr(style="long", showlocals=showlocals))
    assert "test_auth_clients.py" in printed
    assert KEY not in printed
    assert "access-1" not in printed


def test_answer_shows_no_token(caller: Caller) -> None:
    assert "Authorization" not in caller.get().request_headers


# Many at once


def test_sixteen_that_begin_at_once_log_in_once(
    caller: Caller, stub: Stub, claimed: Callable[[int], None]
) -> None:
    stub.on(LOGIN, lambda: claimed(16))
    assert statuses(caller.together(16)) == [200] * 16
    assert (stub.count(LOGIN), stub.count(REFRESH)) == (1, 0)


def test_thirty_two_that_are_refused_at_once_refresh_once(caller: Caller, stub: Stub) -> None:
    caller.get()
    stub.expire_all()
    all_there = threading.Barrier(32)

    def together() -> None:
        all_there.wait(PATIENCE)

    stub.on("/videos", *[together] * 32)
    assert statuses(caller.together(32)) == [200] * 32
    assert (stub.count(LOGIN), stub.count(REFRESH)) == (1, 1)


def test_waiters_use_a_token_that_expires_at_once(
    caller: Caller, stub: Stub, claimed: Callable[[int], None]
) -> None:
    stub.expires_in = 0
    stub.on(LOGIN, lambda: claimed(8))
    assert statuses(caller.together(8)) == [200] * 8
    assert (stub.count(LOGIN), stub.count(REFRESH)) == (1, 0)


def test_late_401_for_a_token_that_was_renewed_meanwhile_renews_nothing(
    caller: Caller, stub: Stub
) -> None:
    caller.get()
    arrived, renewed = threading.Event(), threading.Event()

    def late() -> Answer:
        arrived.set()
        assert renewed.wait(PATIENCE)
        return Answer(401)

    stub.on("/late", late)
    with ThreadPoolExecutor(1) as pool:
        straggler = pool.submit(caller.get, "/late")
        assert arrived.wait(PATIENCE)
        stub.expire_all()
        caller.get()
        renewed.set()
        assert straggler.result(PATIENCE).status == 200
    assert stub.count(REFRESH) == 1


@pytest.mark.parametrize("failure", [DROP, Answer(400, TITLED), Answer(503)], ids=str)
def test_failed_login_wakes_the_waiters_and_one_tries_again(
    caller: Caller, stub: Stub, claimed: Callable[[int], None], failure: Answer
) -> None:
    def fail() -> Answer:
        claimed(6)
        return failure

    stub.on(LOGIN, fail)
    outcomes = caller.together(6)
    assert statuses(outcomes) == [200] * 5
    assert stub.count(LOGIN) == 2


def test_each_waiter_learns_that_the_login_is_refused(
    caller: Caller, stub: Stub, claimed: Callable[[int], None]
) -> None:
    def refuse() -> Answer:
        claimed(1)
        return Answer(400, TITLED)

    stub.on(LOGIN, *[refuse] * 4)
    outcomes = caller.together(4)
    assert [type(outcome) for outcome in outcomes] == [LoginRefused] * 4


# Event loops


def test_any_number_of_loops_use_one_client_in_turn(
    stub: Stub, make: Callable[..., Caller]
) -> None:
    client = make("asyncio", stub.url).client
    for kind in ("asyncio", "trio", "asyncio", "trio"):
        assert statuses(Caller(kind, client).together(3)) == [200] * 3
        stub.expire_all()
    assert (stub.count(LOGIN), stub.count(REFRESH)) == (1, 3)


def test_loops_that_run_at_once_log_in_once(
    stub: Stub, make: Callable[..., Caller], claimed: Callable[[int], None]
) -> None:
    client = make("asyncio", stub.url).client
    stub.on(LOGIN, lambda: claimed(16))
    with ThreadPoolExecutor(4) as pool:
        runs = [pool.submit(Caller(kind, client).together, 4) for kind in ("asyncio", "trio") * 2]
        outcomes = [outcome for run in runs for outcome in run.result(PATIENCE)]
    assert statuses(outcomes) == [200] * 16
    assert stub.count(LOGIN) == 1


class Held:
    """A login that has arrived and waits to be answered."""

    def __init__(self, stub: Stub) -> None:
        self.arrived = threading.Event()
        self.answered = threading.Event()
        stub.on(LOGIN, self)

    def __call__(self) -> None:
        self.arrived.set()
        assert self.answered.wait(PATIENCE)

    def wait(self) -> None:
        assert self.arrived.wait(PATIENCE)


def test_cancelled_login_of_asyncio_wakes_the_waiters(
    stub: Stub, make: Callable[..., Caller], claimed: Callable[[int], None]
) -> None:
    caller, held = make("asyncio", stub.url), Held(stub)

    async def main() -> None:
        first = asyncio.create_task(caller.send_async("GET", "/videos"))
        await asyncio.to_thread(held.wait)
        second = asyncio.create_task(caller.send_async("GET", "/videos"))
        await asyncio.to_thread(claimed, 2)
        first.cancel()
        assert (await second).status == 200
        assert first.cancelled()

    asyncio.run(main())
    held.answered.set()
    assert stub.count(LOGIN) == 2


def test_cancelled_login_of_trio_wakes_the_waiters(
    stub: Stub, make: Callable[..., Caller], claimed: Callable[[int], None]
) -> None:
    caller, held = make("trio", stub.url), Held(stub)
    scope = trio.CancelScope()
    got: list[int] = []

    async def first() -> None:
        with scope:
            await caller.send_async("GET", "/videos")

    async def second() -> None:
        got.append((await caller.send_async("GET", "/videos")).status)

    async def main() -> None:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(first)
            await trio.to_thread.run_sync(held.wait)
            nursery.start_soon(second)
            await trio.to_thread.run_sync(claimed, 2)
            scope.cancel()

    trio.run(main)
    held.answered.set()
    assert (got, scope.cancelled_caught, stub.count(LOGIN)) == ([200], True, 2)


@pytest.mark.parametrize("kind", ["asyncio", "trio"])
def test_loop_that_ended_while_it_waited_disturbs_nobody(
    stub: Stub, make: Callable[..., Caller], claimed: Callable[[int], None], kind: str
) -> None:
    client, held = make("asyncio", stub.url).client, Held(stub)
    with ThreadPoolExecutor(1) as pool:
        leader = pool.submit(Caller("asyncio", client).get)
        held.wait()
        Caller(kind, client).run(partial(give_up_waiting, kind, client, claimed))
        held.answered.set()
        assert leader.result(PATIENCE).status == 200
    assert stub.count(LOGIN) == 1


async def give_up_waiting(kind: str, client: Any, claimed: Callable[[int], None]) -> None:
    send = partial(Caller(kind, client).send_async, "GET", "/videos")
    if kind == "asyncio":
        task = asyncio.create_task(send())
        await asyncio.to_thread(claimed, 2)
        task.cancel()
        await asyncio.wait([task])
        return
    async with trio.open_nursery() as nursery:
        nursery.start_soon(send)
        await trio.to_thread.run_sync(claimed, 2)
        nursery.cancel_scope.cancel()


def test_importing_the_package_imports_neither_library() -> None:
    code = "import sys, pytest_apivideo.auth; print({'httpx', 'requests'} & set(sys.modules))"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "set()"
