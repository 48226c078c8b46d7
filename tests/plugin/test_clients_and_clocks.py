"""Every client against every way in which a token goes bad: who recovers, and by which calls."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

import apivideo as sdk
import pytest
import time_machine
import trio
from apivideo.api.videos_api import VideosApi
from freezegun import freeze_time

from pytest_apivideo import ApiVideo

Ask = Callable[[], int]
Client = Callable[[pytest.FixtureRequest], AbstractContextManager[Ask]]
Spoil = Callable[[], object]
Event = Callable[[pytest.FixtureRequest], AbstractContextManager[Spoil]]

LOGIN = "POST /auth/api-key -> 200"
REFRESH = "POST /auth/refresh -> 200"
NO_REFRESH = "POST /auth/refresh -> 401"
GOOD = "GET /videos -> 200"
REFUSED = "GET /videos -> 401"

RENEWED = [LOGIN, GOOD, REFRESH, GOOD]
RECOVERED = [LOGIN, GOOD, REFUSED, NO_REFRESH, LOGIN, GOOD]
LOST = [LOGIN, GOOD, REFUSED]


# The clients: each is opened, and gives what asks for the videos


@contextmanager
def httpx_client(request: pytest.FixtureRequest) -> Iterator[Ask]:
    client = request.getfixturevalue("apivideo_http")
    yield lambda: client.get("/videos").status_code


@contextmanager
def httpx_on_asyncio(request: pytest.FixtureRequest) -> Iterator[Ask]:
    client = request.getfixturevalue("apivideo_async_http")

    async def ask() -> int:
        return int((await client.get("/videos")).status_code)

    yield lambda: asyncio.run(ask())


@contextmanager
def httpx_on_trio(request: pytest.FixtureRequest) -> Iterator[Ask]:
    client = request.getfixturevalue("apivideo_async_http")

    async def ask() -> int:
        return int((await client.get("/videos")).status_code)

    yield lambda: trio.run(ask)


@contextmanager
def requests_session(request: pytest.FixtureRequest) -> Iterator[Ask]:
    session = request.getfixturevalue("apivideo_session")
    yield lambda: session.get("/videos").status_code


@contextmanager
def sdk_by_connect(request: pytest.FixtureRequest) -> Iterator[Ask]:
    yield asking(request.getfixturevalue("apivideo_client"))


@contextmanager
def sdk_by_with(request: pytest.FixtureRequest) -> Iterator[Ask]:
    account = request.getfixturevalue("apivideo")
    client = sdk.AuthenticatedApiClient(account.api_key, production=False)
    client.configuration.host = account.url
    with client:
        yield asking(client)


def asking(client: sdk.ApiClient) -> Ask:
    def ask() -> int:
        try:
            VideosApi(client).list()
        except sdk.ApiException as refused:
            return int(refused.status)
        return 200

    return ask


CLIENTS: list[Client] = [
    httpx_client,
    httpx_on_asyncio,
    httpx_on_trio,
    requests_session,
    sdk_by_connect,
    sdk_by_with,
]


# The events: each is opened before the client, and gives what spoils its token


@contextmanager
def clock_advanced(request: pytest.FixtureRequest) -> Iterator[Spoil]:
    apivideo = request.getfixturevalue("apivideo")
    yield lambda: apivideo.clock.advance(3600)


@contextmanager
def freezegun(request: pytest.FixtureRequest) -> Iterator[Spoil]:
    apivideo = request.getfixturevalue("apivideo")
    with freeze_time("2030-01-01", real_asyncio=True) as frozen:
        # Nobody tells the clock that freezegun ticked.
        yield lambda: (frozen.tick(3600), apivideo.clock.run_due())


@contextmanager
def travelled(request: pytest.FixtureRequest) -> Iterator[Spoil]:
    apivideo = request.getfixturevalue("apivideo")
    with time_machine.travel("2030-01-01", tick=False) as traveller:

        def shift() -> None:
            traveller.shift(3600)
            apivideo.clock.run_due()

        yield shift


@contextmanager
def frozen_time(request: pytest.FixtureRequest) -> Iterator[Spoil]:
    frozen = request.getfixturevalue("apivideo_frozen_time")
    yield lambda: frozen.tick(3600)


@contextmanager
def tokens_revoked(request: pytest.FixtureRequest) -> Iterator[Spoil]:
    yield request.getfixturevalue("apivideo").tokens.revoke_all


MOVES: list[Event] = [clock_advanced, freezegun, travelled, frozen_time]


def calls_around(
    request: pytest.FixtureRequest, event: Event, client: Client
) -> tuple[list[int], list[str]]:
    """Return the statuses of two requests, one before and one after the event, and all calls."""
    apivideo: ApiVideo = request.getfixturevalue("apivideo")
    with event(request) as spoil, client(request) as ask:
        answers = [ask()]
        spoil()
        answers.append(ask())
    return answers, [str(call) for call in apivideo.calls]


@pytest.mark.parametrize("moved", MOVES)
@pytest.mark.parametrize("client", [client for client in CLIENTS if client is not sdk_by_connect])
def test_a_client_that_renews_its_token_never_meets_a_401_when_time_passes(
    request: pytest.FixtureRequest, client: Client, moved: Event
) -> None:
    assert calls_around(request, moved, client) == ([200, 200], RENEWED)


@pytest.mark.parametrize("event", [*MOVES, tokens_revoked])
def test_the_sdk_without_a_with_block_stays_refused(
    request: pytest.FixtureRequest, event: Event
) -> None:
    assert calls_around(request, event, sdk_by_connect) == ([200, 401], LOST)


@pytest.mark.parametrize("client", CLIENTS[:4])
def test_our_clients_log_in_again_when_all_tokens_are_revoked(
    request: pytest.FixtureRequest, client: Client
) -> None:
    assert calls_around(request, tokens_revoked, client) == ([200, 200], RECOVERED)


def test_the_sdk_in_a_with_block_stays_refused_when_all_tokens_are_revoked(
    request: pytest.FixtureRequest,
) -> None:
    assert calls_around(request, tokens_revoked, sdk_by_with) == ([200, 401], LOST)


def test_the_sdk_in_a_with_block_recovers_from_lost_access_tokens_at_its_next_renewal(
    request: pytest.FixtureRequest, apivideo: ApiVideo
) -> None:
    with sdk_by_with(request) as ask:
        assert ask() == 200
        apivideo.tokens.expire_all()
        assert ask() == 401
        apivideo.clock.advance(3590)
        assert ask() == 200
    assert [str(call) for call in apivideo.calls] == [*LOST, REFRESH, GOOD]


@pytest.mark.parametrize("client", CLIENTS)
def test_no_client_calls_anything_before_it_is_due(
    request: pytest.FixtureRequest, apivideo: ApiVideo, client: Client
) -> None:
    apivideo.clock.freeze()
    with client(request) as ask:
        assert ask() == 200
        apivideo.clock.advance(3589.999)
        assert ask() == 200
    assert [str(call) for call in apivideo.calls] == [LOGIN, GOOD, GOOD]
