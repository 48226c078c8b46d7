"""pytest in a process of its own, with no plugin but those that are named."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory


@contextmanager
def empty_folder() -> Iterator[Path]:
    """A folder with nothing in it but an empty pytest configuration."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "pytest.ini").write_text("[pytest]\n")
        yield folder


def pytest(folder: Path, *arguments: str, python: tuple[str, ...] = (), succeeds: int = 0) -> str:
    """Run pytest in a folder and return what it wrote; raises if it ends unlike `succeeds`."""
    command = [sys.executable, *python, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    done = subprocess.run(
        [*command, *arguments],
        cwd=folder,
        env={**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTEST_ADDOPTS": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != succeeds:
        raise RuntimeError(f"{' '.join(command)} failed:\n{done.stdout}\n{done.stderr}")
    return done.stdout + done.stderr


def processor_seconds_of(folder: Path, *arguments: str) -> float:
    """How long a whole run keeps the processor busy: steadier than its duration."""
    before = os.times()
    pytest(folder, *arguments)
    after = os.times()
    user = after.children_user - before.children_user
    return user + after.children_system - before.children_system


def seconds_of(folder: Path, *arguments: str, succeeds: int = 0) -> float:
    """How long a whole run takes, the start of Python included."""
    begin = time.perf_counter()
    pytest(folder, *arguments, succeeds=succeeds)
    return time.perf_counter() - begin
