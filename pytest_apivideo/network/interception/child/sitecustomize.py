"""Routes a child process to the fake, or blocks api.video, as its environment says.

Python runs it at start in place of another `sitecustomize` in the path, which it therefore runs
afterwards. It must load little: every Python that a test starts runs it.
"""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False  # as typing's, which takes long to load
if TYPE_CHECKING:
    from typing import Any

_HERE = os.path.dirname(os.path.abspath(__file__))


def _install(route: str) -> None:
    import json
    from importlib import import_module
    from importlib.util import spec_from_file_location

    # By its path and under a name of its own: pytest-apivideo may not be installed here.
    folder = os.path.dirname(_HERE)
    name = "_pytest_apivideo_interception"
    start = os.path.join(folder, "__init__.py")
    _run(name, spec_from_file_location(name, start, submodule_search_locations=[folder]))
    routes, hooks = import_module(f"{name}.routes"), import_module(f"{name}.hooks")
    options = json.loads(route)
    blocked = routes.BlockedHosts(options["blocked"], of_another=True)
    if "address" in options:
        trust = routes.Trust(options["ca"])
        hooks.Hooks().begin(routes.RouteToFake(tuple(options["address"]), trust, blocked))
    else:
        hooks.Hooks().begin(routes.Blocked(blocked))


def _run_hidden_sitecustomize() -> None:
    from importlib.machinery import PathFinder

    path = [entry for entry in sys.path if os.path.abspath(entry) != _HERE]
    _run("sitecustomize", PathFinder.find_spec("sitecustomize", path))


def _run(name: str, spec: Any) -> None:
    from importlib.util import module_from_spec

    if spec is not None:
        sys.modules[name] = module_from_spec(spec)
        spec.loader.exec_module(sys.modules[name])


try:
    if os.environ.get("APIVIDEO_INTERCEPTION"):
        _install(os.environ["APIVIDEO_INTERCEPTION"])
finally:
    _run_hidden_sitecustomize()
