"""What time does, steered over HTTP: the same levers as in Python."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import httpx
import pytest

from pytest_apivideo import ApiVideo, WebhookReceiver

START = "2030-01-01T00:00:00Z"


def test_a_video_is_encoded_step_by_step(
    apivideo: ApiVideo, http: httpx.Client, api: httpx.Client
) -> None:
    video = apivideo.videos.add()
    path = f"/_fake/videos/{video.id}/encode"
    one = http.post(path, json={"type": "hls", "quality": "240p"}).json()["encoding"]
    assert [row["status"] for row in one["qualities"]] == ["encoded", "encoding", *["waiting"] * 3]
    failed = http.post(path, json={"type": "mp4", "failed": True}).json()["encoding"]
    assert failed["qualities"][-1]["status"] == "failed"
    rest = http.post(path).json()
    assert rest == api.get(f"/videos/{video.id}/status").json()
    assert [row["status"] for row in rest["encoding"]["qualities"]] == [*["encoded"] * 4, "failed"]


def test_a_broadcast_is_started_and_stopped(apivideo: ApiVideo, http: httpx.Client) -> None:
    stream = apivideo.live_streams.add()
    path = f"/_fake/live-streams/{stream.id}"
    assert http.post(f"{path}/start").json()["broadcasting"] is True
    recording = http.post(f"{path}/stop").json()
    assert recording["source"]["liveStream"]["liveStreamId"] == stream.id
    assert recording["videoId"] in apivideo.videos


def test_the_clock_lists_due_events(apivideo: ApiVideo, http: httpx.Client) -> None:
    apivideo.settings.encoding = 10
    stream = apivideo.live_streams.start(apivideo.live_streams.add())
    apivideo.clock.freeze(START)
    video = apivideo.live_streams.stop(stream)
    assert http.get("/_fake/clock").json()["due"] == [
        {"at": "2030-01-01T00:00:02+00:00", "name": "video.encoding", "subject": video.id}
    ]
    assert http.post("/_fake/clock", json={"advance": 10}).json()["due"] == []


@pytest.mark.apivideo(webhook_delivery="manual")
def test_webhooks_are_delivered_by_hand(
    apivideo: ApiVideo, http: httpx.Client, apivideo_webhooks: WebhookReceiver
) -> None:
    apivideo_webhooks.subscribe()
    for stream in apivideo.live_streams.add_many(2):
        apivideo.live_streams.start(stream)
    before = http.get("/_fake/webhooks/deliveries").json()["deliveries"]
    assert [one["state"] for one in before] == ["pending", "pending"]
    first, second = (one["deliveryId"] for one in before)
    named = {"deliveries": [second, first, second]}
    after = http.post("/_fake/webhooks/deliver", json=named).json()["deliveries"]
    assert [[one["status"] for one in row["attempts"]] for row in after] == [[200], [200, 200]]
    sent = [one.json for one in apivideo_webhooks.deliveries]
    assert sent == [after[1]["body"], after[0]["body"], after[1]["body"]]
    assert http.post("/_fake/webhooks/deliver").json()["deliveries"] == after


def test_calls_are_limited(apivideo: ApiVideo, http: httpx.Client, api: httpx.Client) -> None:
    apivideo.clock.freeze()
    limit = {"calls": "reads", "remaining": 1, "retryAfter": 7}
    assert http.post("/_fake/rate-limits", json=limit).json() == limit
    answers = [api.get("/videos") for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 429]
    assert answers[1].headers["X-RateLimit-Retry-After"] == "7"


@pytest.mark.parametrize(
    ("path", "body", "status", "words"),
    [
        (
            "videos/{video}/encode",
            {"type": "hls", "quality": "2160p"},
            400,
            "its renditions are: hls",
        ),
        ("videos/{video}/encode", {"quality": "721p"}, 400, "240p"),
        ("videos/nobody/encode", {}, 404, "could not be found"),
        ("live-streams/{stream}/stop", None, 400, "is not broadcasting"),
        ("live-streams/{broadcast}/start", None, 400, "is broadcasting already"),
        ("live-streams/nobody/start", None, 404, "could not be found"),
        ("webhooks/deliver", {"deliveries": ["nobody"]}, 400, "no delivery nobody"),
        ("webhooks/deliver", {"delivery": []}, 400, "delivery"),
        ("rate-limits", {"calls": "reads", "remaining": -1}, 400, "from 0, not -1"),
        ("rate-limits", {}, 400, "required"),
    ],
)
def test_the_refusal_of_an_invalid_request_names_valid_ones(
    apivideo: ApiVideo, http: httpx.Client, path: str, body: Any, status: int, words: str
) -> None:
    known = {
        "video": apivideo.videos.add().id,
        "stream": apivideo.live_streams.add().id,
        "broadcast": apivideo.live_streams.start(apivideo.live_streams.add()).id,
    }
    answer = http.post(f"/_fake/{path.format_map(known)}", json=body)
    assert answer.status_code == status
    assert words in answer.text


def test_a_served_fake_on_real_time_sends_webhooks_without_being_asked() -> None:
    """Its clock is made to run a thousand times faster, and then nobody calls it."""
    bodies: list[dict[str, Any]] = []
    all_came = threading.Event()

    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            bodies.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.end_headers()
            if len(bodies) == 5:
                all_came.set()

        def log_message(self, *arguments: object) -> None: ...

    command = [sys.executable, "-m", "fake_server", "serve", "--port", "0", "--sandbox-key", "k"]
    with (
        HTTPServer(("127.0.0.1", 0), Receiver) as receiver,
        subprocess.Popen([*command, "--encoding", "600"], stdout=subprocess.PIPE, text=True) as it,
    ):
        threading.Thread(target=receiver.serve_forever, args=(0.01,), daemon=True).start()
        assert it.stdout is not None
        url = it.stdout.readline().split()[-1]
        with httpx.Client(base_url=url, auth=("k", "")) as api:
            events = ["video.encoding.quality.completed"]
            hook = {"url": f"http://127.0.0.1:{receiver.server_port}", "events": events}
            assert api.post("/webhooks", json=hook).status_code == 201
            stream = api.post("/live-streams", json={"name": "A talk"}).json()["liveStreamId"]
            for step in ("start", "stop"):
                assert api.post(f"/_fake/live-streams/{stream}/{step}").status_code == 200
            assert bodies == []
            assert api.post("/_fake/clock", json={"resume": 10_000}).status_code == 200
        came = all_came.wait(30)
        it.terminate()
        it.wait(30)
        receiver.shutdown()
    assert came
    qualities = [one["quality"] for one in bodies]
    assert qualities == ["240p", "360p", "480p", "720p", "720p"]
