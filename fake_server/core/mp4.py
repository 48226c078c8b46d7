"""The size and duration of an MP4 file."""

from __future__ import annotations

import re
import struct
from typing import NamedTuple

_MOVIE_HEADER = re.compile(rb"\x00\x00\x00[\x6c\x78]mvhd([\x00\x01])", re.DOTALL)
_TRACK_HEADER = re.compile(rb"\x00\x00\x00[\x5c\x68]tkhd([\x00\x01])", re.DOTALL)
_MAX_PIXELS = 16_384
_MAX_SECONDS = 7 * 86_400


class MediaInfo(NamedTuple):
    """Width and height in pixels, and duration in seconds; None where unknown."""

    width: int | None = None
    height: int | None = None
    duration: float | None = None


def read_media_info(content: bytes) -> MediaInfo:
    """Read the size and duration of an MP4 file; its beginning and end may be enough.

    The headers are found anywhere, by their names, sizes and versions.
    """
    width, height = max(map(_pixels, _TRACK_HEADER.finditer(content)), default=(0, 0))
    header = _MOVIE_HEADER.search(content)
    duration = None if header is None else _seconds(header)
    if 0 < width <= _MAX_PIXELS and 0 < height <= _MAX_PIXELS:
        return MediaInfo(width, height, duration)
    return MediaInfo(duration=duration)


def _pixels(header: re.Match[bytes]) -> tuple[int, int]:
    """Read the last eight bytes of a track's header: two fixed-point numbers, 0 for sound."""
    end = header.start() + header.string[header.start() + 3]
    if end > len(header.string):
        return 0, 0
    width, height = struct.unpack_from(">II", header.string, end - 8)
    return width >> 16, height >> 16


def _seconds(header: re.Match[bytes]) -> float | None:
    layout = ">16xIQ" if header[1] == b"\x01" else ">8xII"
    try:
        scale, length = struct.unpack_from(layout, header.string, header.start() + 12)
    except struct.error:
        return None
    return length / scale if scale and 0 < length / scale <= _MAX_SECONDS else None
