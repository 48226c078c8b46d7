"""The HTTP clients that requests are made with, and a crowd of them in a process of its own."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import httpx
import requests
import urllib3


@dataclass(frozen=True)
class Ask:
    """A request, the same for every client and server."""

    method: str
    path: str
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes | None = None


Send = Callable[[str, Ask], bytes]
"""Sends a request to the server at a URL and returns the answer's body."""


@contextmanager
def by_urllib3() -> Iterator[Send]:
    """One urllib3 pool with keep-alive."""
    with urllib3.PoolManager() as pool:

        def send(url: str, ask: Ask) -> bytes:
            answer = pool.request(ask.method, url + ask.path, headers=ask.headers, body=ask.body)
            return answer.data

        yield send


@contextmanager
def by_requests() -> Iterator[Send]:
    """One requests session."""
    with requests.Session() as session:

        def send(url: str, ask: Ask) -> bytes:
            answer = session.request(ask.method, url + ask.path, headers=ask.headers, data=ask.body)
            return answer.content

        yield send


@contextmanager
def by_httpx() -> Iterator[Send]:
    """One httpx client."""
    with httpx.Client() as client:

        def send(url: str, ask: Ask) -> bytes:
            answer = client.request(
                ask.method, url + ask.path, headers=ask.headers, content=ask.body
            )
            return answer.content

        yield send


CLIENTS = {"urllib3": by_urllib3, "requests": by_requests, "httpx": by_httpx}


@dataclass
class Tally:
    """What a crowd of clients got; the time is from the first request to the last answer."""

    answers: int = 0
    wrong: int = 0
    seconds: float = 0.0


def crowd(url: str, ask: Ask, expected: bytes, clients: int, seconds: float) -> Tally:
    """Send the request over and over from several threads; runs in a process of its own."""
    counts: list[tuple[int, int]] = []
    gate = threading.Barrier(clients + 1)

    def one() -> None:
        with by_urllib3() as send:
            gate.wait()
            counts.append(_until(time.perf_counter() + seconds, send, url, ask, expected))

    threads = [threading.Thread(target=one) for _ in range(clients)]
    for thread in threads:
        thread.start()
    gate.wait()
    begin = time.perf_counter()
    for thread in threads:
        thread.join()
    answers, wrong = (sum(column) for column in zip(*counts, strict=True))
    return Tally(answers, wrong, time.perf_counter() - begin)


def _until(end: float, send: Send, url: str, ask: Ask, expected: bytes) -> tuple[int, int]:
    answers = wrong = 0
    while time.perf_counter() < end:
        answers += 1
        wrong += send(url, ask) != expected
    return answers, wrong
