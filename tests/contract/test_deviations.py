"""The contract suite and `drift` detect each deviation of the fake."""

from __future__ import annotations

import pytest

from pytest_apivideo.drift.compare import compare
from tests.contract.deviations import DEVIATIONS, Deviation
from tests.contract.noticed import noticed, run

# CI runs every sixth, `make soak` the others.
CASES = [
    pytest.param(one, id=one.name, marks=[pytest.mark.soak] if number % 6 else [])
    for number, one in enumerate(DEVIATIONS)
]


@pytest.mark.parametrize("deviation", CASES)
def test_every_deviation_is_noticed(deviation: Deviation) -> None:
    found = noticed(deviation)
    assert found.by == deviation.seen_by, str(found)


def test_the_unchanged_fake_has_no_deviation() -> None:
    found = noticed(Deviation("nothing", "lists", lambda patch: None))
    assert (found.by, found.drift) == ("nothing", [])


@pytest.mark.parametrize("tests", ["lists", "authentication"])
def test_two_runs_on_the_unchanged_fake_do_not_differ(tests: str) -> None:
    before = run(tests)
    run.cache_clear()
    assert compare(before, run(tests)) == []


def test_every_part_has_deviations() -> None:
    assert len({(one.name, one.tests) for one in DEVIATIONS}) == len(DEVIATIONS) >= 60
    assert {"authentication", "videos", "lists", "uploads"} <= {one.tests for one in DEVIATIONS}
