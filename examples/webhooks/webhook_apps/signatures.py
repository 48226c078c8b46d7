"""The check of a webhook's signature, which all three applications use."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping


def is_from_apivideo(body: bytes, headers: Mapping[str, str], secrets: Mapping[str, str]) -> bool:
    """Return whether the body's signature is valid; `secrets` maps webhook ids to secrets."""
    secret = secrets.get(headers.get("X-Api-Video-WebhookID", ""))
    if secret is None:
        return False
    expected = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    sent = headers.get("X-Api-Video-Signature", "")
    return hmac.compare_digest(expected.encode(), sent.encode())
