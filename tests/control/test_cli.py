"""`apivideo-fake` as a process of its own, used with curl as in api.video's guide."""

import json
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from fake_server.control import OPERATIONS as CONTROL
from fake_server.resources import OPERATIONS
from fake_server.settings import Settings

COMMAND = [sys.executable, "-m", "fake_server"]
KEY = "a-sandbox-key-of-my-own"


class Served:
    """A running `apivideo-fake serve` and what it printed."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self.process = process
        assert process.stdout is not None
        self.ready = process.stdout.readline().strip()
        self.generated = [process.stdout.readline().strip() for _ in range(2)]
        self.url = self.ready.removeprefix("listening on ")

    def curl(self, *arguments: str) -> tuple[int, dict[str, object]]:
        marks = ["--silent", "--write-out", "\n%{http_code}"]
        done = subprocess.run(
            ["curl", *marks, *arguments], capture_output=True, text=True, check=True, timeout=30
        )
        body, _, status = done.stdout.rpartition("\n")
        return int(status), json.loads(body) if body else {}


@pytest.fixture
def served() -> Iterator[Served]:
    process = subprocess.Popen(
        [*COMMAND, "serve", "--port", "0", "--sandbox-key", KEY],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with process:
        yield Served(process)
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=30)
        assert (out, err, process.returncode) == ("", "", 0)


def test_serve_prints_its_address_and_generated_keys(served: Served) -> None:
    assert re.fullmatch(r"listening on http://127\.0\.0\.1:\d+", served.ready)
    for line, kind in zip(served.generated, ("production", "admin"), strict=True):
        assert re.fullmatch(kind + r" key \w{43}", line)


def test_the_admin_api_takes_the_admin_key_that_was_made(served: Served) -> None:
    key = served.generated[1].removeprefix("admin key ")
    assert served.curl("--user", f"{key}:", f"{served.url}/projects")[0] == 200
    assert served.curl("--user", f"{KEY}:", f"{served.url}/projects")[0] == 401


def test_keys_that_are_given_are_used_and_not_shown() -> None:
    keys = ["--sandbox-key", KEY, "--production-key", "another-key", "--admin-key", "an-admin-key"]
    process = subprocess.Popen(
        [*COMMAND, "serve", "--port", "0", *keys],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with process:
        assert process.stdout is not None
        url = process.stdout.readline().strip().removeprefix("listening on ")
        done = subprocess.run(
            ["curl", "--silent", "--user", "an-admin-key:", f"{url}/projects"],
            capture_output=True,
            text=True,
            check=True,
            timeout=30,
        )
        process.send_signal(signal.SIGTERM)
        assert process.communicate(timeout=30) == ("", "")
    assert json.loads(done.stdout)["pagination"]["item_count"] == 1


def test_routes_lists_every_operation_and_settings_every_setting() -> None:
    routes = run("routes").stdout.splitlines()
    assert len(routes) == len(OPERATIONS) + len(CONTROL)
    assert any(re.match(r"POST +/auth/api-key +200 +\w", line) for line in routes)
    assert any(re.match(r"POST +/_fake/reset +200 +\w", line) for line in routes)
    settings = run("settings").stdout
    for name, default in Settings():
        assert f"{name} = {default!r}\n" in settings
    for field in Settings.model_fields.values():
        facts: Any = field.json_schema_extra
        assert f"    Source: {facts['origin']}: {facts['source']}\n" in settings


def test_the_commands_of_the_authentication_guide_work_with_curl(served: Served) -> None:
    url, curl = served.url, served.curl
    as_json = ["--header", "Content-Type: application/json"]
    assert curl("--user", f"{KEY}:", f"{url}/videos")[0] == 200

    status, token = curl(*as_json, "--data", json.dumps({"apiKey": KEY}), f"{url}/auth/api-key")
    assert (status, token["token_type"], token["expires_in"]) == (200, "Bearer", 3600)
    bare = f"Authorization: {token['access_token']}"
    bearer = f"Authorization: Bearer {token['access_token']}"
    assert curl("--header", bare, f"{url}/videos")[0] == 200
    assert curl("--header", bearer, f"{url}/videos")[0] == 200

    refresh = [
        "--data",
        json.dumps({"refreshToken": token["refresh_token"]}),
        f"{url}/auth/refresh",
    ]
    status, renewed = curl(*as_json, *refresh)
    assert (status, set(renewed)) == (200, set(token))
    status, problem = curl(*as_json, *refresh)
    assert (status, problem["title"]) == (401, "The refresh token is invalid.")

    assert curl("--data", '{"advance": 3601}', f"{url}/_fake/clock")[0] == 200
    status, problem = curl("--header", bearer, f"{url}/videos")
    assert (status, problem["title"]) == (401, "The access token is invalid or expired.")


def run(*arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run([*COMMAND, *arguments], capture_output=True, text=True, timeout=30)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--expires-in", "soon"], "the setting expires_in='soon' should be a valid number"),
        (["--expires", "60"], "No such option '--expires'"),
        (["--sandbox-key", "a", "--production-key", "a"], "another credential of this server"),
        (["--sandbox-key", " "], "an API key must be printable text"),
        (["--admin-key", "a:b"], "an admin key must be printable text without a colon"),
        (
            ["--sandbox-key", "a", "--admin-key", "a"],
            "another credential of this server has this value",
        ),
        (["--webhook-hosts", "5"], "the setting webhook_hosts=5 should be"),
        (["--port", "many"], "'many' is not a valid integer"),
    ],
)
def test_a_mistake_on_the_command_line_is_a_one_line_error(
    arguments: list[str], words: str
) -> None:
    done = run("serve", "--port", "0", *arguments)
    assert done.returncode == 2
    assert words in done.stderr
    assert "Traceback" not in done.stderr


def test_a_port_in_use_is_an_error_with_a_remedy() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        done = run("serve", "--port", str(taken.getsockname()[1]))
    assert done.returncode == 1
    assert re.search(r"cannot listen on 127.0.0.1:\d+: .*Choose another --port", done.stderr)
    assert "Traceback" not in done.stderr


def test_without_the_extra_the_error_names_the_package() -> None:
    script = (
        "import sys; sys.modules['click'] = None; from fake_server.__main__ import main; main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=30
    )
    assert done.returncode == 1
    assert done.stderr == "apivideo-fake needs the extra cli: pip install 'pytest-apivideo[cli]'\n"
