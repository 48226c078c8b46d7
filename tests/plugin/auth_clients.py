"""A stub that issues tokens, and the authenticated clients behind one interface."""

from __future__ import annotations

import asyncio
import json
import sys
import threading
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

import trio

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
    server: Server

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


def fresh_stub(server: Server) -> Stub:
    server.stub = Stub()
    server.stub.url = f"http://127.0.0.1:{server.server_port}"
    return server.stub


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
        """Return the option for a body that can be read only once."""

        async def asynchronously() -> AsyncIterator[bytes]:
            for chunk in chunks:
                yield chunk

        return self.body(asynchronously() if self.is_async else iter(chunks))


def reply(response: Any) -> Reply:
    return Reply(response.status_code, response.content, response.request.headers)


def statuses(outcomes: list[Reply | Exception]) -> list[int]:
    return [outcome.status for outcome in outcomes if isinstance(outcome, Reply)]
