"""Large files: written to a folder of the project as they arrive, and never held in memory."""

from __future__ import annotations

import contextlib
import errno
import functools
import hashlib
import itertools
import threading
import weakref
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from fake_server.core import problems
from fake_server.core.files import KiB, MiB
from fake_server.core.folders import Folder, new_folder

_BUFFER = 256 * KiB
_PIECE = 256 * KiB
_MEASURED_EVERY = 16 * MiB
_DISK_IS_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class StoredFile:
    """A file that was received whole: `size` in bytes, `sha256` in hexadecimal digits.

    It is gone from the disk when nobody refers to it any more, a snapshot being somebody.
    """

    def __init__(self, path: Path, size: int, sha256: str, forget: Callable[[], object]) -> None:
        self.path = path
        self.size = size
        self.sha256 = sha256
        weakref.finalize(self, _remove, path, forget)

    def __repr__(self) -> str:
        return f"<StoredFile {self.size} bytes sha256 {self.sha256[:12]}…>"


class Content:
    """The bytes of a source, which lie in one file or, part by part, in several."""

    def __init__(self, files: Iterable[StoredFile]) -> None:
        self._files = tuple(files)
        self.size = sum(file.size for file in self._files)

    def __repr__(self) -> str:
        return f"<Content {self.size} bytes in {len(self._files)} files>"

    def pieces(self, start: int = 0, stop: int | None = None) -> Iterator[bytes]:
        """The bytes from `start` up to, not including, `stop`, piece by piece."""
        return _read(list(self._spans(start, self.size if stop is None else stop)))

    def _spans(self, start: int, stop: int) -> Iterator[tuple[StoredFile, int, int]]:
        for file in self._files:
            if start < file.size and stop > 0:
                yield file, max(start, 0), min(stop, file.size)
            start, stop = start - file.size, stop - file.size

    def read(self) -> bytes:
        """All bytes at once."""
        return b"".join(self.pieces())

    @property
    def sha256(self) -> str:
        """The hash of all bytes, in hexadecimal digits; of several files it is computed anew."""
        if len(self._files) == 1:
            return self._files[0].sha256
        whole = hashlib.sha256()
        for piece in self.pieces():
            whole.update(piece)
        return whole.hexdigest()


class Incoming:
    """A file on its way in: what a form parser writes to. Hashed on the way.

    Raises the problem of a file of more than `most` bytes, or of a disk that is full.
    """

    def __init__(self, path: Path, most: int, sizes: dict[Path, int], room: int) -> None:
        self.size = 0
        self._path = path
        self._most = most
        self._sizes = sizes
        self._room = room
        self._forget = functools.partial(sizes.pop, path, None)
        self._hash = hashlib.sha256()
        self._file = path.open("xb", buffering=_BUFFER)
        self._kept = False

    def write(self, data: bytes) -> int:
        """Take the next bytes."""
        self.size += len(data)
        if self.size > self._most:
            raise problems.file_too_large()
        if self.size // _MEASURED_EVERY != self._sizes[self._path] // _MEASURED_EVERY:
            self._measure()
        self._hash.update(data)
        try:
            return self._file.write(data)
        except OSError as error:
            raise _told(error) from error

    def seek(self, offset: int, whence: int = 0) -> int:
        """Nothing: a form parser rewinds what it has written, and nobody reads it from here."""
        return offset

    def keep(self) -> StoredFile:
        """The file, now that it is whole."""
        try:
            self._file.close()
        except OSError as error:
            raise _told(error) from error
        self._measure()
        self._kept = True
        return StoredFile(self._path, self.size, self._hash.hexdigest(), self._forget)

    def discard(self) -> None:
        """Leave no trace, unless the file was kept."""
        if not self._kept:
            with contextlib.suppress(OSError):  # what it still buffers may find no room
                self._file.close()
            _remove(self._path, self._forget)

    def _measure(self) -> None:
        self._sizes[self._path] = self.size
        if sum(self._sizes.copy().values()) > self._room:
            raise problems.insufficient_storage(f"The setting max_disk allows {self._room} bytes.")


class Spool:
    """A project's folder of received files, made when the first comes, gone with the project."""

    def __init__(self) -> None:
        self._folder: Folder | None = None
        self._closed = False
        self._sizes: dict[Path, int] = {}
        self._numbers = itertools.count(1)
        self._lock = threading.Lock()

    @property
    def used(self) -> int:
        """Bytes on the disk."""
        return sum(self._sizes.copy().values())

    def receive(self, most: int, room: int) -> Incoming:
        """A new file of at most `most` bytes, if all files together stay within `room` bytes.

        Raises the problem of a project that is closed.
        """
        with self._lock:
            if self._closed:
                raise problems.insufficient_storage("The project is closed.")
            if self._folder is None or not Path(self._folder.name).is_dir():
                self._folder = new_folder()
            path = Path(self._folder.name, str(next(self._numbers)))
            self._sizes[path] = 0
            return Incoming(path, most, self._sizes, room)

    def close(self) -> None:
        """Remove the folder with all that is in it."""
        with self._lock:
            folder, self._folder, self._closed = self._folder, None, True
            self._sizes = {}
        if folder is not None:
            folder.remove()


def _read(spans: list[tuple[StoredFile, int, int]]) -> Iterator[bytes]:
    """The bytes of the spans; when the last piece is out, no file is held any more."""
    while spans:
        file, start, stop = spans.pop(0)
        with file.path.open("rb") as opened:
            opened.seek(start)
            while stop - start > _PIECE:
                yield opened.read(_PIECE)
                start += _PIECE
            rest = opened.read(stop - start)
        del file
        yield rest


def _remove(path: Path, forget: Callable[[], object]) -> None:
    path.unlink(missing_ok=True)
    forget()


def _told(error: OSError) -> Exception:
    return problems.insufficient_storage() if error.errno in _DISK_IS_FULL else error
