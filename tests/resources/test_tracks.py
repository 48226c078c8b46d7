"""Captions and chapters: what holds for both kinds of tracks, and what captions alone have."""

from __future__ import annotations

import re
from typing import Any

import httpx
import pytest

from fake_server.core.files import File
from pytest_apivideo import ApiVideo
from tests.test_languages import CHARACTERS, UNKNOWN

DOCS = "https://docs.api.video/reference/"
VTT = b"WEBVTT\n\n00:00.000 --> 00:01.000\nHello\n"

both = pytest.mark.parametrize("kind", ["captions", "chapters"])


def upload(
    api: httpx.Client, address: str, content: bytes = VTT, name: str = "a.vtt"
) -> dict[str, Any]:
    answer = api.post(address, files={"file": (name, content)})
    assert answer.status_code == 200, answer.text
    shown: dict[str, Any] = answer.json()
    return shown


@pytest.mark.apivideo(asset_urls="real")
def test_a_caption_is_as_documented(apivideo: ApiVideo, api: httpx.Client) -> None:
    video = apivideo.videos.add()
    address = f"/videos/{video.id}/captions/sr-Cyrl"
    shown = upload(api, address)
    assert list(shown.items()) == [
        ("uri", address),
        ("src", f"https://cdn.api.video/vod/{video.id}/captions/sr-Cyrl.vtt"),
        ("srclang", "sr-Cyrl"),
        ("languageName", "српски (ћирилица)"),
        ("default", False),
    ]
    assert api.get(address).json() == shown


@pytest.mark.apivideo(asset_urls="real")
def test_a_set_of_chapters_is_as_documented(apivideo: ApiVideo, api: httpx.Client) -> None:
    video = apivideo.videos.add()
    address = f"/videos/{video.id}/chapters/fr"
    shown = upload(api, address)
    assert list(shown.items()) == [
        ("uri", address),
        ("src", f"https://cdn.api.video/vod/{video.id}/chapters/fr.vtt"),
        ("language", "fr"),
    ]
    assert api.get(address).json() == shown


@pytest.mark.parametrize(
    ("kind", "public"), [("captions", True), ("chapters", True), ("chapters", False)]
)
def test_the_file_is_served_from_its_address_as_vtt(
    apivideo: ApiVideo, api: httpx.Client, http: httpx.Client, kind: str, public: bool
) -> None:
    video = apivideo.videos.add(public=public)
    source = upload(api, f"/videos/{video.id}/{kind}/fr-BE", name="texte.txt")["src"]
    assert source == f"{apivideo.url}/vod/{video.id}/{kind}/fr-BE.vtt"
    file = http.get(source)
    assert (file.status_code, file.content) == (200, VTT)
    assert file.headers["Content-Type"] == "text/vtt"


UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}"


def test_captions_of_a_private_video_have_a_new_token_in_each_response(
    apivideo: ApiVideo, api: httpx.Client, http: httpx.Client
) -> None:
    video = apivideo.videos.add(public=False)
    path = f"/videos/{video.id}/captions"
    shown = [
        upload(api, f"{path}/en")["src"],
        api.get(f"{path}/en").json()["src"],
        api.get(path).json()["data"][0]["src"],
        api.patch(f"{path}/en", json={"default": True}).json()["src"],
    ]
    assert len(set(shown)) == 4
    base = f"{apivideo.url}/vod/{video.id}"
    for src in shown:
        assert re.fullmatch(f"{base}/token/{UUID}/captions/en.vtt", src)
        file = http.get(src)
        assert (file.content, file.headers["Content-Type"]) == (VTT, "text/vtt")
        assert http.get(src).status_code == 404  # a token works once
    assert http.get(f"{base}/captions/en.vtt").status_code == 404


def test_captions_of_a_private_video_are_served_to_its_session(
    apivideo: ApiVideo, api: httpx.Client, http: httpx.Client
) -> None:
    video = apivideo.videos.add(public=False)
    src = upload(api, f"/videos/{video.id}/captions/en")["src"]
    assert http.get(src.replace("en.vtt", "fr.vtt")).status_code == 404  # uses up no token
    session = http.get(src.replace("captions/en.vtt", "session")).json()["session_token"]
    assert [http.get(f"{src}?avh={session}").content for _ in range(2)] == [VTT, VTT]


