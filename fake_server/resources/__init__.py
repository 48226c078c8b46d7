"""What api.video offers: one file per resource, each ending with its rows of the operation table.

A new file here is found by itself.
"""

from __future__ import annotations

import importlib
import pkgutil

from fake_server.core.operations import Operation


def _found() -> tuple[Operation, ...]:
    names = sorted(module.name for module in pkgutil.iter_modules(__path__))
    modules = [importlib.import_module(f"{__name__}.{name}") for name in names]
    return tuple(row for module in modules for row in module.OPERATIONS)


OPERATIONS = _found()
"""Every operation of the API."""
