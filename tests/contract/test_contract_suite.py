"""The contract suite on the fake: in the process, and over the network as on a sandbox."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from fake_server import Settings
from pytest_apivideo.drift.compare import compare
from pytest_apivideo.drift.report import read
from pytest_apivideo.drift.verify import SEEN_ON_A_SANDBOX
from pytest_apivideo.options import KEY_VARIABLE, NO_KEY

KEY = "a-sandbox-key-of-the-contract"
SERVE = [sys.executable, "-m", "fake_server", "serve", "--port", "0", "--sandbox-key", KEY]
CONTRACT = [sys.executable, "-m", "fake_server", "contract", "-p", "no:cacheprovider", "-q"]
SURE = ("must", "setting", "status", "problem", "header", "type")
"""Kinds of drift that cannot come from what else is on an account."""

NEED_THE_FAKE = 10  # tests that need a clock or a key of the other environment

Contract = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def served(tmp_path: Path) -> Iterator[str]:
    """Start a server with TLS; the certificate to trust is `ca.pem`."""
    command = [*SERVE, "--tls", "--ca-file", str(tmp_path / "ca.pem")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        url = process.stdout.readline().removeprefix("listening on ").strip()
        assert process.stdout.readline().endswith("ca.pem\n")
        yield url
        process.terminate()
        assert process.wait(30) == 0


@pytest.fixture
def contract(served: str, tmp_path: Path) -> Contract:
    """Return a function that starts the contract on the server, as on a sandbox."""
    environment = {
        **os.environ,
        KEY_VARIABLE: KEY,
        "SSL_CERT_FILE": str(tmp_path / "ca.pem"),
        "APIVIDEO_LEDGER_DIR": str(tmp_path / "ledgers"),
    }
    target = ["--apivideo-target=sandbox", f"--apivideo-base-url={served}"]

    def start(*arguments: str) -> subprocess.Popen[str]:
        command = [*CONTRACT, *target, "--apivideo-require-sandbox", *arguments]
        return subprocess.Popen(
            command, cwd=tmp_path, env=environment, stdout=subprocess.PIPE, text=True
        )

    return start


def told(process: subprocess.Popen[str]) -> tuple[int, int]:
    """Return the numbers of passed and skipped tests; fail for any other outcome."""
    output, _ = process.communicate(timeout=240)
    found = re.search(r"(\d+) passed, (\d+) skipped", output)
    assert process.returncode == 0, output
    assert found is not None, output
    assert "left nothing behind" in output
    assert KEY not in output
    return int(found[1]), int(found[2])


@pytest.mark.timeout(300)
def test_it_passes_with_tls_with_workers_and_in_two_runs_at_once(
    served: str, contract: Contract, tmp_path: Path
) -> None:
    assert served.startswith("https://")
    here = tmp_path / "fake.json"
    many = contract("-n", "4", f"--apivideo-report={tmp_path / 'many.json'}")
    alone = contract(f"--apivideo-report={tmp_path / 'alone.json'}")
    fake = subprocess.run(
        [*CONTRACT, f"--apivideo-report={here}"], cwd=tmp_path, capture_output=True, timeout=240
    )
    assert fake.returncode == 0, fake.stdout
    results = told(many), told(alone)
    assert results[0] == results[1]
    assert results[0][0] > 200
    assert results[0][1] == NEED_THE_FAKE

    for collection in ("videos", "live-streams", "players", "webhooks", "watermarks"):
        with httpx.Client(base_url=served.replace("https", "http"), auth=(KEY, "")) as client:
            page = client.get(f"/{collection}").json()
        assert page["pagination"]["itemsTotal"] == 0, collection
    assert list((tmp_path / "ledgers").iterdir()) == []

    reports = [read(tmp_path / name) for name in ("many.json", "alone.json", "fake.json")]
    for one, other in ((reports[0], reports[1]), (reports[2], reports[1])):
        assert [drift for drift in compare(one, other) if drift.kind in SURE] == []
    found = (one["settings"] for one in reports[1]["targets"]["sandbox"]["checks"].values())
    answered = {name for settings in found for name in settings}
    assert answered & set(Settings.model_fields) == SEEN_ON_A_SANDBOX


def test_a_report_contains_no_credential(tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    command = [*CONTRACT, "-k", "authentication or upload_tokens", f"--apivideo-report={path}"]
    subprocess.run(command, cwd=tmp_path, capture_output=True, timeout=240, check=True)
    text = path.read_text()
    assert "def50200" not in text
    assert not re.search(r'": "eyJ', text)
    assert not re.search(r'"to[0-9A-Za-z]{21,22}"', text)
    report = json.loads(text)
    assert report["targets"]["fake"]["address"] is None
    assert len(report["targets"]["fake"]["checks"]) > 70


def test_every_case_has_a_descriptive_id(tmp_path: Path) -> None:
    command = [*CONTRACT, "--collect-only"]
    output = subprocess.check_output(command, cwd=tmp_path, text=True, timeout=240)
    cases = re.findall(r"::(\w+\[.*\])$", output, re.MULTILINE)
    assert len(cases) > 50
    assert [case for case in cases if re.search(r"[\[-]([A-Za-z_]+\d+)?[-\]]", case)] == []


@pytest.mark.parametrize("target", ["sandbox", "both"])
def test_without_the_key_no_test_runs(
    tmp_path: Path, target: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(KEY_VARIABLE, raising=False)
    command = [*CONTRACT, f"--apivideo-target={target}"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert done.returncode == pytest.ExitCode.USAGE_ERROR
    assert f"ERROR: {NO_KEY}\n" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "by"),
    [
        (["--pyargs", "pytest_apivideo.contract"], "pytest_apivideo.contract"),
        (["--apivideo-target=sandbox"], "--apivideo-target"),
    ],
    ids=["the contract", "the sandbox"],
)
def test_without_the_extra_the_error_names_the_package(
    suite: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, arguments: list[str], by: str
) -> None:
    suite.makepyfile(no_httpx="import sys; sys.modules['httpx'] = None")
    monkeypatch.setenv("PYTHONPATH", str(suite.path))
    done = suite.runpytest_subprocess("-p", "no_httpx", *arguments)
    assert done.ret == pytest.ExitCode.USAGE_ERROR
    words = f"ERROR: {by} needs the extra contract: pip install 'pytest-apivideo[[]contract]'"
    done.stderr.fnmatch_lines([words])
    done.stderr.no_fnmatch_line("Traceback*")
