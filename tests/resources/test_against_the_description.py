"""Our models beside api.video's description: names, limits and choices agree."""

from __future__ import annotations

from typing import Any

import pytest

from fake_server.control import openapi
from fake_server.core.operations import canonical
from fake_server.resources import OPERATIONS
from tests.description import description, needs_description, violations

pytestmark = needs_description

SCHEMAS = [
    ("Aggregate", "analytics-aggregated-metrics-response"),
    ("Video", "video"),
    ("VideoCreate", "video-creation-payload"),
    ("VideoPatch", "video-update-payload"),
    ("Metadata", "metadata"),
    ("Assets", "video-assets"),
    ("AccessToken", "access-token"),
    ("ApiKeyPayload", "authenticate-payload"),
    ("RefreshTokenPayload", "refresh-token-payload"),
    ("Clip", "video-clip"),
    ("VideoWatermark", "video-watermark"),
    ("DiscardedVideo", "video"),
    ("Restoration", "discarded-video-update-payload"),
    ("ThumbnailPick", "video-thumbnail-pick-payload"),
    ("VideoStatus", "video-status"),
    ("Ingest", "video-status-ingest"),
    ("BytesRange", "bytes-range"),
    ("Encoding", "video-status-encoding"),
    ("EncodingMetadata", "video-status-encoding-metadata"),
    ("Rendition", "quality"),
    ("LiveStream", "live-stream"),
    ("LiveStreamCreate", "live-stream-creation-payload"),
    ("LiveStreamPatch", "live-stream-update-payload"),
    ("LiveAssets", "live-stream-assets"),
    ("Restream", "restreams-response-object"),
    ("UploadToken", "upload-token"),
    ("UploadTokenCreate", "token-creation-payload"),
    ("Webhook", "webhook"),
    ("WebhookCreate", "webhooks-creation-payload"),
    ("Watermark", "watermark"),
    ("PlayerTheme", "player-theme"),
    ("PlayerThemeCreate", "player-theme-creation-payload"),
    ("PlayerThemePatch", "player-theme-update-payload"),
    ("Caption", "caption"),
    ("CaptionPatch", "captions-update-payload"),
    ("Chapter", "chapter"),
    ("Summary", "summary"),
    ("SummaryCreate", "summary-creation-payload"),
    ("SummarySource", "summary-source"),
    ("SummaryText", "summary-update-payload"),
]

SEEN_ONLY = {"VideoCreate": {"subtitle"}}
"""Fields that clients send, and the description does not have."""


def theirs(name: str) -> dict[str, Any]:
    schema: dict[str, Any] = description()["components"]["schemas"][name]
    return schema


def ours(name: str) -> dict[str, Any]:
    schema: dict[str, Any] = openapi.document()["components"]["schemas"][name]
    return schema


@pytest.mark.parametrize(("mine", "other"), SCHEMAS)
def test_a_model_has_the_fields_of_the_description(mine: str, other: str) -> None:
    seen = SEEN_ONLY.get(mine, set())
    assert set(ours(mine)["properties"]) == set(theirs(other)["properties"]) | seen


@pytest.mark.parametrize(("mine", "other"), SCHEMAS)
def test_a_field_has_the_default_of_the_description(mine: str, other: str) -> None:
    for name, property_ in theirs(other)["properties"].items():
        if "default" in property_ and "default" in ours(mine)["properties"].get(name, {}):
            assert ours(mine)["properties"][name]["default"] == property_["default"]


def test_every_creation_of_a_video_has_the_same_required_attributes() -> None:
    assert ours("VideoCreate")["required"] == theirs("video-creation-payload")["required"]


def test_the_languages_are_those_of_the_description_and_have_norwegian() -> None:
    listed = theirs("video-creation-payload")["properties"]["language"]["enum"]
    choices = [
        choice
        for option in ours("VideoCreate")["properties"]["language"]["anyOf"]
        for choice in option.get("enum", [])
    ]
    assert choices == sorted("no" if language is False else language for language in listed)
    assert "no" in choices


def test_every_operation_of_ours_is_in_the_description() -> None:
    paths = description()["paths"]
    known = {
        canonical(f"{method.upper()} {path}") for path, item in paths.items() for method in item
    }
    ours = {one.canonical for one in OPERATIONS if one.credential not in ("public", "admin")}
    assert ours <= known


def test_every_list_takes_the_parameters_of_the_description() -> None:
    paths = openapi.document()["paths"]
    for operation in OPERATIONS:
        if operation.action.lists:
            entry = description()["paths"][operation.path]["get"]
            documented = {
                parameter.get("name") or reference(parameter["$ref"])
                for parameter in entry["parameters"]
            }
            mine = {parameter["name"] for parameter in paths[operation.path]["get"]["parameters"]}
            assert mine == documented


def reference(pointer: str) -> str:
    name: str = description()["components"]["parameters"][pointer.rpartition("/")[2]]["name"]
    return name


def test_the_judge_can_condemn() -> None:
    from datetime import UTC, datetime

    from fake_server.calls import Call

    def answered(status: int, body: bytes) -> list[str]:
        call = Call(
            operation="GET /videos/{videoId}",
            method="GET",
            path="/videos/vi1",
            query="",
            status=status,
            environment="sandbox",
            credential="basic",
            at=datetime(2030, 1, 1, tzinfo=UTC),
            response_body=body,
        )
        return violations([call])

    assert answered(200, b'{"videoId": "vi1"}') == []
    assert "is not of type 'string'" in answered(200, b'{"videoId": 7}')[0]
    assert "required property" in answered(200, b"{}")[0]
    assert "status is not in the description" in answered(418, b"{}")[0]
