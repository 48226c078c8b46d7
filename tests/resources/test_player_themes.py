"""Player themes beyond their defaults: order, merging, and the logo."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from pytest_apivideo import ApiVideo
from tests.test_images import jpeg, png

DOCS = "https://docs.api.video/reference/"


def upload(api: httpx.Client, player: str, **form: Any) -> httpx.Response:
    form = {"files": {"file": ("logo.png", b"a logo", "image/png")}, **form}
    return api.post(f"/players/{player}/logo", **form)


def test_themes_are_sorted_by_name_and_those_without_one_come_first(
    apivideo: ApiVideo, api: httpx.Client
) -> None:
    for name in ("beta", None, "Alpha"):
        apivideo.players.add(name=name)
    listed = api.get("/players?sortBy=name").json()["data"]
    assert [theme.get("name") for theme in listed] == [None, "Alpha", "beta"]


def test_a_patch_merges_and_leaves_the_logo_alone(apivideo: ApiVideo, api: httpx.Client) -> None:
    apivideo.clock.freeze("2030-01-01")
    player = apivideo.players.add(name="Mine", text="rgba(1, 2, 3, .4)").id
    before = upload(api, player).json()
    apivideo.clock.advance(60)
    patched = api.patch(f"/players/{player}", json={"name": None, "hideTitle": True}).json()
    expected = {**before, "hideTitle": True, "updatedAt": "2030-01-01T00:01:00+00:00"}
    del expected["name"]
    assert patched == expected
    assert patched["text"] == "rgba(1, 2, 3, .4)"
    refused = api.patch(f"/players/{player}", json={"text": None})
    assert (refused.status_code, refused.json()["name"]) == (400, "text")


def test_another_logo_takes_the_place_of_logo_and_link(
    apivideo: ApiVideo, api: httpx.Client
) -> None:
    player = apivideo.players.add().id
    first = upload(api, player, data={"link": "/any/text"}).json()["assets"]
    assert first == {"logo": f"{apivideo.url}/player/{player}/logo.png", "link": "/any/text"}
    other = {"file": ("logo.jpg", b"another logo")}
    second = upload(api, player, files=other, data={"link": ""}).json()["assets"]
    assert second == {"logo": first["logo"]}
    served = httpx.get(second["logo"])
    assert (served.content, served.headers["Content-Type"]) == (b"another logo", "image/jpeg")


@pytest.mark.parametrize("path", ["/players/{}/logo", "/players/{}"])
def test_a_logo_that_was_deleted_is_at_no_address(
    apivideo: ApiVideo, api: httpx.Client, path: str
) -> None:
    player = apivideo.players.add().id
    address = upload(api, player, data={"link": "https://a.example"}).json()["assets"]["logo"]
    assert api.delete(path.format(player)).status_code == 204
    gone = httpx.get(address)
    assert (gone.status_code, gone.json()["name"]) == (404, "playerId")


def test_the_link_is_deleted_with_the_logo(apivideo: ApiVideo, api: httpx.Client) -> None:
    player = apivideo.players.add().id
    upload(api, player, data={"link": "https://a.example"})
    for _ in range(2):
        assert api.delete(f"/players/{player}/logo").status_code == 204
        assert api.get(f"/players/{player}").json()["assets"] == {"logo": None}


@pytest.mark.apivideo(asset_urls="real")
def test_the_real_address_of_a_logo(apivideo: ApiVideo, api: httpx.Client) -> None:
    player = apivideo.players.add().id
    logo = upload(api, player).json()["assets"]["logo"]
    assert logo == f"https://cdn.api.video/player/{player}/logo.png"


@pytest.mark.parametrize(
    ("image", "good"),
    [
        (png(200, 100), True),
        (png(201, 100), False),
        (png(200, 101), False),
        (jpeg(200, 100), True),
        (jpeg(201, 1), False),
        (b"no image at all", True),
    ],
)
def test_a_logo_has_two_hundred_by_one_hundred_pixels_at_most(
    apivideo: ApiVideo, api: httpx.Client, image: bytes, good: bool
) -> None:
    player = apivideo.players.add().id
    answer = upload(api, player, files={"file": ("logo.png", image, "image/png")})
    if good:
        assert answer.status_code == 201
        return
    assert answer.json() == {
        "type": DOCS + "uploaded-file-invalid-file",
        "title": "The uploaded file is invalid.",
        "status": 400,
        "detail": "The image may have 200 x 100 pixels.",
        "name": "file",
    }
    assert apivideo.players[player].logo is None


def test_a_player_theme_has_the_documented_defaults(api: httpx.Client) -> None:
    theme = api.post("/players", content=b"{}").json()
    assert (theme["text"], theme["trackPlayed"]) == (
        "rgba(255, 255, 255, 1)",
        "rgba(88, 131, 255, .95)",
    )
    assert (theme["enableApi"], theme["forceLoop"]) == (True, False)
    assert theme["assets"] == {"logo": None}
    assert "name" not in theme
    assert api.post("/players", json={"name": "x" * 101}).json()["name"] == "name"


def test_a_content_type_that_no_header_can_carry_is_guessed_from_the_name(
    apivideo: ApiVideo, api: httpx.Client
) -> None:
    name = apivideo.players.add().id
    head = 'Content-Disposition: form-data; name="file"; filename="a.jpg"'
    part = f"{head}\r\nContent-Type: image/\u4e2d\r\n\r\nx"
    body = f"--B\r\n{part}\r\n--B--\r\n".encode()
    form = {"Content-Type": "multipart/form-data; boundary=B"}
    logo = api.post(f"/players/{name}/logo", content=body, headers=form).json()["assets"]["logo"]
    assert httpx.get(logo).headers["Content-Type"] == "image/jpeg"
