"""Reports made by hand."""

from __future__ import annotations

from typing import Any

import httpx

from pytest_apivideo.drift.observation import observation
from pytest_apivideo.drift.report import FORMAT, Check, Report, TargetReport

CHECK = "test_videos::test_it"
TARGETS = ("fake", "sandbox")


def answer(status: int = 200, body: Any = None, **headers: str) -> httpx.Response:
    request = httpx.Request("GET", "https://sandbox.api.video/videos/viAbc?x=1")
    return httpx.Response(status, json=body, headers=headers, request=request)


def report(
    *answers: httpx.Response,
    target: str = "fake",
    outcome: str = "passed",
    address: str | None = None,
    **settings: Any,
) -> Report:
    seen = [observation(one, number) for number, one in enumerate(answers)]
    check: Check = {
        "outcome": outcome,
        "seen": seen,
        "settings": {name: [value] for name, value in settings.items()},
    }
    side: TargetReport = {"address": address, "checks": {CHECK: check}}
    return {"format": FORMAT, "made": "2026-11-24T08:00:00+00:00", "targets": {target: side}}
