"""Upload tokens, webhooks, watermarks and player themes, by hand and by the official SDK."""

from __future__ import annotations

import re
from io import BytesIO
from typing import Any

import apivideo as sdk
import httpx
import pytest
from apivideo.api.player_themes_api import PlayerThemesApi
from apivideo.api.upload_tokens_api import UploadTokensApi
from apivideo.api.watermarks_api import WatermarksApi
from apivideo.api.webhooks_api import WebhooksApi
from apivideo.exceptions import ApiException, NotFoundException
from apivideo.model.player_theme_creation_payload import PlayerThemeCreationPayload
from apivideo.model.player_theme_update_payload import PlayerThemeUpdatePayload
from apivideo.model.token_creation_payload import TokenCreationPayload
from apivideo.model.webhooks_creation_payload import WebhooksCreationPayload

from pytest_apivideo import ApiVideo

DOCS = "https://docs.api.video/reference/"


class NamedBytes(BytesIO):
    name = "image.png"


def test_an_upload_token_lives_as_long_as_it_says(apivideo: ApiVideo, api: httpx.Client) -> None:
    apivideo.clock.freeze("2030-01-01")
    for_ever = api.post("/upload-tokens", content=b"{}").json()
    assert re.fullmatch(r"to\w{22}", for_ever["token"])
    assert for_ever == {
        "token": for_ever["token"],
        "ttl": 0,
        "createdAt": "2030-01-01T00:00:00+00:00",
    }
    short = api.post("/upload-tokens", json={"ttl": 60}).json()
    assert short["expiresAt"] == "2030-01-01T00:01:00+00:00"

    def listed() -> list[str]:
        data = api.get("/upload-tokens?sortBy=ttl").json()["data"]
        return [token["token"] for token in data]

    apivideo.clock.advance(59.999)
    assert listed() == [for_ever["token"], short["token"]]
    apivideo.clock.advance(0.001)
    assert listed() == [for_ever["token"]]


@pytest.mark.parametrize("ttl", [-1, 2**31, "60", 1.5, None])
def test_a_ttl_out_of_range_is_refused(apivideo: ApiVideo, api: httpx.Client, ttl: object) -> None:
    answer = api.post("/upload-tokens", json={"ttl": ttl})
    assert (answer.status_code, answer.json()["name"]) == (400, "ttl")
    assert len(apivideo.upload_tokens) == 0


def test_the_sdk_uses_every_method_for_upload_tokens(official: sdk.ApiClient) -> None:
    tokens = UploadTokensApi(official)
    made = tokens.create_token(TokenCreationPayload(ttl=60))
    assert tokens.get_token(made.token).ttl == 60
    assert [one.token for one in tokens.list(sort_by="ttl", sort_order="asc").data] == [made.token]
    tokens.delete_token(made.token)
    with pytest.raises(NotFoundException):
        tokens.get_token(made.token)


def test_a_webhook_tells_its_secret_and_is_found_by_its_events(api: httpx.Client) -> None:
    body = {"events": ["video.source.recorded"], "url": "https://app.example/hooks"}
    first, second = (api.post("/webhooks", json=body).json() for _ in range(2))
    assert re.fullmatch(r"sig_sec_\w{22}", first["signatureSecret"])
    assert first["signatureSecret"] != second["signatureSecret"]
    assert api.get(f"/webhooks/{first['webhookId']}").json() == first
    found = api.get("/webhooks?events=video.source.recorded").json()["data"]
    assert [hook["webhookId"] for hook in found] == [second["webhookId"], first["webhookId"]]
    assert api.get("/webhooks?events=video.summary.generated").json()["data"] == []


def test_a_webhook_of_nothing_has_the_three_documented_problems(api: httpx.Client) -> None:
    problems = api.post("/webhooks", json={}).json()["problems"]
    assert [(problem["name"], problem["title"]) for problem in problems] == [
        ("events", "This attribute is required."),
        ("url", "This attribute is required."),
        ("events", "This attribute must be an array."),
    ]


WRONG_WEBHOOKS = [
    ({"events": []}, "events"),
    ({"events": ["video.deleted"]}, "events[0]"),
    ({"events": "video.source.recorded"}, "events"),
    ({"url": "ftp://app.example"}, "url"),
    ({"url": "https://"}, "url"),
    ({"url": "https://app.example:0/"}, "url"),
    ({"url": ""}, "url"),
]


@pytest.mark.parametrize(("wrong", "name"), WRONG_WEBHOOKS)
def test_a_wrong_webhook_is_refused(
    apivideo: ApiVideo, api: httpx.Client, wrong: dict[str, Any], name: str
) -> None:
    good = {"events": ["video.source.recorded"], "url": "https://app.example"}
    answer = api.post("/webhooks", json={**good, **wrong})
    assert (answer.status_code, answer.json()["name"]) == (400, name)
    assert len(apivideo.webhooks) == 0


