"""Lists: pages, links, order and what is wrong with a question; over videos of one tag."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from pytest_apivideo.contract.api import Api
from pytest_apivideo.contract.conftest import Later, Make
from pytest_apivideo.contract.shapes import VIDEO, page_of
from pytest_apivideo.targets.target import Target

RANGE = "This parameter is out of the allowed range of values."


@pytest.fixture
def three(make_video: Make, word: str) -> list[str]:
    """Three videos with one tag, oldest first: their ids."""
    return [make_video(f"{letter} {word}", tags=[word])["videoId"] for letter in "abc"]


def ask(api: Api, word: str, **query: Any) -> dict[str, Any]:
    page: dict[str, Any] = api.get("/videos", params={"tags[]": word, **query}).must_be(
        200, page_of(VIDEO)
    )
    return page


def ids(page: dict[str, Any]) -> list[str]:
    return [video["videoId"] for video in page["data"]]


def rels(page: dict[str, Any]) -> dict[str, str]:
    return {link["rel"]: link["uri"] for link in page["pagination"]["links"]}


def test_one_page_holds_all_that_there_is(api: Api, three: list[str], word: str) -> None:
    page = ask(api, word)
    counted = {key: page["pagination"][key] for key in page["pagination"] if key != "links"}
    assert sorted(ids(page)) == sorted(three)
    assert counted == {
        "currentPage": 1,
        "currentPageItems": 3,
        "pageSize": 25,
        "pagesTotal": 1,
        "itemsTotal": 3,
    }
    assert {"self", "first", "last"} <= rels(page).keys()
    assert "next" not in rels(page)


def test_pages_follow_each_other_without_gap_or_overlap(
    api: Api, three: list[str], word: str
) -> None:
    first = ask(api, word, pageSize=2, sortBy="createdAt", sortOrder="asc")
    second = ask(api, word, pageSize=2, currentPage=2, sortBy="createdAt", sortOrder="asc")
    assert (len(ids(first)), len(ids(second))) == (2, 1)
    assert sorted(ids(first) + ids(second)) == sorted(three)
    assert (first["pagination"]["pagesTotal"], first["pagination"]["itemsTotal"]) == (2, 3)
    assert second["pagination"]["currentPage"] == 2
    assert second["pagination"]["currentPageItems"] == 1


def test_links_lead_to_the_other_pages_of_the_same_question(
    api: Api, three: list[str], word: str
) -> None:
    first = ask(api, word, pageSize=2)
    assert "previous" not in rels(first)
    target = urlsplit(rels(first)["next"])
    query = parse_qs(target.query)
    assert target.path == "/videos"
    assert (query["currentPage"], query["pageSize"]) == (["2"], ["2"])
    assert word in target.query
    second = api.get(f"{target.path}?{target.query}").must_be(200, page_of(VIDEO))
    assert "previous" in rels(second)
    assert sorted(ids(first) + ids(second)) == sorted(three)


def test_a_page_beyond_the_last_is_empty_or_refused(api: Api, three: list[str], word: str) -> None:
    answer = api.get("/videos", params={"tags[]": word, "currentPage": 9})
    if answer.must_be((200, 400, 404)) and answer.status == 200:
        page = answer.must_be(200, page_of(VIDEO))
        assert (ids(page), page["pagination"]["itemsTotal"]) == ([], 3)


def test_a_list_of_nothing_is_a_page(api: Api, word: str, apivideo_target: Target) -> None:
    page = ask(api, word)
    assert (page["data"], page["pagination"]["itemsTotal"]) == ([], 0)
    apivideo_target.found("pages of an empty list", page["pagination"]["pagesTotal"])


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ({"pageSize": 0}, "pageSize"),
        ({"pageSize": 101}, "pageSize"),
        ({"currentPage": 0}, "currentPage"),
        ({"currentPage": -1}, "currentPage"),
    ],
    ids=["pageSize 0", "pageSize 101", "currentPage 0", "currentPage -1"],
)
def test_a_page_out_of_range_is_refused(api: Api, query: dict[str, int], name: str) -> None:
    problem = api.get("/videos", params=query).must_be(400, {"title": str, "status": int})
    assert problem["title"] == RANGE
    assert problem["name"] in (name, "page")  # an example has it so


def test_titles_are_sorted_both_ways(api: Api, make_video: Make, word: str) -> None:
    b, a, c = (make_video(f"{letter} {word}", tags=[word])["videoId"] for letter in "bac")
    up = ask(api, word, sortBy="title", sortOrder="asc")
    down = ask(api, word, sortBy="title", sortOrder="desc")
    assert ids(up) == [a, b, c]
    assert ids(down) == [c, b, a]


def test_moments_are_sorted_both_ways(api: Api, make_video: Make, word: str, later: Later) -> None:
    first = make_video(word, tags=[word])["videoId"]
    later()
    second = make_video(word, tags=[word])["videoId"]
    later()
    api.patch(f"/videos/{first}", {"description": "Sets"}).must_be(200)
    for moment, order in (("createdAt", [first, second]), ("updatedAt", [second, first])):
        assert ids(ask(api, word, sortBy=moment, sortOrder="asc")) == order, moment
        assert ids(ask(api, word, sortBy=moment, sortOrder="desc")) == order[::-1], moment


def test_what_an_unknown_order_does(api: Api) -> None:
    api.get("/videos", params={"sortBy": "nothing"}).must_be((200, 400))
    api.get("/videos", params={"sortBy": "title", "sortOrder": "sideways"}).must_be((200, 400))
