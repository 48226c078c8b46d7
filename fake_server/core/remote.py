"""Files at other addresses: the fake never downloads anything, tests define what it would find."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from urllib.parse import urlsplit


@dataclass(frozen=True)
class RemoteFile:
    """A file at another address; its download takes `seconds` of the clock."""

    content: bytes = field(repr=False)
    seconds: float = 0


class RemoteFiles:
    """The files that videos can be created from by URL; any other URL has a small default file.

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
        """The files that the test added, by URL; None for a removed one."""
        return MappingProxyType(self._files)

    def add(self, url: str, content: bytes, *, seconds: float = 0) -> None:
        """Put a file at a URL; its download takes `seconds` of the clock.

        Raises TypeError if the content is not bytes, and ValueError for a URL that is not http(s)
        or a negative duration.
        """
        if not isinstance(content, bytes | bytearray | memoryview):
            raise TypeError(f"the content of a file must be bytes, not {type(content).__name__}")
        if seconds < 0:
            raise ValueError(f"a download takes 0 seconds or more, not {seconds!r}")
        self._put(url, RemoteFile(bytes(content), seconds))

    def remove(self, url: str) -> None:
        """Leave a URL without a file: a video created from it stays `ingesting`.

        Raises ValueError for a URL that is not http(s).
        """
        self._put(url, None)

    def find(self, url: str) -> RemoteFile | None:
        """Return the file at a URL, or None if it was removed."""
        return self._files.get(url, RemoteFile(b"A stand-in for the file at " + url.encode()))

    def clear(self) -> None:
        """Restore the default files everywhere."""
        self._files.clear()

    def _put(self, url: str, file: RemoteFile | None) -> None:
        if urlsplit(url).scheme not in ("http", "https"):
            raise ValueError(f"a remote file needs an http or https URL, not {url!r}")
        self._files[url] = file
