"""The files that a run and the commands write for their user: reports, baselines, settings."""

from __future__ import annotations

from pathlib import Path


class NotWritableError(Exception):
    """A file cannot be written; says which, and why."""


def write(path: Path, text: str) -> None:
    """Write a file, and make its folder if there is none; raises NotWritableError."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise _not_writable(path, error) from None


def check_writable(path: Path) -> None:
    """Raise NotWritableError if `write` could not write this file; what is in it stays."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        was_there = path.exists()
        path.open("ab").close()
        if not was_there:
            path.unlink()
    except OSError as error:
        raise _not_writable(path, error) from None


def _not_writable(path: Path, error: OSError) -> NotWritableError:
    return NotWritableError(f"cannot write {path}: {error.strerror or error}")