@pytest.mark.apivideo(webhook_limit=1)
def test_the_limit_of_webhooks_is_a_setting(apivideo: ApiVideo, api: httpx.Client) -> None:
    apivideo.webhooks.add()
    body = {"events": ["video.source.recorded"], "url": "https://app.example"}
    refused = api.post("/webhooks", json=body)
    assert (refused.status_code, refused.json()["type"]) == (400, DOCS + "webhook-limit-reached")


def test_the_sdk_uses_every_method_for_webhooks(official: sdk.ApiClient) -> None:
    webhooks = WebhooksApi(official)
    payload = WebhooksCreationPayload(["video.source.recorded"], "https://app.example")
    made = webhooks.create(payload)
    assert webhooks.get(made.webhook_id).signature_secret == made.signature_secret
    assert [one.url for one in webhooks.list(events="video.source.recorded").data] == [made.url]
    webhooks.delete(made.webhook_id)
    assert webhooks.list().data == []


def test_the_sdk_uses_every_method_for_watermarks(official: sdk.ApiClient) -> None:
    watermarks = WatermarksApi(official)
    made = watermarks.upload(NamedBytes(b"image"))
    assert re.fullmatch(r"watermark_\w{22}", made.watermark_id)
    listed = watermarks.list(sort_by="createdAt", sort_order="desc")
    assert [one.watermark_id for one in listed.data] == [made.watermark_id]
    watermarks.delete(made.watermark_id)
    assert watermarks.list().data == []


def test_a_watermark_of_another_type_is_refused_in_the_documented_words(
    api: httpx.Client,
) -> None:
    answer = api.post("/watermarks", files={"file": ("a.gif", b"GIF89a", "image/gif")})
    assert answer.json() == {
        "type": DOCS + "uploaded-file-extension-invalid",
        "title": "Only [jpeg, jpg, JPG, JPEG, png, PNG] extensions are supported.",
        "status": 400,
        "name": "file",
    }


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


def test_the_sdk_uses_every_method_for_player_themes(
    apivideo: ApiVideo, official: sdk.ApiClient
) -> None:
    players = PlayerThemesApi(official)
    made = players.create(PlayerThemeCreationPayload(name="Mine", enable_api=False))
    assert players.get(made.player_id).enable_api is False
    assert players.update(made.player_id, PlayerThemeUpdatePayload(name="Ours")).name == "Ours"
    assert [one.name for one in players.list(sort_by="name", sort_order="asc").data] == ["Ours"]
    with_logo = players.upload_logo(made.player_id, NamedBytes(b"logo"), link="https://a.example")
    assert with_logo.assets.link == "https://a.example"
    served = httpx.get(with_logo.assets.logo)
    assert (served.content, served.headers["Content-Type"]) == (b"logo", "image/png")
    apivideo.calls.assert_called("GET /player/{playerId}/logo.png", times=1)
    players.delete_logo(made.player_id)
    assert httpx.get(with_logo.assets.logo).status_code == 404
    players.delete(made.player_id)
    with pytest.raises(ApiException):
        players.get(made.player_id)


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


@pytest.mark.apivideo(video_restore=True)
def test_what_would_end_after_the_last_year_ends_with_it(
    apivideo: ApiVideo, api: httpx.Client
) -> None:
    apivideo.clock.freeze("9999-12-15")
    token = api.post("/upload-tokens", json={"ttl": 2**31 - 1}).json()
    assert token["expiresAt"] == "9999-12-31T23:59:59+00:00"
    video = apivideo.videos.add().id
    assert api.delete(f"/videos/{video}").status_code == 204
    with httpx.Client(base_url=apivideo.url, auth=(apivideo.admin_key, "")) as admin:
        own = admin.get("/projects").json()["items"][0]["project_id"]
        planned = admin.patch(f"/projects/{own}", json={"name": "a", "deletes_at": "next_cycle"})
        assert planned.status_code == 200
        apivideo.clock.freeze("0001-01-05")
        usage = admin.get(f"/projects/{own}/hosting-usage?interval=month").json()["items"]
        assert len(usage) == 30


def test_the_thumbnail_of_a_private_live_stream_is_not_public(
    apivideo: ApiVideo, api: httpx.Client
) -> None:
    stream = apivideo.live_streams.add(public=False).id
    image = {"file": ("a.png", b"image", "image/png")}
    assert api.post(f"/live-streams/{stream}/thumbnail", files=image).status_code == 201
    assert httpx.get(f"{apivideo.url}/{stream}/thumbnail.jpg").status_code == 404
