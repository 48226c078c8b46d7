"""The comparison of two reports: usually the fake's, then the sandbox's that it should match."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from pytest_apivideo.drift.files import FileError
from pytest_apivideo.drift.observation import Node, Observation
from pytest_apivideo.drift.report import Check, Report, Scalar, select_target

KINDS: dict[str, str] = {
    "must": "a test passed on one target and failed on the other",
    "failed": "a test failed on both targets",
    "setting": "a setting of the fake needs another value to match",
    "requests": "a test made different requests, or a different number of them",
    "status": "different statuses",
    "problem": "different types, titles or names of a problem",
    "type": "different types of a field, or of the whole body",
    "missing": "a field that only the second report has",
    "extra": "a field that only the first report has",
    "enum": "different values of an enumeration",
    "format": "different formats of a text, such as a date",
    "header": "different media types, or a header that only one report has",
    "spec-only": "a field that is described, and in neither report",
    "inconclusive": "a test that ran to its end in only one report",
}
INFORMATIONAL = ("spec-only", "inconclusive")
"""The kinds that are listed, but never count as new drift."""


@dataclass(frozen=True)
class Drift:
    """One difference between two reports.

    `where` is its place in the response (`200 body.assets.mp4`), `first` and `second` are what the
    reports have there. `checks` are the tests that observed it; equality ignores them.
    """

    kind: str
    operation: str
    where: str
    first: str
    second: str
    checks: tuple[str, ...] = field(default=(), compare=False)

    def as_json(self) -> dict[str, Any]:
        """Return the difference as JSON."""
        return asdict(self)


def compare(first: Report, second: Report) -> list[Drift]:
    """Return all differences, each once.

    Raises FileError for a report without observations, and for two without a common test.
    """
    ones = select_target(first, "fake")[1]["checks"]
    others = select_target(second, "sandbox")[1]["checks"]
    if not any(_is_conclusive(ones[name], others[name]) for name in ones.keys() & others.keys()):
        raise FileError(
            f"nothing to compare: of {len(ones)} tests in the first report and "
            f"{len(others)} in the second, none ran to its end in both"
        )
    checks: dict[Drift, list[str]] = {}
    for name in sorted(ones.keys() | others.keys()):
        for drift in _compare_checks(ones.get(name), others.get(name)):
            checks.setdefault(drift, []).append(name)
    order = list(KINDS)
    drifts = [replace(drift, checks=tuple(names)) for drift, names in checks.items()]
    return sorted(drifts, key=lambda drift: (order.index(drift.kind), drift.operation, drift.where))


def _is_conclusive(*checks: Check) -> bool:
    return all(check["outcome"] in ("passed", "failed") for check in checks)


def _compare_checks(one: Check | None, other: Check | None) -> Iterator[Drift]:
    if one is None or other is None:
        yield _one_sided("inconclusive", "", "test", one is not None, ("ran", "did not run"))
        return
    outcomes = (one["outcome"], other["outcome"])
    if "inconclusive" in outcomes or outcomes.count("skipped") == 1:
        yield Drift("inconclusive", "", "outcome", *outcomes)
        return
    if outcomes[0] != outcomes[1]:
        yield Drift("must", _failing_operation(one, other), "outcome", *outcomes)
    elif outcomes[0] == "failed":
        yield Drift("failed", _failing_operation(one, other), "outcome", *outcomes)
    yield from _compare_settings(one["settings"], other["settings"])
    yield from _compare_requests(one, other)


def _failing_operation(*checks: Check) -> str:
    """Return the last operation of a failed test, which is the one that failed."""
    seen = [check["seen"] for check in checks if check["outcome"] == "failed"]
    return str(seen[0][-1]["operation"]) if seen and seen[0] else ""


def _compare_settings(
    ones: dict[str, list[Scalar]], others: dict[str, list[Scalar]]
) -> Iterator[Drift]:
    for name in sorted(ones.keys() & others.keys()):
        a, b = (" and ".join(sorted(map(str, values[name]))) for values in (ones, others))
        if a != b:
            yield Drift("setting", "", name, a, b)


def _compare_requests(one: Check, other: Check) -> Iterator[Drift]:
    ones, others = one["seen"], other["seen"]
    for a, b in zip(ones, others, strict=False):
        if a["operation"] != b["operation"]:
            yield Drift("requests", a["operation"], "request", a["operation"], b["operation"])
            return
        yield from _compare_responses(a, b)
    counts = len(ones), len(others)
    if one["outcome"] == other["outcome"] and counts[0] != counts[1]:
        operation = max(ones, others, key=len)[min(counts)]["operation"]
        yield Drift("requests", operation, "number of requests", str(counts[0]), str(counts[1]))


def _compare_responses(one: Observation, other: Observation) -> Iterator[Drift]:
    operation, status = one["operation"], str(one["status"])
    if one["status"] != other["status"]:
        yield Drift("status", operation, "status", status, str(other["status"]))
        return  # responses with different statuses have little else in common
    problems = one.get("problem", {}), other.get("problem", {})
    for key in sorted(problems[0].keys() | problems[1].keys()):
        a, b = (str(problem.get(key)) for problem in problems)
        if a != b:
            yield Drift("problem", operation, f"{status} problem.{key}", a, b)
    if one["media_type"] != other["media_type"]:
        media_types = str(one["media_type"]), str(other["media_type"])
        yield Drift("header", operation, f"{status} content-type", *media_types)
    for name in sorted(set(one["headers"]) ^ set(other["headers"])):
        yield _one_sided("header", operation, f"{status} {name}", name in one["headers"])
    yield from _compare_nodes(operation, f"{status} body", one.get("body"), other.get("body"))


def _compare_nodes(
    operation: str, where: str, one: Node | None, other: Node | None
) -> Iterator[Drift]:
    if one is None or other is None:
        if one is not other:
            yield _one_sided("type", operation, where, one is not None)
        return
    if one["types"] != other["types"]:
        types = " or ".join(one["types"]), " or ".join(other["types"])
        yield Drift("type", operation, where, *types)
    else:
        for kind, a, b in (
            ("enum", one.get("values", []), other.get("values", [])),
            ("format", one.get("formats", []), other.get("formats", [])),
        ):
            if a != b:
                yield Drift(kind, operation, where, ", ".join(a) or "-", ", ".join(b) or "-")
    if "items" in one and "items" in other:
        yield from _compare_nodes(operation, where + "[]", one["items"], other["items"])
    if "fields" in one and "fields" in other:
        yield from _compare_fields(operation, where, one["fields"], other["fields"])


def _compare_fields(
    operation: str, where: str, ones: dict[str, Node], others: dict[str, Node]
) -> Iterator[Drift]:
    for name in sorted(ones.keys() | others.keys()):
        place = f"{where}.{name}"
        if name in ones and name in others:
            yield from _compare_nodes(operation, place, ones[name], others[name])
        else:
            kind = "extra" if name in ones else "missing"
            yield _one_sided(kind, operation, place, name in ones)


def _one_sided(
    kind: str,
    operation: str,
    where: str,
    in_first: bool,
    values: tuple[str, str] = ("present", "absent"),
) -> Drift:
    return Drift(kind, operation, where, *(values if in_first else values[::-1]))
