"""Videos: create, read, change, find, delete."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from pytest_apivideo.contract.api import Api
from pytest_apivideo.contract.conftest import Later, Make
from pytest_apivideo.contract.shapes import STATUS, VIDEO, page_of
from pytest_apivideo.targets.target import Target

UNKNOWN = "viUnknown0000000000000000"
Video = dict[str, Any]


def found(api: Api, **query: Any) -> list[str]:
    page = api.get("/videos", params=query).must_be(200, page_of(VIDEO))
    return [video["videoId"] for video in page["data"]]


def test_a_video_needs_only_a_title(api: Api, mark: Callable[[str], str]) -> None:
    title = mark("Maths")
    made = api.post("/videos", {"title": title}).must_be(201, VIDEO)
    assert made["title"] == title
    assert (made["public"], made["panoramic"], made["mp4Support"]) == (True, False, True)
    assert made["tags"] == []
    assert made["source"]["uri"] == f"/videos/{made['videoId']}/source"


def test_a_video_keeps_what_it_was_made_with(make_video: Make, api: Api) -> None:
    attributes: dict[str, Any] = {
        "description": "Sets and more",
        "public": False,
        "panoramic": True,
        "mp4Support": False,
        "tags": ["maths", "sets"],
        "metadata": [{"key": "Author", "value": "Emmy"}],
    }
    made = make_video(**attributes)
    read = api.get(f"/videos/{made['videoId']}").must_be(200, VIDEO)
    for name, value in attributes.items():
        assert made[name] == read[name] == value, name
    assert "mp4" not in read["assets"]


def test_a_video_is_read_as_it_was_made(api: Api, video: Video) -> None:
    read = api.get(f"/videos/{video['videoId']}").must_be(200, VIDEO)
    assert {**read, "assets": None} == {**video, "assets": None}


def test_a_new_video_is_in_the_list_at_once_as_it_is(api: Api, make_video: Make, word: str) -> None:
    made = make_video(
        f"Maths of {word}", tags=[word], metadata=[{"key": "k", "value": "v"}], description="Sets"
    )
    (row,) = api.get("/videos", params={"title": word}).must_be(200, page_of(VIDEO))["data"]
    for name in VIDEO.keys() & made.keys() - {"assets"}:
        assert row[name] == made[name], name


def test_a_title_may_have_any_letters(api: Api, make_video: Make) -> None:
    made = make_video("Théorie, 数学")
    read = api.get(f"/videos/{made['videoId']}").must_be(200, VIDEO)
    assert "Théorie, 数学" in made["title"]
    assert read["title"] == made["title"]


def test_whether_tags_and_metadata_keep_their_order(
    api: Api, make_video: Make, apivideo_target: Target
) -> None:
    tags = ["sets", "maths", "rings"]
    metadata = [{"key": key, "value": "1"} for key in ("b", "c", "a")]
    made = make_video(tags=tags, metadata=metadata)
    read = api.get(f"/videos/{made['videoId']}").must_be(200, VIDEO)
    assert sorted(read["tags"]) == sorted(tags)
    assert sorted(one["key"] for one in read["metadata"]) == ["a", "b", "c"]
    apivideo_target.found("tags keep their order", read["tags"] == tags)
    apivideo_target.found("metadata keep their order", read["metadata"] == metadata)


def test_a_language_is_kept_with_its_origin(make_video: Make) -> None:
    made = make_video(language="fr")
    assert (made["language"], made["languageOrigin"]) == ("fr", "api")


def test_addresses_of_a_private_video_carry_a_token_of_their_own(
    api: Api, make_video: Make
) -> None:
    made = make_video(public=False)
    again = api.get(f"/videos/{made['videoId']}").must_be(200, VIDEO)
    assert "/token/" in made["assets"]["hls"]
    assert "token=" in made["assets"]["player"]
    assert made["assets"]["hls"] != again["assets"]["hls"]


def test_addresses_of_a_public_video_carry_none(video: Video) -> None:
    assert "token" not in video["assets"]["hls"]
    assert video["videoId"] in video["assets"]["player"]


def test_a_video_from_an_address_is_accepted_for_later(api: Api, mark: Any) -> None:
    body = {"title": mark("Far"), "source": "https://example.invalid/video.mp4"}
    api.post("/videos", body).must_be(202, VIDEO)


# What is wrong


def test_a_video_without_a_title_is_refused(api: Api) -> None:
    answer = api.post("/videos", {"description": "no title"})
    answer.must_be_problem(400, "attribute-required", "This attribute is required.", name="title")


def test_all_problems_of_a_video_are_told(api: Api) -> None:
    answer = api.post("/videos", {"public": "perhaps", "tags": "no array"})
    problem = answer.must_be(400, {"title": str, "type": str, "problems": [dict]})
    assert len(problem["problems"]) >= 2


@pytest.mark.parametrize(
    "attributes",
    [
        {"public": "yes"},
        {"tags": "maths"},
        {"metadata": [{"key": 1}]},
        {"language": "klingon"},
        {"language": "!!"},
        {"clip": {"startTimecode": "late"}},
    ],
    ids=["public", "tags", "metadata", "no language", "no tag of a language", "clip"],
)
def test_an_attribute_of_the_wrong_kind_is_refused(
    api: Api, mark: Any, attributes: dict[str, Any]
) -> None:
    answer = api.post("/videos", {"title": mark("Maths"), **attributes})
    titles = ("An attribute is invalid.", "This attribute must be an array.")
    problem = answer.must_be(400, {"title": str, "type": str, "status": int})
    assert problem["type"].endswith("/invalid-attribute")
    assert problem["title"] in titles


def test_an_unknown_video_is_not_found(api: Api) -> None:
    path = f"/videos/{UNKNOWN}"
    api.get(path).must_be_not_found("videoId")
    api.patch(path, {"title": "Maths"}).must_be_not_found("videoId")
    api.delete(path).must_be_not_found("videoId")


# Changes


def test_a_change_keeps_what_it_does_not_name(api: Api, make_video: Make) -> None:
    made = make_video(description="Sets", tags=["a"])
    path = f"/videos/{made['videoId']}"
    changed = api.patch(path, {"description": "Rings"}).must_be(200, VIDEO)
    assert changed["description"] == "Rings"
    for name in ("title", "tags", "metadata", "public", "createdAt", "videoId"):
        assert changed[name] == made[name], name
    read = api.get(path).must_be(200, VIDEO)
    assert read["description"] == "Rings"


def test_a_change_moves_updated_at_and_not_created_at(api: Api, video: Video, later: Later) -> None:
    later()
    path = f"/videos/{video['videoId']}"
    changed = api.patch(path, {"description": "Rings"}).must_be(200, VIDEO)
    assert changed["createdAt"] == video["createdAt"]
    assert changed["updatedAt"] > video["updatedAt"]


def test_lists_are_replaced_as_a_whole(api: Api, make_video: Make) -> None:
    made = make_video(tags=["a", "b"], metadata=[{"key": "k", "value": "v"}])
    path = f"/videos/{made['videoId']}"
    changed = api.patch(path, {"tags": ["c"], "metadata": []}).must_be(200, VIDEO)
    assert (changed["tags"], changed["metadata"]) == (["c"], [])


def test_a_video_becomes_private_and_public_again(api: Api, video: Video) -> None:
    path = f"/videos/{video['videoId']}"
    assert "token" in api.patch(path, {"public": False}).must_be(200, VIDEO)["assets"]["hls"]
    assert "token" not in api.patch(path, {"public": True}).must_be(200, VIDEO)["assets"]["hls"]


def test_a_change_of_the_wrong_kind_is_refused_and_changes_nothing(api: Api, video: Video) -> None:
    path = f"/videos/{video['videoId']}"
    assert api.patch(path, {"title": "Other", "public": "perhaps"}).must_be(400)["title"]
    assert api.get(path).must_be(200, VIDEO)["title"] == video["title"]


# Finding


def test_videos_are_found_by_part_of_the_title(
    api: Api, make_video: Make, word: str, apivideo_target: Target
) -> None:
    wanted = make_video(f"before {word} after")["videoId"]
    make_video("another")
    assert found(api, title=word) == [wanted]
    in_capitals = found(api, title=word.upper())
    assert in_capitals in ([wanted], [])
    apivideo_target.found("the filter by title ignores the case", in_capitals == [wanted])


def test_videos_are_found_by_part_of_the_description(api: Api, make_video: Make, word: str) -> None:
    wanted = make_video(description=f"about {word} and more")["videoId"]
    make_video(description="another")
    assert found(api, description=word) == [wanted]


def test_videos_are_found_by_all_of_their_tags(api: Api, make_video: Make, word: str) -> None:
    both = make_video(tags=[word, word + "x"])["videoId"]
    one = make_video(tags=[word])["videoId"]
    assert sorted(found(api, **{"tags[]": word})) == sorted([both, one])
    assert found(api, **{"tags[]": [word, word + "x"]}) == [both]
    assert found(api, **{"tags[]": word[:-1]}) == []


def test_videos_are_found_by_all_of_their_metadata(api: Api, make_video: Make, word: str) -> None:
    wanted = make_video(metadata=[{"key": word, "value": "1"}, {"key": "b", "value": "2"}])
    other = make_video(metadata=[{"key": word, "value": "1"}])
    assert sorted(found(api, **{f"metadata[{word}]": "1"})) == sorted(
        [wanted["videoId"], other["videoId"]]
    )
    assert found(api, **{f"metadata[{word}]": "1", "metadata[b]": "2"}) == [wanted["videoId"]]
    assert found(api, **{f"metadata[{word}]": "2"}) == []


def test_videos_of_another_live_stream_are_not_found(
    api: Api, make_video: Make, word: str, stream: dict[str, Any]
) -> None:
    make_video(word)
    assert found(api, title=word, liveStreamId=stream["liveStreamId"]) == []


# Deletion


def test_a_deleted_video_is_gone(api: Api, make_video: Make, word: str) -> None:
    path = f"/videos/{make_video(word)['videoId']}"
    api.delete(path).must_be_empty(204)
    api.get(path).must_be_not_found("videoId")
    assert found(api, title=word) == []
    api.delete(path).must_be_not_found("videoId")


# Its status


def test_the_status_before_an_upload(api: Api, video: Video) -> None:
    status = api.get(f"/videos/{video['videoId']}/status").must_be(200, STATUS)
    assert status["encoding"]["playable"] is False
    assert not status.get("ingest")


def test_an_unknown_video_has_no_status(api: Api) -> None:
    api.get(f"/videos/{UNKNOWN}/status").must_be_not_found("videoId")
