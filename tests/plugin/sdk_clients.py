"""Clients of the official SDK, and what tests ask about their renewals."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import freezegun.api

from fake_server import ApiVideo

MODULE = "apivideo.auth_api_client"
PATIENCE = 20.0  # real seconds after which a test that waits fails
LOGIN = "POST /auth/api-key -> 200"
REFRESH = "POST /auth/refresh -> 200"


def real_seconds() -> float:
    return freezegun.api.real_monotonic()


def client_of(account: ApiVideo, **options: Any) -> Any:
    """Create a client as the code under test would, from the module that is loaded now."""
    module = sys.modules[MODULE]
    client = module.AuthenticatedApiClient(account.api_key, production=False, **options)
    client.configuration.host = account.url
    return client


def calls(account: ApiVideo) -> list[str]:
    return [str(call) for call in account.calls]


def refreshes(account: ApiVideo) -> int:
    return account.calls.count("POST /auth/refresh")


def eventually(condition: Callable[[], object]) -> bool:
    """Whether it becomes true soon; for what happens in another thread by its own will."""
    for _ in range(int(PATIENCE / 0.005)):
        if condition():
            return True
        threading.Event().wait(0.005)
    return False


@contextmanager
def no_thread_left() -> Iterator[None]:
    """Fail if the block leaves a thread behind, but for those of the server."""
    before = set(threading.enumerate())
    yield

    def gone() -> bool:
        new = set(threading.enumerate()) - before
        return not [thread for thread in new if not thread.name.startswith("fake-server")]

    assert eventually(gone), threading.enumerate()


def enter_and_wait(client: Any) -> None:
    """Enter a client, and wait until its renewal thread asks the bridge for the time."""
    client.__enter__()
    renewals = sys.modules[MODULE].time._renewals
    assert eventually(lambda: renewals[client].thread)
