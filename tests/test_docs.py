"""Tests that the examples in README and docs run, and that every public name is documented."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest

from fake_server import control
from fake_server.core.operations import canonical
from fake_server.origins import ORIGINS
from fake_server.resources import OPERATIONS
from fake_server.settings import names
from pytest_apivideo import fixtures, hookspecs
from pytest_apivideo.cli import sweep
from pytest_apivideo.options import INI_OPTIONS, OPTIONS
from tests.description import description, needs_description

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
FIDELITY = (DOCS / "fidelity.md").read_text()
README = (ROOT / "README.md").read_text()
ALL = "\n".join(path.read_text() for path in [ROOT / "README.md", *DOCS.glob("*.md")])


def generated() -> ModuleType:
    spec = importlib.util.spec_from_file_location("docs_make", DOCS / "make.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("page", ["settings.md", "operations.md", "options.md", "fidelity.md"])
def test_a_generated_page_matches_the_code(page: str) -> None:
    assert (DOCS / page).read_text() == generated().PAGES[page](), "run: make docs"


@pytest.mark.parametrize(
    "word",
    [
        *(f"`{name}`" for name in vars(fixtures) if name.startswith("apivideo")),
        *(f"`{name}`" for name in names()),
        *(option.flag for option in OPTIONS),
        *(f"`{option.ini}`" for option in INI_OPTIONS),
        *(f"`{operation.name}`" for operation in (*OPERATIONS, *control.OPERATIONS)),
        *(f"`{name}(" for name in vars(hookspecs) if name.startswith("pytest_apivideo")),
        "@pytest.mark.apivideo(",
    ],
)
def test_public_names_are_documented(word: str) -> None:
    assert word in ALL


@needs_description
def test_an_operation_is_described_if_a_description_has_it() -> None:
    described = {
        canonical(f"{method.upper()} {path}")
        for name in ("openapi.yaml", "admin-api.yaml")
        for path, methods in description(name)["paths"].items()
        for method in methods
    }
    for operation in OPERATIONS:
        is_described = operation.source.origin == "described"
        assert is_described == (operation.canonical in described), operation.name


def test_every_operation_and_setting_has_a_source_and_a_word_for_it() -> None:
    rows = re.findall(r"^\| `(.+?)` \| (.*?) \| (.*?) \|$", FIDELITY, re.MULTILINE)
    assert {name for name, _, _ in rows} == {*(one.name for one in OPERATIONS), *names()}
    for name, word, source in rows:
        assert word in ORIGINS, name
        assert source.strip(), name
        assert word != "seen" or re.match(r"20\d\d", source), f"{name} has no date"


def test_every_known_difference_has_a_word_for_its_source() -> None:
    lines = (DOCS / "differences.md").read_text().splitlines()
    rows = [line for line in lines if line.startswith("| ") and line[:10] != "| the fake"]
    for row in rows:
        assert row.split("|")[-2].strip() in ORIGINS, row


def test_the_readme_counts_operations_and_settings_by_their_sources() -> None:
    assert " ".join(generated().origin_counts().split()) in " ".join(README.split())


def blocks(text: str) -> list[str]:
    return re.findall(r"```python\n(.*?)```", text, re.DOTALL)


def test_the_readme_begins_with_a_test_that_expires_a_token(suite: pytest.Pytester) -> None:
    first, second = blocks(README)[:2]
    assert first.count("\n") <= 13
    suite.makepyfile(test_first=first, test_second=second)
    suite.runpytest_inprocess().assert_outcomes(passed=2)


@pytest.mark.parametrize(
    "page",
    [
        "analytics.md",
        "calls.md",
        "collections.md",
        "faults.md",
        "interception.md",
        "lifecycle.md",
        "sandbox.md",
        "time.md",
        "uploads.md",
        "webhooks.md",
    ],
)
def test_the_examples_of_a_page_run(suite: pytest.Pytester, page: str) -> None:
    for block in blocks((DOCS / page).read_text()):
        suite.makepyfile(block)
        suite.runpytest_inprocess().assert_outcomes(passed=1)


def test_the_example_of_an_operation_of_ones_own_runs(suite: pytest.Pytester) -> None:
    conftest, test = blocks((DOCS / "hooks.md").read_text())
    suite.makeconftest(conftest)
    suite.makepyfile(test)
    suite.runpytest_inprocess().assert_outcomes(passed=1)


def test_every_link_inside_the_documents_leads_somewhere() -> None:
    for path in [*ROOT.glob("*.md"), *DOCS.glob("*.md")]:
        for target in re.findall(r"\]\((?!https?:)([^)#]+)\)", path.read_text()):
            assert (path.parent / target).exists(), f"{path.name} links to {target}"


def test_every_option_of_the_sweep_is_documented() -> None:
    page = (DOCS / "sandbox.md").read_text()
    for option in sweep.params:
        assert f"`{option.opts[0]}" in page


def test_the_commands_of_the_readme_exist() -> None:
    makefile = (ROOT / "Makefile").read_text()
    for command in re.findall(r"^make (\w+)$", README, re.MULTILINE):
        assert f"\n{command}:" in makefile
