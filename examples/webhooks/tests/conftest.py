"""Test clients of the three applications, which know the secret of the test's webhook."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pytest_apivideo import WebhookReceiver

sys.path.insert(0, str(Path(__file__).parents[1]))  # a real project would be installed


def in_django(secrets: dict[str, str]) -> Any:
    from django.test import Client

    from webhook_apps.django_app import settings

    settings.WEBHOOK_SECRETS = secrets
    return Client()


def in_flask(secrets: dict[str, str]) -> Any:
    from webhook_apps.flask_app import app

    app.config["WEBHOOK_SECRETS"] = secrets
    return app.test_client()


def in_fastapi(secrets: dict[str, str]) -> Any:
    from fastapi.testclient import TestClient

    from webhook_apps.fastapi_app import app

    app.state.webhook_secrets = secrets
    return TestClient(app)


CLIENTS: dict[str, Callable[[dict[str, str]], Any]] = {
    "django": in_django,
    "flask": in_flask,
    "fastapi": in_fastapi,
}


@pytest.fixture(params=CLIENTS)
def client(request: pytest.FixtureRequest, apivideo_webhooks: WebhookReceiver) -> Any:
    """Return the framework's own test client for the application."""
    pytest.importorskip(request.param)
    webhook = apivideo_webhooks.webhook
    return CLIENTS[request.param]({webhook.id: webhook.signature_secret})
