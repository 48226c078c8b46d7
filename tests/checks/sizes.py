"""Check that functions and modules stay small: `python -m tests.checks.sizes`."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

FOLDERS = ("fake_server", "pytest_apivideo", "benchmarks")
MAX_FUNCTION, MAX_MODULE = 40, 350
EXCEPTIONS: dict[str, str] = {}
"""Reasons why a module ("path.py") or a function ("path.py:name") may be longer."""


def oversized(path: Path) -> Iterator[tuple[str, str]]:
    """Yield the name and the size of the module and of each function that exceed their limits."""
    source = path.read_text()
    if (lines := len(source.splitlines())) > MAX_MODULE:
        yield str(path), f"{lines} lines, limit {MAX_MODULE}"
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = (node.end_lineno or node.lineno) - node.lineno + 1
            if lines > MAX_FUNCTION:
                yield f"{path}:{node.name}", f"{lines} lines, limit {MAX_FUNCTION}"


def main() -> str:
    """Return one line for each oversized item, and for each exception that is not needed."""
    paths = [path for folder in FOLDERS for path in sorted(Path(folder).rglob("*.py"))]
    sizes = dict(item for path in paths for item in oversized(path))
    errors = [f"{name}: {size}" for name, size in sizes.items() if name not in EXCEPTIONS]
    errors += [f"{name}: needs no exception" for name in EXCEPTIONS if name not in sizes]
    return "\n".join(errors)


if __name__ == "__main__":
    sys.exit(main() or 0)
