"""The contract suite on an implementation that is not ours: Prism, serving the description."""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from pytest_apivideo.drift.compare import KINDS
from pytest_apivideo.targets import KEY_VARIABLE
from tests.description import folder, needs_description

PRISM = "@stoplight/prism-cli@5"
CONTRACT = [sys.executable, "-m", "fake_server", "contract", "-p", "no:cacheprovider", "-q"]

pytestmark = [
    pytest.mark.soak,
    pytest.mark.timeout(900),
    needs_description,
    pytest.mark.skipif(shutil.which("npm") is None, reason="npm is not installed"),
]


@pytest.fixture
def prism(tmp_path: Path) -> Iterator[str]:
    """The address of a Prism that serves the description, which it reads without its security.

    The description lets Basic in and nothing else, and Prism would refuse every bearer.
    """
    install = ["npm", "install", "--silent", "--no-audit", "--no-fund", "--no-package-lock"]
    done = subprocess.run([*install, "--prefix", str(tmp_path / "node"), PRISM], timeout=300)
    if done.returncode != 0:
        pytest.skip("npm could not install Prism")
    source = folder()
    assert source is not None
    described = yaml.load((source / "openapi.yaml").read_text(), Loader=yaml.CSafeLoader)
    (tmp_path / "openapi.json").write_text(json.dumps(_without_security(described)))
    port = _free_port()
    command = [str(tmp_path / "node/node_modules/.bin/prism"), "mock", "--port", str(port)]
    with subprocess.Popen(
        [*command, str(tmp_path / "openapi.json")], stdout=subprocess.DEVNULL
    ) as process:
        url = f"http://127.0.0.1:{port}"
        _wait_for(url)
        yield url
        process.terminate()


def test_the_run_ends_in_order_and_drift_explains_the_differences(
    prism: str, tmp_path: Path
) -> None:
    there, here = tmp_path / "prism.json", tmp_path / "fake.json"
    ledgers = tmp_path / "ledgers"
    environment = {
        **os.environ,
        KEY_VARIABLE: "any-key-will-do",
        "APIVIDEO_LEDGER_DIR": str(ledgers),
    }
    target = ["--apivideo-target=sandbox", f"--apivideo-base-url={prism}"]
    done = subprocess.run(
        [*CONTRACT, *target, f"--apivideo-report={there}"],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        timeout=400,
    )
    counts = re.search(r"(\d+) failed, (\d+) passed, (\d+) skipped", done.stdout)
    assert done.returncode == 1, done.stdout
    assert counts is not None, done.stdout
    assert min(map(int, counts.groups())) > 5
    assert "INTERNALERROR" not in done.stdout
    assert "answered as created, but it neither carries the mark of the run" in done.stdout
    assert list(ledgers.glob("*")) == []

    subprocess.run([*CONTRACT, f"--apivideo-report={here}"], cwd=tmp_path, check=True, timeout=400)
    drift = subprocess.run(
        [
            sys.executable,
            "-m",
            "fake_server",
            "drift",
            str(here),
            str(there),
            "--format",
            "json",
            "--openapi",
            str(tmp_path / "openapi.json"),
        ],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert drift.returncode == 1, drift.stderr
    found: list[dict[str, Any]] = json.loads(drift.stdout)["drift"]
    kinds = Counter(one["kind"] for one in found)
    print(f"{done.stdout.splitlines()[-1]}\n{kinds}")
    assert set(kinds) <= set(KINDS)
    assert kinds["must"] > 5
    assert all(one["operation"] for one in found if one["kind"] in ("type", "missing", "extra"))
    failed = int(counts[1])
    explained = {check for one in found if one["new"] for check in one["checks"]}
    assert len(explained) >= failed


def _without_security(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_security(one) for key, one in value.items() if key != "security"}
    return [_without_security(one) for one in value] if isinstance(value, list) else value


def _free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def _wait_for(url: str) -> None:
    for _ in range(300):
        try:
            httpx.get(f"{url}/videos")
        except httpx.TransportError:
            time.sleep(0.1)  # of a process that is not ours, which says nowhere that it is ready
        else:
            return
    pytest.fail("Prism did not start")
