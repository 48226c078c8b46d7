"""Many threads on one project: nothing is lost, nothing is given twice."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from fake_server import ApiVideo
from tests.auth.conftest import Client

THREADS = 16
ROUNDS = 12
Together = Callable[[Callable[..., Any]], list[Any]]


@pytest.fixture(autouse=True)
def _impatient() -> Iterator[None]:
    """Switch threads as often as possible, so that races show."""
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    yield
    sys.setswitchinterval(interval)


@pytest.fixture
def together(apivideo: Any, client_of: Any) -> Together:
    """Return a function that runs another in all threads, each with its own client and number."""
    clients = [client_of(apivideo) for _ in range(THREADS)]

    def run(work: Callable[[Any, int, threading.Barrier], Any]) -> list[Any]:
        barrier = threading.Barrier(THREADS, timeout=60)

        def begin(number: int) -> Any:
            barrier.wait()
            return work(clients[number], number, barrier)

        with ThreadPoolExecutor(THREADS) as pool:
            return list(pool.map(begin, range(THREADS)))

    return run


def test_logins_at_once_give_tokens_that_are_all_different(
    apivideo: ApiVideo, together: Together, api: Client
) -> None:
    apivideo.clock.freeze()  # in one instant, so that only the server can tell them apart
    found = together(lambda client, *_: [client.log_in().given() for _ in range(ROUNDS)])
    pairs = [pair for pairs in found for pair in pairs]
    values = {pair["access_token"] for pair in pairs}
    assert len(pairs) == len(values) == THREADS * ROUNDS
    assert len({pair["refresh_token"] for pair in pairs}) == THREADS * ROUNDS
    assert {token.value for token in apivideo.tokens.active} == values
    assert apivideo.calls.count("POST /auth/api-key") == THREADS * ROUNDS
    assert all(api.bearer(value).status == 200 for value in values)


def test_of_simultaneous_refreshes_of_one_token_exactly_one_wins(
    apivideo: ApiVideo, together: Together, api: Client
) -> None:
    current = [api.log_in().given()["refresh_token"]]
    winners: list[list[Any]] = [[] for _ in range(ROUNDS)]

    def work(client: Any, number: int, barrier: threading.Barrier) -> list[int]:
        statuses = []
        for turn in range(ROUNDS):
            barrier.wait()
            answer = client.refresh(current[0])
            statuses.append(answer.status)
            if answer.status == 200:
                winners[turn].append(answer.json)
            barrier.wait()
            if winners[turn]:
                current[0] = winners[turn][0]["refresh_token"]
        return statuses

    found = together(work)
    assert [len(pairs) for pairs in winners] == [1] * ROUNDS
    statuses = [status for statuses in found for status in statuses]
    assert statuses.count(200) == ROUNDS
    assert statuses.count(401) == (THREADS - 1) * ROUNDS
    assert len(apivideo.tokens) == ROUNDS + 1
    assert apivideo.calls.count("POST /auth/refresh") == THREADS * ROUNDS


@pytest.mark.apivideo(rotate_refresh=False)
def test_without_rotation_simultaneous_refreshes_all_win(
    apivideo: ApiVideo, together: Together, api: Client
) -> None:
    token = api.log_in().given()["refresh_token"]
    pairs = together(lambda client, *_: client.refresh(token).given())
    assert len({pair["access_token"] for pair in pairs}) == THREADS
    assert {pair["refresh_token"] for pair in pairs} == {token}
    assert len(apivideo.tokens) == THREADS + 1


def test_sixteen_clients_lose_nothing(apivideo: ApiVideo, together: Together, api: Client) -> None:
    def work(client: Any, number: int, barrier: threading.Barrier) -> list[Any]:
        pair = client.log_in().given()
        seen = [pair]
        for turn in range(ROUNDS):
            header = f"Bearer {pair['access_token']}"
            title = {"title": f"{number} {turn}"}
            assert client.send("POST /videos", title, authorization=header).status == 201
            mine = client.send(f"GET /videos?title={number}%20{turn}", authorization=header)
            assert f"{number} {turn}" in [video["title"] for video in mine.json["data"]]
            assert client.log_in("nonsense").status == 401
            spent, pair = pair, client.refresh(pair["refresh_token"]).given()
            assert client.refresh(spent["refresh_token"]).status == 401
            assert client.bearer(pair["access_token"]).status == 200
            seen.append(pair)
        return seen

    pairs = [pair for pairs in together(work) for pair in pairs]
    turns = THREADS * ROUNDS
    assert len({pair["access_token"] for pair in pairs}) == turns + THREADS
    assert len({pair["refresh_token"] for pair in pairs}) == turns + THREADS
    assert len(apivideo.tokens.active) == turns + THREADS
    listed = api.basic(apivideo.api_key).json["pagination"]["itemsTotal"]
    assert listed == turns
    assert apivideo.calls.count("POST /videos") == turns
    assert apivideo.calls.count("GET /videos") == 2 * turns + 1
    assert apivideo.calls.count("POST /auth/refresh") == 2 * turns
    assert apivideo.calls.count("POST /auth/api-key") == turns + THREADS
    assert len(apivideo.calls) == 6 * turns + THREADS + 1
    apivideo.check()


@pytest.mark.parametrize("turn", range(3))
def test_no_refresh_under_way_survives_revoke_all(
    apivideo: ApiVideo, together: Together, turn: Any
) -> None:
    def work(client: Any, number: int, barrier: threading.Barrier) -> int:
        token, renewals = client.log_in().given()["refresh_token"], 0
        barrier.wait()
        if number == 0:
            assert client.refresh(token).status == 200
            apivideo.tokens.revoke_all()
            return 0
        while (answer := client.refresh(token)).status == 200:
            token, renewals = answer.json["refresh_token"], renewals + 1
        return renewals

    renewals = together(work)
    assert apivideo.tokens.active == []
    assert len(apivideo.tokens) == THREADS + 1 + sum(renewals)
    apivideo.check()


def test_keys_made_at_once_are_all_different(
    apivideo: ApiVideo, together: Together, api: Client
) -> None:
    keys = together(lambda client, *_: [apivideo.keys.add() for _ in range(ROUNDS)])
    values = {value for values in keys for value in values}
    assert len(values) == THREADS * ROUNDS
    assert len(apivideo.keys) == THREADS * ROUNDS + 2
    assert all(api.basic(value).status == 200 for value in values)
