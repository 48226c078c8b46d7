"""The care for a real account: marks, the ledger, removal, the budget, secrets."""

from __future__ import annotations

from pathlib import Path

import pytest

from fake_server import ApiVideo
from pytest_apivideo.sandbox.budget import Budget, rate_of, retry_after, share
from pytest_apivideo.sandbox.times import SharedTimes

EVERY_KIND = """
def test_it(apivideo_target, apivideo_http):
    http, mark = apivideo_http, apivideo_target.mark
    address = mark("https://example.invalid/hook")
    video = http.post("/videos", json={"title": "Maths"}).json()["videoId"]
    for path, body in {
        "/live-streams": {"name": mark("Live")},
        "/players": {"name": mark("Theme")},
        "/webhooks": {"url": address, "events": ["video.source.recorded"]},
        "/upload-tokens": {"ttl": 60},
        "/summaries": {"videoId": video},
    }.items():
        assert http.post(path, json=body).status_code in (200, 201), path
    image = {"file": ("mark.png", b"not really", "image/png")}
    assert http.post("/watermarks", files=image).status_code == 200
    %s
"""


def left(account: ApiVideo) -> list[str]:
    collections = ("videos", "live_streams", "players", "webhooks", "upload_tokens", "watermarks")
    return [name for name in (*collections, "summaries") if len(getattr(account, name))]


def test_everything_is_removed_newest_first(sandbox: pytest.Pytester, account: ApiVideo) -> None:
    sandbox.makepyfile(EVERY_KIND % "")
    sandbox.runpytest_inprocess().assert_outcomes(passed=1)
    assert left(account) == []
    removed = [call.operation for call in account.calls if call.method == "DELETE"]
    assert removed == [
        "DELETE /watermarks/{watermarkId}",
        "DELETE /summaries/{summaryId}",
        "DELETE /upload-tokens/{uploadToken}",
        "DELETE /webhooks/{webhookId}",
        "DELETE /players/{playerId}",
        "DELETE /live-streams/{liveStreamId}",
        "DELETE /videos/{videoId}",
    ]


def test_a_failing_test_is_cleaned_up_as_well_and_no_ledger_stays(
    sandbox: pytest.Pytester, account: ApiVideo, ledgers: Path
) -> None:
    sandbox.makepyfile(EVERY_KIND % "assert False")
    sandbox.runpytest_inprocess().assert_outcomes(failed=1)
    assert left(account) == []
    assert list(ledgers.glob("*")) == []


def test_a_video_gets_the_mark_and_other_bodies_are_not_sent(
    sandbox: pytest.Pytester, account: ApiVideo
) -> None:
    sandbox.makepyfile(
        """
        def test_it(apivideo_target, apivideo_http):
            made = apivideo_http.post("/videos", json={"title": "Maths"}).json()
            assert [one["value"] for one in made["metadata"]] == [apivideo_target.run]
            marked = {"title": apivideo_target.mark("Maths"), "metadata": []}
            assert apivideo_http.post("/videos", json=marked).json()["metadata"] == []

            for path in ("/live-streams", "/players"):
                refused = apivideo_http.post(path, json={"name": "Live"})
                assert refused.status_code == 409
                assert "put apivideo_target.mark(...) into its name" in refused.json()["detail"]
        """
    )
    sandbox.runpytest_inprocess().assert_outcomes(passed=1)
    assert account.calls.count("POST /live-streams") == 0


def test_existing_resources_are_neither_changed_nor_deleted(
    sandbox: pytest.Pytester, account: ApiVideo
) -> None:
    video = account.videos.add(title="Of the owner")
    token = account.upload_tokens.add()
    sandbox.makepyfile(
        f"""
        import pytest

        @pytest.mark.parametrize("method, path", [
            ("DELETE", "/videos/{video.id}"),
            ("PATCH", "/videos/{video.id}"),
            ("PATCH", "/videos/{video.id}/thumbnail"),
            ("DELETE", "/upload-tokens/{token.id}"),
        ])
        def test_it(apivideo_http, method, path):
            refused = apivideo_http.request(method, path, json={{}})
            assert refused.status_code == 409
            assert refused.json()["title"] == "Not sent to the sandbox."

        def test_what_is_not_there(apivideo_http):
            assert apivideo_http.delete("/videos/viDoesNotExist").json()["name"] == "videoId"
        """
    )
    sandbox.runpytest_inprocess().assert_outcomes(passed=5)
    assert account.videos[video.id].title == "Of the owner"


