"""The secrets of a run: its keys, and the tokens in answers."""

from __future__ import annotations

import re
import threading
from base64 import b64encode

_IN_ANSWERS = re.compile(
    rb'"(?:access_token|refresh_token|token|streamKey|signatureSecret|session_token)"'
    rb'\s*:\s*"([^"\\]{8,})"'
    rb"|(?:[?&]token=|\\?/(?:token|private)\\?/)([0-9A-Za-z-]{8,})"
)
_MAX_READ = 1024 * 1024
_HIDDEN = "***"


class Secrets:
    """The known secrets of a run, which can be taken out of texts."""

    def __init__(self) -> None:
        self._known: set[str] = set()
        self._lock = threading.Lock()

    def __repr__(self) -> str:
        return f"<{len(self._known)} secrets>"

    def add(self, *values: str) -> None:
        """Remember values; what is too short to be a secret is left out."""
        with self._lock:
            self._known.update(value for value in values if len(value) >= 8)

    def add_key(self, key: str) -> None:
        """Remember an API key, and the forms in which a header carries it."""
        self.add(key, *(b64encode(form.encode()).decode() for form in (f"{key}:", key)))

    def add_from(self, body: bytes) -> None:
        """Remember the tokens and keys in an answer."""
        found = _IN_ANSWERS.findall(body[:_MAX_READ])
        self.add(*(one.decode(errors="replace") for pair in found for one in pair if one))

    def hide(self, text: str) -> str:
        """Return a text without the secrets in it."""
        with self._lock:
            known = sorted(self._known, key=len, reverse=True)
        for secret in known:
            text = text.replace(secret, _HIDDEN)
        return text
