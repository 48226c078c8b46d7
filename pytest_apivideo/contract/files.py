"""The files that the tests of the contract upload: small, and made here."""

from __future__ import annotations

import struct
import zlib

MiB = 1024 * 1024
MIN_PART = 5 * MiB
VTT = b"WEBVTT\n\n00:00:01.000 --> 00:00:02.000\nSets are everywhere.\n"


def mp4(size: int) -> bytes:
    """An MP4 file as far as its head goes; it holds no picture. `size` in bytes, at least 64."""
    head = _box(b"ftyp", b"isom\x00\x00\x02\x00isomiso2mp41")
    return head + _box(b"mdat", bytes(size - len(head) - 8))


def png(side: int = 2) -> bytes:
    """A grey PNG image."""
    header = struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)
    rows = b"".join(b"\x00" + b"\x80" * side for _ in range(side))
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        for name, data in chunks
    )


def _box(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content) + 8) + name + content
