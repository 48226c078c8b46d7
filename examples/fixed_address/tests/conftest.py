"""One fixture intercepts the calls of every test in this suite."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from pytest_apivideo import ApiVideo, Interception

sys.path.insert(0, str(Path(__file__).parents[1]))  # a real project would be installed

from shelf import Shelf


@pytest.fixture(autouse=True)  # a project of its own writes: usefixtures = apivideo_intercept
def intercepted(apivideo_intercept: Interception) -> Interception:
    return apivideo_intercept


@pytest.fixture
def shelf(apivideo: ApiVideo) -> Iterator[Shelf]:
    shelf = Shelf(apivideo.production_key)
    yield shelf
    shelf.close()
