"""Reports compared: observations, kinds of drift, baselines, and the command."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx
import pytest
from click.testing import CliRunner

from fake_server.cli import cli
from pytest_apivideo.drift import compare as comparing
from pytest_apivideo.drift.compare import KINDS, Drift, compare
from pytest_apivideo.drift.observation import merged, observation, operation_of, tree
from pytest_apivideo.drift.report import FORMAT

CHECK = "test_videos::test_it"


def answer(status: int = 200, body: Any = None, **headers: str) -> httpx.Response:
    request = httpx.Request("GET", "https://sandbox.api.video/videos/viAbc?x=1")
    return httpx.Response(status, json=body, headers=headers, request=request)


def report(
    *answers: httpx.Response, target: str = "fake", outcome: str = "passed", **settings: Any
) -> dict[str, Any]:
    seen = [observation(one, number) for number, one in enumerate(answers)]
    check = {"outcome": outcome, "seen": seen, "settings": settings}
    targets = {target: {"address": None, "checks": {CHECK: check}}}
    return {"format": FORMAT, "made": "2026-11-24T08:00:00+00:00", "targets": targets}


def kinds(one: dict[str, Any], other: dict[str, Any]) -> list[tuple[str, str]]:
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
        ("GET", "/no/such/path", "GET /no/such/path"),
    ],
)
def test_the_operation_of_an_address(method: str, path: str, operation: str) -> None:
    assert operation_of(method, f"http://127.0.0.1:1{path}?a=b") == operation


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
    skipped = report(answer(), target="sandbox", outcome="inconclusive")
    assert kinds(passed, skipped) == [("inconclusive", "outcome")]


def test_what_only_one_has_seen_is_inconclusive() -> None:
    nothing = {**report(), "targets": {"sandbox": {"address": None, "checks": {}}}}
    assert kinds(report(answer()), nothing) == [("inconclusive", "test")]


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
    assert "1 differences (1 extra): 1 new, 0 known" in done.output


def test_no_drift_ends_with_0(files: tuple[str, str]) -> None:
    done = run(files[0], files[0])
    assert (done.exit_code, "0 differences (none)" in done.output) == (0, True)


def test_drift_can_be_markdown_and_json(files: tuple[str, str]) -> None:
    markdown = run(*files, "--format", "markdown").output
    assert "| * | extra | GET /videos/{videoId} | 200 body.a | there | not there |" in markdown
    found = json.loads(run(*files, "--format", "json").output)
    assert (found["new"], found["drift"][0]["kind"], found["drift"][0]["new"]) == (1, "extra", True)


def test_a_baseline_makes_drift_known_until_its_day(files: tuple[str, str], tmp_path: Path) -> None:
    baseline = tmp_path / "baseline.toml"
    assert run(*files, "--write-baseline", str(baseline)).exit_code == 0
    done = run(*files, "--baseline", str(baseline))
    assert (done.exit_code, "0 new, 1 known" in done.output) == (0, True)
    baseline.write_text(baseline.read_text() + 'until = "2020-01-01"\n')
    assert run(*files, "--baseline", str(baseline)).exit_code == 1


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[[known]]\nkind = 'extra'\n", "entry 1: it needs reason and date"),
        ("[[known]]\nreason='a'\ndate='2026-11-24'\nkinds='extra'", "entry 1: it has kinds."),
        ("[[known]]\nreason='a'\ndate='2026-11-24'\nkind='more'", "kind is one of must"),
        ("[[known]]\nreason='a'\ndate='today'", "a date is written 2026-11-24"),
        ("[[known", "baseline.toml: "),
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
    [("no json", "is no report"), ("{}", "is no report"), ('{"targets": {}}', "of format None")],
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
        assert "spec-only" in done.output
    (tmp_path / "other.json").write_text("[]")
    assert "is no OpenAPI" in run(*files, "--openapi", str(tmp_path / "other.json")).output


def test_a_drift_that_only_its_tests_tell_apart_is_the_same() -> None:
    assert Drift("type", "a", "b", "c", "d", ("x",)) == Drift("type", "a", "b", "c", "d", ("y",))