def test_the_address_of_captions_follows_the_video(
    apivideo: ApiVideo, api: httpx.Client, http: httpx.Client
) -> None:
    path = f"/videos/{apivideo.videos.add().id}"
    public = upload(api, f"{path}/captions/en")["src"]
    assert "/token/" not in public
    api.patch(path, json={"public": False})
    assert "/token/" in api.get(f"{path}/captions/en").json()["src"]
    assert http.get(public).status_code == 404
    api.patch(path, json={"public": True})
    assert api.get(f"{path}/captions/en").json()["src"] == public


@both
@pytest.mark.parametrize("content", [b"no VTT", b"\xff\x00", b"WEBVTT\n\n99 --> 1\n"])
def test_a_malformed_file_is_accepted(
    apivideo: ApiVideo, api: httpx.Client, http: httpx.Client, kind: str, content: bytes
) -> None:
    source = upload(api, f"/videos/{apivideo.videos.add().id}/{kind}/en", content)["src"]
    assert http.get(source).content == content


@both
def test_the_next_file_in_a_language_takes_the_place_of_the_last(
    apivideo: ApiVideo, api: httpx.Client, http: httpx.Client, kind: str
) -> None:
    address = f"/videos/{apivideo.videos.add().id}/{kind}/en"
    first = upload(api, address, b"one")
    assert upload(api, address, b"two") == first
    assert http.get(first["src"]).content == b"two"
    assert len(getattr(apivideo, kind)) == 1


@both
def test_the_list_has_those_of_the_video_in_the_order_of_their_upload(
    apivideo: ApiVideo, api: httpx.Client, kind: str
) -> None:
    video, other = apivideo.videos.add_many(2)
    for language in ("fr", "en", "de"):
        upload(api, f"/videos/{video.id}/{kind}/{language}")
    upload(api, f"/videos/{other.id}/{kind}/it")
    upload(api, f"/videos/{video.id}/{kind}/fr")
    path = f"/videos/{video.id}/{kind}"
    page = api.get(path).json()
    assert [one["uri"] for one in page["data"]] == [f"{path}/fr", f"{path}/en", f"{path}/de"]
    assert page["pagination"]["itemsTotal"] == 3
    second = api.get(f"{path}?currentPage=2&pageSize=2").json()
    assert [one["uri"] for one in second["data"]] == [f"{path}/de"]
    assert second["pagination"]["links"][0]["uri"] == f"{path}?currentPage=2&pageSize=2"


@both
def test_the_list_of_an_unknown_video_is_a_404_whatever_is_asked(
    api: httpx.Client, kind: str
) -> None:
    answer = api.get(f"/videos/vi1/{kind}?pageSize=0")
    assert (answer.status_code, answer.json()["name"]) == (404, "videoId")


@both
def test_a_deleted_track_is_not_found(
    apivideo: ApiVideo, api: httpx.Client, http: httpx.Client, kind: str
) -> None:
    video = apivideo.videos.add()
    kept = upload(api, f"/videos/{video.id}/{kind}/fr")
    address = f"/videos/{video.id}/{kind}/en"
    source = upload(api, address)["src"]
    deleted = api.delete(address)
    assert (deleted.status_code, deleted.content) == (204, b"")
    for again in (api.get(address), api.delete(address), http.get(source)):
        assert again.json() == {
            "type": DOCS + "resource-not-found",
            "title": "The requested resource could not be found.",
            "status": 404,
            "name": "language",
        }
    assert api.get(f"/videos/{video.id}/{kind}").json()["data"] == [kept]


LANGUAGES = [("fr_BE", CHARACTERS), ("fr.be", CHARACTERS), ("xx", UNKNOWN), ("french", UNKNOWN)]


@pytest.mark.parametrize(("language", "detail"), LANGUAGES)
@pytest.mark.parametrize(
    ("method", "kind"),
    [
        ("POST", "captions"),
        ("GET", "captions"),
        ("PATCH", "captions"),
        ("DELETE", "captions"),
        ("POST", "chapters"),
    ],
)
def test_a_language_that_is_not_supported_has_its_documented_problem(
    apivideo: ApiVideo, api: httpx.Client, method: str, kind: str, language: str, detail: str
) -> None:
    answer = api.request(method, f"/videos/{apivideo.videos.add().id}/{kind}/{language}")
    assert answer.json() == {
        "type": DOCS + "invalid-attribute",
        "title": "An attribute is invalid.",
        "status": 400,
        "detail": detail,
        "name": "language",
    }
    assert len(getattr(apivideo, kind)) == 0


