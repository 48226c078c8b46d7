"""Starting and stopping: from nothing to the first answer, and back."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack

from pytest_httpserver import HTTPServer

from benchmarks.clients import Ask, by_urllib3
from benchmarks.measure import Meter, Rounds, paired
from benchmarks.report import Aim, Finding, by_ratio, by_value
from fake_server import FakeServer

ROUNDS = 15
IDLE_SECONDS = 0.05


def run(rounds: Rounds) -> Iterator[Finding]:
    """Start and stop; the client's connection is still open when the server stops."""
    stops: dict[str, list[float]] = {"fake": [], "stock": []}
    found = paired(_fake(stops["fake"]), _stock(stops["stock"]), rounds.count(ROUNDS))
    yield by_ratio("start to the first answer", found, Aim(1.5))
    yield by_value("stop", stops["fake"][1:], stops["stock"][1:], Aim(0.010))


def _fake(stops: list[float]) -> Meter:
    def meter() -> float:
        begin = time.perf_counter()
        server = FakeServer()
        server.start()
        with ExitStack() as stack:
            apivideo = stack.enter_context(server.project())
            token = apivideo.tokens.issue().access_token
            ask = Ask("GET", "/videos", {"Authorization": f"Bearer {token}"})
            seconds = _first_answer(stack, apivideo.url, ask, begin)
            stops.append(_stopping(server))
        return seconds

    return meter


def _stock(stops: list[float]) -> Meter:
    def meter() -> float:
        begin = time.perf_counter()
        server = HTTPServer()
        server.start()
        server.expect_request("/videos").respond_with_data(b"[]", content_type="application/json")
        with ExitStack() as stack:
            url = server.url_for("")[:-1]
            seconds = _first_answer(stack, url, Ask("GET", "/videos"), begin)
            stops.append(_stopping(server))
        return seconds

    return meter


def _first_answer(stack: ExitStack, url: str, ask: Ask, begin: float) -> float:
    send = stack.enter_context(by_urllib3())
    send(url, ask)
    return time.perf_counter() - begin


def _stopping(server: HTTPServer) -> float:
    time.sleep(IDLE_SECONDS)  # tests end with an idle server; one that is just awake stops sooner
    begin = time.perf_counter()
    server.stop()
    return time.perf_counter() - begin
