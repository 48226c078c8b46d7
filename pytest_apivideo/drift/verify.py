"""What a report says of the defaults that no source settles: in accord with them, or otherwise.

Only api.video's own sandbox confirms or contradicts a default. A report of the fake, or of what
stands for the sandbox, agrees with the defaults or differs: of api.video that says nothing.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from fake_server import Settings
from fake_server.settings import SettingError
from pytest_apivideo.drift.report import Check, Report, Side, side_of
from pytest_apivideo.sandbox.guard import SANDBOX

Verdict = Literal["same", "other", "both ways", "no value", "not seen", "unseeable"]

_OF_API_VIDEO: dict[Verdict, str] = {
    "same": "confirmed",
    "other": "contradicted",
    "both ways": "seen both ways",
    "no value": "left out, for the setting takes no such value",
    "not seen": "not seen",
    "unseeable": "the suite cannot see this on a sandbox",
}
_TOLD = ("other", "both ways", "no value")
"""The verdicts that say what was seen."""

_OF_ANYTHING_ELSE = {**_OF_API_VIDEO, "same": "agrees", "other": "differs"}

# fmt: off
SEEN_ON_A_SANDBOX = frozenset((
    "allow_api_key_as_bearer", "allow_bare_token", "auth_errors", "problem_content_type",
    "revoke_access_on_refresh", "revoke_on_login", "rotate_refresh", "unknown_fields",
    "www_authenticate",
))
# fmt: on
"""The settings that the contract suite finds a value for on a sandbox. What takes an hour to be
seen, or an account of another kind, it cannot see there."""


@dataclass(frozen=True)
class Finding:
    """One unverified setting: its default, and what was seen instead of it or in accord with it."""

    setting: str
    verdict: Verdict
    default: Any
    seen: Any = None
    checks: tuple[str, ...] = ()


@dataclass(frozen=True)
class Verification:
    """What one report says of all of them. `target`, `address` and `made` are the report's.

    `unsure` counts the tests that found something and neither passed nor were skipped.
    """

    target: str
    address: str | None
    made: str
    findings: list[Finding]
    unsure: int

    @property
    def is_of_api_video(self) -> bool:
        """Whether api.video itself was asked, so that a default can be confirmed."""
        return self.target == "sandbox" and self.address == SANDBOX

    @property
    def differs(self) -> bool:
        """Whether a default was seen to be otherwise."""
        return any(one.verdict == "other" for one in self.findings)

    def told(self) -> Iterator[str]:
        """All of it, in lines: whose report it is, each finding, and a count."""
        yield f"{self._who}, on {self.made}"
        if not self.is_of_api_video:
            yield "This proves nothing about api.video: only a report of its own sandbox does."
        words = _OF_API_VIDEO if self.is_of_api_video else _OF_ANYTHING_ELSE
        for one in self.findings:
            seen = f", seen {one.seen!r}" if one.verdict in _TOLD else ""
            by = f" ({one.checks[0]})" if one.checks else ""
            yield f"  {one.setting}: {words[one.verdict]} (default {one.default!r}{seen}){by}"
        counts = Counter(one.verdict for one in self.findings)
        same, other = counts["same"], counts["other"]
        judged = f"{words['same']}: {same}, {words['other']}: {other}"
        yield f"{judged}, of {len(self.findings)} defaults"
        if self.unsure:
            yield f"left out, for the test failed or was inconclusive: {self.unsure}"

    def as_toml(self) -> str:
        """A file for `apivideo-fake serve --config`: the fake is then as the target was seen."""
        lines = [f"# What {self._who} was seen to do otherwise than the fake by default."]
        for one in self.findings:
            if one.verdict == "other":
                lines.append(f"{one.setting} = {json.dumps(one.seen)}")
        return "\n".join([*lines, ""])

    @property
    def _who(self) -> str:
        at = f" at {self.address}" if self.address else ""
        if self.target == "fake":
            return f"the fake{at}"
        return SANDBOX if self.is_of_api_video else f"something that stands for the sandbox{at}"


def verify(report: Report) -> Verification:
    """Findings for each unverified setting, and for each other one that was seen otherwise.

    What a test found counts if it passed, or was skipped for what it found.

    Raises ReportError if no test saw anything.
    """
    target, side = side_of(report, "sandbox")
    seen = _seen(side)
    fields = Settings.model_fields
    findings = [_finding(name, field, seen.get(name, {})) for name, field in fields.items()]
    told = [one for one in findings if not _is_verified(one.setting) or one.verdict in _TOLD]
    checks = side["checks"].values()
    unsure = sum(1 for check in checks if check["settings"] and not _counts(check))
    return Verification(target, side["address"], report["made"], told, unsure)


def _counts(check: Check) -> bool:
    return check["outcome"] in ("passed", "skipped")


def _seen(side: Side) -> dict[str, dict[str, list[str]]]:
    """For each setting the values that were seen, as JSON, and by which tests."""
    seen: dict[str, dict[str, list[str]]] = {}
    for check, facts in side["checks"].items():
        found = facts["settings"] if _counts(facts) else {}
        for name, value in ((name, value) for name, values in found.items() for value in values):
            seen.setdefault(name, {}).setdefault(json.dumps(value), []).append(check)
    return seen


def _finding(name: str, field: Any, seen: dict[str, list[str]]) -> Finding:
    default = field.default
    if not seen:
        return Finding(name, "not seen" if name in SEEN_ON_A_SANDBOX else "unseeable", default)
    values = [json.loads(text) for text in seen]
    checks = tuple(dict.fromkeys(check for found in seen.values() for check in found))
    wrong = [value for value in values if not _takes(name, value)]
    if wrong:
        return Finding(name, "no value", default, wrong[0], checks)
    if len(values) > 1:
        return Finding(name, "both ways", default, values, checks)
    verdict: Verdict = "same" if values[0] == default else "other"
    return Finding(name, verdict, default, values[0], checks)


def _takes(name: str, value: Any) -> bool:
    """Whether a setting can have this value."""
    try:
        Settings(**{name: value})
    except SettingError:
        return False
    return True


def _is_verified(name: str) -> bool:
    extra: Any = Settings.model_fields[name].json_schema_extra
    return bool(extra["verified"])
