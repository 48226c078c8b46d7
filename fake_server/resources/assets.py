"""What viewers are served of a video: the player's page, HLS, MP4 and thumbnail.

The MP4 is the file that was uploaded, and so is each quality of the HLS: the fake encodes nothing.
An asset that is not ready yet answers 202 without a body, as api.video's uploader expects.
"""

from __future__ import annotations

import functools
import html
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from fake_server.core import problems
from fake_server.core.context import Answer
from fake_server.core.files import File, Stream
from fake_server.core.images import GREY_JPEG
from fake_server.core.operations import GET, Action, Operation
from fake_server.core.ranges import requested_range
from fake_server.project import Context
from fake_server.resources._viewing import open_session, viewed_video
from fake_server.resources.encoding import Encoding, encoding_of
from fake_server.resources.upload.sources import received_of
from fake_server.resources.videos import Format, QualityName, Video

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
    """The page with the player of a video."""
    video = viewed_video(call)
    session = open_session(call, video)
    private = f"/token/{call.query['token'][-1]}" if session else ""
    base = call.asset_url("vod", f"/vod/{video.id}{private}")
    goes_on = f"?avh={session}" if session else ""
    mp4 = html.escape(f"{base}/mp4/source.mp4{goes_on}")
    page = _PAGE.format(
        title=html.escape(video.title),
        poster=html.escape(f"{base}/thumbnail.jpg{goes_on}"),
        hls=html.escape(f"{base}/hls/manifest.m3u8{goes_on}"),
        mp4=f'<source src="{mp4}" type="video/mp4">\n' if video.mp4_support else "",
    )
    return File("player.html", "text/html; charset=utf-8", page.encode())


_PAGE = """<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>{title}</title></head>
<body style="margin: 0">
<video controls style="width: 100%; height: 100%" poster="{poster}">
<source src="{hls}" type="application/vnd.apple.mpegurl">
{mp4}</video>
</body>
</html>
"""


def show_session(call: Context) -> dict[str, str | None]:
    """The session that the token of a private video opens, for `?avh=`; it lasts 24 hours."""
    video = viewed_video(call)
    if video.public:
        raise problems.resource_not_found(Video.path_parameter())
    return {"session_token": open_session(call, video)}


@dataclass
class View:
    """A look at a video that is ready, as far as it is encoded."""

    call: Context
    video: Video
    encoding: Encoding

    @functools.cached_property
    def goes_on(self) -> str:
        """The query with which a session goes on; a fresh token is spent for it. Or empty."""
        session = open_session(self.call, self.video)
        return f"?avh={session}" if session else ""

    def encoded(self, kind: Format) -> list[QualityName]:
        """The qualities that are ready in a format."""
        return _encoded(self.encoding, kind)


def _manifest(view: View) -> File:
    """The HLS manifest of a video: where each of its qualities is."""
    lines = ["#EXTM3U", "#EXT-X-VERSION:3"]
    for quality in view.encoded("hls"):
        height = int(quality.removesuffix("p"))
        size = f"{_WIDTHS[quality]}x{height}"
        lines += [
            f"#EXT-X-STREAM-INF:BANDWIDTH={height * 2000},RESOLUTION={size}",
            f"{quality}/manifest.m3u8{view.goes_on}",
        ]
    return _playlist(lines)


def _quality(view: View) -> File:
    """The HLS playlist of one quality of a video: its one segment is the whole file."""
    if view.call.parameters["quality"] not in view.encoded("hls"):
        raise problems.resource_not_found("quality")
    seconds = view.encoding.metadata.duration or 1
    lines = [
        "#EXTM3U",
        "#EXT-X-VERSION:3",
        "#EXT-X-PLAYLIST-TYPE:VOD",
        f"#EXT-X-TARGETDURATION:{seconds}",
        f"#EXTINF:{seconds},",
        f"../source.mp4{view.goes_on}",
        "#EXT-X-ENDLIST",
    ]
    return _playlist(lines)


def _source(view: View) -> Stream:
    """The file of a video, whole or in ranges."""
    received = received_of(view.call, view.video.id)
    assert received is not None  # else nothing is encoded
    content = received.content
    requested_range(view.call.request, content.size)  # what is beyond the file spends no token
    return Stream("video/mp4", content.size, content.pieces)


def _still(view: View) -> File:
    """The thumbnail of a video; grey, if none was uploaded."""
    return view.video.thumbnail or _GREY


def _asset(
    show: Callable[[View], Any],
    *formats: Format,
    exists: Callable[[Video], bool] = lambda video: True,
    needs_encoding: Callable[[Video], bool] = lambda video: True,
) -> Action:
    """An asset for those who may watch the video, as soon as it is encoded in one of the formats.

    A token is not used up by an answer that there is nothing yet, or nothing at all.
    """

    def handle(call: Context) -> Any:
        video = viewed_video(call)
        encoding = encoding_of(call, video)
        if not exists(video):
            raise problems.resource_not_found(Video.path_parameter())
        if needs_encoding(video) and not _is_ready(call, video, encoding, formats):
            return Answer(status=202)
        view = View(call, video, encoding)
        shown = show(view)
        _ = view.goes_on  # a token is spent by now, if nothing was refused
        return shown

    return Action(handle, answers=File, summary=show.__doc__, query=(_SESSION,))


def _is_ready(call: Context, video: Video, encoding: Encoding, formats: tuple[Format, ...]) -> bool:
    """Whether the video is encoded; raises the 404 problem if it never will be, as it stands."""
    if any(_encoded(encoding, kind) for kind in formats):
        return True
    statuses = [one.status for one in encoding.qualities]
    comes = received_of(call, video.id) is not None and not statuses
    if comes or "waiting" in statuses or "encoding" in statuses:
        return False
    raise problems.resource_not_found(Video.path_parameter())


def _encoded(encoding: Encoding, kind: Format) -> list[QualityName]:
    return [
        one.quality for one in encoding.qualities if one.type == kind and one.status == "encoded"
    ]


def _playlist(lines: list[str]) -> File:
    text = "\n".join(lines) + "\n"
    return File("manifest.m3u8", "application/vnd.apple.mpegurl", text.encode())


def _parameter(name: str) -> dict[str, Any]:
    return {"name": name, "in": "query", "required": False, "schema": {"type": "string"}}


_SESSION = _parameter("avh")
_PLAYER = Action(show_player, answers=File, query=(_parameter("token"), _SESSION))
_OPEN = Action(show_session, query=(_SESSION,))
_ASSETS = {
    "/hls/manifest.m3u8": _asset(_manifest, "hls"),
    "/hls/{quality}/manifest.m3u8": _asset(_quality, "hls"),
    "/hls/source.mp4": _asset(_source, "hls"),
    "/mp4/source.mp4": _asset(_source, "mp4", exists=lambda video: video.mp4_support),
    "/thumbnail.jpg": _asset(
        _still, "hls", "mp4", needs_encoding=lambda video: video.thumbnail is None
    ),
}


def _rows() -> Iterator[Operation]:
    """Each asset under the video's own address and, for private videos, under that of a token."""
    for base in ("/vod/{videoId}", "/vod/{videoId}/token/{token}"):
        for path, action in _ASSETS.items():
            yield GET(base + path, action, credential="public")


OPERATIONS = (
    GET("/vod/{videoId}", _PLAYER, credential="public"),
    GET("/vod/{videoId}/token/{token}/session", _OPEN, credential="public"),
    *_rows(),
)
