"""Lists: pages, links, order and invalid parameters, on videos with one tag."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from pytest_apivideo.contract.api import Api, Json
from pytest_apivideo.contract.conftest import WaitASecond
from pytest_apivideo.contract.schemas import VIDEO, page_of

OUT_OF_RANGE = "This parameter is out of the allowed range of values."


@pytest.fixture
def three(api: Api, word: str) -> list[str]:
    """Create three videos with one tag, and return their ids, sorted."""
    return sorted(api.make_video(f"{letter} {word}", tags=[word])["videoId"] for letter in "abc")


def get_page(api: Api, word: str, **query: Any) -> Json:
    answer = api.get("/videos", params={"tags[]": word, **query})
    return answer.must_be(200, page_of(VIDEO))


def ids(page: Json) -> list[str]:
    return [video["videoId"] for video in page["data"]]


def links(page: Json) -> dict[str, str]:
    return {link["rel"]: link["uri"] for link in page["pagination"]["links"]}


def test_a_page_contains_all_items_by_default(api: Api, three: list[str], word: str) -> None:
    page = get_page(api, word)
    assert sorted(ids(page)) == three
    expected = {"currentPage": 1, "currentPageItems": 3, "pageSize": 25, "pagesTotal": 1}
    pagination = {**expected, "itemsTotal": 3, "links": page["pagination"]["links"]}
    assert page["pagination"] == pagination
    assert {"self", "first", "last"} <= links(page).keys()
    assert "next" not in links(page)


def test_pages_contain_each_item_once(api: Api, three: list[str], word: str) -> None:
    query = {"pageSize": 2, "sortBy": "createdAt", "sortOrder": "asc"}
    first, second = (get_page(api, word, currentPage=number, **query) for number in (1, 2))
    assert (len(ids(first)), len(ids(second))) == (2, 1)
    assert sorted(ids(first) + ids(second)) == three
    assert (first["pagination"]["pagesTotal"], first["pagination"]["itemsTotal"]) == (2, 3)
    assert second["pagination"].items() >= {"currentPage": 2, "currentPageItems": 1}.items()


def test_links_lead_to_other_pages_of_the_same_list(api: Api, three: list[str], word: str) -> None:
    first = get_page(api, word, pageSize=2)
    assert "previous" not in links(first)
    target = urlsplit(links(first)["next"])
    query = parse_qs(target.query)
    assert target.path == "/videos"
    assert (query["currentPage"], query["pageSize"]) == (["2"], ["2"])
    assert word in target.query
    second = api.get(f"{target.path}?{target.query}").must_be(200, page_of(VIDEO))
    assert "previous" in links(second)
    assert sorted(ids(first) + ids(second)) == three


def test_whether_a_page_after_the_last_is_refused(api: Api, three: list[str], word: str) -> None:
    answer = api.get("/videos", params={"tags[]": word, "currentPage": 9})
    answer.must_be((200, 400, 404))
    if answer.status == 200:
        page = answer.must_be(200, page_of(VIDEO))
        assert (ids(page), page["pagination"]["itemsTotal"]) == ([], 3)


def test_an_empty_list_is_a_page(api: Api, word: str) -> None:
    page = get_page(api, word)
    assert (page["data"], page["pagination"]["itemsTotal"]) == ([], 0)
    api.found("pages of an empty list", page["pagination"]["pagesTotal"])


@pytest.mark.parametrize(
    ("name", "value"),
    [("pageSize", 0), ("pageSize", 101), ("currentPage", 0), ("currentPage", -1)],
    ids=["pageSize 0", "pageSize 101", "currentPage 0", "currentPage -1"],
)
def test_a_page_out_of_range_is_refused(api: Api, name: str, value: int) -> None:
    problem = api.get("/videos", params={name: value}).must_be(400, {"title": str, "status": int})
    assert problem["title"] == OUT_OF_RANGE
    assert problem["name"] in (name, "page")  # the documentation has an example with "page"


def test_videos_can_be_sorted_by_title(api: Api, word: str) -> None:
    b, a, c = (api.make_video(f"{letter} {word}", tags=[word])["videoId"] for letter in "bac")
    for order, expected in (("asc", [a, b, c]), ("desc", [c, b, a])):
        assert ids(get_page(api, word, sortBy="title", sortOrder=order)) == expected


def test_videos_can_be_sorted_by_timestamps(
    api: Api, word: str, wait_a_second: WaitASecond
) -> None:
    first = api.make_video(word, tags=[word])["videoId"]
    wait_a_second()
    second = api.make_video(word, tags=[word])["videoId"]
    wait_a_second()
    api.patch(f"/videos/{first}", {"description": "Sets"}).must_be(200)
    for field, expected in (("createdAt", [first, second]), ("updatedAt", [second, first])):
        assert ids(get_page(api, word, sortBy=field, sortOrder="asc")) == expected, field
        assert ids(get_page(api, word, sortBy=field, sortOrder="desc")) == expected[::-1], field


def test_whether_an_unknown_sort_field_or_order_is_refused(api: Api) -> None:
    api.get("/videos", params={"sortBy": "nothing"}).must_be((200, 400))
    api.get("/videos", params={"sortBy": "title", "sortOrder": "sideways"}).must_be((200, 400))
