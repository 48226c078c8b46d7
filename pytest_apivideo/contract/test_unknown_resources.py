"""Operations on resources that do not exist."""

from __future__ import annotations

import pytest

from pytest_apivideo.contract.api import Api, Json
from pytest_apivideo.contract.files import PNG, VTT

TRACK = {"files": {"file": ("en.vtt", VTT, "text/vtt")}}
IMAGE = {"files": {"file": ("a.png", PNG, "image/png")}}

OPERATIONS: dict[str, Json] = {
    "GET /videos/{videoId}": {},
    "PATCH /videos/{videoId}": {"json": {"title": "Maths"}},
    "DELETE /videos/{videoId}": {},
    "GET /videos/{videoId}/status": {},
    "POST /videos/{videoId}/captions/en": TRACK,
    "GET /videos/{videoId}/captions": {},
    "POST /videos/{videoId}/chapters/en": TRACK,
    "GET /videos/{videoId}/chapters": {},
    "POST /videos/{videoId}/thumbnail": IMAGE,
    "PATCH /videos/{videoId}/thumbnail": {"json": {"timecode": "00:00:01.000"}},
    "GET /discarded/videos/{videoId}": {},
    "PATCH /discarded/videos/{videoId}": {"json": {"discarded": False}},
    "GET /live-streams/{liveStreamId}": {},
    "PATCH /live-streams/{liveStreamId}": {"json": {"public": False}},
    "PUT /live-streams/{liveStreamId}/complete": {},
    "GET /players/{playerId}": {},
    "PATCH /players/{playerId}": {"json": {"hideTitle": True}},
    "GET /summaries/{summaryId}/source": {},
    "DELETE /summaries/{summaryId}": {},
    "GET /upload-tokens/{uploadToken}": {},
    "DELETE /upload-tokens/{uploadToken}": {},
    "DELETE /watermarks/{watermarkId}": {},
    "GET /webhooks/{webhookId}": {},
}
"""The operations, with the options of their requests."""
UNKNOWN = {
    "videoId": "viUnknown0000000000000000",
    "liveStreamId": "liUnknown0000000000000000",
    "playerId": "plUnknown0000000000000000",
    "summaryId": "summary_Unknown00000000000000",
    "uploadToken": "toUnknown0000000000000000",
    "watermarkId": "watermark_Unknown000000000000",
    "webhookId": "webhook_Unknown00000000000000",
}


@pytest.mark.parametrize("operation", OPERATIONS)
def test_an_unknown_resource_is_not_found(api: Api, operation: str) -> None:
    method, path = operation.format_map(UNKNOWN).split()
    parameter = operation.partition("{")[2].partition("}")[0]
    api.request(method, path, **OPERATIONS[operation]).must_be_not_found(parameter)
