"""Webhooks of api.video in Flask: `request.get_data()` returns the raw bytes."""

from __future__ import annotations

import flask

from webhook_apps.signatures import is_from_apivideo

app = flask.Flask(__name__)
app.config["WEBHOOK_SECRETS"] = {}  # the `signatureSecret` of each webhook, by its id


@app.post("/hooks")
def receive() -> tuple[str, int]:
    """Accept an event with a valid signature, and refuse any other."""
    secrets = flask.current_app.config["WEBHOOK_SECRETS"]
    if not is_from_apivideo(flask.request.get_data(), flask.request.headers, secrets):
        return "", 401
    return "", 202  # now look at flask.request.json["type"]
