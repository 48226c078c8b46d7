"""What viewers are served: player, HLS, thumbnail and MP4, of public videos and of private ones."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urljoin

import httpx
import pytest

from pytest_apivideo import ApiVideo
from tests.uploads.client import ANY, Uploader

CONTENT = bytes(range(256)) * 100
KINDS = ("player", "hls", "thumbnail", "mp4")


@pytest.fixture
def video(upload: Uploader) -> Uploader:
    """Upload a file to a public video."""
    upload.send(CONTENT)
    return upload


@pytest.fixture
def private(apivideo: ApiVideo, api: httpx.Client) -> Uploader:
    """Upload a file to a private video."""
    uploader = Uploader(apivideo, api, apivideo.videos.add(public=False).video_id)
    uploader.send(CONTENT)
    return uploader


def assets(video: Uploader) -> dict[str, str]:
    """Return the URLs of a video's assets, with a new token if it is private."""
    told: dict[str, str] = video.api.get(f"/videos/{video.video_id}").json()["assets"]
    return told


def test_the_mp4_is_the_file(video: Uploader) -> None:
    answer = httpx.get(assets(video)["mp4"])
    assert (answer.status_code, answer.content) == (200, CONTENT)
    assert answer.headers["Content-Type"] == "video/mp4"
    assert answer.headers["Accept-Ranges"] == "bytes"
    assert answer.headers["Access-Control-Allow-Origin"] == "*"


def test_the_mp4_of_a_file_in_pieces_is_all_of_them(upload: Uploader) -> None:
    upload.send(b"a" * len(ANY), "part 1/2")
    upload.send(b"end", "part 2/2")
    answer = httpx.get(assets(upload)["mp4"], headers={"Range": f"bytes={len(ANY) - 2}-{len(ANY)}"})
    assert (answer.status_code, answer.content) == (206, b"aae")
    assert answer.headers["Content-Range"] == f"bytes {len(ANY) - 2}-{len(ANY)}/{len(ANY) + 3}"


LAST = len(CONTENT) - 1


@pytest.mark.parametrize(
    ("asked", "first", "last"),
    [
        ("bytes=0-0", 0, 0),
        ("bytes=10-19", 10, 19),
        ("bytes=100-", 100, LAST),
        ("bytes=-10", LAST - 9, LAST),
        (f"bytes=10-{LAST + 100}", 10, LAST),
        (f"bytes=-{LAST + 100}", 0, LAST),
    ],
)
def test_a_range_of_the_mp4_is_answered_206(
    video: Uploader, asked: str, first: int, last: int
) -> None:
    answer = httpx.get(assets(video)["mp4"], headers={"Range": asked})
    assert (answer.status_code, answer.content) == (206, CONTENT[first : last + 1])
    assert answer.headers["Content-Range"] == f"bytes {first}-{last}/{len(CONTENT)}"


def test_a_range_beyond_the_mp4_is_a_416(video: Uploader) -> None:
    answer = httpx.get(assets(video)["mp4"], headers={"Range": f"bytes={LAST + 1}-"})
    assert answer.status_code == 416
    assert answer.headers["Content-Range"] == f"bytes */{len(CONTENT)}"
    assert answer.json()["status"] == 416


@pytest.mark.parametrize(
    "headers",
    [
        {"Range": "bytes=0-1,5-6"},
        {"Range": "items=0-1"},
        {"Range": "nonsense"},
        {"Range": "bytes=0-1", "If-Range": '"some version"'},
    ],
)
def test_a_range_that_is_not_served_gets_the_whole(video: Uploader, headers: Any) -> None:
    answer = httpx.get(assets(video)["mp4"], headers=headers)
    assert (answer.status_code, answer.content) == (200, CONTENT)


def test_head_has_the_length_of_the_mp4(video: Uploader) -> None:
    answer = httpx.head(assets(video)["mp4"])
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["Content-Length"] == str(len(CONTENT))


def test_hls_leads_from_the_manifest_to_the_file(video: Uploader) -> None:
    manifest = assets(video)["hls"]
    answer = httpx.get(manifest)
    assert answer.headers["Content-Type"] == "application/vnd.apple.mpegurl"
    assert re.findall(r"RESOLUTION=(\S+)", answer.text) == [
        "426x240",
        "640x360",
        "854x480",
        "1280x720",
    ]
    for quality in links(answer):
        playlist = httpx.get(urljoin(manifest, quality))
        assert "#EXT-X-ENDLIST" in playlist.text
        (segment,) = links(playlist)
        assert httpx.get(urljoin(str(playlist.url), segment)).content == CONTENT


def links(playlist: httpx.Response) -> list[str]:
    assert playlist.status_code == 200
    assert playlist.text.startswith("#EXTM3U\n")
    return [line for line in playlist.text.splitlines() if not line.startswith("#")]


def test_a_quality_that_is_not_encoded_has_no_playlist(video: Uploader) -> None:
    base = assets(video)["hls"].removesuffix("manifest.m3u8")
    answer = httpx.get(f"{base}2160p/manifest.m3u8")
    assert (answer.status_code, answer.json()["name"]) == (404, "quality")


