"""The rehearsal of docs/sandbox.md, as it stands there: a stand-in that speaks TLS."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.sandbox.conftest import PLAIN

PAGE = Path(__file__).parent.parent.parent / "docs" / "sandbox.md"
_, SECTION = PAGE.read_text().split("## A rehearsal\n")
SERVE, USE = re.findall(r"```console\n(.*?)```", SECTION, re.DOTALL)[:2]


# The commands of the page are those beside this Python, whatever the shell would find.
PATH = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])


@pytest.fixture
def port(suite: pytest.Pytester) -> Iterator[str]:
    """Start the fake of the page's commands, and provide its port."""
    command = SERVE.replace("--port 8991", "--port 0").split()
    environment = {**os.environ, "PATH": PATH}
    with subprocess.Popen(
        command, cwd=suite.path, env=environment, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        url = process.stdout.readline()
        assert "certificate to trust" in process.stdout.readline()
        yield url.rpartition(":")[2].strip()
        process.terminate()


def run(suite: pytest.Pytester, commands: str, port: str) -> str:
    suite.makepyfile(PLAIN)
    given = {**os.environ, "PATH": PATH, "APIVIDEO_LEDGER_DIR": str(suite.path / "ledgers")}
    done = subprocess.run(
        ["/bin/sh", "-c", commands.replace("8991", port)],
        cwd=suite.path,
        env=given,
        capture_output=True,
        text=True,
        timeout=120,
    )
    return done.stdout


def test_the_rehearsal_of_the_page_works(suite: pytest.Pytester, port: str) -> None:
    told = run(suite, USE, port)
    assert "1 passed, 1 skipped" in told
    assert "left nothing behind" in told
    assert told.endswith("0 removed, 0 left\n")


def test_a_certificate_that_is_not_trusted_names_the_variable(
    suite: pytest.Pytester, port: str
) -> None:
    told = run(suite, USE.replace("SSL_CERT_FILE=apivideo-fake-ca.pem ", ""), port)
    assert "Set SSL_CERT_FILE to the certificate to trust" in told
