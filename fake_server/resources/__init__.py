"""What api.video offers: one file per resource, each ending with its rows of the operation table.

What time does to a resource stands in front of them, in a table of `EVENT_HANDLERS`.

A new file here is found by itself; one that begins with an underscore is what several share.
"""

from __future__ import annotations

import importlib
import pkgutil

from fake_server.core.model import Resource
from fake_server.core.operations import Operation
from fake_server.lifecycle import EventHandler

_MODULES = [
    importlib.import_module(f"{__name__}.{name}")
    for name in sorted(module.name for module in pkgutil.iter_modules(__path__))
    if not name.startswith("_")
]

OPERATIONS: tuple[Operation, ...] = tuple(row for module in _MODULES for row in module.OPERATIONS)
"""Every operation of the API."""

EVENT_HANDLERS: dict[str, EventHandler] = {
    name: effect
    for module in _MODULES
    for name, effect in getattr(module, "EVENT_HANDLERS", {}).items()
}
"""What due events do, by their names."""

COLLECTIONS: dict[str, type[Resource]] = {
    thing.collection: thing
    for module in _MODULES
    for thing in vars(module).values()
    if isinstance(thing, type) and issubclass(thing, Resource) and thing.collection
}
"""The resources that a test finds on the handle, by the name that it finds them under."""
