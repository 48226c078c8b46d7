"""Fixtures for the tests of the contract suite and of `drift`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.contract.reports import answer, report


@pytest.fixture
def files(tmp_path: Path) -> tuple[str, str]:
    """Write a report of the fake and one of the sandbox, with one difference."""
    one, other = report(answer(body={"a": 1})), report(answer(body={}), target="sandbox")
    paths = []
    for name, made in (("fake.json", one), ("sandbox.json", other)):
        (tmp_path / name).write_text(json.dumps(made))
        paths.append(str(tmp_path / name))
    return paths[0], paths[1]
