"""The command `drift`: its output, baselines and descriptions."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
from html import escape
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from markdown_it import MarkdownIt

from fake_server.cli import cli
from pytest_apivideo.drift.baseline import read
from pytest_apivideo.drift.compare import Drift
from pytest_apivideo.drift.formats import DriftTable, markdown, text_table
from pytest_apivideo.drift.observation import observation
from pytest_apivideo.drift.openapi import described_only
from pytest_apivideo.drift.report import FORMAT
from tests.contract.reports import answer, report

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


def test_new_drift_is_shown_in_a_table_and_ends_with_1(files: tuple[str, str]) -> None:
    done = run(*files)
    assert done.exit_code == 1
    assert "*  extra  GET /videos/{videoId}  200 body.a  present  absent" in done.output
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
    drift = Drift("extra", "GET /videos", "200 body.a", "present", "absent", checks)
    assert f"{checks[0]} and 2 more" in text_table(DriftTable([drift], [drift]))
    cut = text_table(DriftTable([drift], [drift], truncate=True))
    assert re.search(r" test_videos::test_a_name_that_\w*… and 2 more\n", cut)


def test_new_drift_is_first_and_information_is_last() -> None:
    kinds = ("must", "extra", "inconclusive", "spec-only")
    must, extra, unsure, described = (Drift(kind, "o", "w", "a", "b") for kind in kinds)
    shown = DriftTable([must, unsure, described, extra], [extra], in_full=True)
    assert [row[:2] for row in shown.rows()] == [
        ("*", "extra"),
        ("", "must"),
        ("", "inconclusive"),
        ("", "spec-only"),
    ]
    told = "2 differences (1 must, 1 extra): 1 new, 1 known; 1 spec-only, 1 inconclusive"
    assert shown.summary() == told
    assert DriftTable([described], []).summary() == "no difference; 1 spec-only"


def test_drift_can_be_markdown_and_json(files: tuple[str, str]) -> None:
    markdown = run(*files, "--format", "markdown").output
    assert "| * | extra | GET /videos/{videoId} | 200 body.a | present | absent |" in markdown
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
def test_texts_of_a_report_are_escaped(cell: str) -> None:
    drift = Drift("extra", "GET /videos", f"200 body.{cell}", cell, cell, (cell,))
    row = markdown(DriftTable([drift], [drift])).splitlines()[2]
    html = MarkdownIt("gfm-like", {"linkify": False}).render(markdown(DriftTable([drift], [drift])))
    shown = cell.replace("\r", "\\r").replace("\x1b", "\\x1b")
    assert re.findall("<td>(.*)</td>", html)[4] == escape(shown, quote=False)
    assert row.startswith("| * | extra | GET /videos | 200 body.")


def test_mentions_and_links_are_escaped() -> None:
    drift = Drift("extra", "", "@all", "https://evil.example", "www.evil.example")
    shown = markdown(DriftTable([drift], [drift]))
    assert "@all" not in shown
    assert "://" not in shown
    assert "www." not in shown
    assert "\x1b" not in text_table(DriftTable([Drift("extra", "", "\x1b[2J", "\r", "")], []))


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
    assert [one.where for one in read(baseline)] == ["200 body.b", "200 body.a"]
    once = baseline.read_text()
    assert run(*files, "--write-baseline", str(baseline)).stderr.endswith("0 added, 2 kept\n")
    assert baseline.read_text() == once


def test_entries_of_another_baseline_are_kept(files: tuple[str, str], tmp_path: Path) -> None:
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
    assert "0 added, 1 kept; 1 expired (past `until`, so still new)" in done.stderr
    assert run(*files, "--baseline", str(baseline)).exit_code == 1


def test_an_unused_entry_is_reported(files: tuple[str, str], tmp_path: Path) -> None:
    baseline = tmp_path / "baseline.toml"
    run(*files, "--write-baseline", str(baseline))
    baseline.write_text(HAND_WRITTEN + baseline.read_text())
    done = run(*files, "--baseline", str(baseline))
    assert done.exit_code == 0
    stale = f"{baseline}: stale entry, matches no drift: where '200 body.b'\n"
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
def test_a_baseline_that_cannot_be_extended_stays_unchanged(
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
        ("[[known]]\nkind = 'extra'\n", "entry 1: reason: Field required"),
        (
            "[[known]]\nreason='a'\ndate='2026-11-24'\nkinds='extra'",
            "entry 1: kinds: Extra inputs are not permitted",
        ),
        (
            "[[known]]\nreason='a'\ndate='2026-11-24'\nkind='more'",
            "entry 1: kind: String should match pattern '^(must|",
        ),
        (
            "[[known]]\nreason='a'\ndate='today'\nkind='extra'",
            "entry 1: date: Input should be a valid date",
        ),
        ("[[known", "baseline.toml: "),
        ("known = 'all'", "An entry begins with [[known]]"),
        ("known = 5", "An entry begins with [[known]]"),
        ("known = [5]", "An entry begins with [[known]]"),
        ("[known]\nreason='a'\ndate='2026-11-24'", "An entry begins with [[known]]"),
        ("[[knwon]]\nkind='extra'", "(knwon). An entry begins with [[known]]"),
        (
            "[[known]]\nreason='a'\ndate='2026-11-24'\nkind=['extra']",
            "entry 1: kind: Input should be a valid string",
        ),
        (
            "[[known]]\nreason=5\ndate='2026-11-24'\nkind='extra'",
            "entry 1: reason: Input should be a valid string",
        ),
        ("[[known]]\nreason='a'\ndate=5\nkind='extra'", "entry 1: date: "),
        ("[[known]]\nreason='a'\ndate='2026-11-24'", "entry 1: it matches all drift"),
    ],
)
def test_an_invalid_baseline_is_a_one_line_error(
    files: tuple[str, str], tmp_path: Path, text: str, words: str
) -> None:
    (tmp_path / "baseline.toml").write_text(text)
    done = run(*files, "--baseline", str(tmp_path / "baseline.toml"))
    assert done.exit_code == 1
    assert words in done.output


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("no json", "is not a report"),
        ("{}", "is not a report"),
        ('{"targets": {}}', "of format None"),
        ('{"format": 1, "made": "", "targets": {}}', "the report has no target"),
        ('{"format": 1, "made": "", "targets": {"fake": {}}}', "targets.fake.address: Field req"),
        (whole({"fake": 5}), "is an invalid report: targets.fake: Input should be"),
        (of_check(5), "invalid report: targets.fake.checks.a: Input should be"),
        (of_check({"seen": [], "settings": {}}), "checks.a.outcome: Field required"),
        (of_check({"outcome": "passed", "seen": 5, "settings": {}}), "a.seen: Input should be"),
        (of_check({"outcome": "passed", "seen": [], "settings": {"x": 1}}), "settings.x: Input"),
        (seen_as(body=[1]), "a.seen.0.body: Input should be"),
        (seen_as(body={"types": ["object"], "fields": {"b": {}}}), "body.fields.b.types: Field"),
        (seen_as(body=nested(400)), "is an invalid report: targets.fake.checks.a.seen.0.body"),
        (seen_as(problem={"title": 5}), "problem.title: Input should be a valid string"),
        (seen_as(status="200"), "status: Input should be a valid integer"),
        ("[" * 100_000, "is not a report"),
    ],
    ids=lambda value: None if len(value) > 40 else value,
)
def test_an_invalid_report_is_a_one_line_error(
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
        assert "the OpenAPI document" not in done.output
        assert (
            "the OpenAPI document" in run(*files, "--openapi", str(tmp_path / name), "--all").output
        )


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
def test_an_invalid_description_is_a_one_line_error(
    files: tuple[str, str], tmp_path: Path, name: str, text: str
) -> None:
    path = tmp_path / name
    path.write_bytes(text.encode("latin-1"))
    done = run(*files, "--openapi", str(path))
    assert (done.exit_code, done.stdout) == (1, "")
    assert done.stderr.startswith(f"Error: {path} is not an OpenAPI document: ")
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
    assert described_only(one, one, openapi) == []


def test_without_pyyaml_the_error_names_the_package(
    files: tuple[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "yaml", None)
    (tmp_path / "openapi.yaml").write_text("paths: {}")
    done = run(*files, "--openapi", str(tmp_path / "openapi.yaml"))
    assert "pip install 'pytest-apivideo[contract]'" in done.stderr


def test_the_extra_that_the_suite_needs_reads_descriptions() -> None:
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())["project"]
    assert any(one.startswith("pyyaml") for one in project["optional-dependencies"]["contract"])
