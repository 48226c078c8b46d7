"""Webhooks of api.video in FastAPI: `await request.body()` returns the raw bytes."""

from __future__ import annotations

import fastapi

from webhook_apps.signatures import is_from_apivideo

app = fastapi.FastAPI()
app.state.webhook_secrets = {}  # the `signatureSecret` of each webhook, by its id


@app.post("/hooks", status_code=202)
async def receive(request: fastapi.Request) -> None:
    """Accept an event with a valid signature, and refuse any other."""
    secrets = request.app.state.webhook_secrets
    if not is_from_apivideo(await request.body(), request.headers, secrets):
        raise fastapi.HTTPException(401)
    # now look at (await request.json())["type"]
