"""Keeps `fake_server` importable in a suite that has a module of the same name.

A suite that does not use the fake is not affected: its own module keeps the name until the plugin
first needs ours. From then on, names that our package lacks are looked up in the suite's module.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable
from importlib import import_module
from importlib.machinery import ModuleSpec, PathFinder
from importlib.util import module_from_spec
from pathlib import Path
from types import ModuleType
from typing import Any

from pytest_apivideo.warnings import ApiVideoWarning

_NAME = "fake_server"
_PARENT = Path(__file__).parents[1]


def import_fake_server() -> ModuleType:
    """Import the package next to this one as `fake_server`, whatever the suite calls its files.

    Warns once, with the file, if a module of the suite loses the name.
    """
    current = sys.modules.get(_NAME)
    if current is not None and _is_ours(getattr(current, "__spec__", None)):
        return current
    hidden = _spec_of_suite(current)
    if hidden is None:
        return import_module(_NAME)
    ours = _replace(hidden, current)
    file = hidden.origin or ", ".join(hidden.submodule_search_locations or ())
    if file:  # pytest's import mode importlib also makes modules without one
        warnings.warn(
            f"{file} is hidden by the package {_NAME} of pytest-apivideo, which takes its place "
            f"from now on: `import {_NAME}` gives the package. Rename your module. See "
            "docs/environment.md of pytest-apivideo",
            ApiVideoWarning,
            stacklevel=2,
        )
    return ours


def _is_ours(spec: ModuleSpec | None) -> bool:
    if spec is None or spec.origin is None:
        return False
    return Path(spec.origin).resolve() == (_PARENT / _NAME / "__init__.py").resolve()


def _spec_of_suite(current: ModuleType | None) -> ModuleSpec | None:
    """Return the spec of a module of the suite: the imported one, or the first in `sys.path`."""
    if current is not None:
        file = getattr(current, "__file__", None)
        return current.__spec__ or ModuleSpec(_NAME, None, origin=file)
    spec = PathFinder.find_spec(_NAME)
    return None if _is_ours(spec) else spec


def _replace(hidden: ModuleSpec, current: ModuleType | None) -> ModuleType:
    """Put our package in the place of the suite's module, which it uses for names that it lacks."""
    theirs = {
        name: sys.modules.pop(name)
        for name in list(sys.modules)
        if name == _NAME or name.startswith(f"{_NAME}.")
    }
    spec = PathFinder.find_spec(_NAME, [str(_PARENT)])
    assert spec is not None
    assert spec.loader is not None
    ours = module_from_spec(spec)
    sys.modules[_NAME] = ours
    spec.loader.exec_module(ours)
    own_path = list(ours.__path__)
    for name, module in theirs.items():
        if name != _NAME and PathFinder.find_spec(".".join(name.split(".")[:2]), own_path) is None:
            sys.modules[name] = module
    ours.__path__ = [*own_path, *(hidden.submodule_search_locations or ())]
    vars(ours)["__getattr__"] = _lookup_in(hidden, current, own_path)
    return ours


def _lookup_in(
    hidden: ModuleSpec, module: ModuleType | None, own_path: list[str]
) -> Callable[[str], Any]:
    """Return a `__getattr__` that takes names from the suite's module, which it loads if needed."""

    def look_up(name: str) -> Any:
        nonlocal module
        if name.startswith("__") or PathFinder.find_spec(f"{_NAME}.{name}", own_path):
            raise AttributeError(f"module {_NAME!r} has no attribute {name!r}")
        if module is None:
            module = module_from_spec(hidden)
            if hidden.loader is not None:
                hidden.loader.exec_module(module)
        return getattr(module, name)

    return look_up
