"""Access to private videos and live streams: a token that works once, and the session it opens.

Each response that shows a private resource has a fresh token in its URLs. Its first use opens a
session of 24 hours; from then on the token is valid only together with that session (`?avh=`).
Unused tokens need no record: they are signed for their resource.
"""

from __future__ import annotations

import hmac
from datetime import timedelta
from typing import Protocol, TypeVar

from fake_server.core import problems
from fake_server.core.model import ReadOnly, Resource, Timestamp, field
from fake_server.project import Context
from fake_server.time_values import later

_LIFETIME = timedelta(hours=24)


class Watchable(Protocol):
    """A resource with assets: a video or a live stream."""

    @property
    def id(self) -> str:
        """Its id."""

    @property
    def public(self) -> bool:
        """Whether its assets need no token."""

    @classmethod
    def path_parameter(cls) -> str:
        """Return the name of its id in paths and problems."""


W = TypeVar("W", bound=Watchable)


class PlaybackSession(Resource):
    """A used token, and the session that it opened."""

    token: ReadOnly[str]
    subject: ReadOnly[str] = field(doc="The id of the video or live stream that it is for.")
    session: ReadOnly[str] = field(doc="The id of the session.")
    expires_at: Timestamp = field(doc="When the session ends.")


def viewable(call: Context, resource: W) -> W:
    """Return the resource; raise the 404 problem if the caller may not watch it."""
    is_open = resource.public or _open_session(call, resource) is not None
    if is_open or _has_unused_token(call, resource):
        return resource
    raise problems.resource_not_found(resource.path_parameter())


def session_of(call: Context, resource: Watchable) -> str | None:
    """Return the id of the call's session, opening one with a fresh token; None if public.

    Raises the 404 problem if another request has used the token meanwhile. HEAD opens no session.
    """
    if resource.public:
        return None
    with call.store.lock:
        if (opened := _open_session(call, resource)) is not None:
            return opened.session
        if not _has_unused_token(call, resource):
            raise problems.resource_not_found(resource.path_parameter())
        if call.request.method == "HEAD":
            return None
        opened = PlaybackSession(
            token=token_of(call),
            subject=resource.id,
            session=call.store.ids.uuid(),
            expires_at=later(call.now, _LIFETIME),
        )
        return call.store.table(PlaybackSession).put(opened).session


def session_answer(call: Context, resource: Watchable) -> dict[str, str | None]:
    """Return the answer with the session that the token opens, for `?avh=`."""
    if resource.public:
        raise problems.resource_not_found(resource.path_parameter())
    return {"session_token": session_of(call, resource)}


def token_of(call: Context) -> str:
    """Return the token in the path or, for the player's page, in the query."""
    return call.parameters.get("token") or call.query.get("token", [""])[-1]


def _open_session(call: Context, resource: Watchable) -> PlaybackSession | None:
    """Return the session that the call's token and `avh` belong to, unless it has expired."""
    opened = call.store.table(PlaybackSession).get(token_of(call))
    if opened is None or opened.subject != resource.id or call.now >= opened.expires_at:
        return None
    session = call.query.get("avh", [""])[-1]
    return opened if hmac.compare_digest(session.encode(), opened.session.encode()) else None


def _has_unused_token(call: Context, resource: Watchable) -> bool:
    token = token_of(call)
    is_unused = token not in call.store.table(PlaybackSession)
    return is_unused and call.store.ids.is_ticket(resource.id, token)
