"""However large a file is, none of it is held in memory: measured in a process of its own."""

from __future__ import annotations

import hashlib
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.uploads.client import MiB

KEY = "a-sandbox-key-of-my-own"
MAX_GROWTH = 64 * MiB
PIECE = bytes(range(256)) * 4096  # 1 MiB

pytestmark = pytest.mark.skipif(
    not Path("/proc/self/status").exists(), reason="the peak of another process is read from /proc"
)


class Served:
    """A running `apivideo-fake serve`, and how much memory it has ever had."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        assert process.stdout is not None
        url = process.stdout.readline().strip().removeprefix("listening on ")
        self.api = httpx.Client(base_url=url, auth=(KEY, ""), timeout=60)
        self._pid = process.pid

    @property
    def peak(self) -> int:
        status = Path(f"/proc/{self._pid}/status").read_text()
        match = re.search(r"VmHWM:\s+(\d+) kB", status)
        assert match
        return int(match[1]) * 1024

    def video(self) -> str:
        made: str = self.api.post("/videos", json={"title": "Large"}).json()["videoId"]
        return made

    def send(self, video: str, pieces: int, content_range: str | None = None) -> httpx.Response:
        """Upload so many mebibytes, which are not in this process's memory at once either."""
        head = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.mp4"\r\n\r\n'
        tail = b"\r\n--x--\r\n"
        headers = {
            "Content-Type": "multipart/form-data; boundary=x",
            "Content-Length": str(len(head) + pieces * MiB + len(tail)),
        }
        if content_range:
            headers["Content-Range"] = content_range

        def body() -> Iterator[bytes]:
            yield head
            for _ in range(pieces):
                yield PIECE
            yield tail

        return self.api.post(f"/videos/{video}/source", content=body(), headers=headers)


@pytest.fixture
def served() -> Iterator[Served]:
    command = [sys.executable, "-m", "fake_server", "serve", "--port", "0", "--sandbox-key", KEY]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        served = Served(process)
        with served.api:
            yield served
        process.terminate()


def test_one_file_of_200_mebibytes_goes_to_the_disk(served: Served) -> None:
    served.send(served.video(), 1)
    before = served.peak
    answer = served.send(served.video(), 200)
    assert answer.status_code == 201
    assert served.peak - before < MAX_GROWTH


@pytest.mark.soak
def test_a_gibibyte_in_pieces_goes_to_the_disk_and_comes_back(served: Served) -> None:
    served.send(served.video(), 1)
    before, video = served.peak, served.video()
    for number in range(1, 9):
        assert served.send(video, 128, f"part {number}/8").status_code == 201
    address = served.api.get(f"/videos/{video}").json()["assets"]["mp4"]
    sent, came = hashlib.sha256(), hashlib.sha256()
    for _ in range(1024):
        sent.update(PIECE)
    with served.api.stream("GET", address) as answer:
        for piece in answer.iter_bytes():
            came.update(piece)
    assert came.digest() == sent.digest()
    assert served.peak - before < MAX_GROWTH