def test_the_player_is_a_page_with_the_video(video: Uploader, apivideo: ApiVideo) -> None:
    apivideo.videos.change(video.video_id, title='<b>"Maths"</b>')
    told = assets(video)
    answer = httpx.get(told["player"])
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    assert "<title>&lt;b&gt;&quot;Maths&quot;&lt;/b&gt;</title>" in answer.text
    assert f'src="{told["mp4"]}"' in answer.text
    assert f'src="{told["hls"]}"' in answer.text
    assert told["iframe"].startswith(f'<iframe src="{told["player"]}"')


def test_the_thumbnail_is_grey_until_one_is_uploaded(video: Uploader) -> None:
    address = assets(video)["thumbnail"]
    grey = httpx.get(address)
    assert (grey.status_code, grey.headers["Content-Type"]) == (200, "image/jpeg")
    video.api.post(
        f"/videos/{video.video_id}/thumbnail", files={"file": ("a.png", b"image", "image/png")}
    )
    assert httpx.get(address).content == b"image"


def test_without_mp4_support_there_is_no_mp4(video: Uploader) -> None:
    address = assets(video)["mp4"]
    video.api.patch(f"/videos/{video.video_id}", json={"mp4Support": False})
    assert "mp4" not in assets(video)
    assert httpx.get(address).status_code == 404
    assert httpx.get(assets(video)["hls"]).status_code == 200


@pytest.mark.parametrize("kind", ["hls", "thumbnail", "mp4"])
def test_before_the_upload_there_is_nothing_and_during_it_not_yet(
    upload: Uploader, kind: str
) -> None:
    address = assets(upload)[kind]
    assert httpx.get(address).status_code == 404
    upload.send(ANY, "part 1/2")
    answer = httpx.get(address)
    assert (answer.status_code, answer.content) == (202, b"")
    upload.send(b"end", "part 2/2")
    assert httpx.get(address).status_code == 200


@pytest.mark.parametrize("kind", KINDS)
def test_a_deleted_video_has_no_assets(video: Uploader, kind: str) -> None:
    address = assets(video)[kind]
    video.api.delete(f"/videos/{video.video_id}")
    assert httpx.get(address).status_code == 404


@pytest.mark.apivideo(asset_urls="real")
def test_with_the_real_addresses_the_fake_serves_the_same_paths(
    video: Uploader, apivideo: ApiVideo
) -> None:
    told = assets(video)
    assert told["mp4"] == f"https://vod.api.video/vod/{video.video_id}/mp4/source.mp4"
    path = httpx.URL(told["mp4"]).path
    answer = httpx.get(apivideo.url + path, headers={"Host": "vod.api.video"})
    assert answer.content == CONTENT


@pytest.mark.parametrize("kind", KINDS)
def test_a_private_asset_works_once(private: Uploader, kind: str) -> None:
    address = assets(private)[kind]
    assert httpx.get(address).status_code == 200
    answer = httpx.get(address)
    assert (answer.status_code, answer.json()["name"]) == (404, "videoId")
    assert httpx.get(assets(private)[kind]).status_code == 200


def test_all_assets_of_an_answer_share_a_token_and_each_answer_has_another(
    private: Uploader,
) -> None:
    first, second = assets(private), assets(private)
    tokens = {token(told[kind]) for told in (first, second) for kind in KINDS}
    assert len(tokens) == 2
    httpx.get(first["hls"])
    assert httpx.get(first["mp4"]).status_code == 404
    assert httpx.get(second["mp4"]).status_code == 200


UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"


def token(address: str) -> str:
    found = re.search(rf"(?:/token/|\?token=)({UUID})(?:/|$)", address)
    assert found, address
    return found[1]


def test_of_many_at_once_one_gets_in(private: Uploader) -> None:
    address = assets(private)["mp4"]
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(httpx.get, [address] * 8))
    assert sorted(answer.status_code for answer in answers) == [200] + 7 * [404]


def session_of(address: str) -> str:
    base = re.split(r"/(?:hls|mp4)/", address)[0]
    answer = httpx.get(f"{base}/session")
    assert answer.status_code == 200
    session: str = answer.json()["session_token"]
    return session


def test_a_session_lasts_24_hours(private: Uploader, apivideo: ApiVideo) -> None:
    apivideo.clock.freeze()
    address = assets(private)["mp4"]
    session = session_of(address)
    assert re.fullmatch(UUID, session)
    assert httpx.get(address).status_code == 404
    for _ in range(3):
        assert httpx.get(address, params={"avh": session}).status_code == 200
    apivideo.clock.advance(24 * 3600 - 1)
    assert httpx.get(address, params={"avh": session}).status_code == 200
    apivideo.clock.advance(1)
    assert httpx.get(address, params={"avh": session}).status_code == 404


