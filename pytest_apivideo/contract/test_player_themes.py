"""Player themes: create, read, update, list, logo, delete."""

from __future__ import annotations

import pytest

from pytest_apivideo.contract.api import Api, Json
from pytest_apivideo.contract.files import PNG
from pytest_apivideo.contract.schemas import PLAYER_THEME


@pytest.fixture
def theme(api: Api) -> Json:
    """Create a player theme."""
    return api.post("/players", {"name": api.mark("Blue")}).must_be(201, PLAYER_THEME)


def path_of(theme: Json) -> str:
    return f"/players/{theme['playerId']}"


def test_a_theme_has_the_documented_defaults(theme: Json) -> None:
    defaults = {
        **dict.fromkeys(("text", "linkHover"), "rgba(255, 255, 255, 1)"),
        "trackPlayed": "rgba(88, 131, 255, .95)",
        **dict.fromkeys(("backgroundTop", "backgroundBottom"), "rgba(0, 0, 0, .7)"),
        **dict.fromkeys(("enableApi", "enableControls"), True),
        **dict.fromkeys(("forceAutoplay", "hideTitle", "forceLoop"), False),
    }
    assert {name: theme[name] for name in defaults} == defaults
    assert theme["assets"]["logo"] is None


def test_a_theme_keeps_its_attributes(api: Api) -> None:
    attributes = {"name": api.mark("Red"), "text": "rgba(1, 2, 3, 1)", "hideTitle": True}
    theme = api.post("/players", attributes).must_be(201, PLAYER_THEME)
    assert {name: theme[name] for name in attributes} == attributes
    assert api.get(path_of(theme)).must_be(200, PLAYER_THEME) == theme


def test_an_update_keeps_other_attributes(api: Api, theme: Json) -> None:
    updated = api.patch(path_of(theme), {"forceLoop": True}).must_be(200, PLAYER_THEME)
    assert updated["forceLoop"] is True
    assert (updated["name"], updated["text"]) == (theme["name"], theme["text"])


@pytest.mark.parametrize(
    "attributes", [{"hideTitle": "yes"}, {"text": 7}], ids=["hideTitle", "text"]
)
def test_an_attribute_of_the_wrong_type_is_refused(api: Api, theme: Json, attributes: Json) -> None:
    api.patch(path_of(theme), attributes).must_be_bad_request("/invalid-attribute")


def test_themes_can_be_listed_and_sorted(api: Api, theme: Json) -> None:
    query = {"sortBy": "createdAt", "sortOrder": "desc", "pageSize": 100}
    themes = api.list("/players", PLAYER_THEME, **query)
    assert theme["playerId"] in [item["playerId"] for item in themes]
    timestamps = [item["createdAt"] for item in themes]
    assert timestamps == sorted(timestamps, reverse=True)


def test_a_logo_can_be_uploaded_with_a_link_and_deleted(api: Api, theme: Json) -> None:
    path = path_of(theme) + "/logo"
    files = {"file": ("logo.png", PNG, "image/png")}
    link = "https://example.com/about"
    updated = api.post(path, files=files, data={"link": link}).must_be(201, PLAYER_THEME)
    assert updated["assets"]["logo"]
    assert updated["assets"]["link"] == link
    api.delete(path).must_be_empty(204)
    assert api.get(path_of(theme)).must_be(200, PLAYER_THEME)["assets"]["logo"] is None


def test_a_logo_that_is_not_an_image_is_refused(api: Api, theme: Json) -> None:
    files = {"file": ("logo.txt", b"a logo", "text/plain")}
    problem = api.post(path_of(theme) + "/logo", files=files).must_be(400, {"type": str})
    assert problem["type"].rpartition("/")[2].startswith("uploaded-file-")


def test_a_deleted_theme_is_not_found(api: Api, theme: Json) -> None:
    api.must_delete(path_of(theme), "playerId")
