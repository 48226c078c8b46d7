"""Fails if modules import each other in a circle, also by imports within functions.

Run by `make imports`: import-linter's contracts see cycles only between the parts of one package.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter

import grimp


def cycles(imports: dict[str, set[str]]) -> Iterator[list[str]]:
    """Yield a list of modules for each cycle, and break the cycle to find the next one."""
    while True:
        try:
            TopologicalSorter(imports).prepare()
        except CycleError as error:
            imported, importer, *_ = cycle = error.args[1]
            imports[importer].remove(imported)
            yield cycle[::-1]
        else:
            return


def main() -> str | None:
    """Return the cycles of both packages, or None."""
    graph = grimp.build_graph(
        "fake_server", "pytest_apivideo", exclude_type_checking_imports=True, cache_dir=None
    )
    imports = {module: graph.find_modules_directly_imported_by(module) for module in graph.modules}
    lines = [f"import cycle: {' -> '.join(cycle)}" for cycle in cycles(imports)]
    return "\n".join(lines) or None


if __name__ == "__main__":
    sys.exit(main())
