"""Small files for the uploads of the contract suite."""

from __future__ import annotations

import base64
import struct

MIN_PART = 5 * 1024 * 1024
"""The minimum size of a part of an upload, in bytes; the last part may be smaller."""

VTT = b"WEBVTT\n\n00:00:01.000 --> 00:00:02.000\nSets are everywhere.\n"
PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAIAAAACCAAAAABX3VL4AAAADklEQVR4nGNoaGBoaAAABgYCASzBUNcAAAAASUVORK5CYII="
)


def mp4(size: int) -> bytes:
    """Return an MP4 file of `size` bytes, at least 64, without any frame."""
    head = b"\x00\x00\x00\x1cftypisom\x00\x00\x02\x00isomiso2mp41"
    return head + struct.pack(">I", size - len(head)) + b"mdat" + bytes(size - len(head) - 8)
