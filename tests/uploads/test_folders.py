"""The folders of received files: gone with their process, also if that was killed."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from fake_server.core import folders

MAKE = """
import os, sys
from fake_server.core.folders import new_folder
folder = new_folder()
print(folder.name, flush=True)
{then}
"""


def made(then: str, tmp_path: Path, *, ask: bool = False) -> subprocess.Popen[str]:
    env = {**os.environ, "TMPDIR": str(tmp_path)}
    command = [sys.executable, "-c", MAKE.format(then=then)]
    return subprocess.Popen(
        command, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )


def name_of(process: subprocess.Popen[str]) -> Path:
    assert process.stdout is not None
    return Path(process.stdout.readline().strip())


def test_a_folder_goes_with_its_process(tmp_path: Path) -> None:
    with made("pass", tmp_path) as process:
        name = name_of(process)
    assert not name.exists()


def test_the_folder_of_a_killed_process_goes_with_the_next(tmp_path: Path) -> None:
    with made("os._exit(1)", tmp_path) as killed:
        left = name_of(killed)
    assert left.is_dir()
    with made("sys.stdin.read()", tmp_path) as living:
        name = name_of(living)
        assert not left.exists()
        with made("pass", tmp_path) as third:
            assert name_of(third) != name
        assert name.is_dir()  # somebody has it
        living.communicate()


def test_other_folders_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    other = tmp_path / "apivideo-of-mine"
    other.mkdir()
    folders._sweep.__wrapped__()
    assert other.is_dir()
