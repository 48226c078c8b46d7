"""Videos: create, read, update, find, delete."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_apivideo.contract.api import Api, Json
from pytest_apivideo.contract.conftest import WaitASecond
from pytest_apivideo.contract.schemas import STATUS, VIDEO


def find(api: Api, **query: Any) -> list[str]:
    return [video["videoId"] for video in api.list("/videos", VIDEO, **query)]


def path_of(video: Json) -> str:
    return f"/videos/{video['videoId']}"


def test_a_video_needs_only_a_title(api: Api) -> None:
    title = api.mark("Maths")
    made = api.post("/videos", {"title": title}).must_be(201, VIDEO)
    assert made["title"] == title
    assert (made["public"], made["panoramic"], made["mp4Support"]) == (True, False, True)
    assert made["tags"] == []
    assert made["source"]["uri"] == f"/videos/{made['videoId']}/source"


def test_a_video_keeps_its_attributes(api: Api) -> None:
    attributes: Json = {
        "description": "Sets and more",
        "public": False,
        "panoramic": True,
        "mp4Support": False,
        "tags": ["maths", "sets"],
        "metadata": [{"key": "Author", "value": "Emmy"}],
    }
    made = api.make_video(**attributes)
    read = api.get(path_of(made)).must_be(200, VIDEO)
    for name, value in attributes.items():
        assert made[name] == read[name] == value, name
    assert "mp4" not in read["assets"]


def test_a_video_can_be_read(api: Api, video: Json, video_path: str) -> None:
    read = api.get(video_path).must_be(200, VIDEO)
    assert {**read, "assets": None} == {**video, "assets": None}


def test_a_new_video_is_listed_at_once(api: Api, word: str) -> None:
    metadata = [{"key": "k", "value": "v"}]
    made = api.make_video(f"Maths of {word}", tags=[word], metadata=metadata, description="Sets")
    (listed,) = api.list("/videos", VIDEO, title=word)
    for name in VIDEO.keys() & made.keys() - {"assets"}:
        assert listed[name] == made[name], name


def test_a_title_may_contain_any_unicode_letters(api: Api) -> None:
    made = api.make_video("Théorie, 数学")
    assert "Théorie, 数学" in made["title"]
    assert api.get(path_of(made)).must_be(200, VIDEO)["title"] == made["title"]


def test_whether_tags_and_metadata_keep_their_order(api: Api) -> None:
    tags = ["sets", "maths", "rings"]
    metadata = [{"key": key, "value": "1"} for key in ("b", "c", "a")]
    made = api.make_video(tags=tags, metadata=metadata)
    read = api.get(path_of(made)).must_be(200, VIDEO)
    assert sorted(read["tags"]) == sorted(tags)
    assert sorted(item["key"] for item in read["metadata"]) == ["a", "b", "c"]
    api.found("tags keep their order", read["tags"] == tags)
    api.found("metadata keep their order", read["metadata"] == metadata)


def test_a_given_language_has_the_origin_api(api: Api) -> None:
    made = api.make_video(language="fr")
    assert (made["language"], made["languageOrigin"]) == ("fr", "api")


def test_urls_of_a_private_video_have_a_new_token_each_time(api: Api) -> None:
    made = api.make_video(public=False)
    again = api.get(path_of(made)).must_be(200, VIDEO)
    assert "/token/" in made["assets"]["hls"]
    assert "token=" in made["assets"]["player"]
    assert made["assets"]["hls"] != again["assets"]["hls"]


def test_urls_of_a_public_video_have_no_token(video: Json) -> None:
    assert "token" not in video["assets"]["hls"]
    assert video["videoId"] in video["assets"]["player"]


def test_a_video_with_a_source_url_is_accepted(api: Api) -> None:
    body = {"title": api.mark("Maths"), "source": "https://example.invalid/video.mp4"}
    api.post("/videos", body).must_be(202, VIDEO)


def test_a_video_without_a_title_is_refused(api: Api) -> None:
    answer = api.post("/videos", {"description": "no title"})
    answer.must_be_problem(400, "attribute-required", "This attribute is required.", name="title")


def test_a_refusal_lists_all_problems(api: Api) -> None:
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
    ids=["public", "tags", "metadata", "an unknown language", "an invalid language tag", "clip"],
)
def test_an_invalid_attribute_is_refused(api: Api, attributes: Json) -> None:
    answer = api.post("/videos", {"title": api.mark("Maths"), **attributes})
    titles = ("An attribute is invalid.", "This attribute must be an array.")
    answer.must_be_problem(400, "invalid-attribute", *titles)


def test_an_update_keeps_other_attributes(api: Api) -> None:
    made = api.make_video(description="Sets", tags=["a"])
    path = path_of(made)
    changed = api.patch(path, {"description": "Rings"}).must_be(200, VIDEO)
    for name in ("title", "tags", "metadata", "public", "createdAt", "videoId"):
        assert changed[name] == made[name], name
    read = api.get(path).must_be(200, VIDEO)
    assert changed["description"] == read["description"] == "Rings"


def test_an_update_changes_updated_at_but_not_created_at(
    api: Api, video: Json, video_path: str, wait_a_second: WaitASecond
) -> None:
    wait_a_second()
    changed = api.patch(video_path, {"description": "Rings"}).must_be(200, VIDEO)
    assert changed["createdAt"] == video["createdAt"]
    assert changed["updatedAt"] > video["updatedAt"]


def test_an_update_replaces_whole_lists(api: Api) -> None:
    made = api.make_video(tags=["a", "b"], metadata=[{"key": "k", "value": "v"}])
    changed = api.patch(path_of(made), {"tags": ["c"], "metadata": []}).must_be(200, VIDEO)
    assert (changed["tags"], changed["metadata"]) == (["c"], [])


def test_a_video_can_become_private_and_public_again(api: Api, video_path: str) -> None:
    for public in (False, True):
        changed = api.patch(video_path, {"public": public}).must_be(200, VIDEO)
        assert ("token" in changed["assets"]["hls"]) is not public


def test_an_invalid_update_changes_nothing(api: Api, video: Json, video_path: str) -> None:
    assert api.patch(video_path, {"title": "Other", "public": "perhaps"}).must_be(400)["title"]
    assert api.get(video_path).must_be(200, VIDEO)["title"] == video["title"]


def test_videos_are_found_by_a_part_of_the_title(api: Api, word: str) -> None:
    expected = api.make_video(f"before {word} after")["videoId"]
    api.make_video("another")
    assert find(api, title=word) == [expected]
    in_capitals = find(api, title=word.upper())
    assert in_capitals in ([expected], [])
    api.found("the filter by title ignores the case", in_capitals == [expected])


def test_videos_are_found_by_a_part_of_the_description(api: Api, word: str) -> None:
    expected = api.make_video(description=f"about {word} and more")["videoId"]
    api.make_video(description="another")
    assert find(api, description=word) == [expected]


def test_videos_are_found_by_all_of_their_tags(api: Api, word: str) -> None:
    both = api.make_video(tags=[word, word + "x"])["videoId"]
    one = api.make_video(tags=[word])["videoId"]
    assert sorted(find(api, **{"tags[]": word})) == sorted([both, one])
    assert find(api, **{"tags[]": [word, word + "x"]}) == [both]
    assert find(api, **{"tags[]": word[:-1]}) == []


def test_videos_are_found_by_all_of_their_metadata(api: Api, word: str) -> None:
    first, second = {"key": word, "value": "1"}, {"key": "b", "value": "2"}
    both = api.make_video(metadata=[first, second])["videoId"]
    one = api.make_video(metadata=[first])["videoId"]
    assert sorted(find(api, **{f"metadata[{word}]": "1"})) == sorted([both, one])
    assert find(api, **{f"metadata[{word}]": "1", "metadata[b]": "2"}) == [both]
    assert find(api, **{f"metadata[{word}]": "2"}) == []


def test_a_new_live_stream_has_no_recordings(api: Api, word: str, stream: Json) -> None:
    api.make_video(word)
    assert find(api, title=word, liveStreamId=stream["liveStreamId"]) == []


def test_a_deleted_video_is_not_found(api: Api, word: str) -> None:
    api.must_delete(path_of(api.make_video(word)), "videoId")
    assert find(api, title=word) == []


def test_a_video_without_a_source_is_not_playable(api: Api, video_path: str) -> None:
    status = api.get(f"{video_path}/status").must_be(200, STATUS)
    assert status["encoding"]["playable"] is False
    assert not status.get("ingest")
