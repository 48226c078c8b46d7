"""Upload tokens, webhooks, watermarks and player themes by the official SDK."""

from __future__ import annotations

import re
from io import BytesIO

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


class NamedBytes(BytesIO):
    name = "image.png"


def test_the_sdk_uses_every_method_for_upload_tokens(official: sdk.ApiClient) -> None:
    tokens = UploadTokensApi(official)
    made = tokens.create_token(TokenCreationPayload(ttl=60))
    assert tokens.get_token(made.token).ttl == 60
    assert [one.token for one in tokens.list(sort_by="ttl", sort_order="asc").data] == [made.token]
    tokens.delete_token(made.token)
    with pytest.raises(NotFoundException):
        tokens.get_token(made.token)


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
