"""The size of an image, from its first bytes."""

from __future__ import annotations

import struct

import pytest

from fake_server.core.images import image_size, image_type


def png(width: int, height: int) -> bytes:
    header = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + header + b"crc."


def jpeg(width: int, height: int, frame: int = 0xC0) -> bytes:
    about = b"\xff\xe0" + struct.pack(">H", 16) + b"JFIF\x00".ljust(14, b"\x01")
    tables = b"\xff\xc4" + struct.pack(">H", 12) + bytes(10)
    size = struct.pack(">HBHH", 17, 8, height, width) + bytes(10)
    return b"\xff\xd8" + about + tables + bytes((0xFF, frame)) + size + b"\xff\xda"


@pytest.mark.parametrize(
    ("content", "size"),
    [
        (png(200, 100), (200, 100)),
        (png(70_000, 1), (70_000, 1)),
        (jpeg(640, 480), (640, 480)),
        (jpeg(640, 480, frame=0xC2), (640, 480)),
        (b"GIF89a", None),
        (b"", None),
        (b"\xff\xd8\xff", None),
        (b"\xff\xd8" + bytes(100), None),
        (b"\xff\xd8" + b"\xff\xe0\x00\x00" * 100, None),
    ],
)
def test_the_size_is_read_from_png_and_jpeg_alone(
    content: bytes, size: tuple[int, int] | None
) -> None:
    assert image_size(content) == size


@pytest.mark.parametrize("whole", [png(3, 4), jpeg(3, 4)])
def test_an_image_that_is_cut_has_its_size_or_none(whole: bytes) -> None:
    found = [image_size(whole[:length]) for length in range(len(whole) + 1)]
    assert set(found) == {None, (3, 4)}
    assert found == sorted(found, key=bool)


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (png(1, 1), "image/png"),
        (jpeg(1, 1), "image/jpeg"),
        (b"RIFF\x00\x00\x00\x00WEBPVP8 ", "image/webp"),
        (b"RIFF\x00\x00\x00\x00WAVEfmt ", None),
        (b"GIF89a", None),
        (b"", None),
    ],
)
def test_the_type_is_read_from_the_first_bytes(content: bytes, kind: str | None) -> None:
    assert image_type(content) == kind
