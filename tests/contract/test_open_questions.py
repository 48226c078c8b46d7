"""A question that the documents leave open never fails a test of the contract, whatever the answer.

So the suite is run on fakes that answer each of them otherwise.
"""

from __future__ import annotations

from typing import Any

import pytest

from fake_server.settings import Settings
from pytest_apivideo.drift.report import Report
from tests.contract.deviations import setting
from tests.contract.noticed import run_now

DAY = 24 * 3600
OTHERWISE: dict[str, tuple[Any, ...]] = {
    # Longer than an access token: the official uploader for browsers renews after a 401.
    "refresh_expires_in": (2 * 3600, 30 * DAY),
    "revoke_access_on_refresh": (True,),
    "revoke_on_login": (True,),
    "auth_errors": ("spec",),
    "allow_bare_token": (False,),
    "allow_api_key_as_bearer": (False,),
    "clock_skew": (120, 0.9, 600),
    "problem_content_type": ("application/json",),
    "www_authenticate": (True,),
    "unknown_fields": ("refuse",),
    "empty_ingest": ([],),
    "webhook_limit": (1, 0, 2),
    "webhook_timeout": (1,),
}
"""Other values of each setting whose default only an observation settles.

The first of each is tried with every change of the code, the others by `make soak`.
"""

INCONCLUSIVE = {"webhook_limit=0": 4, "webhook_limit=1": 1}
"""How many tests cannot say anything then; everywhere else all pass."""


def outcomes(report: Report) -> dict[str, str]:
    checks = report["targets"]["fake"]["checks"]
    return {name: one["outcome"] for name, one in checks.items() if one["outcome"] != "passed"}


CASES = [
    pytest.param(name, value, marks=[pytest.mark.soak] if number else [])
    for name, values in OTHERWISE.items()
    for number, value in enumerate(values)
]


@pytest.mark.parametrize(("name", "value"), CASES)
def test_no_answer_to_an_open_question_fails_a_test(
    monkeypatch: pytest.MonkeyPatch, name: str, value: Any
) -> None:
    setting(**{name: value}).apply(monkeypatch)
    report = run_now("")
    others = outcomes(report)
    assert set(others.values()) <= {"skipped"}, others
    assert len(others) == INCONCLUSIVE.get(f"{name}={value}", 0), others
    assert len(report["targets"]["fake"]["checks"]) > 200


def test_every_question_that_is_open_is_asked_so() -> None:
    extras: dict[str, Any] = {
        name: field.json_schema_extra for name, field in Settings.model_fields.items()
    }
    asked = {name for name, facts in extras.items() if facts["asks"]}
    described = {name for name, facts in extras.items() if facts["origin"] == "described"}
    assert set(OTHERWISE) == asked - described - {"rotate_refresh"} | {"empty_ingest"}


def test_a_limit_of_webhooks_that_was_met_is_noted(monkeypatch: pytest.MonkeyPatch) -> None:
    setting(webhook_limit=1).apply(monkeypatch)
    checks = run_now("webhooks")["targets"]["fake"]["checks"]
    assert [one["settings"] for one in checks.values() if one["settings"]] == [
        {"webhook_limit": [1]}
    ]
