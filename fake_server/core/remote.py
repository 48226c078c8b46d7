"""What stands at addresses elsewhere: the fake never goes out, a test says what it would find."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from urllib.parse import urlsplit


@dataclass(frozen=True)
class RemoteFile:
    """A file somewhere else, and how many seconds of the clock it takes to come from there."""

    content: bytes = field(repr=False)
    seconds: float = 0


class RemoteFiles:
    """The files that videos can be made from by their address.

    An address that nobody spoke of has a small file that stands in for it.

    >>> files = RemoteFiles()
    >>> files.add("https://example.com/a.mp4", b"some bytes")
    >>> files.find("https://example.com/a.mp4").content
    b'some bytes'
    """

    def __init__(self) -> None:
        self._files: dict[str, RemoteFile | None] = {}

    def __repr__(self) -> str:
        return f"<RemoteFiles {', '.join(self._files) or 'none'}>"

    @property
    def known(self) -> Mapping[str, RemoteFile | None]:
        """What a test said stands where; None: nothing."""
        return MappingProxyType(self._files)

    def add(self, url: str, content: bytes, *, seconds: float = 0) -> None:
        """Put a file at an address, that takes so many seconds of the clock to come.

        Raises TypeError if the content is not bytes, and ValueError if this is no http(s) address
        or the time is negative.
        """
        if not isinstance(content, bytes | bytearray | memoryview):
            raise TypeError(f"the content of a file is bytes, not {type(content).__name__}")
        if seconds < 0:
            raise ValueError(f"a file takes 0 seconds or more to come, not {seconds!r}")
        self._put(url, RemoteFile(bytes(content), seconds))

    def remove(self, url: str) -> None:
        """Let nothing be at an address: a video made from it stays `ingesting`.

        Raises ValueError if it is no http(s) address.
        """
        self._put(url, None)

    def find(self, url: str) -> RemoteFile | None:
        """What is at an address; None if nothing is."""
        stand_in = RemoteFile(b"A stand-in for the file at " + url.encode())
        return self._files.get(url, stand_in)

    def clear(self) -> None:
        """Forget what was said."""
        self._files.clear()

    def _put(self, url: str, file: RemoteFile | None) -> None:
        if urlsplit(url).scheme not in ("http", "https"):
            raise ValueError(f"a file elsewhere has an http or https address, not {url!r}")
        self._files[url] = file
