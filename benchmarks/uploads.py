"""Uploads: a large file to the fake, beside werkzeug's own form parser on the same host."""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from typing import TYPE_CHECKING

import urllib3
from werkzeug.wrappers import Request, Response

from benchmarks.measure import Meter, Rounds, paired
from benchmarks.report import Aim, Finding, by_ratio
from fake_server import ApiVideo, FakeServer
from fake_server.hosting import Host

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

MiB = 1024 * 1024
ROUNDS = 7
SPEED = Aim(0.7, least=True)
"""Less than 1, as the fake hashes what comes."""
_BOUNDARY = "boundary-of-the-form"
_PIECE = bytes(range(256)) * 4096


def run(rounds: Rounds) -> Iterator[Finding]:
    """One file of 200 MiB; then 400 MiB in pieces, which the other side takes as forms as well."""
    spawn = multiprocessing.get_context("spawn")
    with (
        FakeServer() as fake,
        fake.project() as apivideo,
        Host(_parsed, error_body=_plain, now=time.time) as stock,
        ProcessPoolExecutor(1, mp_context=spawn) as elsewhere,
    ):
        whole, parts = (20, 40) if rounds.quick else (200, 400)
        for size, count in ((whole, 1), (parts, 4)):
            url = f"{apivideo.url}/upload?token={apivideo.upload_tokens.add().token}"
            found = paired(
                _emptied(apivideo, _speed(elsewhere, url, size, count)),
                _speed(elsewhere, stock.url_for("/upload"), size, count),
                rounds.count(ROUNDS),
            )
            yield by_ratio(f"{size} MiB in {count} requests", found, SPEED, speed)


def speed(figure: float) -> str:
    """Bytes a second, in mebibytes."""
    return f"{figure / MiB:,.0f} MiB/s"


def _plain(status: int, detail: str) -> tuple[str, bytes]:
    return "text/plain", f"{status} {detail}".encode()


def _emptied(apivideo: ApiVideo, meter: Meter) -> Meter:
    """The same, and afterwards the disk is as it was."""

    def emptied() -> float:
        figure = meter()
        for video in apivideo.videos:
            del apivideo.videos[video.id]
        return figure

    return emptied


def _parsed(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    """Read the form as an application of werkzeug does that leaves it all to werkzeug."""
    with Request(environ) as request:
        (file,) = request.files.values()
        answer = Response(str(file.stream.seek(0, 2)))
        return answer(environ, start_response)


def _speed(elsewhere: ProcessPoolExecutor, url: str, size: int, count: int) -> Meter:
    return lambda: elsewhere.submit(send, url, size, count).result()


def send(url: str, size: int, count: int) -> float:
    """Send so many mebibytes in so many forms; returns bytes a second. Runs in another process."""
    head = (
        f"--{_BOUNDARY}\r\nContent-Disposition: form-data; name=file; filename=a.mp4\r\n\r\n"
    ).encode()
    tail = f"\r\n--{_BOUNDARY}--\r\n".encode()
    pieces = size // count
    headers = {
        "Content-Type": f"multipart/form-data; boundary={_BOUNDARY}",
        "Content-Length": str(len(head) + pieces * MiB + len(tail)),
    }
    begin = time.perf_counter()
    with urllib3.PoolManager() as pool:
        for number in range(1, count + 1):
            sent = {**headers, "Content-Range": f"part {number}/{count}"}
            body = (head, *[_PIECE] * pieces, tail)
            answer = pool.request("POST", url, body=iter(body), headers=sent)
            if answer.status >= 300:
                raise RuntimeError(f"{url} answered {answer.status}: {answer.data[:200]!r}")
    return size * MiB / (time.perf_counter() - begin)
