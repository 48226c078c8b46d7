"""Who may watch a private video: a token that works once, and the session that it opens.

Each answer that shows a private video has a fresh token in its addresses. Its first use opens a
session of 24 hours; from then on the token is good only together with that session (`?avh=`). No
record is needed of a token that nobody uses: it tells by itself which video it is for.
"""

from __future__ import annotations

import hmac
from datetime import timedelta

from fake_server.core import problems
from fake_server.core.model import ReadOnly, Resource, Timestamp, field
from fake_server.core.verbs import find
from fake_server.project import Context
from fake_server.resources.videos import Video
from fake_server.time_values import later

_SESSION = timedelta(hours=24)


class Viewing(Resource, owner=Video):
    """A token that was used, and the session that it opened."""

    token: ReadOnly[str]
    video_id: ReadOnly[str] = field(doc="The video that it is for.")
    session: ReadOnly[str] = field(doc="What goes on with it.")
    expires_at: Timestamp = field(doc="When the session ends.")


def viewed_video(call: Context) -> Video:
    """The video that the path names, if the caller may watch it; raises the 404 problem."""
    video = find(call, Video)
    if video.public or _viewing(call, video) is not None or _is_fresh(call, video):
        return video
    raise problems.resource_not_found(Video.path_parameter())


def open_session(call: Context, video: Video) -> str | None:
    """The session that goes on; a fresh token is spent for it. None for a public video.

    Raises the 404 problem if somebody else was faster.
    """
    if video.public:
        return None
    with call.store.lock:
        if (viewing := _viewing(call, video)) is not None:
            return viewing.session
        if not _is_fresh(call, video):
            raise problems.resource_not_found(Video.path_parameter())
        if call.request.method == "HEAD":
            return None  # which looks, and uses nothing up
        viewing = Viewing(
            token=_token(call),
            video_id=video.id,
            session=call.store.ids.uuid(),
            expires_at=later(call.now, _SESSION),
        )
        return call.store.table(Viewing).put(viewing).session


def _viewing(call: Context, video: Video) -> Viewing | None:
    """What the call's token and session opened together, while it lasts."""
    viewing = call.store.table(Viewing).get(_token(call))
    if viewing is None or viewing.video_id != video.id or call.now >= viewing.expires_at:
        return None
    session = call.query.get("avh", [""])[-1]
    return viewing if hmac.compare_digest(session.encode(), viewing.session.encode()) else None


def _is_fresh(call: Context, video: Video) -> bool:
    """Whether the call's token is the video's, and nobody has used it."""
    token = _token(call)
    unused = token not in call.store.table(Viewing)
    return unused and call.store.ids.is_ticket(video.id, token)


def _token(call: Context) -> str:
    """The token in the path or, of the player's page, in the query."""
    return call.parameters.get("token") or call.query.get("token", [""])[-1]
