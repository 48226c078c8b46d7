"""Reports compared: observations, and kinds of drift."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
import requests

from pytest_apivideo import drift as drift_package
from pytest_apivideo.drift.compare import KINDS, compare
from pytest_apivideo.drift.files import FileError
from pytest_apivideo.drift.observation import observation, operation_of, tree
from pytest_apivideo.drift.openapi import described_only
from pytest_apivideo.drift.report import Report
from tests.contract.reports import CHECK, TARGETS, answer, report


def two_checks(*answers: httpx.Response, target: str = "fake") -> Report:
    """Return a report of two tests with the same observations."""
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
    "a media type": answer(200, **{"content-type": "to4k0jvEUuaTdRAEjQ4Jfrgz two words"}),
    "a charset": answer(200, **{"content-type": "text/x; charset=to4k0jvEUuaTdRAEjQ4Jfrgz"}),
    "a header": answer(to4k0jvEUuaTdRAEjQ4Jfrgz="two words"),
}


@pytest.mark.parametrize("response", SECRETS.values(), ids=SECRETS)
def test_no_value_comes_in_by_the_way_of_a_name(response: httpx.Response) -> None:
    written = json.dumps(observation(response, 0)).lower()
    assert "4k0jv" not in written
    assert "two words" not in written


def test_a_charset_is_kept_that_is_not_the_one_of_json() -> None:
    types = ("application/json; charset=UTF-8", 'text/x; a=1; charset="iso-8859-1"')
    seen = [observation(answer(200, **{"content-type": one}), 0)["media_type"] for one in types]
    assert seen == ["application/json", "text/x; charset=iso-8859-1"]


def test_very_deep_values_are_not_described() -> None:
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
        (None, TypeError, "expects an httpx or requests response, not NoneType"),
        ({}, TypeError, "expects an httpx or requests response, not dict"),
        (SimpleNamespace(request=REQUEST), TypeError, "requests response, not SimpleNamespace"),
        (httpx.Response(200, json={}), ValueError, "this response has no request"),
        (requests.Response(), ValueError, "this response has no request"),
        (httpx.Response(200, stream=Stream(), request=REQUEST), ValueError, "has not been read"),
    ],
    ids=["None", "a dict", "half an answer", "made by hand", "made by requests", "a stream"],
)
def test_an_invalid_observation_raises_an_error(
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
        (answer(body={}), answer(200, {}, **{"x-new": "1"}), ("header", "200 x-new")),
        (
            answer(body=[{"a": {"b": 1}}]),
            answer(body=[{"a": {"b": None}}]),
            ("type", "200 body[].a.b"),
        ),
    ],
)
def test_a_difference_has_a_kind_and_a_place(
    one: httpx.Response, other: httpx.Response, expected: tuple[str, str]
) -> None:
    assert kinds(report(one), report(other, target="sandbox")) == [expected]


def test_outcomes_and_settings_are_compared() -> None:
    passed = report(answer(), rotate_refresh=True)
    failed = report(answer(), target="sandbox", outcome="failed", rotate_refresh=False)
    assert kinds(passed, failed) == [("must", "outcome"), ("setting", "rotate_refresh")]


@pytest.mark.parametrize("outcome", ["inconclusive", "skipped"])
def test_observations_of_an_inconclusive_test_are_not_compared(outcome: str) -> None:
    one, other = two_checks(answer()), two_checks(answer(), target="sandbox")
    ended = report(answer(429), outcome=outcome, rotate_refresh=False)
    other["targets"]["sandbox"]["checks"][CHECK] = ended["targets"]["fake"]["checks"][CHECK]
    assert kinds(one, other) == [("inconclusive", "outcome")]


def test_observations_of_one_report_only_are_inconclusive() -> None:
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
    with pytest.raises(FileError, match="nothing to compare: of 1 tests in the first"):
        compare(one, other)


def test_a_difference_in_several_tests_is_reported_once() -> None:
    one, other = report(answer(200)), report(answer(201), target="sandbox")
    for each, name in ((one, "fake"), (other, "sandbox")):
        checks = each["targets"][name]["checks"]
        checks["test_b::test_b"] = checks[CHECK]
    (drift,) = compare(one, other)
    assert drift.checks == ("test_b::test_b", CHECK)


def test_every_kind_is_explained() -> None:
    folder = Path(drift_package.__file__).parent
    source = (folder / "compare.py").read_text().split("INFORMATIONAL =")[1]
    source += (folder / "openapi.py").read_text()
    for kind in KINDS:
        assert f'"{kind}"' in source, kind


def test_fields_of_the_description_only_are_reported() -> None:
    schema = {"type": "object", "properties": {"a": {"type": "integer"}, "b": {"type": "string"}}}
    content = {"application/json": {"schema": {"$ref": "#/components/schemas/it"}}}
    openapi = {
        "paths": {"/videos/{videoId}": {"get": {"responses": {"200": {"content": content}}}}},
        "components": {"schemas": {"it": schema}},
    }
    one = report(answer(body={"a": 1}))
    found = described_only(one, one, openapi)
    assert [(drift.kind, drift.where) for drift in found] == [("spec-only", "200 body.b")]