@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_there_are_no_chapters_in_a_language_that_is_not_supported(
    apivideo: ApiVideo, api: httpx.Client, method: str
) -> None:
    answer = api.request(method, f"/videos/{apivideo.videos.add().id}/chapters/xx")
    assert (answer.status_code, answer.json()["name"]) == (404, "language")


def test_chapters_cannot_be_patched(apivideo: ApiVideo, api: httpx.Client) -> None:
    chapters = apivideo.chapters.add()
    assert api.patch(chapters.uri, json={}).status_code == 405


def defaults(api: httpx.Client, video_id: str) -> list[str]:
    listed = api.get(f"/videos/{video_id}/captions").json()["data"]
    return [caption["srclang"] for caption in listed if caption["default"]]


def test_a_video_has_one_default_caption_at_most(apivideo: ApiVideo, api: httpx.Client) -> None:
    video, other = apivideo.videos.add_many(2)
    for language in ("en", "fr"):
        apivideo.captions.add(video_id=video.id, language=language)
    elsewhere = apivideo.captions.add(video_id=other.id, default=True)
    path = f"/videos/{video.id}/captions"
    for language in ("en", "fr", "fr"):
        shown = api.patch(f"{path}/{language}", json={"default": True})
        assert (shown.status_code, shown.json()["default"]) == (200, True)
        assert defaults(api, video.id) == [language]
    assert api.patch(f"{path}/en", json={}).json()["default"] is False
    assert api.patch(f"{path}/en", json={"default": False}).json()["default"] is False
    assert defaults(api, video.id) == ["fr"]
    assert api.patch(f"{path}/fr", json={"default": False}).json()["default"] is False
    assert defaults(api, video.id) == []
    assert apivideo.captions[elsewhere.id].default is True


def test_a_default_caption_is_one_still_with_another_file(
    apivideo: ApiVideo, api: httpx.Client
) -> None:
    caption = apivideo.captions.add(default=True)
    assert upload(api, caption.uri)["default"] is True


def test_a_caption_that_is_not_there_is_a_404_before_its_body_is_read(
    apivideo: ApiVideo, api: httpx.Client
) -> None:
    answer = api.patch(f"/videos/{apivideo.videos.add().id}/captions/en", content=b"nonsense")
    assert (answer.status_code, answer.json()["name"]) == (404, "language")


@both
def test_tracks_go_with_their_video(
    apivideo: ApiVideo, api: httpx.Client, http: httpx.Client, kind: str
) -> None:
    tracks = getattr(apivideo, kind)
    gone, kept = tracks.add(), tracks.add()
    assert api.delete(f"/videos/{gone.video_id}").status_code == 204
    assert [one.id for one in tracks] == [kept.id]
    answer = http.get(f"/vod/{gone.video_id}/{kind}/en.vtt")
    assert (answer.status_code, answer.json()["name"]) == (404, "videoId")


@both
@pytest.mark.apivideo(video_restore=True)
def test_tracks_come_back_with_their_video(
    apivideo: ApiVideo, api: httpx.Client, http: httpx.Client, kind: str
) -> None:
    track = getattr(apivideo, kind).add()
    before = api.get(track.uri).json()
    api.delete(f"/videos/{track.video_id}")
    assert http.get(before["src"]).status_code == 404
    api.patch(f"/discarded/videos/{track.video_id}", json={"discarded": False})
    assert api.get(track.uri).json() == before
    assert http.get(before["src"]).status_code == 200


def test_a_test_adds_and_finds_a_caption_by_its_address(apivideo: ApiVideo) -> None:
    video = apivideo.videos.add()
    file = File("fr.vtt", "text/vtt", b"WEBVTT\n")
    caption = apivideo.captions.add(video_id=video.id, language="fr", file=file)
    assert caption.uri == f"/videos/{video.id}/captions/fr"
    assert (caption.srclang, caption.language_name) == ("fr", "français")
    assert apivideo.captions[caption.uri] == caption
    with pytest.raises(ValueError, match=r"there is a Caption .* already"):
        apivideo.captions.add(video_id=video.id, language="fr")
    with pytest.raises(ValueError, match='The "language" attribute is not valid'):
        apivideo.captions.add(video_id=video.id, language="xx")
