"""Watermarks: which images they accept."""

from __future__ import annotations

import httpx

DOCS = "https://docs.api.video/reference/"


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