def test_the_refusal_stands_in_the_report_of_a_test_that_fails_by_it(
    sandbox: pytest.Pytester,
) -> None:
    sandbox.makepyfile(
        """
        def test_it(apivideo_http):
            assert apivideo_http.post("/live-streams", json={"name": "Live"}).is_success
        """
    )
    result = sandbox.runpytest_inprocess()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        ["*api.video sandbox*", "*would not carry the mark of the run, and could be left behind*"]
    )


FAILS = """
import pytest

@pytest.mark.parametrize("number", range(3))
def test_it(apivideo_target, apivideo_http, number):
    token = apivideo_http.post("/upload-tokens", json={}).json()["token"]
    apivideo_http.get(f"/upload-tokens/{token}")
    apivideo_http.post(f"/upload?token={token}x")
    for page in range(1, 41):
        apivideo_http.get(f"/videos?currentPage={page}")
    apivideo_http.get("/videos/viNobody")
    assert not token
"""


@pytest.mark.parametrize("workers", ["0", "2"])
def test_a_failing_test_shows_its_newest_calls_without_secrets(
    sandbox: pytest.Pytester, account: ApiVideo, workers: str
) -> None:
    sandbox.makepyfile(FAILS)
    result = sandbox.runpytest_subprocess("-n", workers, "--show-capture=all")
    result.assert_outcomes(failed=3)
    result.stdout.fnmatch_lines(
        [
            "*- api.video: calls -*",
            f"http://127.0.0.1:* passes on to {account.url}",
            "GET /videos?currentPage=40 -> 200  (* ms)",
            "GET /videos/viNobody -> 404  (* ms)",
            "    The requested resource could not be found. videoId",
        ],
    )
    told = result.stdout.str()
    assert "currentPage=1 " not in told  # only the newest are shown
    for call in account.calls:
        if call.operation == "POST /upload-tokens":
            assert call.answer["token"] not in told


def test_an_upload_token_is_not_shown_in_an_address_either(
    sandbox: pytest.Pytester, account: ApiVideo
) -> None:
    sandbox.makepyfile(FAILS.replace("range(1, 41)", "range(1, 3)"))
    result = sandbox.runpytest_inprocess()
    result.stdout.fnmatch_lines(["POST /upload?token=[*][*][*] -> 4*"])


