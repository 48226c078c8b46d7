"""Reports compared: observations, kinds of drift, baselines, and the command."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from html import escape
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
import requests
from click.testing import CliRunner
from markdown_it import MarkdownIt

from fake_server.cli import cli
from pytest_apivideo.drift import compare as comparing
from pytest_apivideo.drift.baseline import read
from pytest_apivideo.drift.compare import KINDS, Drift, compare
from pytest_apivideo.drift.observation import merged, observation, operation_of, tree
from pytest_apivideo.drift.report import FORMAT, Check, Report, ReportError, Side, as_text
from pytest_apivideo.drift.show import Shown, markdown, table
from pytest_apivideo.options import KEY_VARIABLE, NO_KEY

CHECK = "test_videos::test_it"
TARGETS = ("fake", "sandbox")


def answer(status: int = 200, body: Any = None, **headers: str) -> httpx.Response:
    request = httpx.Request("GET", "https://sandbox.api.video/videos/viAbc?x=1")
    return httpx.Response(status, json=body, headers=headers, request=request)


def report(
    *answers: httpx.Response,
    target: str = "fake",
    outcome: str = "passed",
    address: str | None = None,
    **settings: Any,
) -> Report:
    seen = [observation(one, number) for number, one in enumerate(answers)]
    check: Check = {
        "outcome": outcome,
        "seen": seen,
        "settings": {name: [value] for name, value in settings.items()},
    }
    side: Side = {"address": address, "checks": {CHECK: check}}
    return {"format": FORMAT, "made": "2026-11-24T08:00:00+00:00", "targets": {target: side}}


def two_checks(*answers: httpx.Response, target: str = "fake") -> Report:
    """A report of two tests that saw the same."""
    made = report(*answers, target=target)
    checks = made["targets"][target]["checks"]
    checks["test_b::test_b"] = checks[CHECK]
    return made


def kinds(one: Report, other: Report) -> list[tuple[str, str]]:
    return [(drift.kind, drift.where) for drift in compare(one, other)]


# Observations


def test_an_observation_keeps_types_and_no_values() -> None:
    body = {
        "videoId": "vi4k0jvEUuaTdRAEjQ4Jfrgz",
        "title": "A secret title",
        "public": True,
        "ratio": 1.5,
        "count": 2,
        "none": None,
        "status": "encoded",
        "createdAt": "2019-12-16T08:25:51+00:00",
        "tags": ["a"],
        "empty": [],
    }
    seen = observation(answer(body=body), 0)
    assert seen["operation"] == "GET /videos/{videoId}"
    assert (seen["status"], seen["media_type"]) == (200, "application/json")
    fields = seen["body"]["fields"]
    assert {name: node["types"] for name, node in fields.items()} == {
        "videoId": ["string"],
        "title": ["string"],
        "public": ["boolean"],
        "ratio": ["number"],
        "count": ["integer"],
        "none": ["null"],
        "status": ["string"],
        "createdAt": ["string"],
        "tags": ["array"],
        "empty": ["array"],
    }
    assert fields["status"]["values"] == ["encoded"]
    assert fields["createdAt"]["formats"] == ["date-time with offset"]
    assert fields["videoId"]["formats"] == ["vi… of 24"]
    assert "secret" not in json.dumps(seen)
    assert "4k0jv" not in json.dumps(seen)


def test_a_problem_is_kept_by_its_type_and_title() -> None:
    body = {"type": "https://x/y", "title": "No.", "status": 404, "name": "videoId", "detail": "a"}
    seen = observation(answer(404, body), 0)
    assert seen["problem"] == {"type": "https://x/y", "title": "No.", "name": "videoId"}
    assert set(seen["body"]["fields"]) == {"status", "name", "detail"}


@pytest.mark.parametrize(("content", "expected"), [(b"", None), (b"<html>", ["no JSON"])])
def test_a_body_that_is_no_json_is_said_to_be_none(content: bytes, expected: Any) -> None:
    request = httpx.Request("GET", "https://sandbox.api.video/videos")
    seen = observation(httpx.Response(200, content=content, request=request), 0)
    assert seen.get("body", {}).get("types") == expected


def test_elements_of_an_array_are_one_node() -> None:
    node = tree([{"a": 1}, {"a": "x", "b": None}])["items"]
    assert node["fields"]["a"]["types"] == ["integer", "string"]
    assert node["fields"]["b"] == {"types": ["null"], "optional": True}
    assert merged([]) is None


@pytest.mark.parametrize(
    ("method", "path", "operation"),
    [
        ("GET", "/videos/vi1/status", "GET /videos/{videoId}/status"),
        ("PATCH", "/discarded/videos/vi1", "PATCH /discarded/videos/{videoId}"),
        ("GET", "/projects/count", "GET /projects/count"),
        ("GET", "/no/such/path", "GET /{…}/{…}/{…}"),
        (
            "GET",
            "/vod/vi4k0jvEUuaTdRAEjQ4Jfrgz/token/SECRET-TOKEN/hls/720/seg1.ts",
            "GET /vod/{…}/token/{…}/hls/{…}/{…}",
        ),
        ("GET", "/upload-tokens/toSECRET/", "GET /upload-tokens/{…}/"),
        ("SECRET", "/videos", "… /videos"),
    ],
)
def test_the_operation_of_an_address(method: str, path: str, operation: str) -> None:
    assert operation_of(method, f"http://127.0.0.1:1{path}?a=b") == operation


SECRETS = {
    "a field's name": answer(body={"to4k0jvEUuaTdRAEjQ4Jfrgz": 1, "two words": 2}),
    "an enumeration": answer(body={"type": "to4k0jvEUuaTdRAEjQ4Jfrgz", "status": "two words"}),
    "a problem": answer(
        404, {"title": "No to4k0jvEUuaTdRAEjQ4Jfrgz, two", "type": {"two words": 1}}
    ),
    "a media type": answer(**{"content-type": "to4k0jvEUuaTdRAEjQ4Jfrgz two words"}),
    "a charset": answer(**{"content-type": "text/x; charset=to4k0jvEUuaTdRAEjQ4Jfrgz"}),
    "a header": answer(to4k0jvEUuaTdRAEjQ4Jfrgz="two words"),
}


@pytest.mark.parametrize("response", SECRETS.values(), ids=SECRETS)
def test_no_value_comes_in_by_the_way_of_a_name(response: httpx.Response) -> None:
    written = json.dumps(observation(response, 0)).lower()
    assert "4k0jv" not in written
    assert "two words" not in written


def test_a_charset_is_kept_that_is_not_the_one_of_json() -> None:
    types = ("application/json; charset=UTF-8", 'text/x; a=1; charset="iso-8859-1"')
    seen = [observation(answer(**{"content-type": one}), 0)["media_type"] for one in types]
    assert seen == ["application/json", "text/x; charset=iso-8859-1"]


def test_what_is_very_deep_is_not_followed() -> None:
    request = httpx.Request("GET", "https://sandbox.api.video/videos")
    deep = [b"[" * depth + b"]" * depth for depth in (100, 100_000)]
    seen = [observation(httpx.Response(200, content=one, request=request), 0) for one in deep]
    assert '["deeper"]' in json.dumps(seen[0]["body"])
    assert seen[1]["body"] == {"types": ["no JSON"]}


class Stream(httpx.SyncByteStream):
    def __iter__(self) -> Iterator[bytes]:
        yield b"{}"


REQUEST = httpx.Request("GET", "https://sandbox.api.video/videos")


@pytest.mark.parametrize(
    ("given", "error", "words"),
    [
        (None, TypeError, "takes an answer of httpx or requests, not NoneType"),
        ({}, TypeError, "takes an answer of httpx or requests, not dict"),
        (SimpleNamespace(request=REQUEST), TypeError, "or requests, not SimpleNamespace"),
        (httpx.Response(200, json={}), ValueError, "this answer has no request"),
        (requests.Response(), ValueError, "this answer has no request"),
        (httpx.Response(200, stream=Stream(), request=REQUEST), ValueError, "has not been read"),
    ],
    ids=["None", "a dict", "half an answer", "made by hand", "made by requests", "a stream"],
)
def test_what_cannot_be_observed_is_refused_with_words(
    given: Any, error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        observation(given, 0)


# Kinds of drift


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        (answer(200), answer(201), ("status", "status")),
        (answer(body={"a": 1}), answer(body={"a": "1"}), ("type", "200 body.a")),
        (answer(body={}), answer(body={"a": 1}), ("missing", "200 body.a")),
        (answer(body={"a": 1}), answer(body={}), ("extra", "200 body.a")),
        (answer(body={"type": "x"}), answer(body={"type": "y"}), ("enum", "200 body.type")),
        (
            answer(body={"a": "2019-12-16T08:25:51+00:00"}),
            answer(body={"a": "2019-12-16T08:25:51Z"}),
            ("format", "200 body.a"),
        ),
        (
            answer(404, {"title": "Not found"}),
            answer(404, {"title": "Gone"}),
            ("problem", "404 problem.title"),
        ),
        (answer(body={}), answer(body={}, **{"x-new": "1"}), ("header", "200 x-new")),
        (
            answer(body=[{"a": {"b": 1}}]),
            answer(body=[{"a": {"b": None}}]),
            ("type", "200 body[].a.b"),
        ),
    ],
)
def test_a_difference_is_told_with_its_kind_and_place(
    one: httpx.Response, other: httpx.Response, expected: tuple[str, str]
) -> None:
    assert kinds(report(one), report(other, target="sandbox")) == [expected]


def test_outcomes_and_settings_are_compared() -> None:
    passed = report(answer(), rotate_refresh=True)
    failed = report(answer(), target="sandbox", outcome="failed", rotate_refresh=False)
    assert kinds(passed, failed) == [("must", "outcome"), ("setting", "rotate_refresh")]


@pytest.mark.parametrize("outcome", ["inconclusive", "skipped"])
def test_what_was_seen_before_an_inconclusive_end_is_not_compared(outcome: str) -> None:
    one, other = two_checks(answer()), two_checks(answer(), target="sandbox")
    ended = report(answer(429), outcome=outcome, rotate_refresh=False)
    other["targets"]["sandbox"]["checks"][CHECK] = ended["targets"]["fake"]["checks"][CHECK]
    assert kinds(one, other) == [("inconclusive", "outcome")]


def test_what_only_one_has_seen_is_inconclusive() -> None:
    one, other = two_checks(answer()), report(answer(), target="sandbox")
    assert kinds(one, other) == [("inconclusive", "test")]


def test_a_test_that_failed_on_both_is_no_agreement() -> None:
    one, other = (report(answer(500), target=name, outcome="failed") for name in TARGETS)
    (drift,) = compare(one, other)
    assert (drift.kind, drift.operation) == ("failed", "GET /videos/{videoId}")
    assert drift.first == drift.second == "failed"


@pytest.mark.parametrize("swapped", [False, True])
def test_more_requests_in_a_test_are_a_difference(swapped: bool) -> None:
    counts = (1, 2) if swapped else (2, 1)
    one, other = (
        report(*[answer()] * count, target=name)
        for count, name in zip(counts, TARGETS, strict=True)
    )
    (drift,) = compare(one, other)
    assert (drift.kind, drift.operation) == ("requests", "GET /videos/{videoId}")
    assert (drift.first, drift.second) == tuple(map(str, counts))


def test_other_requests_in_a_test_are_a_difference() -> None:
    other_request = httpx.Response(200, request=httpx.Request("DELETE", "https://x/videos/vi1"))
    one, other = report(answer()), report(other_request, target="sandbox")
    assert kinds(one, other) == [("requests", "request")]


def test_reports_without_a_test_in_common_are_not_compared() -> None:
    one, other = report(answer()), report(answer(), target="sandbox")
    checks = other["targets"]["sandbox"]["checks"]
    checks["test_b::test_b"] = checks.pop(CHECK)
    with pytest.raises(ReportError, match="there is nothing to compare: of 1 tests in the one"):
        compare(one, other)


def test_a_difference_that_several_tests_saw_is_told_once() -> None:
    one, other = report(answer(200)), report(answer(201), target="sandbox")
    for each, name in ((one, "fake"), (other, "sandbox")):
        checks = each["targets"][name]["checks"]
        checks["test_b::test_b"] = checks[CHECK]
    (drift,) = compare(one, other)
    assert drift.checks == ("test_b::test_b", CHECK)


def test_every_kind_is_explained() -> None:
    source = Path(comparing.__file__).read_text()
    for kind in KINDS:
        assert f'"{kind}"' in source.split("KINDS", 2)[2], kind


def test_what_only_the_description_has_is_told() -> None:
    schema = {"type": "object", "properties": {"a": {"type": "integer"}, "b": {"type": "string"}}}
    content = {"application/json": {"schema": {"$ref": "#/components/schemas/it"}}}
    openapi = {
        "paths": {"/videos/{videoId}": {"get": {"responses": {"200": {"content": content}}}}},
        "components": {"schemas": {"it": schema}},
    }
    one = report(answer(body={"a": 1}))
    found = comparing.described_only(one, one, openapi)
    assert [(drift.kind, drift.where) for drift in found] == [("spec-only", "200 body.b")]


# The command


def whole(targets: Any) -> str:
    return json.dumps({"format": FORMAT, "made": "", "targets": targets})


def of_check(check: Any) -> str:
    return whole({"fake": {"address": None, "checks": {"a": check}}})


def seen_as(**parts: Any) -> str:
    seen = {**observation(answer(), 0), **parts}
    return of_check({"outcome": "passed", "seen": [seen], "settings": {}})


def nested(depth: int) -> Any:
    node: Any = {"types": ["null"]}
    for _ in range(depth):
        node = {"types": ["array"], "items": node}
    return node


def run(*arguments: str) -> Any:
    return CliRunner().invoke(cli, ["drift", *arguments], catch_exceptions=False)


@pytest.fixture
def files(tmp_path: Path) -> tuple[str, str]:
    """A report of the fake and one of the sandbox, with one difference."""
    one, other = report(answer(body={"a": 1})), report(answer(body={}), target="sandbox")
    paths = []
    for name, made in (("fake.json", one), ("sandbox.json", other)):
        (tmp_path / name).write_text(json.dumps(made))
        paths.append(str(tmp_path / name))
    return paths[0], paths[1]


def test_new_drift_is_shown_in_a_table_and_ends_with_1(files: tuple[str, str]) -> None:
    done = run(*files)
    assert done.exit_code == 1
    assert "*  extra  GET /videos/{videoId}  200 body.a  there  not there" in done.output
    assert done.output.endswith("1 difference (1 extra): 1 new, 0 known\n")


@pytest.mark.parametrize("command", ["drift", "verify"])
def test_the_commands_work_in_a_process_of_their_own(files: tuple[str, str], command: str) -> None:
    given = files if command == "drift" else files[:1]
    done = subprocess.run(
        [sys.executable, "-m", "fake_server", command, *given], capture_output=True, text=True
    )
    assert done.stderr == ""
    assert "the fake, on" in done.stdout or "1 new, 0 known" in done.stdout


@pytest.mark.parametrize("form", ["table", "markdown"])
def test_no_drift_is_said_in_a_line_and_ends_with_0(files: tuple[str, str], form: str) -> None:
    done = run(files[0], files[0], "--format", form)
    assert (done.exit_code, done.output) == (0, "no difference\n")


def test_who_saw_it_is_whole_in_a_pipe_and_how_many_is_whole_anywhere() -> None:
    checks = ("test_videos::test_a_name_that_is_longer_than_a_cell_of_a_table_is_wide", "b", "c")
    drift = Drift("extra", "GET /videos", "200 body.a", "there", "not there", checks)
    assert f"{checks[0]} and 2 more" in table(Shown([drift], [drift]))
    cut = table(Shown([drift], [drift], is_cut=True))
    assert re.search(r" test_videos::test_a_name_that_\w*… and 2 more\n", cut)


def test_what_is_new_comes_first_and_what_is_only_told_last() -> None:
    kinds = ("must", "extra", "inconclusive", "spec-only")
    must, extra, unsure, described = (Drift(kind, "o", "w", "a", "b") for kind in kinds)
    shown = Shown([must, unsure, described, extra], [extra], in_full=True)
    assert [row[:2] for row in shown.rows()] == [
        ("*", "extra"),
        ("", "must"),
        ("", "inconclusive"),
        ("", "spec-only"),
    ]
    told = "2 differences (1 must, 1 extra): 1 new, 1 known; 1 spec-only, 1 inconclusive"
    assert shown.summary() == told
    assert Shown([described], []).summary() == "no difference; 1 spec-only"


def test_drift_can_be_markdown_and_json(files: tuple[str, str]) -> None:
    markdown = run(*files, "--format", "markdown").output
    assert "| * | extra | GET /videos/{videoId} | 200 body.a | there | not there |" in markdown
    found = json.loads(run(*files, "--format", "json").output)
    assert (found["new"], found["drift"][0]["kind"], found["drift"][0]["new"]) == (1, "extra", True)


HOSTILE = (
    "a\\|b",
    "a|b",
    "<img src=x onerror=alert(1)>",
    "a\rb",
    "[c](http://evil) `x`",
    "\x1b[2J",
)


@pytest.mark.parametrize("cell", HOSTILE)
def test_what_a_report_says_is_no_markup(cell: str) -> None:
    drift = Drift("extra", "GET /videos", f"200 body.{cell}", cell, cell, (cell,))
    row = markdown(Shown([drift], [drift])).splitlines()[2]
    html = MarkdownIt("gfm-like", {"linkify": False}).render(markdown(Shown([drift], [drift])))
    shown = cell.replace("\r", "\\r").replace("\x1b", "\\x1b")
    assert re.findall("<td>(.*)</td>", html)[4] == escape(shown, quote=False)
    assert row.startswith("| * | extra | GET /videos | 200 body.")


def test_nobody_is_mentioned_and_nothing_is_linked_by_itself() -> None:
    drift = Drift("extra", "", "@all", "https://evil.example", "www.evil.example")
    shown = markdown(Shown([drift], [drift]))
    assert "@all" not in shown
    assert "://" not in shown
    assert "www." not in shown
    assert "\x1b" not in table(Shown([Drift("extra", "", "\x1b[2J", "\r", "")], []))


def test_a_baseline_makes_drift_known_until_its_day(files: tuple[str, str], tmp_path: Path) -> None:
    baseline = tmp_path / "baseline.toml"
    done = run(*files, "--write-baseline", str(baseline))
    assert (done.exit_code, done.stderr) == (0, f"{baseline}: 1 added, 0 kept\n")
    done = run(*files, "--baseline", str(baseline))
    assert (done.exit_code, "0 new, 1 known" in done.output) == (0, True)
    baseline.write_text(baseline.read_text() + 'until = "2020-01-01"\n')
    assert run(*files, "--baseline", str(baseline)).exit_code == 1


HAND_WRITTEN = """# What we know.
[[known]]
where = "200 body.b"
reason = "the account has no languages"
date = 2026-11-24
until = "2027-05-24"
"""


@pytest.mark.parametrize("is_read", [False, True], ids=["only written", "read as well"])
def test_a_baseline_that_is_there_is_added_to(
    files: tuple[str, str], tmp_path: Path, is_read: bool
) -> None:
    baseline = tmp_path / "baseline.toml"
    baseline.write_text(HAND_WRITTEN)
    options = ["--baseline", str(baseline)] if is_read else []
    done = run(*files, *options, "--write-baseline", str(baseline))
    assert done.stderr.endswith(f"{baseline}: 1 added, 1 kept\n")
    assert baseline.read_text().startswith(HAND_WRITTEN)
    assert [one.matched["where"] for one in read(baseline)] == ["200 body.b", "200 body.a"]
    once = baseline.read_text()
    assert run(*files, "--write-baseline", str(baseline)).stderr.endswith("0 added, 2 kept\n")
    assert baseline.read_text() == once


def test_what_another_baseline_knows_is_taken_over(files: tuple[str, str], tmp_path: Path) -> None:
    old, new = tmp_path / "old.toml", tmp_path / "new.toml"
    old.write_text(HAND_WRITTEN)
    done = run(*files, "--baseline", str(old), "--write-baseline", str(new))
    assert done.stderr.endswith(f"{new}: 1 added, 1 kept\n")
    assert read(new)[0] == read(old)[0]


def test_an_entry_that_is_past_its_day_is_not_known_anew(
    files: tuple[str, str], tmp_path: Path
) -> None:
    baseline = tmp_path / "baseline.toml"
    baseline.write_text("known = [{kind='extra', reason='a', date=2020-01-01, until=2020-02-01}]\n")
    done = run(*files, "--write-baseline", str(baseline))
    assert "0 added, 1 kept; past their `until`, so still new: 1" in done.stderr
    assert run(*files, "--baseline", str(baseline)).exit_code == 1


def test_an_entry_that_matches_nothing_any_more_is_told(
    files: tuple[str, str], tmp_path: Path
) -> None:
    baseline = tmp_path / "baseline.toml"
    run(*files, "--write-baseline", str(baseline))
    baseline.write_text(HAND_WRITTEN + baseline.read_text())
    done = run(*files, "--baseline", str(baseline))
    assert done.exit_code == 0
    stale = f"{baseline}: stale, for it matches nothing any more: where '200 body.b'\n"
    assert done.stderr == stale


@pytest.mark.parametrize("until", ["2027-01-01T00:00:00", "2027-01-01", "'2027-01-01'"])
def test_a_day_can_be_written_as_toml_has_it(tmp_path: Path, until: str) -> None:
    (tmp_path / "a.toml").write_text(
        f"known = [{{kind='extra', reason='a', date=2026-01-01, until={until}}}]"
    )
    (entry,) = read(tmp_path / "a.toml")
    assert str(entry.until) == "2027-01-01"


@pytest.mark.parametrize(
    "text", ["[[known", "known = [{kind='must', reason='a', date=2020-01-01}]"], ids=["bad", "list"]
)
def test_a_baseline_that_cannot_be_added_to_stays_as_it_is(
    files: tuple[str, str], tmp_path: Path, text: str
) -> None:
    baseline = tmp_path / "baseline.toml"
    baseline.write_text(text)
    done = run(*files, "--write-baseline", str(baseline))
    assert (done.exit_code, done.stderr.startswith(f"Error: {baseline}: ")) == (1, True)
    assert baseline.read_text() == text


def test_a_file_is_written_with_its_folder_or_refused_in_a_line(
    files: tuple[str, str], tmp_path: Path
) -> None:
    baseline = tmp_path / "new" / "folder" / "baseline.toml"
    assert run(*files, "--write-baseline", str(baseline)).exit_code == 0
    assert baseline.is_file()
    done = run(*files, "--write-baseline", str(baseline / "in-a-file.toml"))
    assert done.exit_code == 1
    assert done.stderr.startswith(f"Error: cannot write {baseline}/in-a-file.toml: ")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[[known]]\nkind = 'extra'\n", "entry 1: it needs reason and date"),
        ("[[known]]\nreason='a'\ndate='2026-11-24'\nkinds='extra'", "entry 1: it has kinds."),
        ("[[known]]\nreason='a'\ndate='2026-11-24'\nkind='more'", "kind is one of must"),
        ("[[known]]\nreason='a'\ndate='today'\nkind='extra'", "a date is written 2026-11-24"),
        ("[[known", "baseline.toml: "),
        ("known = 'all'", "an entry begins with [[known]]"),
        ("known = 5", "an entry begins with [[known]]"),
        ("known = [5]", "an entry begins with [[known]]"),
        ("[known]\nreason='a'\ndate='2026-11-24'", "toml: an entry begins with [[known]]"),
        ("[[knwon]]\nkind='extra'", "it has knwon; an entry begins with [[known]]"),
        ("[[known]]\nreason='a'\ndate='2026-11-24'\nkind=['extra']", "entry 1: kind is a text"),
        ("[[known]]\nreason=5\ndate='2026-11-24'\nkind='extra'", "entry 1: reason is a text"),
        ("[[known]]\nreason='a'\ndate=5\nkind='extra'", "entry 1: a date is written"),
        ("[[known]]\nreason='a'\ndate='2026-11-24'", "entry 1: it would match all drift"),
    ],
)
def test_a_wrong_baseline_is_told_in_a_line(
    files: tuple[str, str], tmp_path: Path, text: str, words: str
) -> None:
    (tmp_path / "baseline.toml").write_text(text)
    done = run(*files, "--baseline", str(tmp_path / "baseline.toml"))
    assert done.exit_code == 1
    assert words in done.output


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("no json", "is no report"),
        ("{}", "is no report"),
        ('{"targets": {}}', "of format None"),
        ('{"format": 1, "made": "", "targets": {}}', "the report has no target"),
        ('{"format": 1, "made": "", "targets": {"fake": {}}}', "targets.fake.address: Field req"),
        (whole({"fake": 5}), "is no whole report: targets.fake: Input should be"),
        (of_check(5), "no whole report: targets.fake.checks.a: Input should be"),
        (of_check({"seen": [], "settings": {}}), "checks.a.outcome: Field required"),
        (of_check({"outcome": "passed", "seen": 5, "settings": {}}), "a.seen: Input should be"),
        (of_check({"outcome": "passed", "seen": [], "settings": {"x": 1}}), "settings.x: Input"),
        (seen_as(body=[1]), "a.seen.0.body: Input should be"),
        (seen_as(body={"types": ["object"], "fields": {"b": {}}}), "body.fields.b.types: Field"),
        (seen_as(body=nested(400)), "is no whole report: targets.fake.checks.a.seen.0.body"),
        (seen_as(problem={"title": 5}), "problem.title: Input should be a valid string"),
        (seen_as(status="200"), "status: Input should be a valid integer"),
        ("[" * 100_000, "is no report"),
    ],
    ids=lambda value: None if len(value) > 40 else value,
)
def test_a_file_that_is_no_report_is_told_in_a_line(
    files: tuple[str, str], tmp_path: Path, text: str, words: str
) -> None:
    (tmp_path / "other.json").write_text(text)
    done = run(files[0], str(tmp_path / "other.json"))
    assert (done.exit_code, words in done.output) == (1, True)


def test_one_report_of_both_targets_is_enough(tmp_path: Path, files: tuple[str, str]) -> None:
    both = report(answer(body={"a": 1}))
    both["targets"] |= report(answer(body={}), target="sandbox")["targets"]
    (tmp_path / "both.json").write_text(json.dumps(both))
    assert run(str(tmp_path / "both.json")).exit_code == 1
    assert "name a second report" in run(files[0]).output


def test_a_description_is_read_as_yaml_or_json(files: tuple[str, str], tmp_path: Path) -> None:
    properties = {"c": {"type": "string"}}
    content = {"application/json": {"schema": {"properties": properties}}}
    responses = {"200": {"content": content}}
    openapi = {"paths": {"/videos/{videoId}": {"get": {"responses": responses}}}}
    for name in ("openapi.json", "openapi.yaml"):
        (tmp_path / name).write_text(json.dumps(openapi))
        done = run(*files, "--openapi", str(tmp_path / name))
        assert done.output.endswith("1 new, 0 known; 1 spec-only\n")
        assert "the description" not in done.output
        assert "the description" in run(*files, "--openapi", str(tmp_path / name), "--all").output


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("list.json", "[]"),
        ("broken.json", "{"),
        ("broken.yaml", "paths: [a\n  : }"),
        ("latin.yaml", "\xff"),
        ("latin.json", "\xff"),
        ("deep.json", "[" * 100_000),
        ("listed.json", '{"paths": []}'),
    ],
)
def test_a_file_that_is_no_description_is_told_in_a_line(
    files: tuple[str, str], tmp_path: Path, name: str, text: str
) -> None:
    path = tmp_path / name
    path.write_bytes(text.encode("latin-1"))
    done = run(*files, "--openapi", str(path))
    assert (done.exit_code, done.stdout) == (1, "")
    assert done.stderr.startswith(f"Error: {path} is not an OpenAPI description: ")
    assert done.stderr.count("\n") == 1


def referring_to(ref: str, **more: Any) -> dict[str, Any]:
    content = {"application/json": {"schema": {"$ref": ref}}}
    get = {"responses": {"200": {"content": content}}}
    return {"paths": {"/videos/{videoId}": {"get": get}}, **more}


@pytest.mark.parametrize(
    "openapi",
    [
        {"paths": []},
        {"paths": {"/videos/{videoId}": None}},
        {"paths": {"/videos/{videoId}": {"get": None}}},
        referring_to("#/components/x", components=5),
        referring_to("other.yaml#/x"),
        referring_to("#/a", a={"$ref": "#/a"}),
    ],
    ids=str,
)
def test_a_description_with_holes_describes_nothing(openapi: dict[str, Any]) -> None:
    one = report(answer(body={"a": 1}))
    assert comparing.described_only(one, one, openapi) == []


def test_without_its_library_a_description_in_yaml_says_what_to_install(
    files: tuple[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "yaml", None)
    (tmp_path / "openapi.yaml").write_text("paths: {}")
    done = run(*files, "--openapi", str(tmp_path / "openapi.yaml"))
    assert "pip install 'pytest-apivideo[contract]'" in done.stderr


def test_the_extra_that_the_suite_needs_reads_descriptions() -> None:
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())["project"]
    assert any(one.startswith("pyyaml") for one in project["optional-dependencies"]["contract"])


# Reports that saw nothing


def skipped(**reasons: str) -> Report:
    """A report whose tests were all skipped."""
    checks: dict[str, Check] = {
        name: {"outcome": "skipped", "seen": [], "settings": {}, "reason": reason}
        for name, reason in reasons.items()
    }
    side: Side = {"address": None, "checks": checks}
    return {"format": FORMAT, "made": "2026-11-24T08:00:00+00:00", "targets": {"sandbox": side}}


@pytest.mark.parametrize("command", ["drift", "verify"])
def test_from_a_report_that_saw_nothing_nothing_is_concluded(
    files: tuple[str, str], tmp_path: Path, command: str
) -> None:
    path = tmp_path / "skipped.json"
    path.write_text(as_text(skipped(a="it needs a clock", b=NO_KEY, c=NO_KEY)))
    before = [files[0]] if command == "drift" else []
    done = CliRunner().invoke(cli, [command, *before, str(path)], catch_exceptions=False)
    assert (done.exit_code, done.stdout) == (1, "")
    words = "this report saw nothing of the sandbox: of 3 tests 3 were skipped, 2 because "
    assert done.stderr == f"Error: {words}{NO_KEY}\n"


@pytest.mark.parametrize(
    ("made", "words"),
    [
        (report(outcome="failed"), "tests failed before any noted an answer"),
        (report(), "no test noted an answer with apivideo_target.observe"),
    ],
    ids=["failed", "passed"],
)
def test_why_a_report_saw_nothing_is_said(made: Report, words: str) -> None:
    with pytest.raises(ReportError, match=words):
        compare(made, made)


# Reports as a run writes them


SUITE = """
import httpx, pytest

