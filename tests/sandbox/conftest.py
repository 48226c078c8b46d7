"""A fake of ours on a port of its own stands for the sandbox: what the plugin does is the same."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from fake_server import ApiVideo, FakeServer
from pytest_apivideo.options import KEY_VARIABLE
from pytest_apivideo.sandbox import relay, run  # noqa: F401 - else each suite loads its own copy

PLAIN = """
import pytest

def test_both(apivideo_target, apivideo_http):
    made = apivideo_http.post("/videos", json={"title": "Maths"})
    assert made.status_code == 201
    assert made.json()["title"] == "Maths"

def test_fake(apivideo):
    apivideo.clock.advance(10)
"""


@pytest.fixture
def account() -> Iterator[ApiVideo]:
    """Provide the sandbox account, with its resources and calls."""
    with FakeServer() as server, server.project() as handle:
        yield handle


@pytest.fixture
def ledgers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Set the folder of the ledgers of suites under test, and return it."""
    monkeypatch.setenv("APIVIDEO_LEDGER_DIR", str(tmp_path / "ledgers"))
    return tmp_path / "ledgers"


@pytest.fixture
def sandbox(
    suite: pytest.Pytester, account: ApiVideo, ledgers: Path, monkeypatch: pytest.MonkeyPatch
) -> pytest.Pytester:
    """Configure a user's suite to run on the sandbox, and return it."""
    monkeypatch.setenv(KEY_VARIABLE, account.api_key)
    monkeypatch.setenv("PYTEST_APIVIDEO_TARGET", "sandbox")
    monkeypatch.setenv("PYTEST_APIVIDEO_BASE_URL", account.url)
    return suite


@pytest.fixture
def page(suite: pytest.Pytester, ledgers: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Start a server that answers everything with an HTML page, and provide its address."""
    with FakeServer() as server, server.project() as handle:
        rule = server.expect_request(re.compile(".*"))
        rule.respond_with_data("<html>", content_type="text/html")
        monkeypatch.setenv(KEY_VARIABLE, handle.api_key)
        yield handle.url
