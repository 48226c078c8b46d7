"""Requests: the whole fake beside a pytest-httpserver that answers the same bytes, canned."""

from __future__ import annotations

import json
import logging
import multiprocessing
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass

from pytest_httpserver import HTTPServer

from benchmarks.clients import CLIENTS, Ask, Send, by_urllib3, crowd
from benchmarks.measure import Meter, Rounds, paired, typical_seconds
from benchmarks.report import Aim, Finding, by_ratio, rate
from fake_server import ApiVideo, FakeServer

VIDEOS = 25
CALLS = 60
ROUNDS = 15
CROWD = 8
CROWD_ROUNDS = 9
CROWD_SECONDS = 0.8

COST = Aim(0.75)
THROUGHPUT = Aim(1.25, least=True)


@dataclass(frozen=True)
class Sides:
    """Both servers, running, with the requests that they answer alike."""

    apivideo: ApiVideo
    stock: HTTPServer
    asks: dict[str, Ask]
    page: bytes

    def forget(self) -> None:
        """Empty what both remember of requests, so that no side carries more than the other."""
        self.apivideo.calls.clear()
        self.stock.clear_log()

    @property
    def stock_url(self) -> str:
        """The address of the canned answers."""
        return self.stock.url_for("")[:-1]


def run(rounds: Rounds) -> Iterator[Finding]:
    """The cost of a request by client and operation, then throughput with many clients."""
    # Under pytest, which catches it, the access log of the stock server is not printed either.
    logging.getLogger("werkzeug").addHandler(logging.NullHandler())
    with sides() as both:
        for client, opened in CLIENTS.items():
            with opened() as send:
                for name, ask in both.asks.items():
                    yield _cost(f"{name}, {client}", both, send, ask, rounds)
        yield _throughput(both, rounds)


@contextmanager
def sides() -> Iterator[Sides]:
    """Start both servers; the canned bytes are those that the fake answered."""
    with FakeServer() as fake, fake.project() as apivideo, HTTPServer() as stock:
        asks = _asks(apivideo)
        with by_urllib3() as send:
            for number in range(VIDEOS):
                send(apivideo.url, _video(asks["GET /videos"], number))
            answers = {name: send(apivideo.url, ask) for name, ask in asks.items()}
        for name, ask in asks.items():
            rule = stock.expect_request(ask.path, method=ask.method)
            rule.respond_with_data(answers[name], content_type="application/json")
        yield Sides(apivideo, stock, asks, answers["GET /videos"])


def _asks(apivideo: ApiVideo) -> dict[str, Ask]:
    token = apivideo.tokens.issue().access_token
    key = json.dumps({"apiKey": apivideo.api_key}).encode()
    as_json = {"Content-Type": "application/json"}
    return {
        "GET /videos": Ask("GET", "/videos", {"Authorization": f"Bearer {token}"}),
        "POST /auth/api-key": Ask("POST", "/auth/api-key", as_json, key),
    }


def _video(listing: Ask, number: int) -> Ask:
    body = {
        "title": f"Lesson {number}",
        "description": "What this lesson is about, in one sentence of usual length.",
        "tags": ["lesson", "course", f"week {number // 5}"],
        "metadata": [{"key": "author", "value": "Jane"}, {"key": "number", "value": str(number)}],
    }
    return Ask("POST", "/videos", listing.headers, json.dumps(body).encode())


def _cost(name: str, both: Sides, send: Send, ask: Ask, rounds: Rounds) -> Finding:
    both.forget()
    found = paired(
        typical_seconds(lambda: send(both.apivideo.url, ask), CALLS),
        typical_seconds(lambda: send(both.stock_url, ask), CALLS),
        rounds.count(ROUNDS),
    )
    return by_ratio(name, found, COST if name == "GET /videos, urllib3" else None)


def _throughput(both: Sides, rounds: Rounds) -> Finding:
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=spawn) as elsewhere:
        found = paired(
            _carried(elsewhere, both, both.apivideo.url, rounds),
            _carried(elsewhere, both, both.stock_url, rounds),
            rounds.count(CROWD_ROUNDS),
        )
    return by_ratio(f"GET /videos, {CROWD} clients, urllib3", found, THROUGHPUT, rate)


def _carried(elsewhere: ProcessPoolExecutor, both: Sides, url: str, rounds: Rounds) -> Meter:
    ask, seconds = both.asks["GET /videos"], CROWD_SECONDS / (2 if rounds.quick else 1)

    def meter() -> float:
        both.forget()
        tally = elsewhere.submit(crowd, url, ask, both.page, CROWD, seconds).result()
        if tally.wrong:
            raise RuntimeError(f"{tally.wrong} of {tally.answers} answers of {url} were wrong")
        return tally.answers / tally.seconds

    return meter
