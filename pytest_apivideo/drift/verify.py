"""What a report says of the defaults that no source settles: confirmed, contradicted, not seen."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Literal

from fake_server import Settings
from pytest_apivideo.drift.report import Report, checks_of

Verdict = Literal["confirmed", "contradicted", "not seen", "seen both ways"]


@dataclass(frozen=True)
class Finding:
    """One unverified setting: its default, and what was seen instead of it or in accord with it."""

    setting: str
    verdict: Verdict
    default: Any
    seen: Any = None
    checks: tuple[str, ...] = ()

    def __str__(self) -> str:
        if self.verdict == "not seen":
            return f"{self.setting}: not seen (default {self.default!r})"
        seen = f", seen {self.seen!r}" if self.verdict != "confirmed" else ""
        by = f" ({self.checks[0]})" if self.checks else ""
        return f"{self.setting}: {self.verdict} (default {self.default!r}{seen}){by}"


def verify(report: Report) -> list[Finding]:
    """A finding for each unverified setting, and for each other one that was contradicted."""
    seen: dict[str, dict[str, list[str]]] = {}
    for check, facts in checks_of(report, "sandbox")[1].items():
        for name, value in facts["settings"].items():
            seen.setdefault(name, {}).setdefault(json.dumps(value), []).append(check)
    findings = [_finding(name, field, seen.get(name, {})) for name, field in _settings().items()]
    return [
        one
        for one in findings
        if not _is_verified(one.setting) or one.verdict in ("contradicted", "seen both ways")
    ]


def as_toml(findings: list[Finding]) -> str:
    """A file for `apivideo-fake serve --config` that makes the fake match what was seen."""
    lines = ["# What a report saw otherwise than the fake's defaults have it."]
    for one in findings:
        if one.verdict == "contradicted":
            value = one.seen
            written = str(value).lower() if isinstance(value, bool) else json.dumps(value)
            lines.append(f"{one.setting} = {written}")
    return "\n".join([*lines, ""])


def _finding(name: str, field: Any, seen: dict[str, list[str]]) -> Finding:
    default = field.default
    if not seen:
        return Finding(name, "not seen", default)
    values = {text: json.loads(text) for text in seen}
    if len(values) > 1:
        checks = tuple(check for found in seen.values() for check in found)
        return Finding(name, "seen both ways", default, list(values.values()), checks)
    ((text, value),) = values.items()
    verdict: Verdict = "confirmed" if value == default else "contradicted"
    return Finding(name, verdict, default, value, tuple(seen[text]))


def _settings() -> dict[str, Any]:
    return dict(Settings.model_fields)


def _is_verified(name: str) -> bool:
    extra: Any = Settings.model_fields[name].json_schema_extra
    return bool(extra["verified"])
