"""Access to private videos: a token that works once, and the session that it opens.

Each response that shows a private video has a fresh token in its URLs. Its first use opens a
session of 24 hours; from then on the token is valid only together with that session (`?avh=`).
Unused tokens need no record: they are signed for their video.
"""

from __future__ import annotations

import hmac
from datetime import timedelta

from fake_server.core import problems
from fake_server.core.model import ReadOnly, Resource, Timestamp, field
from fake_server.core.verbs import find
from fake_server.project import Context
from fake_server.resources._video import Video
from fake_server.time_values import later

_LIFETIME = timedelta(hours=24)


class PlaybackSession(Resource, owner=Video):
    """A used token, and the session that it opened."""

    token: ReadOnly[str]
    video_id: ReadOnly[str] = field(doc="The video that the token is for.")
    session: ReadOnly[str] = field(doc="The id of the session.")
    expires_at: Timestamp = field(doc="When the session ends.")


def viewable_video(call: Context) -> Video:
    """Return the video that the path names; raise the 404 problem if the caller may not watch."""
    video = find(call, Video)
    if video.public or _open_session(call, video) is not None or _has_unused_token(call, video):
        return video
    raise problems.resource_not_found(Video.path_parameter())


def session_of(call: Context, video: Video) -> str | None:
    """Return the id of the call's session, opening one with a fresh token; None if public.

    Raises the 404 problem if another request has used the token meanwhile. HEAD opens no session.
    """
    if video.public:
        return None
    with call.store.lock:
        if (opened := _open_session(call, video)) is not None:
            return opened.session
        if not _has_unused_token(call, video):
            raise problems.resource_not_found(Video.path_parameter())
        if call.request.method == "HEAD":
            return None
        opened = PlaybackSession(
            token=_token(call),
            video_id=video.id,
            session=call.store.ids.uuid(),
            expires_at=later(call.now, _LIFETIME),
        )
        return call.store.table(PlaybackSession).put(opened).session


def _open_session(call: Context, video: Video) -> PlaybackSession | None:
    """Return the session that the call's token and `avh` belong to, unless it has expired."""
    opened = call.store.table(PlaybackSession).get(_token(call))
    if opened is None or opened.video_id != video.id or call.now >= opened.expires_at:
        return None
    session = call.query.get("avh", [""])[-1]
    return opened if hmac.compare_digest(session.encode(), opened.session.encode()) else None


def _has_unused_token(call: Context, video: Video) -> bool:
    token = _token(call)
    is_unused = token not in call.store.table(PlaybackSession)
    return is_unused and call.store.ids.is_ticket(video.id, token)


def _token(call: Context) -> str:
    """Return the token in the path or, for the player's page, in the query."""
    return call.parameters.get("token") or call.query.get("token", [""])[-1]
