"""The assets of a video: the player's page, HLS, MP4 and thumbnail.

The MP4 is the uploaded file, and so is each quality of the HLS: the fake encodes nothing. For an
asset that is not ready yet the response is 202 without a body, as api.video's uploader expects.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from fake_server.core import problems
from fake_server.core.context import Answer
from fake_server.core.files import File, Stream
from fake_server.core.images import GREY_JPEG
from fake_server.core.listing import parameter
from fake_server.core.operations import GET, Action, Operation
from fake_server.core.ranges import requested_range
from fake_server.core.verbs import find
from fake_server.origins import Source
from fake_server.project import Context
from fake_server.resources._encoded_video import Encoding
from fake_server.resources._encoding import encoding_of
from fake_server.resources._playback_sessions import (
    session_answer,
    session_of,
    token_of,
    viewable,
)
from fake_server.resources._player_page import HLS, player_page
from fake_server.resources._video import Format, QualityName, Video
from fake_server.resources.upload.sources import received_of

_WIDTHS: dict[QualityName, int] = {
    "240p": 426,
    "360p": 640,
    "480p": 854,
    "720p": 1280,
    "1080p": 1920,
    "2160p": 3840,
}
_GREY = File("thumbnail.jpg", "image/jpeg", GREY_JPEG)


def show_player(call: Context) -> File:
    """Return the page with the player of a video."""
    video = viewable(call, find(call, Video))
    session = session_of(call, video)
    private = f"/token/{token_of(call)}" if session else ""
    base = call.asset_url("vod", f"/vod/{video.id}{private}")
    query = f"?avh={session}" if session else ""
    sources = {f"{base}/hls/manifest.m3u8{query}": HLS}
    if video.mp4_support:
        sources[f"{base}/mp4/source.mp4{query}"] = "video/mp4"
    return player_page(video.title, f"{base}/thumbnail.jpg{query}", sources)


def show_session(call: Context) -> dict[str, str | None]:
    """Return the session that a private video's token opens, for `?avh=`; it lasts 24 hours."""
    return session_answer(call, viewable(call, find(call, Video)))


@dataclass
class AssetRequest:
    """A request for an asset of a video that is ready."""

    call: Context
    video: Video
    encoding: Encoding

    @functools.cached_property
    def session_query(self) -> str:
        """The query that names the session, opened with a fresh token; empty if public."""
        session = session_of(self.call, self.video)
        return f"?avh={session}" if session else ""


def _manifest(request: AssetRequest) -> File:
    """Return the HLS manifest of a video, with the URLs of its qualities."""
    lines = ["#EXTM3U", "#EXT-X-VERSION:3"]
    for quality in request.encoding.encoded_as("hls"):
        height = int(quality.removesuffix("p"))
        size = f"{_WIDTHS[quality]}x{height}"
        lines += [
            f"#EXT-X-STREAM-INF:BANDWIDTH={height * 2000},RESOLUTION={size}",
            f"{quality}/manifest.m3u8{request.session_query}",
        ]
    return _playlist(lines)


def _quality(request: AssetRequest) -> File:
    """Return the HLS playlist of one quality of a video: its one segment is the whole file."""
    if request.call.parameters["quality"] not in request.encoding.encoded_as("hls"):
        raise problems.resource_not_found("quality")
    seconds = request.encoding.metadata.duration or 1
    lines = [
        "#EXTM3U",
        "#EXT-X-VERSION:3",
        "#EXT-X-PLAYLIST-TYPE:VOD",
        f"#EXT-X-TARGETDURATION:{seconds}",
        f"#EXTINF:{seconds},",
        f"../source.mp4{request.session_query}",
        "#EXT-X-ENDLIST",
    ]
    return _playlist(lines)


def _source(request: AssetRequest) -> Stream:
    """Return the file of a video, whole or in ranges."""
    received = received_of(request.call, request.video.id)
    assert received is not None  # else nothing is encoded
    content = received.content
    requested_range(request.call.request, content.size)  # a range beyond the end uses no token
    return Stream("video/mp4", content.size, content.pieces)


def _thumbnail(request: AssetRequest) -> File:
    """Return the thumbnail of a video, a grey image unless one was uploaded."""
    return request.video.thumbnail or _GREY


def _asset(
    show: Callable[[AssetRequest], Any],
    *formats: Format,
    exists: Callable[[Video], bool] = lambda video: True,
    needs_encoding: Callable[[Video], bool] = lambda video: True,
) -> Action:
    """Return the action that shows an asset as soon as the video is encoded in one of the formats.

    A 202 and a 404 leave the token unused.
    """

    def handle(call: Context) -> Any:
        video = viewable(call, find(call, Video))
        encoding = encoding_of(call, video)
        if not exists(video):
            raise problems.resource_not_found(Video.path_parameter())
        if needs_encoding(video) and not _is_ready(call, video, encoding, formats):
            return Answer(status=202)
        request = AssetRequest(call, video, encoding)
        asset = show(request)
        _ = request.session_query  # uses the token up, now that the asset is there
        return asset

    return Action(handle, answers=File, summary=show.__doc__, query=(_SESSION,))


def _is_ready(call: Context, video: Video, encoding: Encoding, formats: tuple[Format, ...]) -> bool:
    """Return whether the video is encoded; raise the 404 problem if it is not going to be."""
    if any(encoding.encoded_as(format) for format in formats):
        return True
    is_receiving = received_of(call, video.id) is not None and not encoding.qualities
    if is_receiving or not all(one.is_finished for one in encoding.qualities):
        return False
    raise problems.resource_not_found(Video.path_parameter())


def _playlist(lines: list[str]) -> File:
    text = "\n".join(lines) + "\n"
    return File("manifest.m3u8", HLS, text.encode())


_SESSION = parameter("avh", {"type": "string"})
_PLAYER = Action(
    show_player, answers=File, query=(parameter("token", {"type": "string"}), _SESSION)
)
_OPEN = Action(show_session, query=(_SESSION,))
_ASSETS = {
    "/hls/manifest.m3u8": _asset(_manifest, "hls"),
    "/hls/{quality}/manifest.m3u8": _asset(_quality, "hls"),
    "/hls/source.mp4": _asset(_source, "hls"),
    "/mp4/source.mp4": _asset(_source, "mp4", exists=lambda video: video.mp4_support),
    "/thumbnail.jpg": _asset(
        _thumbnail, "hls", "mp4", needs_encoding=lambda video: video.thumbnail is None
    ),
}


_FIELDS = Source("documented", "the addresses in the examples of api.video's documentation")
_QUALITIES = Source("inferred", "a manifest of HLS links to one manifest for each quality")
_SESSIONS = Source("documented", "api.video's guide to private videos")


def _rows() -> Iterator[Operation]:
    """Yield each asset under the video's path and, for private videos, under a token's."""
    for base in ("/vod/{videoId}", "/vod/{videoId}/token/{token}"):
        for path, action in _ASSETS.items():
            source = _QUALITIES if "{quality}" in path else _FIELDS
            yield GET(base + path, action, credential="public", source=source)


OPERATIONS = (
    GET("/vod/{videoId}", _PLAYER, credential="public", source=_FIELDS),
    GET("/vod/{videoId}/token/{token}/session", _OPEN, credential="public", source=_SESSIONS),
    *_rows(),
)
