"""The ids of resources."""

from __future__ import annotations

import re

import pytest

from fake_server.core.store import Ids
from pytest_apivideo import ApiVideo


@pytest.mark.parametrize("prefix", ["vi", "li", "to", "pl"])
def test_an_id_is_128_bits_in_base_62(prefix: str) -> None:
    ids = [Ids("seed").new(prefix)] + [Ids(str(number)).new(prefix) for number in range(2000)]
    assert all(re.fullmatch(prefix + "([1-7][0-9A-Za-z]{21}|[0-9A-Za-z]{21})", one) for one in ids)
    shorter = [one for one in ids if len(one) == 23]
    assert 150 < len(shorter) < 400  # one of eight
    assert {one[2] for one in ids if len(one) == 24} == set("1234567")


def test_an_id_with_a_word_in_front_has_22_characters() -> None:
    ids = Ids("seed")
    assert {len(ids.new("webhook_")) for _ in range(200)} == {len("webhook_") + 22}


def test_ids_repeat_with_their_seed_and_each_prefix_has_its_own_sequence() -> None:
    one, other = Ids("seed"), Ids("seed")
    other.new("li")
    assert [one.new("vi") for _ in range(3)] == [other.new("vi") for _ in range(3)]
    assert one.new("vi") != Ids("another seed").new("vi")


def test_resources_have_such_ids(apivideo: ApiVideo) -> None:
    lengths = {len(video.video_id) for video in apivideo.videos.add_many(300)}
    assert lengths == {23, 24}
