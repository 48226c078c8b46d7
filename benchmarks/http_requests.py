"""HTTP requests: the fake, a pytest-httpserver with the same bytes canned, and a raw socket."""

from __future__ import annotations

import json
import logging
import multiprocessing
import socketserver
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field

import urllib3
from pytest_httpserver import HTTPServer

from benchmarks.measure import Meter, Row, paired, seconds_per_call
from fake_server import ApiVideo, FakeServer

VIDEOS, CALLS, ROUNDS = 25, 60, 15
CLIENTS, CLIENT_ROUNDS, CLIENT_SECONDS = 8, 9, 0.8


@dataclass(frozen=True)
class Call:
    """A request that every server answers alike."""

    method: str
    path: str
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes | None = None

    def send(self, pool: urllib3.PoolManager, url: str) -> bytes:
        """Send the request to a server and return the body of its answer."""
        answer = pool.request(self.method, url + self.path, headers=self.headers, body=self.body)
        return answer.data


def rows(quick: bool) -> Iterator[Row]:
    """Yield the cost of one request by operation, then the throughput of several clients."""
    # The stock server logs each request; under pytest, too, that is not printed.
    logging.getLogger("werkzeug").addHandler(logging.NullHandler())
    rounds = 3 if quick else ROUNDS
    with FakeServer() as fake, fake.project() as apivideo, urllib3.PoolManager() as pool:
        reading, *others = _calls(apivideo)
        page = reading.send(pool, apivideo.url)
        with _raw_socket(page) as url:
            found = _compare(pool, reading, apivideo, url, rounds)
            yield Row("GET /videos (other: a raw socket)", *found, 1.5)
        with _canned(reading, page) as (stock, url):
            name, found = _name(reading), _compare(pool, reading, apivideo, url, rounds, stock)
            yield Row(name, *found, 0.75)
            found = _throughput(reading, page, (apivideo.url, url), 3 if quick else CLIENT_ROUNDS)
            yield Row(f"{name}, {CLIENTS} clients", *found, 1.25, "least")
        for call in others:
            with _canned(call, call.send(pool, apivideo.url)) as (stock, url):
                found = _compare(pool, call, apivideo, url, rounds, stock)
                yield Row(_name(call), *found)


def _calls(apivideo: ApiVideo) -> list[Call]:
    for number in range(VIDEOS):
        video = apivideo.videos.add(
            title=f"Lesson {number}",
            description="The subject of this lesson, in one sentence of usual length.",
            tags=["lesson", "course", f"week {number // 5}"],
            metadata=[{"key": "author", "value": "Jane"}, {"key": "number", "value": str(number)}],
        )
    bearer = {"Authorization": f"Bearer {apivideo.tokens.issue().access_token}"}
    title = json.dumps({"title": "A new title", "tags": ["lesson"]}).encode()
    key = json.dumps({"apiKey": apivideo.api_key}).encode()
    as_json = {"Content-Type": "application/json"}
    return [
        Call("GET", "/videos", bearer),
        Call("PATCH", f"/videos/{video.id}", bearer | as_json, title),
        Call("POST", "/videos", bearer | as_json, title),
        Call("POST", "/auth/api-key", as_json, key),
    ]


def _name(call: Call) -> str:
    path = "/videos/{videoId}" if call.method == "PATCH" else call.path
    return f"{call.method} {path} (other: stock)"


@contextmanager
def _canned(call: Call, answer: bytes) -> Iterator[tuple[HTTPServer, str]]:
    with HTTPServer() as stock:
        rule = stock.expect_request(call.path, method=call.method)
        rule.respond_with_data(answer, content_type="application/json")
        yield stock, stock.url_for("").rstrip("/")


@contextmanager
def _raw_socket(body: bytes) -> Iterator[str]:
    """Serve the body on keep-alive connections with no HTTP code at all."""
    head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}"
    answer = head.encode() + b"\r\n\r\n" + body

    class Answer(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            while self.request.recv(65536):  # a small GET arrives in one piece
                self.request.sendall(answer)

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Answer) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, args=(0.01,)).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


def _compare(
    pool: urllib3.PoolManager,
    call: Call,
    apivideo: ApiVideo,
    url: str,
    rounds: int,
    stock: HTTPServer | None = None,
) -> tuple[list[float], list[float]]:
    apivideo.calls.clear()  # so that neither side keeps more records than the other
    if stock:
        stock.clear_log()
    ours = seconds_per_call(lambda: call.send(pool, apivideo.url), CALLS)
    other = seconds_per_call(lambda: call.send(pool, url), CALLS)
    return paired(ours, other, rounds)


def _throughput(
    call: Call, page: bytes, urls: tuple[str, str], rounds: int
) -> tuple[list[float], list[float]]:
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=spawn) as process:

        def meter(url: str) -> Meter:
            return lambda: process.submit(answers_per_second, url, call, page).result()

        return paired(meter(urls[0]), meter(urls[1]), rounds)


def answers_per_second(url: str, call: Call, page: bytes) -> float:
    """Send the request repeatedly from several threads; runs in a process of its own."""
    begin = time.perf_counter()

    def count(_: int) -> int:
        answers = 0
        with urllib3.PoolManager() as pool:
            while time.perf_counter() < begin + CLIENT_SECONDS:
                if call.send(pool, url) != page:
                    raise RuntimeError(f"{url} gave a wrong answer")
                answers += 1
        return answers

    with ThreadPoolExecutor(CLIENTS) as threads:
        answers = sum(threads.map(count, range(CLIENTS)))
    return answers / (time.perf_counter() - begin)
