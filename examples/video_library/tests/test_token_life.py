"""Tokens: an access token expires after an hour, and a refresh token works once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Barrier

import pytest

from pytest_apivideo import ApiVideo, FakeServer, FrozenTime
from video_library import ApiError, Client, Config, KeyRefused, Library, Video


def test_logs_in_once_for_many_calls(library: Library, apivideo: ApiVideo) -> None:
    library.publish("Getting started")
    library.catalogue()
    library.find("tutorial")

    apivideo.calls.assert_called("POST /auth/api-key", times=1)


def test_recovers_from_an_expired_token(library: Library, apivideo: ApiVideo) -> None:
    video = library.publish("Getting started")
    apivideo.clock.advance(3601)  # moves the fake's clock only, not the client's

    assert library.catalogue() == [video]

    apivideo.calls.assert_sequence(
        "GET /videos -> 401", "POST /auth/refresh -> 200", "GET /videos -> 200"
    )


def test_renews_before_the_hour_is_over_and_never_sees_a_401(
    library: Library, apivideo: ApiVideo, apivideo_frozen_time: FrozenTime
) -> None:
    video = library.publish("Getting started")
    apivideo_frozen_time.tick(3575)  # both clocks: 25 seconds are left

    assert library.catalogue() == [video]

    apivideo.calls.assert_sequence(
        "POST /videos -> 201", "POST /auth/refresh -> 200", "GET /videos -> 200"
    )


@pytest.mark.apivideo(expires_in=60)
def test_uses_the_lifetime_in_the_answer(
    library: Library, apivideo: ApiVideo, apivideo_frozen_time: FrozenTime
) -> None:
    for _minute in range(10):
        library.catalogue()
        apivideo_frozen_time.tick(60)

    assert all(call.ok for call in apivideo.calls)
    apivideo.calls.assert_called("POST /auth/refresh", times=9)


def test_logs_in_again_after_a_refused_refresh(library: Library, apivideo: ApiVideo) -> None:
    library.catalogue()
    apivideo.tokens.revoke_all()

    library.catalogue()

    apivideo.calls.assert_sequence(
        "GET /videos -> 401",
        "POST /auth/refresh -> 4xx",
        "POST /auth/api-key -> 200",
        "GET /videos -> 200",
    )


def test_two_workers_that_share_a_refresh_token_both_recover(
    client: Client, config: Config, apivideo: ApiVideo
) -> None:
    Library(client).publish("Getting started")
    with Client(config, token=client.token) as twin:  # as after a fork
        apivideo.clock.advance(3601)

        assert Library(client).catalogue() == Library(twin).catalogue()

    apivideo.calls.assert_sequence("POST /auth/refresh -> 4xx", "POST /auth/api-key -> 200")


def test_eight_threads_renew_the_token_once(library: Library, apivideo: ApiVideo) -> None:
    video = library.publish("Getting started")
    apivideo.tokens.expire_all()
    together = Barrier(8)

    def catalogue(_thread: int) -> list[Video]:
        together.wait()
        return library.catalogue()

    with ThreadPoolExecutor(8) as threads:
        catalogues = list(threads.map(catalogue, range(8)))

    assert catalogues == [[video]] * 8
    apivideo.calls.assert_called("POST /auth/refresh", times=1)


def test_a_refresh_that_fails_once_does_not_end_the_session(
    library: Library, apivideo: ApiVideo, apivideo_server: FakeServer
) -> None:
    video = library.publish("Getting started")
    apivideo.tokens.expire_all()
    apivideo_server.expect_oneshot_request("/auth/refresh").respond_with_data("", status=503)

    with pytest.raises(ApiError, match="503"):
        library.catalogue()

    assert library.catalogue() == [video]


def test_a_key_of_the_other_environment_raises_an_error(config: Config, apivideo: ApiVideo) -> None:
    wrong = replace(config, api_key=apivideo.production_key)

    with Client(wrong) as client, pytest.raises(KeyRefused, match="sandbox environment") as raised:
        Library(client).catalogue()

    assert apivideo.production_key not in str(raised.value)


@pytest.mark.apivideo(auth_errors="spec")
def test_a_key_refused_with_400_raises_an_error(config: Config, apivideo: ApiVideo) -> None:
    wrong = replace(config, api_key=apivideo.production_key)

    with Client(wrong) as client, pytest.raises(KeyRefused):
        Library(client).catalogue()

    apivideo.calls.assert_sequence("POST /auth/api-key -> 400")


def test_a_disabled_key_raises_an_error(library: Library, apivideo: ApiVideo) -> None:
    library.catalogue()
    apivideo.keys.disable(apivideo.api_key)
    apivideo.clock.advance(3601)
    apivideo.calls.clear()

    with pytest.raises(KeyRefused):
        library.catalogue()

    assert len(apivideo.calls) == 3  # one each: list, refresh, login


def test_a_repeated_401_raises_an_error(
    library: Library, apivideo: ApiVideo, apivideo_server: FakeServer
) -> None:
    apivideo_server.expect_request("/videos").respond_with_json({"title": "No."}, status=401)

    with pytest.raises(ApiError, match=r"401 No\."):
        library.catalogue()

    assert len(apivideo.calls) == 2  # one login and one refresh; the rule answered the rest
