"""Whether a message really comes from api.video: the one function that all three apps share."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping


def is_from_apivideo(body: bytes, headers: Mapping[str, str], secrets: Mapping[str, str]) -> bool:
    """Check the signature over the raw bytes; `secrets` are those of our webhooks, by their ids."""
    secret = secrets.get(headers.get("X-Api-Video-WebhookID", ""))
    if secret is None:
        return False
    expected = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    sent = headers.get("X-Api-Video-Signature", "")
    return hmac.compare_digest(expected.encode(), sent.encode())
