"""The assets of live streams: the player's page, the manifest, the thumbnail, and tokens."""

from __future__ import annotations

import re
from typing import Any

import httpx
import pytest

from fake_server.auth.secrets import Mask
from fake_server.core.files import File
from pytest_apivideo import ApiVideo

UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}"
THUMBNAIL = File("a.png", "image/png", b"an image")


def assets(api: httpx.Client, stream_id: str) -> dict[str, Any]:
    shown: dict[str, Any] = api.get(f"/live-streams/{stream_id}").json()["assets"]
    return shown


def not_found(http: httpx.Client, url: str) -> bool:
    answer = http.get(url)
    return answer.status_code == 404 and answer.json()["name"] == "liveStreamId"


@pytest.mark.parametrize("public", [True, False])
def test_a_broadcast_has_a_manifest_and_a_page_and_no_longer_when_it_ends(
    apivideo: ApiVideo, api: httpx.Client, http: httpx.Client, public: bool
) -> None:
    stream = apivideo.live_streams.add(name="<b>Concert</b>", public=public)
    for kind in ("hls", "player"):
        assert not_found(http, assets(api, stream.id)[kind])
    apivideo.live_streams.start(stream)
    manifest = http.get(assets(api, stream.id)["hls"])
    assert manifest.headers["Content-Type"] == "application/vnd.apple.mpegurl"
    assert manifest.text.splitlines() == [
        "#EXTM3U",
        "#EXT-X-VERSION:3",
        "#EXT-X-TARGETDURATION:4",
        "#EXT-X-MEDIA-SEQUENCE:0",
    ]
    page = http.get(assets(api, stream.id)["player"])
    assert page.headers["Content-Type"] == "text/html; charset=utf-8"
    assert "&lt;b&gt;Concert" in page.text
    apivideo.live_streams.stop(stream)
    for kind in ("hls", "player"):
        assert not_found(http, assets(api, stream.id)[kind])


@pytest.mark.parametrize("public", [True, False])
def test_the_links_in_the_page_work(
    apivideo: ApiVideo, api: httpx.Client, http: httpx.Client, public: bool
) -> None:
    stream = apivideo.live_streams.add(public=public, thumbnail=THUMBNAIL)
    apivideo.live_streams.start(stream)
    page = http.get(assets(api, stream.id)["player"]).text
    poster, manifest = re.findall(r'(?:src|poster)="([^"]+)"', page)
    for _ in range(2):
        assert http.get(poster).content == THUMBNAIL.content
        assert http.get(manifest).text.startswith("#EXTM3U")


@pytest.mark.apivideo(asset_urls="real")
def test_the_addresses_of_a_private_live_stream_have_a_new_token_in_each_response(
    apivideo: ApiVideo, api: httpx.Client
) -> None:
    stream = apivideo.live_streams.add(public=False)
    first, second = assets(api, stream.id), assets(api, stream.id)
    found = re.search(UUID, first["hls"])
    assert found is not None
    token = found[0]
    assert token not in str(second)
    player = f"https://embed.api.video/live/{stream.id}?token={token}"
    assert first == {
        "iframe": f'<iframe src="{player}" width="100%" height="100%" frameborder="0" '
        'scrolling="no" allowfullscreen="true"></iframe>',
        "player": player,
        "hls": f"https://live.api.video/private/{token}/{stream.id}.m3u8",
        "thumbnail": f"https://live.api.video/private/{token}/{stream.id}/thumbnail.jpg",
    }


def test_a_token_works_once_and_its_session_for_24_hours(
    apivideo: ApiVideo, api: httpx.Client, http: httpx.Client
) -> None:
    apivideo.clock.freeze()
    stream = apivideo.live_streams.add(public=False, thumbnail=THUMBNAIL)
    apivideo.live_streams.start(stream)
    hls = assets(api, stream.id)["hls"]
    assert http.head(hls).status_code == 200
    assert [http.get(hls).status_code for _ in range(2)] == [200, 404]

    hls = assets(api, stream.id)["hls"]
    session_url = hls.replace(".m3u8", "/session")
    answer = http.get(session_url)
    assert re.fullmatch(UUID, answer.json()["session_token"])
    assert not_found(http, session_url)
    avh = f"?avh={answer.json()['session_token']}"
    urls = [hls + avh, hls.replace(".m3u8", "/thumbnail.jpg") + avh, session_url + avh]
    for _ in range(2):
        assert [http.get(url).status_code for url in urls] == [200, 200, 200]
    apivideo.clock.advance(24 * 3600)
    assert all(not_found(http, url) for url in urls)


def test_a_token_is_for_its_own_live_stream_and_not_used_up_off_air(
    apivideo: ApiVideo, api: httpx.Client, http: httpx.Client
) -> None:
    mine, other = (apivideo.live_streams.add(public=False) for _ in range(2))
    hls = assets(api, mine.id)["hls"]
    assert not_found(http, hls)
    apivideo.live_streams.start(mine)
    apivideo.live_streams.start(other)
    assert not_found(http, hls.replace(mine.id, other.id))
    assert not_found(http, f"/{mine.id}.m3u8")
    assert not_found(http, f"/live/{mine.id}")
    assert http.get(hls).status_code == 200


def test_a_public_live_stream_has_no_session(apivideo: ApiVideo, http: httpx.Client) -> None:
    stream = apivideo.live_streams.add()
    assert not_found(http, f"/private/{stream.id}/{stream.id}/session")


def test_the_thumbnail_of_a_private_live_stream_needs_its_token(
    apivideo: ApiVideo, api: httpx.Client, http: httpx.Client
) -> None:
    stream = apivideo.live_streams.add(public=False)
    thumbnail = assets(api, stream.id)["thumbnail"]
    assert not_found(http, thumbnail)  # uses up no token
    apivideo.live_streams.change(stream.id, thumbnail=THUMBNAIL)
    assert not_found(http, f"/{stream.id}/thumbnail.jpg")
    assert http.get(thumbnail).content == THUMBNAIL.content
    assert not_found(http, thumbnail)


def test_the_token_in_an_address_is_masked_in_reports(
    apivideo: ApiVideo, api: httpx.Client
) -> None:
    hls = assets(api, apivideo.live_streams.add(public=False).id)["hls"]
    token = re.search(UUID, hls)
    assert token is not None
    assert token[0] not in Mask([])(hls)
