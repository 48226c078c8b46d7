"""How two reports differ: what one target does that the other does not.

The first report is the one that is judged, usually the fake's, the second what it should be like.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from typing import Any

from pytest_apivideo.drift.observation import Node, Observation
from pytest_apivideo.drift.report import Check, Report, ReportError, Scalar, side_of

KINDS: dict[str, str] = {
    "must": "a test passed on one and failed on the other",
    "failed": "a test failed on both",
    "setting": "a setting of the fake has another value to match",
    "requests": "a test made other requests, or more of them",
    "status": "another status",
    "problem": "another type, title or name of a problem",
    "type": "a field, or the whole body, of another type",
    "missing": "a field that the second has and the first has not",
    "extra": "a field that the first has and the second has not",
    "enum": "values of an enumeration that only one has shown",
    "format": "texts of another form",
    "header": "a header, or a media type, that only one has",
    "spec-only": "described, and shown by neither",
    "inconclusive": "seen on one only, so that nothing can be said",
}
"""The kinds of drift. The last two are told, and never new drift."""


@dataclass(frozen=True)
class Drift:
    """One difference, wherever it was seen.

    `where` is the place in the answer (`status`, `body.assets.mp4`), `first` and `second` are what
    the two have there. `checks` are the tests that saw it; they do not count when it is looked up
    in a baseline.
    """

    kind: str
    operation: str
    where: str
    first: str
    second: str
    checks: tuple[str, ...] = field(default=(), compare=False)

    def as_json(self) -> dict[str, Any]:
        """The difference as JSON."""
        return asdict(self)


def compare(first: Report, second: Report) -> list[Drift]:
    """All differences, each once.

    Raises ReportError if a report saw nothing, or if they have no test in common.
    """
    ones, others = side_of(first, "fake")[1]["checks"], side_of(second, "sandbox")[1]["checks"]
    if not any(_is_conclusive(ones[name], others[name]) for name in ones.keys() & others.keys()):
        raise ReportError(
            f"there is nothing to compare: of {len(ones)} tests in the one report and "
            f"{len(others)} in the other none ran to its end in both"
        )
    found: dict[Drift, list[str]] = {}
    for check in sorted(ones.keys() | others.keys()):
        for drift in _of_check(ones.get(check), others.get(check)):
            found.setdefault(drift, []).append(check)
    order = list(KINDS)
    drifts = [
        Drift(one.kind, one.operation, one.where, one.first, one.second, tuple(checks))
        for one, checks in found.items()
    ]
    return sorted(drifts, key=lambda one: (order.index(one.kind), one.operation, one.where))


def _of_check(one: Check | None, other: Check | None) -> Iterator[Drift]:
    if one is None or other is None:
        yield _unseen("this test ran", one is not None)
        return
    outcomes = (one["outcome"], other["outcome"])
    if "inconclusive" in outcomes or outcomes.count("skipped") == 1:
        yield Drift("inconclusive", "", "outcome", *outcomes)
        return
    if outcomes[0] != outcomes[1]:
        yield Drift("must", _last_operation(one, other), "outcome", *outcomes)
    elif outcomes[0] == "failed":
        yield Drift("failed", _last_operation(one, other), "outcome", *outcomes)
    yield from _of_settings(one["settings"], other["settings"])
    yield from _of_answers(one, other)


def _is_conclusive(one: Check, other: Check) -> bool:
    return all(check["outcome"] in ("passed", "failed") for check in (one, other))


def _of_answers(one: Check, other: Check) -> Iterator[Drift]:
    ones, others = one["seen"], other["seen"]
    for a, b in zip(ones, others, strict=False):
        if a["operation"] != b["operation"]:
            yield Drift("requests", a["operation"], "request", a["operation"], b["operation"])
            return
        yield from _of_answer(a, b)
    if one["outcome"] == other["outcome"] and len(ones) != len(others):
        more = max(ones, others, key=len)[min(len(ones), len(others))]
        words = str(len(ones)), str(len(others))
        yield Drift("requests", more["operation"], "number of requests", *words)


def _of_settings(ones: dict[str, list[Scalar]], others: dict[str, list[Scalar]]) -> Iterator[Drift]:
    for name in sorted(ones.keys() & others.keys()):
        a, b = (" and ".join(sorted(map(str, found[name]))) for found in (ones, others))
        if a != b:
            yield Drift("setting", "", name, a, b)


def _of_answer(one: Observation, other: Observation) -> Iterator[Drift]:
    operation = one["operation"]
    if one["status"] != other["status"]:
        yield Drift("status", operation, "status", str(one["status"]), str(other["status"]))
        return  # two answers of different kinds have little else in common
    here = f"{one['status']}"
    problems = one.get("problem", {}), other.get("problem", {})
    for key in sorted(problems[0].keys() | problems[1].keys()):
        a, b = (str(problem.get(key)) for problem in problems)
        if a != b:
            yield Drift("problem", operation, f"{here} problem.{key}", a, b)
    if one["media_type"] != other["media_type"]:
        media = str(one["media_type"]), str(other["media_type"])
        yield Drift("header", operation, f"{here} content-type", *media)
    for name in sorted(set(one["headers"]) ^ set(other["headers"])):
        yield _lacking("header", operation, f"{here} {name}", name in one["headers"])
    yield from _of_nodes(operation, f"{here} body", one.get("body"), other.get("body"))


def _of_nodes(operation: str, where: str, one: Node | None, other: Node | None) -> Iterator[Drift]:
    if one is None or other is None:
        if one is not other:
            yield _lacking("type", operation, where, one is not None)
        return
    if one["types"] != other["types"]:
        yield Drift(
            "type", operation, where, " or ".join(one["types"]), " or ".join(other["types"])
        )
    pairs = (
        ("enum", one.get("values", []), other.get("values", [])),
        ("format", one.get("formats", []), other.get("formats", [])),
    )
    for kind, a, b in pairs:
        if a != b and one["types"] == other["types"]:
            yield Drift(kind, operation, where, ", ".join(a) or "-", ", ".join(b) or "-")
    if "items" in one and "items" in other:
        yield from _of_nodes(operation, where + "[]", one["items"], other["items"])
    if "fields" in one and "fields" in other:
        yield from _of_fields(operation, where, one["fields"], other["fields"])


def _of_fields(
    operation: str, where: str, ones: dict[str, Node], others: dict[str, Node]
) -> Iterator[Drift]:
    for name in sorted(ones.keys() | others.keys()):
        place = f"{where}.{name}"
        if name in ones and name in others:
            yield from _of_nodes(operation, place, ones[name], others[name])
        else:
            kind = "extra" if name in ones else "missing"
            yield _lacking(kind, operation, place, name in ones)


def _lacking(kind: str, operation: str, where: str, has_first: bool) -> Drift:
    words = ("there", "not there")
    return Drift(kind, operation, where, *(words if has_first else words[::-1]))


def _unseen(what: str, has_first: bool) -> Drift:
    words = (what, "it did not")
    return Drift("inconclusive", "", "test", *(words if has_first else words[::-1]))


def _last_operation(*checks: Check) -> str:
    """The operation that a failed test saw last: it stops at what must not be."""
    seen = [check["seen"] for check in checks if check["outcome"] == "failed"]
    return str(seen[0][-1]["operation"]) if seen and seen[0] else ""


def described_only(first: Report, second: Report, openapi: dict[str, Any]) -> list[Drift]:
    """What a description has for answers that were seen, and that neither target has shown."""
    shown: dict[tuple[str, str], set[str]] = {}
    for report, preferred in ((first, "fake"), (second, "sandbox")):
        for check in side_of(report, preferred)[1]["checks"].values():
            for one in check["seen"]:
                names = shown.setdefault((one["operation"], str(one["status"])), set())
                names.update(_places(one.get("body")))
    found = []
    for (operation, status), names in sorted(shown.items()):
        method, _, path = operation.partition(" ")
        answer = _within(openapi, "paths", path, method.lower(), "responses", status)
        schema = _within(answer, "content", "application/json", "schema")
        for place in _described_in(schema, openapi, "", 0):
            if place not in names and _parent(place) in names | {""}:
                where = f"{status} body.{place}"
                found.append(Drift("spec-only", operation, where, "not there", "not there"))
    return found


def _places(node: Node | None, where: str = "") -> Iterator[str]:
    if node is None:
        return
    yield from _places(node.get("items"), where + "[]")
    for name, one in node.get("fields", {}).items():
        place = f"{where}.{name}" if where else name
        yield place
        yield from _places(one, place)


def _within(value: Any, *keys: str) -> dict[str, Any]:
    """The object that these keys lead to; empty if there is none."""
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value if isinstance(value, dict) else {}


def _described_in(
    schema: dict[str, Any], openapi: dict[str, Any], where: str, depth: int
) -> Iterator[str]:
    if depth > 8:
        return
    for one in _parts(schema, openapi):
        yield from _described_in(one, openapi, where, depth + 1)
    if "items" in schema:
        yield from _described_in(_within(schema, "items"), openapi, where + "[]", depth + 1)
    for name in _within(schema, "properties"):
        place = f"{where}.{name}" if where else name
        yield place
        yield from _described_in(_within(schema, "properties", name), openapi, place, depth + 1)


def _parts(schema: dict[str, Any], openapi: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The schemas that one is made of: what it refers to, and all of which it is."""
    if isinstance(schema.get("$ref"), str):
        yield _within(openapi, *schema["$ref"].removeprefix("#/").split("/"))
    together = schema.get("allOf")
    for one in together if isinstance(together, list) else ():
        yield _within(one)


def _parent(place: str) -> str:
    return place.rpartition(".")[0].removesuffix("[]")