def test_seen(apivideo_target):
    apivideo_target.observe(httpx.get(apivideo_target.url + "/videos"))

def test_skipped(apivideo_target):
    pytest.skip("for a reason")
"""


SEES = """
import httpx

class TestIt:
    def test_up(self, apivideo_target):
        apivideo_target.observe(httpx.get(apivideo_target.url + "/{path}"))
"""
FINDS = """
def test_it(apivideo_target):
    for value in [({found})]:
        apivideo_target.found("rotate_refresh", value)
"""
CASES = """
import pytest

@pytest.mark.parametrize("key", ["a-secret-of-ours", "a-secret-of-yours"], ids=str)
def test_it(apivideo_target, key):
    apivideo_target.found("rotate_refresh", True)
"""


def test_a_report_has_a_line_for_each_observation_and_says_why_a_test_saw_nothing(
    suite: pytest.Pytester,
) -> None:
    suite.makepyfile(test_a=SUITE)
    path = suite.path / "new" / "folder" / "report.json"
    suite.runpytest(f"--apivideo-report={path}").assert_outcomes(passed=1, skipped=1)
    checks = json.loads(path.read_text())["targets"]["fake"]["checks"]
    assert checks["test_a.py::test_skipped"]["reason"] == "for a reason"
    (seen,) = checks["test_a.py::test_seen"]["seen"]
    assert json.dumps(seen, sort_keys=True) in [
        line.strip() for line in path.read_text().splitlines()
    ]
    assert as_text(json.loads(path.read_text())) == path.read_text()


def written(suite: pytest.Pytester, *arguments: str) -> dict[str, Any]:
    """The checks in the report of a run whose tests all pass."""
    done = suite.runpytest("--apivideo-report=report.json", *arguments)
    assert done.ret == 0
    checks: dict[str, Any] = json.loads((suite.path / "report.json").read_text())
    return checks["targets"]["fake"]["checks"]  # type: ignore[no-any-return] # of JSON


def test_tests_of_one_name_in_two_folders_stay_two(suite: pytest.Pytester) -> None:
    for folder, path in (("a", "videos"), ("b", "players")):
        file = suite.mkpydir(folder) / "test_x.py"
        file.write_text(SEES.format(path=path))
    checks = written(suite)
    assert {name: check["seen"][0]["operation"] for name, check in checks.items()} == {
        "a/test_x.py::TestIt::test_up": "GET /videos",
        "b/test_x.py::TestIt::test_up": "GET /players",
    }


def test_all_values_that_a_test_found_are_kept(suite: pytest.Pytester) -> None:
    suite.makepyfile(test_a=FINDS.format(found="True), (True), (False), (1), (None), ('two words'"))
    (check,) = written(suite).values()
    assert check["settings"] == {"rotate_refresh": [True, False, 1, None, "…"]}
    done = CliRunner().invoke(cli, ["drift", "report.json", "report.json"])
    assert (done.exit_code, done.output) == (0, "no difference\n")


@pytest.mark.parametrize(
    ("found", "words"),
    [("object()", "*TypeError: found() takes*not object"), ("1e999", "*ValueError: found()*inf")],
)
def test_what_no_setting_can_be_is_refused_and_the_report_is_there(
    suite: pytest.Pytester, found: str, words: str
) -> None:
    suite.makepyfile(test_a=FINDS.format(found=found))
    done = suite.runpytest("--apivideo-report=report.json")
    done.stdout.fnmatch_lines([words])
    checks = json.loads((suite.path / "report.json").read_text())["targets"]["fake"]["checks"]
    assert [check["outcome"] for check in checks.values()] == ["failed"]


def test_no_key_in_the_id_of_a_case_is_written(
    suite: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(KEY_VARIABLE, "a-secret-of-ours")
    suite.makeconftest("def pytest_apivideo_redact(config): return 'a-secret-of-yours'")
    suite.makepyfile(test_a=CASES)
    checks = written(suite)
    assert sorted(checks) == ["test_a.py::test_it[a-s…ours]", "test_a.py::test_it[a-s…ours] (2)"]
    assert "secret" not in json.dumps(checks)


def test_a_run_that_runs_nothing_leaves_a_report_as_it_is(suite: pytest.Pytester) -> None:
    suite.makepyfile(test_a=SUITE)
    path = suite.path / "report.json"
    path.write_text("a report")
    suite.runpytest(f"--apivideo-report={path}", "--collect-only")
    assert path.read_text() == "a report"


@pytest.mark.parametrize("workers", [(), ("-n2",)], ids=["alone", "xdist"])
@pytest.mark.parametrize("name", [".", "test_a.py/report.json"], ids=["a folder", "in a file"])
def test_a_report_that_cannot_be_written_ends_the_run_before_its_first_test(
    suite: pytest.Pytester, name: str, workers: tuple[str, ...]
) -> None:
    suite.makepyfile(test_a=SUITE)
    done = suite.runpytest(f"--apivideo-report={name}", *workers)
    assert done.ret == pytest.ExitCode.USAGE_ERROR
    (error,) = [line for line in done.errlines if line]
    assert error.startswith("ERROR: --apivideo-report: cannot write ")


def test_a_report_that_cannot_be_written_any_more_fails_the_run(suite: pytest.Pytester) -> None:
    vanishes = SUITE + "def test_in_the_way(): __import__('os').mkdir('report.json')"
    suite.makepyfile(test_a=vanishes)
    done = suite.runpytest("--apivideo-report=report.json")
    done.assert_outcomes(passed=2, skipped=1)
    assert done.ret == pytest.ExitCode.TESTS_FAILED
    done.stdout.fnmatch_lines(["api.video report: cannot write */report.json: Is a directory"])


def test_a_drift_that_only_its_tests_tell_apart_is_the_same() -> None:
    assert Drift("type", "a", "b", "c", "d", ("x",)) == Drift("type", "a", "b", "c", "d", ("y",))
