"""Upload tokens: credentials for uploads from a browser or an app, without an API key."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Annotated, Any

from pydantic import Field

from fake_server.core.listing import list_all
from fake_server.core.model import ReadOnly, Resource, Timestamp, Unset, WriteOnce, field
from fake_server.core.operations import DELETE, GET, POST
from fake_server.core.verbs import create, delete, read
from fake_server.project import Context
from fake_server.time_values import later

Seconds = Annotated[int, Field(ge=0, le=2**31 - 1)]


def _expiry(token: dict[str, Any]) -> datetime | None:
    ttl: int = token["ttl"]
    created: datetime = token["created_at"]
    return later(created, timedelta(seconds=ttl)) if ttl else None


class UploadToken(Resource, prefix="to", collection="upload_tokens"):
    """A credential for any number of uploads until it expires or is deleted."""

    secret = "token"

    token: ReadOnly[str]
    ttl: WriteOnce[Seconds] = field(0, sort=True, doc="Its lifetime; 0: unlimited.")
    created_at: Timestamp = field(sort=True, doc="When the token was created.")
    expires_at: ReadOnly[Unset[Timestamp]] = field(factory=_expiry, doc="When it expires, if ever.")

    @classmethod
    def path_parameter(cls) -> str:
        """Return the name in paths and problems, which differs from the field's."""
        return "uploadToken"

    def is_active(self, now: datetime) -> bool:
        """Return whether it has not expired."""
        return self.expires_at is None or now < self.expires_at


def active_tokens(call: Context) -> Iterator[UploadToken]:
    """Return the tokens that have not expired; not to be cached, as the time decides."""
    return (token for token in call.store.table(UploadToken) if token.is_active(call.now))


# An expired token is in no list, but can be read until it is deleted: no page says otherwise.
OPERATIONS = (
    GET("/upload-tokens", list_all(UploadToken, rows=active_tokens)),
    POST("/upload-tokens", create(UploadToken)),
    GET("/upload-tokens/{uploadToken}", read(UploadToken)),
    DELETE("/upload-tokens/{uploadToken}", delete(UploadToken)),
)
