"""Upload tokens: what a browser or an app may upload with, instead of an API key."""

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
    """What a client may upload with, as often as it likes, until it expires or is deleted."""

    secret = "token"

    token: ReadOnly[str]
    ttl: WriteOnce[Seconds] = field(0, sort=True, doc="How long it lives; 0: for ever.")
    created_at: Timestamp = field(sort=True, doc="When the token was made.")
    expires_at: ReadOnly[Unset[Timestamp]] = field(make=_expiry, doc="When it expires, if it does.")

    @classmethod
    def path_parameter(cls) -> str:
        """The token's name in paths and problems, which is not that of its field."""
        return "uploadToken"

    def is_active(self, now: datetime) -> bool:
        """Whether uploads with it are let in."""
        return self.expires_at is None or now < self.expires_at


def active_tokens(call: Context) -> Iterator[UploadToken]:
    """The tokens that have not expired by now; a list of them cannot be kept for a later time."""
    return (token for token in call.store.table(UploadToken) if token.is_active(call.now))


# An expired token is in no list; by its id it is found until it is deleted, as no page says that it
# is not.
OPERATIONS = (
    GET("/upload-tokens", list_all(UploadToken, rows=active_tokens)),
    POST("/upload-tokens", create(UploadToken)),
    GET("/upload-tokens/{uploadToken}", read(UploadToken)),
    DELETE("/upload-tokens/{uploadToken}", delete(UploadToken)),
)
