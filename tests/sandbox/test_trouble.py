"""Trouble on the sandbox: a clear message, a ledger that is whole, and a sweep that ends it."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from fake_server import ApiVideo, FakeServer
from fake_server.cli import cli
from pytest_apivideo.options import KEY_VARIABLE
from pytest_apivideo.sandbox.kinds import VIDEO
from pytest_apivideo.sandbox.ledger import Ledger
from pytest_apivideo.sandbox.marks import age_of, duration, marks_in, new_run
from tests.sandbox.test_care import EVERY_KIND, left

CREATES = """
def test_it(apivideo_target, apivideo_http):
    made = apivideo_http.post("/videos", json={"title": "Maths"})
    assert made.status_code == 201, made.text
"""


def sweep(account: ApiVideo, *arguments: str, by_age: bool = True) -> Any:
    age = ["--older-than", "0s"] if by_age else []
    given = ["sweep", "--base-url", account.url, *age, *arguments]
    return CliRunner().invoke(cli, given, catch_exceptions=False)


def entries(ledgers: Path) -> list[dict[str, Any]]:
    (path,) = ledgers.glob("*.jsonl")
    return [json.loads(line) for line in path.read_text().splitlines()]


# A run that is killed


@pytest.fixture
def killed(sandbox: pytest.Pytester, account: ApiVideo) -> None:
    """Kill a run that has created resources and removed none."""
    kill(sandbox)
    assert len(left(account)) == 7


def kill(sandbox: pytest.Pytester) -> None:
    sandbox.makepyfile(EVERY_KIND % "import os, signal; os.kill(os.getpid(), signal.SIGKILL)")
    command = [sys.executable, "-m", "pytest", "-p", "no:randomly"]
    done = subprocess.run(command, cwd=sandbox.path, capture_output=True, timeout=60)
    assert done.returncode == -signal.SIGKILL


@pytest.mark.usefixtures("killed")
def test_a_sweep_finishes_the_work_of_a_killed_run(account: ApiVideo, ledgers: Path) -> None:
    kept = account.videos.add(title="Of the owner")
    intended = [one["kind"] for one in entries(ledgers) if "intended" in one]
    assert len(intended) == 7
    text = next(iter(ledgers.glob("*.jsonl"))).read_text()
    for secret in (account.api_key, *(token.token for token in account.upload_tokens)):
        assert secret not in text

    shown = sweep(account, "--dry-run")
    assert (shown.exit_code, len(left(account))) == (0, 7)
    assert re.search(
        r"would remove upload token of test_\w+\.py::test_it [(]its name", shown.output
    )

    done = sweep(account)
    assert (done.exit_code, left(account)) == (0, ["videos"]), done.output
    assert [video.id for video in account.videos] == [kept.id]
    assert list(ledgers.glob("*")) == []
    assert "0 removed, 0 left" in sweep(account).output


@pytest.mark.usefixtures("killed")
def test_a_sweep_without_the_ledger_finds_marked_resources(
    account: ApiVideo, ledgers: Path
) -> None:
    for path in ledgers.glob("*"):
        path.unlink()
    assert sweep(account).exit_code == 0
    assert left(account) == ["upload_tokens", "watermarks"]


@pytest.mark.usefixtures("killed")
def test_a_ledger_with_an_incomplete_last_line_is_read(account: ApiVideo, ledgers: Path) -> None:
    (path,) = ledgers.glob("*.jsonl")
    path.write_bytes(path.read_bytes()[:-9])
    done = sweep(account)
    assert "watermark" in done.output
    assert set(left(account)) <= {"watermarks"}


@pytest.mark.usefixtures("killed")
def test_a_young_run_is_left_alone(account: ApiVideo, ledgers: Path) -> None:
    given = ["sweep", "--base-url", account.url, "--older-than", "2h"]
    done = CliRunner().invoke(cli, given)
    assert (done.exit_code, len(left(account))) == (0, 7)
    assert re.search(r"^1 run is too young [(]began \d+ s ago[)], left alone$", done.output, re.M)
    assert "0 removed, 0 left" in done.output


@pytest.mark.usefixtures("killed")
def test_a_ledger_of_another_account_s_address_is_left_alone(
    account: ApiVideo, ledgers: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with FakeServer() as server, server.project() as other:
        monkeypatch.setenv(KEY_VARIABLE, other.api_key)
        done = sweep(other)
    assert "1 ledger is of another account or address, left alone\n0 removed, 0 left" in done.output
    assert len(list(ledgers.glob("*.jsonl"))) == 1


@pytest.mark.usefixtures("killed")
def test_a_ledger_of_another_account_at_the_same_address_is_left_alone(
    account: ApiVideo, ledgers: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (path,) = ledgers.glob("*.jsonl")
    path.write_text(path.read_text().replace(account._project.id, "prOfSomebodyElse"))
    done = sweep(account)
    assert "1 ledger is of another account or address, left alone" in done.output
    assert left(account) == ["upload_tokens", "watermarks"]  # what carries a mark is of this one
    assert path.exists()


@pytest.mark.usefixtures("sandbox")
def test_a_run_that_is_going_on_is_left_alone(account: ApiVideo, ledgers: Path) -> None:
    ledger = Ledger(new_run(), account.url, ledgers, lambda: f"project {account._project.id}")
    video = account.videos.add(metadata=[{"key": "a", "value": ledger.run}])
    ledger.made(ledger.intend(VIDEO, "test_it"), video.id)
    done = sweep(account)
    assert "1 run is still going on, left alone\n0 removed, 0 left" in done.output
    ledger.close()  # as if it had been killed
    assert "1 removed, 0 left" in sweep(account).output
    assert len(account.videos) == 0


@pytest.mark.usefixtures("killed")
@pytest.mark.parametrize("folders", ["one", "two"])
def test_the_next_run_reports_remaining_resources_and_the_command(
    sandbox: pytest.Pytester, account: ApiVideo, ledgers: Path, folders: str
) -> None:
    (path,) = ledgers.glob("*.jsonl")
    runs, things = "an earlier run", 7
    names = [path.stem]
    if folders == "two":
        kill(sandbox)
        runs, things = "2 earlier runs", 14
        names = sorted(one.stem for one in ledgers.glob("*.jsonl"))
    sandbox.makepyfile(CREATES)
    result = sandbox.runpytest_inprocess("-q")
    result.assert_outcomes(passed=1)
    named = " ".join(f"--run {name}" for name in names)
    command = f"apivideo-fake sweep {named} --base-url {account.url}"
    result.stdout.fnmatch_lines([f"api.video sandbox: {runs} left {things} things: {command}"])
    assert CliRunner().invoke(cli, command.split()[1:]).exit_code == 0
    assert left(account) == []
    result = sandbox.runpytest_inprocess("-q")
    result.stdout.no_fnmatch_line("*earlier run*")


@pytest.mark.usefixtures("sandbox")
@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--older-than", "soon"], "'soon' is no duration: write it like 2h"),
        (["--base-url", "https://ws.api.video"], "ws.api.video is not a sandbox"),
        (["--ledgers", "/nonexistent"], "Directory '/nonexistent' does not exist"),
        (["--run", "apivideo-test-1"], "select runs by either --older-than DURATION or --run"),
    ],
)
def test_an_impossible_sweep_is_a_one_line_error(
    account: ApiVideo, arguments: list[str], words: str
) -> None:
    done = sweep(account, *arguments)
    assert (done.exit_code, words in done.output) == (2, True), done.output


@pytest.mark.usefixtures("sandbox")
def test_an_invalid_run_is_an_error(account: ApiVideo) -> None:
    done = sweep(account, "--run", "mine", by_age=False)
    assert "'mine' is no mark of a run" in done.output


@pytest.mark.usefixtures("sandbox")
def test_a_file_in_place_of_the_ledger_folder_is_an_error(account: ApiVideo, ledgers: Path) -> None:
    ledgers.write_text("a file")
    assert "cannot be written to" in sweep(account).output


def test_a_sweep_without_a_key_names_the_variable(
    account: ApiVideo, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(KEY_VARIABLE, raising=False)
    assert f"{KEY_VARIABLE} is not set" in sweep(account).output


# A connection that is lost


def test_a_video_with_a_lost_answer_is_found_by_its_mark(
    sandbox: pytest.Pytester, account: ApiVideo, ledgers: Path
) -> None:
    account.on("POST /videos").drop(when="after")
    sandbox.makepyfile(CREATES)
    result = sandbox.runpytest_inprocess()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [f"POST /videos got no answer from {account.url}: *", "*left nothing behind*"]
    )
    account.calls.assert_called("POST /videos", times=1)
    assert len(account.videos) == 0
    assert list(ledgers.glob("*")) == []


def test_a_lost_answer_without_a_mark_is_reported(
    sandbox: pytest.Pytester, account: ApiVideo, ledgers: Path
) -> None:
    account.on("POST /watermarks").drop(when="after")
    sandbox.makepyfile(
        """
        def test_it(apivideo_http):
            image = {"file": ("mark.png", b"not really", "image/png")}
            apivideo_http.post("/watermarks", files=image)
        """
    )
    result = sandbox.runpytest_inprocess()
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(["watermark not known by name: its creation was not answered*"])
    done = sweep(account)
    assert (done.exit_code, "look for it on the dashboard" in done.output) == (1, True)
    assert len(entries(ledgers)) == 2


def test_a_sandbox_that_goes_away_in_the_middle_leaves_a_ledger_for_the_sweep(
    suite: pytest.Pytester, ledgers: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with FakeServer() as server, server.project() as account:
        monkeypatch.setenv(KEY_VARIABLE, account.api_key)
        suite.makeconftest(
            """
            import pytest
            from fake_server.server import FakeServer

            def pytest_configure(config):
                config.server = FakeServer.going_away
            """
        )
        monkeypatch.setattr(FakeServer, "going_away", server, raising=False)
        suite.makepyfile(
            """
            def test_it(request, apivideo_target, apivideo_http):
                apivideo_http.post("/videos", json={"title": "Maths"})
                request.config.server.stop()
                apivideo_http.get("/videos")
            """
        )
        options = ["--apivideo-target=sandbox", f"--apivideo-base-url={account.url}"]
        result = suite.runpytest_inprocess(*options)
        assert result.ret == pytest.ExitCode.TESTS_FAILED
        result.stdout.fnmatch_lines(
            ["*GET /videos got no answer from*", "*left behind by run*", "*video vi*"]
        )
        server.start()
        assert len(account.videos) == 1
        assert sweep(account).exit_code == 0
        assert len(account.videos) == 0
    assert list(ledgers.glob("*")) == []


# A storm of 429


def test_a_429_is_waited_for_once(sandbox: pytest.Pytester, account: ApiVideo) -> None:
    account.on("POST /videos", times=1).respond(429, headers={"X-RateLimit-Retry-After": "0"})
    sandbox.makepyfile(CREATES)
    sandbox.runpytest_inprocess().assert_outcomes(passed=1)
    assert account.calls.count("POST /videos") == 2
    assert len(account.videos) == 0


def test_in_a_storm_of_429_a_test_is_inconclusive(
    sandbox: pytest.Pytester, account: ApiVideo, ledgers: Path
) -> None:
    answer = {"title": "Too many requests.", "status": 429}
    account.on("POST /videos").respond(429, json=answer, headers={"X-RateLimit-Retry-After": "0"})
    sandbox.makepyfile(CREATES)
    report = sandbox.path / "report.json"
    result = sandbox.runpytest_inprocess("-rs", f"--apivideo-report={report}")
    result.assert_outcomes(skipped=1)
    result.stdout.fnmatch_lines(
        ["*inconclusive, POST /videos was answered 429, and again after a wait*"]
    )
    account.calls.assert_called("POST /videos", times=2)
    (check,) = json.loads(report.read_text())["targets"]["sandbox"]["checks"].values()
    assert check["outcome"] == "inconclusive"
    assert list(ledgers.glob("*")) == []


BUSY: dict[str, Any] = {"status": 429, "headers": {"X-RateLimit-Retry-After": "0"}}


@pytest.mark.parametrize("operation", ["POST /auth/api-key", "GET /videos"])
def test_a_429_before_the_first_test_makes_it_inconclusive(
    sandbox: pytest.Pytester, account: ApiVideo, operation: str
) -> None:
    account.on(operation, times=2).respond(**BUSY)
    sandbox.makepyfile(CREATES + CREATES.replace("test_it", "test_next"))
    report = sandbox.path / "report.json"
    result = sandbox.runpytest_inprocess("-rs", f"--apivideo-report={report}")
    result.assert_outcomes(skipped=1, passed=1)
    words = f"{operation} was answered 429, and again after a wait"
    result.stdout.fnmatch_lines([f"*inconclusive, {words}*"])
    checks = json.loads(report.read_text())["targets"]["sandbox"]["checks"]
    assert [one["outcome"] for one in checks.values()] == ["inconclusive"]
    assert len(account.videos) == 0


@pytest.mark.usefixtures("sandbox")
def test_a_sweep_reports_a_429(account: ApiVideo) -> None:
    account.on("POST /auth/api-key").respond(**BUSY)
    done = sweep(account)
    assert done.exit_code == 1
    assert "POST /auth/api-key was answered 429, and again after a wait" in done.output
    assert "Check that the API key" not in done.output


def test_a_429_within_a_test_on_a_look_before_a_change_is_inconclusive(
    sandbox: pytest.Pytester, account: ApiVideo
) -> None:
    video = account.videos.add(title="Of the owner")
    account.on("GET /videos/{videoId}").respond(**BUSY)
    sandbox.makepyfile(
        f"""
        def test_it(apivideo_http):
            assert apivideo_http.delete("/videos/{video.id}").status_code == 409
        """
    )
    sandbox.runpytest_inprocess().assert_outcomes(skipped=1)
    assert len(account.videos) == 1


# A run that is interrupted, and what cannot be written or removed


@pytest.mark.parametrize("workers", ["0", "2"])
def test_an_interrupted_run_ends_in_order(
    sandbox: pytest.Pytester, account: ApiVideo, ledgers: Path, workers: str
) -> None:
    sandbox.makeconftest(
        """
        import os
        import signal

        def pytest_configure(config):
            if not hasattr(config, "workerinput"):
                os.environ["CONTROLLER"] = str(os.getpid())
                signal.signal(signal.SIGINT, signal.default_int_handler)  # whoever had it ignored
        """
    )
    sandbox.makepyfile(
        """
        import os
        import signal

        def test_it(apivideo_target, apivideo_http):
            apivideo_http.post("/videos", json={"title": "Maths"})
            os.kill(int(os.environ["CONTROLLER"]), signal.SIGINT)
            signal.pause()
        """
    )
    result = sandbox.runpytest_subprocess("-n", workers)
    assert result.ret == pytest.ExitCode.INTERRUPTED
    told = result.stdout.str() + result.stderr.str()
    assert "Traceback" not in told
    assert "left nothing behind" in told
    assert len(account.videos) == 0
    assert list(ledgers.glob("*")) == []


def test_a_ledger_that_cannot_be_written_creates_nothing(
    sandbox: pytest.Pytester, account: ApiVideo, ledgers: Path
) -> None:
    sandbox.makepyfile(
        f"""
        from pathlib import Path

        def test_it(apivideo_http):
            Path({str(ledgers)!r}).write_text("a file")
            refused = apivideo_http.post("/videos", json={{"title": "Maths"}})
            assert refused.status_code == 409
            assert "The ledger cannot be written" in refused.json()["detail"]
        """
    )
    sandbox.runpytest_inprocess().assert_outcomes(passed=1)
    assert account.calls.count("POST /videos") == 0


@pytest.mark.usefixtures("killed")
def test_a_failed_removal_is_reported_once_and_stays_in_the_ledger(
    account: ApiVideo, ledgers: Path
) -> None:
    refused = account.on("DELETE /videos/{videoId}")
    refused.respond(500)
    done = sweep(account)
    assert (done.exit_code, done.output.count("DELETE gave 500")) == (1, 1), done.output
    assert "1 left" in done.output
    refused.remove()
    assert sweep(account).exit_code == 0
    assert list(ledgers.glob("*")) == []


@pytest.mark.usefixtures("killed")
def test_without_locks_a_run_of_today_is_swept_only_if_it_is_named(
    account: ApiVideo, ledgers: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pytest_apivideo.sandbox.ledger.fcntl", None)
    (path,) = ledgers.glob("*.jsonl")
    assert "1 run is still going on, left alone" in sweep(account).output
    assert len(left(account)) == 7
    assert sweep(account, "--run", path.stem, by_age=False).exit_code == 0
    assert left(account) == []


# A target that is no api.video


def test_a_target_that_answers_html_is_an_error_before_any_write(
    suite: pytest.Pytester, page: str, ledgers: Path
) -> None:
    suite.makepyfile(CREATES)
    options = ["--apivideo-target=sandbox", f"--apivideo-base-url={page}"]
    result = suite.runpytest_inprocess(*options)
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(
        [
            "*Check that the base URL names an api.video server*",
            "The answer was text/html, as of a page or a proxy, not of api.video.",
        ]
    )
    assert "Traceback" not in result.stdout.str()
    assert not ledgers.exists()


def test_a_target_with_the_rate_limits_of_production_is_refused(
    suite: pytest.Pytester, ledgers: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with FakeServer() as server, server.project(environment="production") as handle:
        monkeypatch.setenv(KEY_VARIABLE, handle.production_key)
        suite.makepyfile(CREATES)
        options = ["--apivideo-target=sandbox", f"--apivideo-base-url={handle.url}"]
        result = suite.runpytest_inprocess(*options)
        result.assert_outcomes(errors=1)
        result.stdout.fnmatch_lines(["*allows 500 reads a minute, as api.video's production does*"])
        assert [call.method for call in handle.calls] == ["POST", "GET"]
        assert len(handle.videos) == 0


# Workers


def test_workers_share_one_login_and_one_report_of_remains(
    sandbox: pytest.Pytester, account: ApiVideo
) -> None:
    sandbox.makepyfile(
        """
        import pytest

        @pytest.mark.parametrize("number", range(8))
        def test_it(apivideo_target, apivideo_http, number):
            title = apivideo_target.mark(str(number))
            assert apivideo_http.post("/videos", json={"title": title}).status_code == 201
            assert apivideo_http.get("/videos", params={"title": title}).json()["data"]
        """
    )
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-m", "pytest", "-p", "no:randomly", "-n", "4"]
    done = subprocess.run(
        command, cwd=sandbox.path, env=environment, capture_output=True, text=True, timeout=90
    )
    assert "8 passed" in done.stdout, done.stdout
    assert done.stdout.count("left nothing behind") == 1
    account.calls.assert_called("POST /auth/api-key", times=1)
    assert len(account.videos) == 0


# Marks


def test_a_mark_contains_its_run_and_its_age() -> None:
    from datetime import UTC, datetime, timedelta

    now = datetime(2026, 11, 24, 8, tzinfo=UTC)
    run = new_run(now)
    other = new_run(now)
    assert marks_in({"metadata": [{"value": f"a {run}"}], "title": other}) == {run, other}
    assert marks_in("apivideo-test-of-mine apivideo-test-20261399T999999Z-abcdef") == set()
    assert age_of(run, now + timedelta(hours=3)) == timedelta(hours=3)
    assert (duration("90s"), duration("2h")) == (timedelta(seconds=90), timedelta(hours=2))
    with pytest.raises(ValueError, match="no mark of a run"):
        age_of("apivideo-test", now)
