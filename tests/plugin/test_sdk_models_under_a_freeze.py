"""The official SDK reads answers with moments in them while time is frozen."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import apivideo as sdk
import pytest
import time_machine as time_machine_module
from apivideo.api.videos_api import VideosApi
from apivideo.model.video_creation_payload import VideoCreationPayload
from freezegun import config, freeze_time

from pytest_apivideo import ApiVideo, FrozenTime

FREEZES: list[Callable[[], AbstractContextManager[Any]]] = [
    lambda: freeze_time("2030-01-01"),
    lambda: freeze_time("2030-01-01", tick=True),
    lambda: time_machine_module.travel("2030-01-01", tick=False),
]


def lists_its_videos(client: sdk.ApiClient) -> bool:
    client.connect()  # a token of the frozen time
    videos = VideosApi(client)
    made = videos.create(VideoCreationPayload(title="a"))
    listed = {video.video_id: video for video in videos.list().data}
    return bool(listed[made.video_id].created_at == made.created_at)


@pytest.mark.parametrize("freeze", FREEZES, ids=["freezegun", "ticking", "time-machine"])
def test_inside_a_freeze(
    apivideo_client: sdk.ApiClient, freeze: Callable[[], AbstractContextManager[Any]]
) -> None:
    with freeze():
        assert lists_its_videos(apivideo_client)
    assert lists_its_videos(apivideo_client)


def test_with_the_fixture_that_freezes_all(
    apivideo_client: sdk.ApiClient, apivideo_frozen_time: FrozenTime
) -> None:
    apivideo_frozen_time.tick(60)
    assert lists_its_videos(apivideo_client)


def test_with_pytest_freezer_after_the_fake(
    apivideo_client: sdk.ApiClient, request: pytest.FixtureRequest
) -> None:
    request.getfixturevalue("freezer")
    assert lists_its_videos(apivideo_client)


@freeze_time("2030-01-01", ignore=["apivideo.model"])
def test_with_a_decorator_that_leaves_the_models_alone(apivideo_client: sdk.ApiClient) -> None:
    assert lists_its_videos(apivideo_client)


def test_freezegun_is_configured_as_before_when_the_test_is_over(
    suite: pytest.Pytester, apivideo: ApiVideo
) -> None:
    within = config.settings.default_ignore_list
    assert within[-1] == "apivideo.model"
    suite.makepyfile(
        """
        from freezegun import config

        before = list(config.settings.default_ignore_list)

        def test_within(apivideo):
            assert config.settings.default_ignore_list == [*before, "apivideo.model"]

        def test_after():
            assert config.settings.default_ignore_list == before
        """
    )
    suite.runpytest_inprocess().assert_outcomes(passed=2)
    assert config.settings.default_ignore_list == within
