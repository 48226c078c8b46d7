"""Files that a run and the commands write: reports, baselines, settings."""

from __future__ import annotations

from pathlib import Path


class FileError(Exception):
    """Raised for a file that cannot be read or written; names the file and the reason."""


class NotWritableError(FileError):
    """Raised for a file that cannot be written."""


def write(path: Path, text: str, mode: str = "w") -> None:
    """Write a file and create its parent folders. Raises NotWritableError."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open(mode, encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        raise NotWritableError(f"cannot write {path}: {error.strerror or error}") from None


def check_writable(path: Path) -> None:
    """Raise NotWritableError if a file cannot be written; its content is not changed."""
    existed = path.exists()
    write(path, "", mode="a")
    if not existed:
        path.unlink()
