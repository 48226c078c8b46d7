"""What stands at addresses elsewhere: the fake never goes out, a test says what it would find."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from urllib.parse import urlsplit


class RemoteFiles:
    """The files that videos can be made from by their address.

    An address that nobody spoke of has a small file that stands in for it.

    >>> files = RemoteFiles()
    >>> files.add("https://example.com/a.mp4", b"some bytes")
    >>> files.find("https://example.com/a.mp4")
    b'some bytes'
    """

    def __init__(self) -> None:
        self._files: dict[str, bytes | None] = {}

    def __repr__(self) -> str:
        return f"<RemoteFiles {', '.join(self._files) or 'none'}>"

    @property
    def known(self) -> Mapping[str, bytes | None]:
        """What a test said stands where; None: nothing."""
        return MappingProxyType(self._files)

    def add(self, url: str, content: bytes) -> None:
        """Put a file at an address; raises ValueError if it is no http(s) address."""
        self._put(url, bytes(content))

    def remove(self, url: str) -> None:
        """Let nothing be at an address: a video made from it stays `ingesting`.

        Raises ValueError if it is no http(s) address.
        """
        self._put(url, None)

    def find(self, url: str) -> bytes | None:
        """What is at an address; None if nothing is."""
        return self._files.get(url, b"A stand-in for the file at " + url.encode())

    def clear(self) -> None:
        """Forget what was said."""
        self._files.clear()

    def _put(self, url: str, content: bytes | None) -> None:
        if urlsplit(url).scheme not in ("http", "https"):
            raise ValueError(f"a file elsewhere has an http or https address, not {url!r}")
        self._files[url] = content
