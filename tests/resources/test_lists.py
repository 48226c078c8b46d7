"""Lists: filters, order, pages and links; of videos, and of tags."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from pytest_apivideo import ApiVideo


def titles(api: httpx.Client, query: str) -> list[str]:
    answer = api.get(f"/videos?{query}")
    assert answer.status_code == 200, answer.text
    return [video["title"] for video in answer.json()["data"]]


@pytest.fixture
def library(apivideo: ApiVideo) -> ApiVideo:
    """Three videos, a minute apart: Alpha, beta, Gamma."""
    apivideo.clock.freeze("2030-01-01")
    for title, description, tags, pairs in (
        (
            "Alpha",
            "Einstein und Gödel",
            ["maths", "string theory"],
            {"Author": "Jane", "Level": "1"},
        ),
        ("beta", "about EINSTEIN", ["maths"], {"Author": "John", "Level": "1"}),
        ("Gamma", "", ["Maths & more"], {}),
    ):
        metadata = [{"key": key, "value": value} for key, value in pairs.items()]
        apivideo.videos.add(title=title, description=description, tags=tags, metadata=metadata)
        apivideo.clock.advance(60)
    return apivideo


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", ["Gamma", "beta", "Alpha"]),
        ("title=A", ["Gamma", "beta", "Alpha"]),
        ("title=ALPH", ["Alpha"]),
        ("title=nothing", []),
        ("title=", ["Gamma", "beta", "Alpha"]),
        ("description=einstein", ["beta", "Alpha"]),
        ("description=GÖDEL", ["Alpha"]),
        ("tags[]=maths", ["beta", "Alpha"]),
        ("tags[]=maths&tags[]=string theory", ["Alpha"]),
        ("tags[0]=maths&tags[1]=string+theory", ["Alpha"]),
        ("tags%5B%5D=Maths%20%26%20more", ["Gamma"]),
        ("tags=maths", ["beta", "Alpha"]),
        ("tags[]=mat", []),
        ("metadata[Author]=Jane", ["Alpha"]),
        ("metadata[Level]=1&metadata[Author]=John", ["beta"]),
        ("metadata[Author]=jane", []),
        ("metadata%5BLevel%5D=1", ["beta", "Alpha"]),
        ("liveStreamId=li400mYKSgQ6xs7taUeSaEKr", []),
        ("title=a&tags[]=maths&description=einstein", ["beta", "Alpha"]),
        ("unknown=1", ["Gamma", "beta", "Alpha"]),
        ("sortBy=title", ["Alpha", "beta", "Gamma"]),
        ("sortBy=title&sortOrder=desc", ["Gamma", "beta", "Alpha"]),
        ("sortBy=createdAt", ["Alpha", "beta", "Gamma"]),
        ("sortBy=updatedAt&sortOrder=desc", ["Gamma", "beta", "Alpha"]),
        ("sortBy=publishedAt&sortOrder=asc", ["Alpha", "beta", "Gamma"]),
        ("sortOrder=asc", ["Alpha", "beta", "Gamma"]),
        ("pageSize=2", ["Gamma", "beta"]),
        ("pageSize=2&currentPage=2", ["Alpha"]),
        ("pageSize=2&currentPage=3", []),
    ],
)
def test_videos_are_filtered_sorted_and_paged(
    library: ApiVideo, api: httpx.Client, query: str, expected: list[str]
) -> None:
    assert titles(api, query) == expected
    assert titles(api, query) == expected  # the second answer comes from the kept list


def test_a_list_knows_of_every_change_at_once(library: ApiVideo, api: httpx.Client) -> None:
    assert titles(api, "sortBy=title") == ["Alpha", "beta", "Gamma"]
    made = api.post("/videos", json={"title": "Delta"}).json()["videoId"]
    assert titles(api, "sortBy=title") == ["Alpha", "beta", "Delta", "Gamma"]
    api.patch(f"/videos/{made}", json={"title": "zeta"})
    assert titles(api, "sortBy=title") == ["Alpha", "beta", "Gamma", "zeta"]
    api.delete(f"/videos/{made}")
    assert titles(api, "sortBy=title") == ["Alpha", "beta", "Gamma"]
    library.videos.change(next(iter(library.videos)).id, title="Omega")
    assert titles(api, "sortBy=title") == ["beta", "Gamma", "Omega"]


def test_videos_of_one_moment_are_listed_newest_first(
    apivideo: ApiVideo, api: httpx.Client
) -> None:
    apivideo.clock.freeze("2030-01-01")
    for number in range(5):
        apivideo.videos.add(title=str(number))
    assert titles(api, "") == ["4", "3", "2", "1", "0"]


def test_order_is_by_the_clock_even_when_it_went_back(
    apivideo: ApiVideo, api: httpx.Client
) -> None:
    for moment in ("2030-01-01", "2029-01-01", "2031-01-01"):
        apivideo.clock.freeze(moment)
        apivideo.videos.add(title=moment)
    assert titles(api, "") == ["2031-01-01", "2030-01-01", "2029-01-01"]


def links(answer: httpx.Response) -> dict[str, str]:
    return {link["rel"]: link["uri"] for link in answer.json()["pagination"]["links"]}


def test_a_page_has_its_number_and_links(apivideo: ApiVideo, api: httpx.Client) -> None:
    apivideo.videos.add_many(35, tags=["a&b"])
    first = api.get("/videos")
    assert first.json()["pagination"] == {
        "currentPage": 1,
        "currentPageItems": 25,
        "pageSize": 25,
        "pagesTotal": 2,
        "itemsTotal": 35,
        "links": [
            {"rel": "self", "uri": "/videos?currentPage=1&pageSize=25"},
            {"rel": "first", "uri": "/videos?currentPage=1&pageSize=25"},
            {"rel": "next", "uri": "/videos?currentPage=2&pageSize=25"},
            {"rel": "last", "uri": "/videos?currentPage=2&pageSize=25"},
        ],
    }
    middle = api.get("/videos?pageSize=10&tags[]=a%26b&currentPage=2")
    assert list(links(middle)) == ["self", "first", "previous", "next", "last"]
    assert links(middle)["next"] == "/videos?tags%5B%5D=a%26b&currentPage=3&pageSize=10"
    assert links(api.get(links(middle)["next"]))["self"] == links(middle)["next"]
    assert list(links(api.get(links(first)["last"]))) == ["self", "first", "previous", "last"]


@pytest.mark.parametrize("page", [1, 2])
def test_an_empty_list_has_no_page_and_links_to_the_first_alone(
    api: httpx.Client, page: int
) -> None:
    answer = api.get(f"/videos?title=a&currentPage={page}")
    assert answer.status_code == 200
    assert answer.json()["pagination"] == {
        "currentPage": page,
        "currentPageItems": 0,
        "pageSize": 25,
        "pagesTotal": 0,
        "itemsTotal": 0,
        "links": [{"rel": "first", "uri": "/videos?title=a&currentPage=1&pageSize=25"}],
    }


def test_a_page_past_the_end_is_empty_and_links_to_the_first_and_the_last(
    apivideo: ApiVideo, api: httpx.Client
) -> None:
    apivideo.videos.add_many(3)
    answer = api.get("/videos?pageSize=2&currentPage=3")
    assert (answer.status_code, answer.json()["data"]) == (200, [])
    assert answer.json()["pagination"] == {
        "currentPage": 3,
        "currentPageItems": 0,
        "pageSize": 2,
        "pagesTotal": 2,
        "itemsTotal": 3,
        "links": [
            {"rel": "first", "uri": "/videos?currentPage=1&pageSize=2"},
            {"rel": "last", "uri": "/videos?currentPage=2&pageSize=2"},
        ],
    }


BEYOND = "This parameter is out of the allowed range of values."


@pytest.mark.parametrize(
    ("query", "name", "bounds"),
    [
        ("currentPage=0", "currentPage", {"min": 1}),
        ("currentPage=-1", "currentPage", {"min": 1}),
        ("currentPage=one", "currentPage", {"min": 1}),
        ("currentPage=", "currentPage", {"min": 1}),
        ("currentPage=1.5", "currentPage", {"min": 1}),
        ("currentPage=%D9%A1", "currentPage", {"min": 1}),
        ("pageSize=0", "pageSize", {"min": 1, "max": 100}),
        ("pageSize=101", "pageSize", {"min": 1, "max": 100}),
        (f"pageSize={'9' * 5000}", "pageSize", {"min": 1, "max": 100}),
    ],
)
def test_a_page_out_of_range_is_the_one_problem_without_a_type(
    api: httpx.Client, query: str, name: str, bounds: dict[str, int]
) -> None:
    answer = api.get(f"/videos?{query}")
    item = {"title": BEYOND, "name": name, "range": bounds}
    assert answer.status_code == 400
    assert answer.json() == {**item, "status": 400}


def test_all_invalid_parameters_are_listed_at_once(api: httpx.Client) -> None:
    answer = api.get("/videos?currentPage=0&pageSize=101&sortBy=colour&sortOrder=up").json()
    problems: list[dict[str, Any]] = answer["problems"]
    assert [problem["name"] for problem in problems] == [
        "currentPage",
        "pageSize",
        "sortBy",
        "sortOrder",
    ]
    assert problems[2]["detail"] == (
        'This value is invalid. Use one of "title", "publishedAt", "createdAt", "updatedAt".'
    )


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", [("Été", 1), ("maths", 2), ("string theory", 1)]),
        ("sortOrder=desc", [("string theory", 1), ("maths", 2), ("Été", 1)]),
        ("sortBy=videoCount&sortOrder=desc", [("maths", 2)]),
        ("value=ETE", [("Été", 1)]),
        ("value=T", [("Été", 1), ("maths", 2), ("string theory", 1)]),
        ("value=math", [("maths", 2)]),
        ("value=none", []),
        ("page=1&pageSize=1", [("Été", 1)]),
    ],
)
def test_tags_are_counted_and_found_without_regard_to_case_and_accents(
    apivideo: ApiVideo, api: httpx.Client, query: str, expected: list[tuple[str, int]]
) -> None:
    apivideo.videos.add(tags=["maths", "string theory"])
    apivideo.videos.add(tags=["maths", "maths", "Été"])
    apivideo.videos.add()
    found = [(tag["value"], tag["videoCount"]) for tag in api.get(f"/tags?{query}").json()["data"]]
    assert found[: len(expected)] == expected
    if "videoCount" not in query:
        assert sorted(found) == sorted(expected)
