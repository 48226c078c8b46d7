"""The page with the player of a video or a live stream."""

from __future__ import annotations

from html import escape

from fake_server.core.files import File

HLS = "application/vnd.apple.mpegurl"

_PAGE = """<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>{title}</title></head>
<body style="margin: 0">
<video controls style="width: 100%; height: 100%" poster="{poster}">
{sources}
</video>
</body>
</html>
"""


def player_page(title: str, poster: str, sources: dict[str, str]) -> File:
    """Return the page; `sources` are media types by URL."""
    tags = [f'<source src="{escape(url)}" type="{kind}">' for url, kind in sources.items()]
    page = _PAGE.format(title=escape(title), poster=escape(poster), sources="\n".join(tags))
    return File("player.html", "text/html; charset=utf-8", page.encode())
