"""One index of all credentials of a server: which record a secret is the value of."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable

from fake_server.auth.records import CredentialRecord
from fake_server.auth.secrets import SecretIndex, digest
from fake_server.auth.session_keys import SessionKeys

_MAX_ENDED = 20_000
_MAX_RECENT = 20

ENDED = (
    "This key or token belongs to a test, or a project, that has ended: the program that sends it, "
    "for example a client in a global variable, was created there and is still in use. Create the "
    "client in each test, or set the ini option apivideo_env_early: then keys and their tokens "
    "last for the whole run. See docs/environment.md of pytest-apivideo."
)


class CredentialIndex(SecretIndex[CredentialRecord]):
    """Finds the record of a secret, and remembers the secrets of ended projects."""

    def __init__(self) -> None:
        super().__init__()
        self.session = SessionKeys()
        self._ended_digests: dict[bytes, None] = {}
        self._recent_secrets: deque[list[str]] = deque(maxlen=_MAX_RECENT)
        self._explanations: dict[bytes, str] = {}

    def end(self, lasting: list[str], tokens: Iterable[str]) -> None:
        """Remember the secrets of a project that ends; its tokens as digests only."""
        self._ended_digests.update(dict.fromkeys(map(digest, (*lasting, *tokens))))
        self._recent_secrets.append(lasting)
        while len(self._ended_digests) > _MAX_ENDED:
            del self._ended_digests[next(iter(self._ended_digests))]

    def has_ended(self, secret: str) -> bool:
        """Return whether a key or token belonged to a project that has ended."""
        return digest(secret) in self._ended_digests

    def recent_secrets(self) -> list[str]:
        """Return the secrets, without tokens, of the projects that ended last."""
        return [value for secrets in self._recent_secrets for value in secrets]

    def explain(self, secret: str, text: str) -> None:
        """Set the text that explains to a client why this secret is not a credential here."""
        self._explanations[digest(secret)] = text

    def explanation(self, secret: str) -> str | None:
        """Return why a secret is not a credential here, if that is known."""
        return self._explanations.get(digest(secret)) or (ENDED if self.has_ended(secret) else None)
