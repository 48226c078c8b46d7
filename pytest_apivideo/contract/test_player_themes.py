"""Player themes: create with defaults, read, change, list, logo, delete."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from pytest_apivideo.contract.api import Api
from pytest_apivideo.contract.files import png
from pytest_apivideo.contract.shapes import PLAYER_THEME, page_of

UNKNOWN = "plUnknown0000000000000000"
Theme = dict[str, Any]


@pytest.fixture
def theme(api: Api, mark: Callable[[str], str]) -> Theme:
    """A player theme."""
    made: Theme = api.post("/players", {"name": mark("Blue")}).must_be(201, PLAYER_THEME)
    return made


def path_of(theme: Theme) -> str:
    return f"/players/{theme['playerId']}"


def test_a_theme_has_the_documented_defaults(theme: Theme) -> None:
    assert (theme["text"], theme["linkHover"]) == ("rgba(255, 255, 255, 1)",) * 2
    assert theme["trackPlayed"] == "rgba(88, 131, 255, .95)"
    assert (theme["backgroundTop"], theme["backgroundBottom"]) == ("rgba(0, 0, 0, .7)",) * 2
    assert (theme["enableApi"], theme["enableControls"]) == (True, True)
    switches = (theme["forceAutoplay"], theme["hideTitle"], theme["forceLoop"])
    assert switches == (False, False, False)
    assert theme["assets"]["logo"] is None


def test_a_theme_keeps_what_it_was_made_with(api: Api, mark: Callable[[str], str]) -> None:
    attributes = {"name": mark("Red"), "text": "rgba(1, 2, 3, 1)", "hideTitle": True}
    made = api.post("/players", attributes).must_be(201, PLAYER_THEME)
    assert {name: made[name] for name in attributes} == attributes
    assert api.get(path_of(made)).must_be(200, PLAYER_THEME) == made


def test_a_change_keeps_what_it_does_not_name(api: Api, theme: Theme) -> None:
    changed = api.patch(path_of(theme), {"forceLoop": True}).must_be(200, PLAYER_THEME)
    assert changed["forceLoop"] is True
    assert (changed["name"], changed["text"]) == (theme["name"], theme["text"])


@pytest.mark.parametrize(
    "attributes", [{"hideTitle": "yes"}, {"text": 7}], ids=["hideTitle", "text"]
)
def test_an_attribute_of_the_wrong_kind_is_refused(
    api: Api, theme: Theme, attributes: dict[str, Any]
) -> None:
    problem = api.patch(path_of(theme), attributes).must_be(400, {"title": str, "type": str})
    assert problem["type"].endswith("/invalid-attribute")


def test_themes_are_listed_and_sorted(api: Api, theme: Theme) -> None:
    query = {"sortBy": "createdAt", "sortOrder": "desc", "pageSize": 100}
    page = api.get("/players", params=query).must_be(200, page_of(PLAYER_THEME))
    assert theme["playerId"] in [one["playerId"] for one in page["data"]]
    moments = [one["createdAt"] for one in page["data"]]
    assert moments == sorted(moments, reverse=True)


def test_a_logo_is_put_up_with_its_link_and_taken_down(api: Api, theme: Theme) -> None:
    path = path_of(theme) + "/logo"
    files = {"file": ("logo.png", png(), "image/png")}
    link = "https://example.com/about"
    put = api.post(path, files=files, data={"link": link}).must_be(201, PLAYER_THEME)
    assert put["assets"]["logo"]
    assert put["assets"]["link"] == link
    api.delete(path).must_be_empty(204)
    assert api.get(path_of(theme)).must_be(200, PLAYER_THEME)["assets"]["logo"] is None


def test_a_logo_that_is_no_image_is_refused(api: Api, theme: Theme) -> None:
    files = {"file": ("logo.txt", b"a logo", "text/plain")}
    problem = api.post(path_of(theme) + "/logo", files=files).must_be(400, {"type": str})
    assert problem["type"].rpartition("/")[2].startswith("uploaded-file-")


def test_a_deleted_theme_is_gone(api: Api, theme: Theme) -> None:
    api.delete(path_of(theme)).must_be_empty(204)
    api.get(path_of(theme)).must_be_not_found("playerId")
    api.delete(path_of(theme)).must_be_not_found("playerId")


def test_an_unknown_theme_is_not_found(api: Api) -> None:
    api.get(f"/players/{UNKNOWN}").must_be_not_found("playerId")
    api.patch(f"/players/{UNKNOWN}", {"hideTitle": True}).must_be_not_found("playerId")
