"""Patches modules: at once if they are loaded, else when they are imported."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from copy import copy
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from importlib.machinery import ModuleSpec
    from types import ModuleType


class ImportWatch:
    """A finder in `sys.meta_path` that calls a function for each module of a table.

    It is called at once for a loaded module, else after the module was executed. The base class
    of finders is not used, because it takes long to load.
    """

    def __init__(self, table: Mapping[str, Callable[[Any], None]]) -> None:
        self._table = table

    def begin(self) -> None:
        """Start watching; raises what the functions raise."""
        sys.meta_path.insert(0, self)
        for name, function in self._table.items():
            if sys.modules.get(name) is not None:
                function(import_module(name))  # waits if another thread is importing it

    def end(self) -> None:
        """Stop watching."""
        with suppress(ValueError):
            sys.meta_path.remove(self)

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Find the module by the finders after this one, and wrap its loader."""
        if name not in self._table:
            return None
        finders = list(sys.meta_path)
        others = finders[finders.index(self) + 1 :] if self in finders else finders
        found = (f.find_spec(name, path, target) for f in others if hasattr(f, "find_spec"))
        spec = next((spec for spec in found if spec is not None), None)
        if spec is not None and spec.loader is not None:
            loader: Any = copy(spec.loader)  # another module may use the same
            loader.exec_module = partial(self._execute, spec.loader)
            spec.loader = loader
        return spec

    def _execute(self, loader: Any, module: ModuleType) -> None:
        module.__loader__ = loader
        if module.__spec__ is not None:
            module.__spec__.loader = loader
        loader.exec_module(module)
        self._table[module.__name__](module)
