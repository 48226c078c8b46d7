"""The assets of a live stream: the player's page, the HLS manifest and the thumbnail.

Nothing is streamed to the fake: the manifest of a broadcast is valid, but lists no segments.
"""

from __future__ import annotations

from fake_server.core import problems
from fake_server.core.files import File
from fake_server.core.listing import parameter
from fake_server.core.operations import GET, Action
from fake_server.core.verbs import find
from fake_server.origins import Source
from fake_server.project import Context
from fake_server.resources._playback_sessions import (
    session_answer,
    session_of,
    token_of,
    viewable,
)
from fake_server.resources._player_page import HLS, player_page
from fake_server.resources.live_streams import LiveStream

_MANIFEST = "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:4\n#EXT-X-MEDIA-SEQUENCE:0\n"


def show_player(call: Context) -> File:
    """Return the page with the player of a live stream that is broadcasting."""
    stream = _broadcast(call)
    session = session_of(call, stream)
    base = stream.asset_base(call, token_of(call) if session else None)
    query = f"?avh={session}" if session else ""
    return player_page(stream.name, f"{base}/thumbnail.jpg{query}", {f"{base}.m3u8{query}": HLS})


def show_manifest(call: Context) -> File:
    """Return the HLS manifest of a live stream that is broadcasting."""
    session_of(call, _broadcast(call))  # uses the token up
    return File("manifest.m3u8", HLS, _MANIFEST.encode())


def show_thumbnail(call: Context) -> File:
    """Return the thumbnail of a live stream; its URL ends in `.jpg` even if it is a PNG."""
    stream = viewable(call, find(call, LiveStream))
    if stream.thumbnail is None:
        raise problems.resource_not_found(LiveStream.path_parameter())
    session_of(call, stream)  # uses the token up
    return stream.thumbnail


def show_session(call: Context) -> dict[str, str | None]:
    """Return the session that a private live stream's token opens; it lasts 24 hours."""
    return session_answer(call, viewable(call, find(call, LiveStream)))


def _broadcast(call: Context) -> LiveStream:
    """Return the live stream that the path names; raise the 404 problem if it is off the air."""
    stream = viewable(call, find(call, LiveStream))
    if not stream.broadcasting:
        raise problems.resource_not_found(LiveStream.path_parameter())
    return stream


_SESSION = parameter("avh", {"type": "string"})
_PLAYER = Action(
    show_player, answers=File, query=(parameter("token", {"type": "string"}), _SESSION)
)
_MANIFESTS = Action(show_manifest, answers=File, query=(_SESSION,))
_THUMBNAIL = Action(show_thumbnail, answers=File, query=(_SESSION,))
_OPEN = Action(show_session, query=(_SESSION,))
_FIELDS = Source("documented", "the addresses in the examples of api.video's documentation")
_SEEN = Source(
    "seen", "2023 to 2024-07, api.video's Android player and Swift player (`VideoOptions`)"
)
_AS_FOR_VIDEOS = Source("inferred", "the same as the thumbnail of a private video")

OPERATIONS = (
    GET("/live/{liveStreamId}", _PLAYER, credential="public", source=_FIELDS),
    GET("/{liveStreamId}.m3u8", _MANIFESTS, credential="public", source=_FIELDS),
    GET("/{liveStreamId}/thumbnail.jpg", _THUMBNAIL, credential="public", source=_FIELDS),
    GET("/private/{token}/{liveStreamId}.m3u8", _MANIFESTS, credential="public", source=_SEEN),
    GET(
        "/private/{token}/{liveStreamId}/thumbnail.jpg",
        _THUMBNAIL,
        credential="public",
        source=_AS_FOR_VIDEOS,
    ),
    GET("/private/{token}/{liveStreamId}/session", _OPEN, credential="public", source=_SEEN),
)
