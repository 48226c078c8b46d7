"""`verify`: what a report says of the defaults that no source settles; `serve --config`."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

import httpx
import pytest
from click.testing import CliRunner

from fake_server.cli import cli
from fake_server.settings import Settings
from pytest_apivideo.drift.verify import verify
from tests.contract.reports import answer, report


def run(*arguments: str) -> Any:
    return CliRunner().invoke(cli, ["verify", *arguments], catch_exceptions=False)


@pytest.fixture
def seen(tmp_path: Path) -> Path:
    """Write a report of a sandbox that confirms one default and contradicts three."""
    settings: dict[str, Any] = {
        "allow_bare_token": True,
        "allow_api_key_as_bearer": False,
        "auth_errors": "spec",
        "rotate_refresh": False,
    }
    path = tmp_path / "sandbox.json"
    made = report(answer(), target="sandbox", address="https://sandbox.api.video", **settings)
    path.write_text(json.dumps(made))
    return path


def test_defaults_are_confirmed_contradicted_or_not_seen(seen: Path) -> None:
    done = run(str(seen))
    assert done.exit_code == 1
    assert "allow_bare_token: confirmed (default True, seen) (test_videos::test_it)" in done.output
    assert "auth_errors: contradicted (default 'docs', seen, seen 'spec')" in done.output
    assert "rotate_refresh: contradicted (default True, documented, seen False)" in done.output
    assert "revoke_on_login: not seen (default False, chosen)" in done.output
    assert "confirmed: 1, contradicted: 3, of 14 defaults" in done.output
    assert "https://sandbox.api.video, on 2026-11-24T08:00:00+00:00\n" in done.output
    assert "proves nothing" not in done.output


def test_it_ends_with_a_text_to_paste_without_values(seen: Path) -> None:
    text = run(str(seen)).output.partition("To paste into a report (without values and keys):\n")[2]
    assert text.splitlines() == [
        f"  pytest-apivideo {version('pytest-apivideo')}, sandbox.api.video, 2026-11-24",
        "  agrees: 1 (allow_bare_token)",
        "  differs: 3 (rotate_refresh, auth_errors, allow_api_key_as_bearer)",
        "  seen both ways: 0",
        "  invalid: 0",
        "  not seen: 6 (revoke_access_on_refresh, revoke_on_login, problem_content_type, "
        "www_authenticate, unknown_fields, empty_ingest)",
        "  not observable: 4 (refresh_expires_in, clock_skew, webhook_limit, webhook_timeout)",
    ]


@pytest.mark.parametrize(
    ("target", "address", "words"),
    [
        ("fake", None, "the fake, on"),
        ("fake", "http://127.0.0.1:8765", "the fake at http://127.0.0.1:8765, on"),
        ("sandbox", "https://127.0.0.1:8991", "in place of the sandbox at https://127.0.0.1:8991,"),
        ("sandbox", "https://sandbox.api.video.example", "at https://sandbox.api.video.example,"),
    ],
)
def test_only_a_report_of_the_sandbox_proves_defaults(
    tmp_path: Path, target: str, address: str | None, words: str
) -> None:
    settings: dict[str, Any] = {"allow_bare_token": True, "rotate_refresh": False}
    made = report(answer(), target=target, address=address, **settings)
    (tmp_path / "a.json").write_text(json.dumps(made))
    done = run(str(tmp_path / "a.json"))
    assert (done.exit_code, words in done.output) == (1, True)
    assert "This proves nothing about api.video" in done.output.splitlines()[1]
    assert "allow_bare_token: agrees (default True, seen) (test_videos::test_it)" in done.output
    assert "rotate_refresh: differs (default True, documented, seen False)" in done.output
    assert "agrees: 1, differs: 1, of 14 defaults" in done.output
    assert "confirm" not in done.output
    assert "contradict" not in done.output


def test_settings_that_the_suite_cannot_observe_are_listed_separately(seen: Path) -> None:
    output = run(str(seen)).output
    never = ("refresh_expires_in", "clock_skew", "webhook_limit", "webhook_timeout")
    for name in never:
        assert f"{name}: the suite cannot observe this on a sandbox (default" in output
    assert "unknown_fields: not seen (default" in output


def test_settings_are_written_with_their_folder_or_refused_in_a_line(
    seen: Path, tmp_path: Path
) -> None:
    path = tmp_path / "new" / "folder" / "settings.toml"
    assert run(str(seen), "--write", str(path)).exit_code == 1
    assert path.read_text().startswith(
        "# Settings that differ from the fake's defaults, observed on https://sandbox.api.video."
    )
    done = run(str(seen), "--write", str(path / "in-a-file.toml"))
    assert done.exit_code == 1
    assert done.stderr.startswith(f"Error: cannot write {path}/in-a-file.toml: ")


def test_the_settings_that_match_are_loaded_by_serve(seen: Path, tmp_path: Path) -> None:
    config = tmp_path / "sandbox.toml"
    assert run(str(seen), "--write", str(config)).exit_code == 1
    command = [sys.executable, "-m", "fake_server", "serve", "--port", "0"]
    with subprocess.Popen(
        [*command, "--config", str(config), "--expires-in", "60"], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        url = process.stdout.readline().removeprefix("listening on ").strip()
        key = process.stdout.readline().split()[-1]
        refused = httpx.post(f"{url}/auth/api-key", json={"apiKey": "nobody"})
        given = httpx.post(f"{url}/auth/api-key", json={"apiKey": key}).json()
        process.terminate()
    assert refused.status_code == 400  # auth_errors = "spec"
    assert given["expires_in"] == 60


@pytest.mark.parametrize(
    ("text", "words"),
    [("expire_in = 60\n", "there is no setting 'expire_in'"), ("expires_in", "settings.toml")],
)
def test_an_invalid_settings_file_is_a_one_line_error(
    tmp_path: Path, text: str, words: str
) -> None:
    path = tmp_path / "settings.toml"
    path.write_text(text)
    done = CliRunner().invoke(cli, ["serve", "--config", str(path)])
    assert (done.exit_code, words in done.output) == (2, True)


def test_contradictory_observations_are_reported_and_not_written(tmp_path: Path) -> None:
    made = report(answer(), target="sandbox", auth_errors="docs")
    checks = made["targets"]["sandbox"]["checks"]
    checks["test_b::test_b"] = {
        "outcome": "passed",
        "seen": [],
        "settings": {"auth_errors": ["spec"]},
    }
    (finding,) = [one for one in verify(made).findings if one.setting == "auth_errors"]
    assert finding.verdict == "both ways"
    (tmp_path / "a.json").write_text(json.dumps(made))
    run(str(tmp_path / "a.json"), "--write", str(tmp_path / "a.toml"))
    assert "auth_errors" not in (tmp_path / "a.toml").read_text()


@pytest.mark.parametrize("outcome", ["failed", "inconclusive"])
def test_observations_of_failed_tests_are_ignored(tmp_path: Path, outcome: str) -> None:
    made = report(answer(), target="sandbox", outcome=outcome, rotate_refresh=False)
    (tmp_path / "a.json").write_text(json.dumps(made))
    done = run(str(tmp_path / "a.json"), "--write", str(tmp_path / "a.toml"))
    assert done.exit_code == 0
    assert "ignored, because the test failed or was inconclusive: 1\n" in done.output
    assert "rotate_refresh: not seen" in done.output
    assert "rotate_refresh" not in (tmp_path / "a.toml").read_text()


def test_contradictory_observations_of_one_test_are_reported() -> None:
    made = report(answer(), target="sandbox")
    checks = made["targets"]["sandbox"]["checks"]
    checks["test_videos::test_it"]["settings"] = {"auth_errors": ["docs", "spec"]}
    (finding,) = [one for one in verify(made).findings if one.setting == "auth_errors"]
    assert (finding.verdict, finding.checks) == ("both ways", ("test_videos::test_it",))


@pytest.mark.parametrize(
    ("name", "value"),
    [("rotate_refresh", None), ("rotate_refresh", 0), ("auth_errors", "zzz"), ("clock_skew", -1)],
)
def test_an_invalid_value_is_reported_and_not_written(
    tmp_path: Path, name: str, value: Any
) -> None:
    made = report(answer(), target="sandbox", **{name: value})
    (tmp_path / "a.json").write_text(json.dumps(made))
    done = run(str(tmp_path / "a.json"), "--write", str(tmp_path / "a.toml"))
    words = "left out, because the setting does not accept the value (default"
    assert f"{name}: {words}" in done.output
    assert f"seen {value!r}) (test_videos::test_it)" in done.output
    assert name not in (tmp_path / "a.toml").read_text()


def test_an_invalid_report_is_a_one_line_error(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text("{}")
    done = run(str(tmp_path / "a.json"))
    assert (done.exit_code, "is not a report" in done.output) == (1, True)


def test_the_contract_asks_about_every_default_that_a_client_s_path_depends_on() -> None:
    import pytest_apivideo.contract as contract

    source = "\n".join(path.read_text() for path in Path(contract.__file__).parent.glob("*.py"))
    asked = {name for name in Settings.model_fields if f'found("{name}"' in source}
    assert {
        "allow_api_key_as_bearer",
        "allow_bare_token",
        "auth_errors",
        "clock_skew",
        "empty_ingest",
        "problem_content_type",
        "revoke_access_on_refresh",
        "revoke_on_login",
        "rotate_refresh",
        "unknown_fields",
        "www_authenticate",
    } <= asked
