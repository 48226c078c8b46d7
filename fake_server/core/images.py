"""The type and size of an image, read from its first bytes; and a grey placeholder image."""

from __future__ import annotations

import base64

GREY_JPEG = base64.b64decode(
    "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDABsSFBcUERsXFhceHBsgKEIrKCUlKFE6PTBCYFVlZF9VXVtqeJmBanGQc1td"
    "hbWGkJ6jq62rZ4C8ybqmx5moq6T/wAALCAAJABABAREA/8QAFQABAQAAAAAAAAAAAAAAAAAAAAT/xAAUEAEAAAAAAAAAAAAA"
    "AAAAAAAA/9oACAEBAAA/AJAH/9k="
)
"""A grey image of 16 x 9 pixels."""

_PNG = b"\x89PNG\r\n\x1a\n"
_NOT_FRAMES = (0xC4, 0xC8, 0xCC)  # tables and an extension, in the range of JPEG's frame markers


def image_type(content: bytes) -> str | None:
    """Return the content type of a JPEG, a PNG or a WebP, or None for anything else."""
    if content.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if content.startswith(_PNG):
        return "image/png"
    return "image/webp" if content[:4] == b"RIFF" and content[8:12] == b"WEBP" else None


def image_size(content: bytes) -> tuple[int, int] | None:
    """Return the width and height in pixels, or None unless it is a complete PNG or JPEG header."""
    if content.startswith(_PNG) and content[12:16] == b"IHDR":
        return (_number(content[16:20]), _number(content[20:24])) if len(content) >= 24 else None
    return _jpeg_size(content) if content.startswith(b"\xff\xd8") else None


def _jpeg_size(content: bytes) -> tuple[int, int] | None:
    """Find the frame among the segments of a JPEG, each a marker, a length and data."""
    at = 2
    while at + 9 <= len(content) and content[at] == 0xFF:
        marker = content[at + 1]
        if 0xC0 <= marker <= 0xCF and marker not in _NOT_FRAMES:
            return _number(content[at + 7 : at + 9]), _number(content[at + 5 : at + 7])
        at += 2 + _number(content[at + 2 : at + 4])
    return None


def _number(digits: bytes) -> int:
    return int.from_bytes(digits)
