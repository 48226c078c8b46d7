"""Large files: written to the project's folder as they arrive, and never held in memory."""

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
_CHECK_EVERY = 16 * MiB
_DISK_IS_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class StoredFile:
    """A complete uploaded file: `size` in bytes, `sha256` in hexadecimal digits.

    It is deleted from the disk when nothing, snapshots included, refers to it.
    """

    def __init__(self, path: Path, size: int, sha256: str, forget: Callable[[], object]) -> None:
        self.path = path
        self.size = size
        self.sha256 = sha256
        weakref.finalize(self, _delete, path, forget)

    def __repr__(self) -> str:
        return f"<StoredFile {self.size} bytes sha256 {self.sha256[:12]}…>"


class Content:
    """The bytes of a source, in one file or in several parts."""

    def __init__(self, files: Iterable[StoredFile]) -> None:
        self._files = tuple(files)
        self.size = sum(file.size for file in self._files)

    def __repr__(self) -> str:
        return f"<Content {self.size} bytes in {len(self._files)} files>"

    def pieces(self, start: int = 0, stop: int | None = None) -> Iterator[bytes]:
        """Return an iterator over the bytes from `start` up to, not including, `stop`."""
        return _read(list(self._spans(start, self.size if stop is None else stop)))

    def _spans(self, start: int, stop: int) -> Iterator[tuple[StoredFile, int, int]]:
        for file in self._files:
            if start < file.size and stop > 0:
                yield file, max(start, 0), min(stop, file.size)
            start, stop = start - file.size, stop - file.size

    def read(self) -> bytes:
        """Return all bytes at once."""
        return b"".join(self.pieces())

    @property
    def sha256(self) -> str:
        """The hash of all bytes, in hexadecimal digits."""
        if len(self._files) == 1:
            return self._files[0].sha256
        digest = hashlib.sha256()
        for piece in self.pieces():
            digest.update(piece)
        return digest.hexdigest()


class Incoming:
    """A file that is being received, hashed on the way; a form parser writes to it.

    Raises the problems of a file larger than `max_bytes`, of a full disk, and of a project that
    uses more than `max_disk` bytes.
    """

    def __init__(self, path: Path, max_bytes: int, sizes: dict[Path, int], max_disk: int) -> None:
        self.size = 0
        self._path = path
        self._max_bytes = max_bytes
        self._sizes = sizes
        self._max_disk = max_disk
        self._forget = functools.partial(sizes.pop, path, None)
        self._hash = hashlib.sha256()
        self._file = path.open("xb", buffering=_BUFFER)
        self._kept = False

    def write(self, data: bytes) -> int:
        """Write the next bytes."""
        self.size += len(data)
        if self.size > self._max_bytes:
            raise problems.file_too_large()
        if self.size // _CHECK_EVERY != self._sizes[self._path] // _CHECK_EVERY:
            self._check_disk_usage()
        self._hash.update(data)
        with _storage_problems():
            return self._file.write(data)

    def seek(self, offset: int, whence: int = 0) -> int:
        """Do nothing: a form parser rewinds the file, but nothing reads it from here."""
        return offset

    def keep(self) -> StoredFile:
        """Return the complete file."""
        with _storage_problems():
            self._file.close()
        self._check_disk_usage()
        self._kept = True
        return StoredFile(self._path, self.size, self._hash.hexdigest(), self._forget)

    def discard(self) -> None:
        """Delete the file, unless it was kept."""
        if not self._kept:
            with contextlib.suppress(OSError):  # the disk may be too full to flush the buffer
                self._file.close()
            _delete(self._path, self._forget)

    def _check_disk_usage(self) -> None:
        self._sizes[self._path] = self.size
        if sum(self._sizes.copy().values()) > self._max_disk:
            detail = f"The setting max_disk allows {self._max_disk} bytes."
            raise problems.insufficient_storage(detail)


class Spool:
    """A project's folder of uploaded files, created for the first and deleted with the project."""

    def __init__(self) -> None:
        self._folder: Folder | None = None
        self._closed = False
        self._sizes: dict[Path, int] = {}
        self._numbers = itertools.count(1)
        self._lock = threading.Lock()

    @property
    def used(self) -> int:
        """The number of bytes on the disk."""
        return sum(self._sizes.copy().values())

    def receive(self, max_bytes: int, max_disk: int) -> Incoming:
        """Create a file of up to `max_bytes`; all files together may have `max_disk` bytes.

        Raises the problem of a project that is closed.
        """
        with self._lock:
            if self._closed:
                raise problems.insufficient_storage("The project is closed.")
            if self._folder is None or not Path(self._folder.name).is_dir():
                self._folder = new_folder()
            path = Path(self._folder.name, str(next(self._numbers)))
            self._sizes[path] = 0
            return Incoming(path, max_bytes, self._sizes, max_disk)

    def close(self) -> None:
        """Delete the folder with its files."""
        with self._lock:
            folder, self._folder, self._closed = self._folder, None, True
            self._sizes = {}
        if folder is not None:
            folder.remove()


def _read(spans: list[tuple[StoredFile, int, int]]) -> Iterator[bytes]:
    """Yield the bytes of the spans, and release each file before its last piece."""
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


def _delete(path: Path, forget: Callable[[], object]) -> None:
    path.unlink(missing_ok=True)
    forget()


@contextlib.contextmanager
def _storage_problems() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno in _DISK_IS_FULL:
            raise problems.insufficient_storage() from error
        raise
