"""The resources of api.video: one file each, found automatically.

A file has `OPERATIONS`, its rows of the operation table, and may have `EVENT_HANDLERS`, and a
`Collection` with the verbs that tests use on the resource. One that begins with an underscore has
no operations: it is what several resources share.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from functools import partial
from typing import Any

from fake_server.collection import Collection
from fake_server.core.model import Resource
from fake_server.core.operations import Operation
from fake_server.lifecycle import EventHandler
from fake_server.project import Project

_MODULES = [
    importlib.import_module(f"{__name__}.{name}")
    for name in sorted(module.name for module in pkgutil.iter_modules(__path__))
]
_CLASSES = [
    thing for module in _MODULES for thing in vars(module).values() if isinstance(thing, type)
]
_VERBS = {cls.kind: cls for cls in _CLASSES if issubclass(cls, Collection) and hasattr(cls, "kind")}

OPERATIONS: tuple[Operation, ...] = tuple(
    row
    for module in _MODULES
    if not module.__name__.rpartition(".")[2].startswith("_")
    for row in module.OPERATIONS
)
"""Every operation of the API."""

EVENT_HANDLERS: dict[str, EventHandler] = {
    name: handler
    for module in _MODULES
    for name, handler in getattr(module, "EVENT_HANDLERS", {}).items()
}
"""The handlers of due events, by the events' names."""

COLLECTIONS: dict[str, Callable[[Project], Collection[Any]]] = {
    cls.collection: partial(_VERBS.get(cls, Collection), kind=cls)
    for cls in _CLASSES
    if issubclass(cls, Resource) and cls.collection
}
"""The makers of the handle's collections, by name."""
