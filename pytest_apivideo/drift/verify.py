"""The verification of defaults: which defaults a report confirms or contradicts.

Only a report of api.video's own sandbox does. A report of the fake, or of a server in place of the
sandbox, agrees with the defaults or differs from them, which proves nothing about api.video.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any, Literal

from fake_server import Settings
from fake_server.settings import SettingError
from pytest_apivideo.drift.report import Check, Report, TargetReport, select_target
from pytest_apivideo.sandbox.guard import SANDBOX

Verdict = Literal["same", "different", "both ways", "invalid", "not seen", "not observable"]

_WORDS: dict[Verdict, str] = {
    "same": "confirmed",
    "different": "contradicted",
    "both ways": "seen both ways",
    "invalid": "left out, because the setting does not accept the value",
    "not seen": "not seen",
    "not observable": "the suite cannot observe this on a sandbox",
}
_WORDS_ELSEWHERE = {**_WORDS, "same": "agrees", "different": "differs"}
_SUMMARY: dict[Verdict, str] = {
    "same": "agrees",
    "different": "differs",
    "both ways": "seen both ways",
    "invalid": "invalid",
    "not seen": "not seen",
    "not observable": "not observable",
}
_WITH_VALUE = ("different", "both ways", "invalid")
"""The verdicts that show the observed value."""

# fmt: off
SEEN_ON_A_SANDBOX = frozenset((
    "allow_api_key_as_bearer", "allow_bare_token", "auth_errors", "empty_ingest",
    "problem_content_type",
    "revoke_access_on_refresh", "revoke_on_login", "rotate_refresh", "unknown_fields",
    "www_authenticate",
))
# fmt: on
"""The settings that the contract suite can observe on a sandbox. The others take an hour to
observe, or need another kind of account."""


@dataclass(frozen=True)
class Finding:
    """A setting's default, the observed value, and the tests that observed it."""

    setting: str
    verdict: Verdict
    default: Any
    seen: Any = None
    checks: tuple[str, ...] = ()


@dataclass(frozen=True)
class Verification:
    """The findings of one report, with its `target`, `address` and timestamp (`made`).

    `ignored` counts the tests that found a value and then failed or were inconclusive.
    """

    target: str
    address: str | None
    made: str
    findings: list[Finding]
    ignored: int

    @property
    def is_of_api_video(self) -> bool:
        """Whether the report is of api.video's own sandbox."""
        return self.target == "sandbox" and self.address == SANDBOX

    @property
    def differs(self) -> bool:
        """Whether an observed value differs from its default."""
        return any(finding.verdict == "different" for finding in self.findings)

    def lines(self) -> Iterator[str]:
        """Yield the target, each finding, and the totals, as lines of text."""
        yield f"{self._source}, on {self.made}"
        if not self.is_of_api_video:
            yield "This proves nothing about api.video: only a report of its own sandbox does."
        words = _WORDS if self.is_of_api_video else _WORDS_ELSEWHERE
        for finding in self.findings:
            seen = f", seen {finding.seen!r}" if finding.verdict in _WITH_VALUE else ""
            by = f" ({finding.checks[0]})" if finding.checks else ""
            default = f"{finding.default!r}, {_facts(finding.setting)['origin']}"
            yield f"  {finding.setting}: {words[finding.verdict]} (default {default}{seen}){by}"
        counts = Counter(finding.verdict for finding in self.findings)
        totals = (f"{words[verdict]}: {counts[verdict]}" for verdict in ("same", "different"))
        yield f"{', '.join(totals)}, of {len(self.findings)} defaults"
        if self.ignored:
            yield f"ignored, because the test failed or was inconclusive: {self.ignored}"

    def summary(self) -> Iterator[str]:
        """Yield lines to paste into a report: names, counts and the version, without values."""
        target = "sandbox.api.video" if self.is_of_api_video else f"another target ({self.target})"
        yield "To paste into a report (without values and keys):"
        yield f"  pytest-apivideo {version('pytest-apivideo')}, {target}, {self.made[:10]}"
        for verdict, text in _SUMMARY.items():
            names = [item.setting for item in self.findings if item.verdict == verdict]
            yield f"  {text}: {len(names)}" + (f" ({', '.join(names)})" if names else "")

    def as_toml(self) -> str:
        """Return settings for `apivideo-fake serve --config` that match what was observed."""
        lines = [f"# Settings that differ from the fake's defaults, observed on {self._source}."]
        lines += [
            f"{finding.setting} = {json.dumps(finding.seen)}"
            for finding in self.findings
            if finding.verdict == "different"
        ]
        return "\n".join([*lines, ""])

    @property
    def _source(self) -> str:
        at = f" at {self.address}" if self.address else ""
        if self.target == "fake":
            return f"the fake{at}"
        return SANDBOX if self.is_of_api_video else f"a server in place of the sandbox{at}"


def verify(report: Report) -> Verification:
    """Compare the defaults that only an observation settles, and others that differ, with a report.

    Values that a test found count if the test passed or was skipped. Raises FileError for a report
    without observations.
    """
    target, of_target = select_target(report, "sandbox")
    values = _observed_values(of_target)
    findings = [
        _finding(name, field.default, values.get(name, {}))
        for name, field in Settings.model_fields.items()
    ]
    listed = [one for one in findings if _is_asked(one.setting) or one.verdict in _WITH_VALUE]
    checks = of_target["checks"].values()
    ignored = sum(1 for check in checks if check["settings"] and not _counts(check))
    return Verification(target, of_target["address"], report["made"], listed, ignored)


def _counts(check: Check) -> bool:
    return check["outcome"] in ("passed", "skipped")


def _observed_values(of_target: TargetReport) -> dict[str, dict[str, list[str]]]:
    """Return for each setting the observed values, as JSON, with the tests that found them."""
    observed: dict[str, dict[str, list[str]]] = {}
    for name, check in of_target["checks"].items():
        for setting, values in check["settings"].items() if _counts(check) else ():
            for value in values:
                observed.setdefault(setting, {}).setdefault(json.dumps(value), []).append(name)
    return observed


def _finding(name: str, default: Any, observed: dict[str, list[str]]) -> Finding:
    if not observed:
        return Finding(name, "not seen" if name in SEEN_ON_A_SANDBOX else "not observable", default)
    values = [json.loads(text) for text in observed]
    checks = tuple(dict.fromkeys(check for found in observed.values() for check in found))
    if invalid := [value for value in values if not _accepts(name, value)]:
        return Finding(name, "invalid", default, invalid[0], checks)
    if len(values) > 1:
        return Finding(name, "both ways", default, values, checks)
    verdict: Verdict = "same" if values[0] == default else "different"
    return Finding(name, verdict, default, values[0], checks)


def _accepts(name: str, value: Any) -> bool:
    """Return whether a setting accepts a value."""
    try:
        Settings(**{name: value})
    except SettingError:
        return False
    return True


def _facts(name: str) -> dict[str, Any]:
    facts: Any = Settings.model_fields[name].json_schema_extra
    return dict(facts)


def _is_asked(name: str) -> bool:
    """Return whether only an observation of api.video settles the default."""
    facts = _facts(name)
    return name in SEEN_ON_A_SANDBOX or (facts["asks"] and facts["origin"] != "described")
