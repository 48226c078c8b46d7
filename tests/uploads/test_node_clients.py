"""api.video's Node client and its browser uploader, as they come from their registry.

The uploader speaks https only, so the fake does too.
"""

from __future__ import annotations

import functools
import json
import os
import shutil
import ssl
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
import trustme

from pytest_apivideo import ApiVideo, FakeServer
from tests.uploads.client import MiB

FOLDER = Path(__file__).parents[1] / "node"
INSTALLED = (FOLDER / "node_modules" / "@api.video").is_dir() and shutil.which("node") is not None

pytestmark = pytest.mark.skipif(
    not INSTALLED, reason="api.video's clients for Node are not there: `make node` installs them"
)


@dataclass
class Node:
    """Runs one of the clients in a process of its own."""

    apivideo: ApiVideo
    folder: Path
    authority: Path
    file: Path

    def run(self, client: str, way: str, **options: Any) -> list[dict[str, Any]]:
        """Run a client that must succeed, and return the answers that it got."""
        told = self.tried(client, way, **options)
        assert "error" not in told, told["error"]
        answers: list[dict[str, Any]] = told["answers"]
        return answers

    def tried(self, client: str, way: str, **options: Any) -> dict[str, Any]:
        """Run a client and return its output."""
        url = self.apivideo.url
        given = {
            "client": client,
            "way": way,
            "file": str(self.file),
            "baseUri": url,
            "origin": url,
            "apiHost": url.removeprefix("https://"),
            **options,
        }
        command = ["node", str(FOLDER / "upload.cjs"), json.dumps(given)]
        env = {**os.environ, "NODE_EXTRA_CA_CERTS": str(self.authority)}
        ran = subprocess.run(command, env=env, capture_output=True, timeout=100, check=False)
        assert ran.stdout, ran.stderr.decode()
        told: dict[str, Any] = json.loads(ran.stdout)
        return told


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def node(authority: trustme.CA, tmp_path: Path) -> Iterator[Node]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1", "localhost").configure_cert(context)
    pem = tmp_path / "authority.pem"
    authority.cert_pem.write_to_path(pem)
    file = tmp_path / "holiday.mp4"
    file.write_bytes(os.urandom(12 * MiB))
    with FakeServer(ssl_context=context) as server, server.project() as apivideo:
        yield Node(apivideo, tmp_path, pem, file)


def stored(node: Node, video_id: str) -> bytes:
    """Download the MP4 of a video, as a viewer does."""
    context = ssl.create_default_context(cafile=node.authority)
    get = functools.partial(httpx.get, verify=context)
    return get(f"{node.apivideo.url}/vod/{video_id}/mp4/source.mp4").content


def ranges(node: Node) -> list[str | None]:
    """Return the Content-Range of each upload."""
    posts = [call for call in node.apivideo.calls if call.method == "POST"]
    return [
        call.headers.get("Content-Range")
        for call in posts
        if call.path.endswith(("/source", "/upload"))
    ]


@pytest.mark.parametrize(
    ("chunk_size", "sent"),
    [(50 * MiB, [None]), (5 * MiB, ["part 1/3", "part 2/3", "part 3/3"])],
)
def test_the_node_client_uploads_a_file(node: Node, chunk_size: int, sent: list[Any]) -> None:
    video = node.apivideo.videos.add()
    key = node.apivideo.api_key
    (answer,) = node.run("node", "source", apiKey=key, videoId=video.id, chunkSize=chunk_size)
    assert answer["videoId"] == video.id
    assert ranges(node) == sent
    assert stored(node, video.id) == node.file.read_bytes()


def test_the_node_client_uploads_progressively(node: Node) -> None:
    video = node.apivideo.videos.add()
    key = node.apivideo.api_key
    first, last = node.run("node", "progressive", apiKey=key, videoId=video.id)
    assert ranges(node) == ["part 1/*", "part 2/2"]
    assert (first["videoId"], last["videoId"]) == (video.id, video.id)
    assert stored(node, video.id) == node.file.read_bytes()


def test_the_node_client_uploads_with_a_token(node: Node) -> None:
    token = node.apivideo.upload_tokens.add().token
    (answer,) = node.run("node", "delegated", uploadToken=token)
    assert answer["title"] == "holiday.mp4"
    assert stored(node, answer["videoId"]) == node.file.read_bytes()


def test_the_node_client_makes_a_video_of_each_chunk_with_a_token(node: Node) -> None:
    token = node.apivideo.upload_tokens.add().token
    node.run("node", "delegated", uploadToken=token, chunkSize=5 * MiB)
    assert ranges(node) == ["part 1/3", "part 2/3", "part 3/3"]
    assert len(node.apivideo.videos) == 3  # as with the real service: its issue 216


def test_the_node_client_uploads_progressively_with_a_token(node: Node) -> None:
    token = node.apivideo.upload_tokens.add().token
    first, last = node.run("node", "delegated progressive", uploadToken=token)
    assert first["videoId"] == last["videoId"]
    assert stored(node, last["videoId"]) == node.file.read_bytes()


def test_the_node_client_shows_a_refusal(node: Node) -> None:
    told = node.tried("node", "source", apiKey=node.apivideo.api_key, videoId="viUnknown")
    assert "could not be found" in json.dumps(told["error"])


@pytest.mark.parametrize("chunk_size", [50 * MiB, 5 * MiB])
@pytest.mark.parametrize("credential", ["upload token", "API key", "access token"])
def test_the_browser_uploader_uploads_a_file(node: Node, credential: str, chunk_size: int) -> None:
    apivideo = node.apivideo
    chosen: dict[str, dict[str, str]] = {
        "upload token": {"uploadToken": apivideo.upload_tokens.add().token},
        "API key": {"apiKey": apivideo.api_key, "videoId": apivideo.videos.add().id},
        "access token": {
            "accessToken": apivideo.tokens.issue().access_token,
            "videoId": apivideo.videos.add().id,
        },
    }
    count = len(apivideo.videos)
    (answer,) = node.run("browser", "file", chunkSize=chunk_size, **chosen[credential])
    assert stored(node, answer["videoId"]) == node.file.read_bytes()
    assert len(apivideo.videos) == count + (credential == "upload token")
    parts = 3 if chunk_size == 5 * MiB else 1
    assert ranges(node) == [f"part {n}/{parts}" for n in range(1, parts + 1)]


def test_the_browser_uploader_refreshes_an_expired_token(node: Node) -> None:
    apivideo = node.apivideo
    grant, video = apivideo.tokens.issue(), apivideo.videos.add()
    apivideo.clock.advance_to_expiry()
    tokens = {"accessToken": grant.access_token, "refreshToken": grant.refresh_token}
    node.run("browser", "file", videoId=video.id, **tokens)
    assert stored(node, video.id) == node.file.read_bytes()
    posts = [str(call) for call in apivideo.calls if call.method == "POST"]
    assert posts == [
        "POST /videos/{videoId}/source -> 401",
        "POST /auth/refresh -> 200",
        "POST /videos/{videoId}/source -> 201",
    ]


def test_the_browser_uploader_uploads_progressively(node: Node) -> None:
    token = node.apivideo.upload_tokens.add().token
    (answer,) = node.run("browser", "progressive", uploadToken=token)
    assert ranges(node)[-1] == "part 2/2"
    assert stored(node, answer["videoId"]) == node.file.read_bytes()


def test_the_browser_uploader_sees_when_a_video_can_be_played(node: Node) -> None:
    token = node.apivideo.upload_tokens.add().token
    (answer,) = node.run("browser", "until playable", uploadToken=token)
    assert answer["assets"]["hls"].endswith("/hls/manifest.m3u8")