def test_remaining_resources_are_listed_and_fail_the_run(
    sandbox: pytest.Pytester, account: ApiVideo, ledgers: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from fake_server.core import problems
    from fake_server.core.store import Store

    def refuse(*_: object) -> None:
        raise problems.invalid_payload()

    monkeypatch.setattr(Store, "remove", refuse)
    monkeypatch.setattr("fake_server.resources.discarded_videos.delete_video", refuse)
    sandbox.makepyfile(
        """
        def test_it(apivideo_target, apivideo_http):
            apivideo_http.post("/live-streams", json={"name": apivideo_target.mark("Live")})
        """
    )
    result = sandbox.runpytest_inprocess()
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(
        [
            "*api.video sandbox: left behind by run apivideo-test-*",
            "live stream li*: DELETE gave 400",
            "*apivideo-fake sweep --run apivideo-test-* --base-url http://127.0.0.1:*",
        ]
    )
    assert len(list(ledgers.glob("*.jsonl"))) == 1


def test_no_secret_is_in_the_output_or_the_ledger(
    sandbox: pytest.Pytester, account: ApiVideo, ledgers: Path
) -> None:
    sandbox.makepyfile(
        """
        def test_it(apivideo_target, apivideo_http, apivideo_session, record_property):
            login = apivideo_session.post("/auth/api-key", json={"apiKey": apivideo_target.api_key})
            name = apivideo_target.mark("Live")
            stream = apivideo_http.post("/live-streams", json={"name": name}).json()["streamKey"]
            token = apivideo_http.post("/upload-tokens", json={}).json()["token"]
            private = apivideo_http.post("/videos", json={"title": "a", "public": False}).json()
            shown = [*login.json().values(), str(apivideo_target.api_key), stream, token,
                     private["assets"]["hls"]]
            print(shown)
            record_property("shown", str(shown))
            assert shown == []
        """
    )
    result = sandbox.runpytest_inprocess(
        "--junitxml=junit.xml", "-o", "junit_family=xunit1", "-vv", "--showlocals"
    )
    result.assert_outcomes(failed=1)
    told = result.stdout.str() + (sandbox.path / "junit.xml").read_text()
    secrets = [account.api_key, *account._project.tokens.values()]
    for answer in [one.answer for one in account.calls if one.method == "POST"]:
        secrets += [answer[key] for key in ("streamKey", "token") if key in answer]
    assert len(secrets) >= 7
    for secret in secrets:
        assert secret not in told
    assert "***" in told


# The budget


class Time:
    """A time that only waiting moves."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.waits: list[float] = []

    def read(self) -> float:
        return self.now

    def wait(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.now += seconds


def test_requests_stay_below_the_documented_rate_in_every_minute() -> None:
    time = Time()
    budget = Budget(0.7, time.read, time.wait)
    sent = []
    for _ in range(100):
        budget.take("writes")
        sent.append(time.now)
        time.now += 0.1
    for start in sent:
        assert sum(start <= moment < start + 60 for moment in sent) <= 28


def test_runs_on_one_machine_share_the_rate_of_an_address(tmp_path: Path) -> None:
    time = Time()
    budgets = [
        Budget(0.7, time.read, time.wait, SharedTimes(tmp_path, address))
        for address in ("https://a", "https://a", "https://b")
    ]
    for budget in [*budgets[:2] * 14, *budgets[2:] * 28]:
        budget.take("writes")
    assert time.waits == []
    budgets[1].take("writes")
    assert time.waits == [60.0]


@pytest.mark.parametrize("spoilt", ["", "[]", '{"writes": 5}', '{"writes": ["a"]}', "\0"])
def test_moments_that_are_spoilt_or_of_another_boot_are_forgotten(
    tmp_path: Path, spoilt: str
) -> None:
    time = Time()
    shared = SharedTimes(tmp_path, "https://a")
    budget = Budget(0.025, time.read, time.wait, shared)
    budget.take("writes")
    (path,) = tmp_path.glob("*.json")
    path.write_text(spoilt)
    budget.take("writes")
    path.write_text('{"writes": [99999.0]}')
    budget.take("writes")
    assert time.waits == []


def test_where_moments_cannot_be_shared_each_run_keeps_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    time = Time()
    for directory, without_locks in ((tmp_path / "file", False), (tmp_path, True)):
        if without_locks:
            monkeypatch.setattr("pytest_apivideo.sandbox.times.fcntl", None)
        budget = Budget(0.025, time.read, time.wait, SharedTimes(directory, "https://a"))
        budget.take("writes")
        budget.take("writes")
    assert time.waits == [60.0, 60.0]


def test_rates_do_not_wait_for_each_other_and_off_waits_for_none() -> None:
    time = Time()
    budget = Budget(0.7, time.read, time.wait)
    for _ in range(28):
        budget.take("writes")
        budget.take("reads")
        budget.take("uploads")
        budget.take(None)
    off = Budget(None, time.read, time.wait)
    for _ in range(1000):
        off.take("writes")
    assert time.waits == []


def test_waits_come_between_tests_and_not_within_one() -> None:
    time = Time()
    budget = Budget(0.7, time.read, time.wait)
    for _ in range(20):
        budget.rest()
        rested = len(time.waits)
        for _ in range(7):
            budget.take("writes")
            time.now += 0.1
        assert len(time.waits) == rested
    assert time.waits
    off = Budget(None, time.read, time.wait)
    before = len(time.waits)
    off.rest()
    assert len(time.waits) == before


@pytest.mark.parametrize(("part", "waits"), [(0.7, [7]), (None, [])])
def test_an_answer_that_leaves_no_request_is_heeded_within_a_budget(
    part: float | None, waits: list[float]
) -> None:
    time = Time()
    budget = Budget(part, time.read, time.wait)
    budget.heed("reads", {"x-ratelimit-remaining": "0", "x-ratelimit-retry-after": "7"})
    budget.heed("writes", {"x-ratelimit-remaining": "1", "x-ratelimit-retry-after": "7"})
    budget.take("writes")
    budget.take("reads")
    assert time.waits == waits


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"x-ratelimit-retry-after": "3", "retry-after": "9"}, 3),
        ({"retry-after": "9"}, 9),
        ({"retry-after": "9999"}, 90),
        ({"retry-after": "soon"}, 60),
        ({}, 60),
    ],
)
def test_how_long_a_429_asks_to_wait(headers: dict[str, str], seconds: float) -> None:
    assert retry_after(headers) == seconds


@pytest.mark.parametrize(
    ("method", "path", "rate"),
    [
        ("GET", "/videos", "reads"),
        ("HEAD", "/videos", "reads"),
        ("POST", "/videos", "writes"),
        ("DELETE", "/videos/vi1", "writes"),
        ("POST", "/videos/vi1/source", "uploads"),
        ("POST", "/upload", "uploads"),
        ("POST", "/auth/api-key", None),
    ],
)
def test_the_rate_that_a_request_counts_against(method: str, path: str, rate: str | None) -> None:
    assert rate_of(method, path) == rate


def test_a_budget_is_a_share_or_off() -> None:
    assert (share("70%"), share("off"), share("100 %")) == (0.7, None, 1.0)
    with pytest.raises(ValueError, match="from 1% to 100%"):
        share("0%")
