"""The check of import cycles."""

from __future__ import annotations

from itertools import pairwise

from tests.checks.import_cycles import cycles


def test_every_cycle_is_reported_with_its_modules_in_order() -> None:
    graph = {"a": {"b"}, "b": {"c"}, "c": {"a"}, "d": {"e", "a"}, "e": {"d"}}
    found = list(cycles({module: set(imports) for module, imports in graph.items()}))
    assert sorted(sorted(set(cycle)) for cycle in found) == [["a", "b", "c"], ["d", "e"]]
    for cycle in found:
        assert cycle[0] == cycle[-1]
        assert all(imported in graph[importer] for importer, imported in pairwise(cycle))


def test_modules_without_a_cycle_pass() -> None:
    assert list(cycles({"a": {"b", "c"}, "b": {"c"}})) == []
