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
from pytest_apivideo.options import KEY_VARIABLE
from tests.description import folder, needs_description

PRISM = Path(__file__).parents[1] / "node" / "node_modules" / ".bin" / "prism"
COMMAND = [sys.executable, "-m", "fake_server"]
CONTRACT = [*COMMAND, "contract", "-p", "no:cacheprovider", "-q"]
SHORT = ["-k", "authentication or watermarks"]
"""Of the suite what takes a few seconds; `make soak` runs all of it."""

pytestmark = [
    pytest.mark.timeout(900),
    needs_description,
    pytest.mark.skipif(
        not PRISM.exists() or shutil.which("node") is None,
        reason="Prism is not there: `make node` installs it",
    ),
]


@pytest.fixture
def prism(tmp_path: Path) -> Iterator[str]:
    """Start Prism with the description without its security schemes; provide the address.

    The description allows Basic only, so Prism would refuse every bearer token.
    """
    source = folder()
    assert source is not None
    described = yaml.load((source / "openapi.yaml").read_text(), Loader=yaml.CSafeLoader)
    (tmp_path / "openapi.json").write_text(json.dumps(_without_security(described)))
    port = _free_port()
    command = [str(PRISM), "mock", "--port", str(port), str(tmp_path / "openapi.json")]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        url = f"http://127.0.0.1:{port}"
        _wait_for(url)
        yield url
        process.terminate()


@pytest.mark.parametrize(
    "chosen", [SHORT, pytest.param([], marks=pytest.mark.soak)], ids=["a part", "all"]
)
def test_the_run_ends_in_order_and_drift_explains_the_differences(
    prism: str, tmp_path: Path, chosen: list[str]
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
        [*CONTRACT, *chosen, *target, f"--apivideo-report={there}"],
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
    assert all(one.endswith("so it is left alone") for one in left_behind(done.stdout))
    assert list(ledgers.glob("*")) == []

    on_the_fake = [*CONTRACT, *chosen, f"--apivideo-report={here}"]
    subprocess.run(on_the_fake, cwd=tmp_path, check=True, timeout=400)
    description = ["--openapi", str(tmp_path / "openapi.json")]
    drift = subprocess.run(
        [*COMMAND, "drift", str(here), str(there), "--format", "json", *description],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (drift.returncode, drift.stderr) == (1, "")
    found: list[dict[str, Any]] = json.loads(drift.stdout)["drift"]
    kinds = Counter(one["kind"] for one in found)
    assert set(kinds) <= set(KINDS)
    assert kinds["must"] > 5
    assert all(one["operation"] for one in found if one["kind"] in ("type", "missing", "extra"))
    explained = {check for one in found if one["new"] for check in one["checks"]}
    failed = {check for one in found if one["kind"] == "must" for check in one["checks"]}
    assert len(explained) >= len(failed) >= int(counts[1])


def left_behind(output: str) -> list[str]:
    """Return the resources that the run reports as left; Prism invents them in its answers."""
    if "left nothing behind" in output:
        return []
    _, found, rest = output.partition("left behind by run ")
    assert found, output
    return rest.partition("api.video report: ")[0].splitlines()[1:]


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