def test_the_links_in_a_private_manifest_go_on(private: Uploader) -> None:
    manifest = assets(private)["hls"]
    answer = httpx.get(manifest)
    for quality in links(answer):
        playlist = httpx.get(urljoin(manifest, quality))
        (segment,) = links(playlist)
        assert httpx.get(urljoin(str(playlist.url), segment)).content == CONTENT


def test_the_links_in_a_private_player_go_on(private: Uploader) -> None:
    page = httpx.get(assets(private)["player"]).text
    addresses = re.findall(r'(?:src|poster)="([^"]+)"', page)
    assert len(addresses) == 3
    for address in addresses:
        assert httpx.get(address.replace("&amp;", "&")).status_code == 200


def test_a_token_is_not_used_up_while_there_is_nothing_yet(
    apivideo: ApiVideo, api: httpx.Client
) -> None:
    private = Uploader(apivideo, api, apivideo.videos.add(public=False).video_id)
    private.send(ANY, "part 1/2")
    address = assets(private)["hls"]
    assert [httpx.get(address).status_code for _ in range(3)] == [202, 202, 202]
    private.send(b"end", "part 2/2")
    assert httpx.head(address).status_code == 200
    assert [httpx.get(address).status_code for _ in range(2)] == [200, 404]


def test_a_token_opens_no_other_video(private: Uploader, apivideo: ApiVideo) -> None:
    other = Uploader(apivideo, private.api, apivideo.videos.add(public=False).video_id)
    other.send(CONTENT)
    mine, theirs = assets(private)["mp4"], assets(other)["mp4"]
    stolen = mine.replace(token(mine), token(theirs))
    assert httpx.get(stolen).status_code == 404
    session = session_of(theirs)
    assert httpx.get(stolen, params={"avh": session}).status_code == 404
    for wrong in ("11111111-1111-1111-1111-111111111111", "nonsense", "%00", "ß"):
        assert httpx.get(mine.replace(token(mine), wrong)).status_code == 404
    assert httpx.get(mine).status_code == 200


def test_a_private_video_has_no_plain_address(private: Uploader, apivideo: ApiVideo) -> None:
    for path in ("", "/hls/manifest.m3u8", "/thumbnail.jpg", "/mp4/source.mp4"):
        assert httpx.get(f"{apivideo.url}/vod/{private.video_id}{path}").status_code == 404


def test_a_video_made_public_needs_no_token(private: Uploader) -> None:
    address = assets(private)["mp4"]
    private.api.patch(f"/videos/{private.video_id}", json={"public": True})
    assert [httpx.get(address).status_code for _ in range(2)] == [200, 200]
    base = address.split("/mp4/")[0]
    assert httpx.get(f"{base}/session").status_code == 404


def test_a_refused_request_uses_up_no_token(private: Uploader) -> None:
    told = assets(private)
    base = told["hls"].removesuffix("manifest.m3u8")
    assert httpx.get(f"{base}2160p/manifest.m3u8").status_code == 404
    beyond = {"Range": f"bytes={LAST + 1}-"}
    assert httpx.get(told["mp4"], headers=beyond).status_code == 416
    assert httpx.get(told["mp4"]).status_code == 200


def test_a_player_without_mp4_support_offers_none(video: Uploader) -> None:
    video.api.patch(f"/videos/{video.video_id}", json={"mp4Support": False})
    page = httpx.get(assets(video)["player"]).text
    assert page.count("<source") == 1
    assert ".mp4" not in page


@pytest.mark.apivideo(encoding="fail")
def test_a_failed_rendition_is_not_found(upload: Uploader) -> None:
    upload.send(CONTENT)
    for kind in ("hls", "thumbnail", "mp4"):
        assert httpx.get(assets(upload)[kind]).status_code == 404


@pytest.mark.apivideo(encoding="manual")
def test_an_asset_is_ready_with_its_own_rendition(upload: Uploader, apivideo: ApiVideo) -> None:
    upload.send(CONTENT)
    told = assets(upload)
    assert [httpx.get(told[kind]).status_code for kind in KINDS] == [200, 202, 202, 202]
    apivideo.videos.encode(upload.video_id, "hls", "240p")
    assert [httpx.get(told[kind]).status_code for kind in KINDS] == [200, 200, 200, 202]
    assert httpx.get(told["hls"]).text.count("#EXT-X-STREAM-INF") == 1


def test_a_download_ends_with_its_project(apivideo_server: Any) -> None:
    """Nobody is blamed for it, and no later test."""
    with (
        apivideo_server.project() as other,
        httpx.Client(base_url=other.url, auth=(other.api_key, "")) as api,
    ):
        uploader = Uploader(other, api)
        for number in (1, 2):
            uploader.send(bytes(4 * len(ANY)), f"part {number}/2")
        address = assets(uploader)["mp4"]
        with httpx.stream("GET", address) as answer:
            pieces = answer.iter_raw()
            next(pieces)
            apivideo_server.projects.close(other._project)
            with pytest.raises(httpx.RemoteProtocolError):
                for _ in pieces:
                    pass
    apivideo_server.check()
