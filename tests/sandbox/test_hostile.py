"""Files and answers that somebody may have made to mislead a run or a sweep."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from fake_server import ApiVideo
from pytest_apivideo.sandbox.account import Account
from pytest_apivideo.sandbox.budget import Budget
from pytest_apivideo.sandbox.guard import SandboxRefused
from pytest_apivideo.sandbox.kinds import digest
from pytest_apivideo.sandbox.secrets import Secrets
from pytest_apivideo.sandbox.times import SharedTimes
from pytest_apivideo.sandbox.upstream import Outgoing, Reply, Upstream
from tests.sandbox.test_safety import ledger_of, made
from tests.sandbox.test_trouble import CREATES, sweep

DEEP = b"[" * 100_000 + b"]" * 100_000


@pytest.mark.usefixtures("sandbox")
def test_a_backdated_ledger_does_not_remove_later_resources(
    account: ApiVideo, ledgers: Path
) -> None:
    run = "apivideo-test-20200101T000000Z-abcdef"
    watermark, token = account.watermarks.add(), account.upload_tokens.add()
    for lines in (made("watermark", watermark.id), made("upload token", digest(token.token))):
        path = ledger_of(account, ledgers, *lines, run=run)
        end = datetime(2020, 1, 1, 1, tzinfo=UTC).timestamp()
        os.utime(path, (end, end))
    done = sweep(account)
    assert done.exit_code == 1
    assert done.output.count("it was not created between the beginning of the run") == 2
    assert account.calls.count("DELETE *") == 0


@pytest.mark.usefixtures("sandbox")
def test_resources_without_a_creation_time_are_kept(account: ApiVideo, ledgers: Path) -> None:
    ledger_of(account, ledgers, *made("watermark", "waNobody"))
    page = {"data": [{"watermarkId": "waNobody"}], "pagination": {"pagesTotal": 1}}
    account.on("GET /watermarks").respond(200, json=page)
    assert "left watermark waNobody: it was not created between" in sweep(account).output
    assert account.calls.count("DELETE *") == 0


@pytest.mark.timeout(30)
@pytest.mark.usefixtures("sandbox")
def test_a_fifo_a_link_or_a_device_is_not_read_as_a_ledger(
    account: ApiVideo, ledgers: Path, tmp_path: Path
) -> None:
    video = account.videos.add(title="apivideo-test-20261124T080000Z-abcdef")
    real = ledger_of(account, tmp_path / "elsewhere", *made("video", video.id))
    ledgers.mkdir()
    os.mkfifo(ledgers / "fifo.jsonl")
    (ledgers / "link.jsonl").symlink_to(real)
    (ledgers / "device.jsonl").symlink_to("/dev/zero")
    done = sweep(account, "--dry-run")
    for name in ("fifo", "link", "device"):
        assert f"left {ledgers / name}.jsonl: it is no ledger that can be read" in done.output


@pytest.mark.timeout(30)
def test_a_file_of_moments_that_is_a_fifo_or_a_link_is_not_used(tmp_path: Path) -> None:
    times = SharedTimes(tmp_path, "https://a")
    (tmp_path / "target").write_text("of the user")
    for make in (os.mkfifo, lambda path: path.symlink_to(tmp_path / "target")):
        make(times._path)
        with times.at_hand() as sent:
            sent["writes"] = []  # type: ignore[assignment]
        times._path.unlink()
    assert (tmp_path / "target").read_text() == "of the user"


@pytest.mark.parametrize("path", ["/auth/api-key", "/videos"])
def test_deeply_nested_json_is_a_clear_error(
    sandbox: pytest.Pytester, account: ApiVideo, path: str
) -> None:
    method = "POST" if path.startswith("/auth") else "GET"
    account.on(f"{method} {path}").respond(200, body=DEEP)
    sandbox.makepyfile(CREATES)
    result = sandbox.runpytest_inprocess()
    result.assert_outcomes(errors=1)
    told = result.stdout.str()
    assert "RecursionError" not in told
    assert "gave no token" in told or "does not answer as api.video does" in told
    assert account.calls.count("POST /videos") == 0


def test_a_creation_answered_with_deeply_nested_json_is_reported(
    sandbox: pytest.Pytester, account: ApiVideo
) -> None:
    account.on("POST /videos").respond(201, body=DEEP)
    sandbox.makepyfile(CREATES + "    assert False\n")
    result = sandbox.runpytest_inprocess()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["video: its creation was answered 201*is nested too deeply*"])
    assert "RecursionError" not in result.stdout.str()


class Answering(Upstream):
    """A sandbox that answers with this rate limit."""

    limits: tuple[str, ...] = ()

    def send(self, outgoing: Outgoing) -> Reply:
        if outgoing.path.startswith("/auth/"):
            return Reply(200, [], b'{"access_token": "a", "expires_in": 3600}')
        headers = [("X-RateLimit-Limit", limit) for limit in self.limits]
        return Reply(200, headers, b'{"data": [], "pagination": {}}')


@pytest.mark.parametrize(
    ("limits", "words"),
    [
        ((), "no readable header"),
        (("100, 100",), "no readable header"),
        (("100", "500"), "no readable header"),
        (("\u0661\u0660\u0660",), "no readable header"),
        (("-1",), "no readable header"),
        (("500",), "allows 500 reads a minute"),
        (("100",), None),
    ],
)
def test_nothing_is_written_without_the_rate_limit_of_a_sandbox(
    limits: tuple[str, ...], words: str | None
) -> None:
    upstream = Answering("https://sandbox.api.video", Budget(None))
    upstream.limits = limits
    account: Any = Account(upstream, "a-key-of-ours", Secrets())
    try:
        if words is None:
            account.check()
        else:
            with pytest.raises(SandboxRefused, match=words):
                account.check()
    finally:
        upstream.close()


def test_an_age_has_slack_on_both_sides() -> None:
    from pytest_apivideo.sandbox.age import is_from

    begin = datetime(2026, 11, 24, 8, tzinfo=UTC)
    for minutes, expected in ((-3, False), (-1, True), (30, True), (61, True), (63, False)):
        item = {"createdAt": (begin + timedelta(minutes=minutes)).isoformat()}
        assert is_from(item, begin, begin + timedelta(hours=1)) is expected
