"""Replaces attributes of modules and classes, and restores them."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import update_wrapper
from typing import Any, NamedTuple

_BENEATH, _ENDED = "_apivideo_beneath", "_apivideo_ended"
"""Attributes of hooks, found by name, as a child process may have two copies of this module."""


class _Patch(NamedTuple):
    owner: Any
    name: str
    original: Any
    make: Callable[[Any], Any]
    ours: Any
    inherited: bool


class Patches:
    """The attributes replaced so far."""

    def __init__(self) -> None:
        self._made: list[_Patch] = []

    def replace(self, owner: Any, name: str, make: Callable[[Any], Any]) -> None:
        """Replace a function by `make(original)`, with its name and docstring.

        Raises AttributeError if the owner has no such attribute.
        """
        original = _without_ended(getattr(owner, name))
        ours = update_wrapper(make(original), original)
        vars(ours)[_BENEATH] = original
        self._made.append(_Patch(owner, name, original, make, ours, name not in vars(owner)))
        setattr(owner, name, ours)

    def renew(self) -> None:
        """Replace attributes again that other code has replaced since."""
        newest = {(id(patch.owner), patch.name): patch for patch in self._made}
        for patch in newest.values():
            if getattr(patch.owner, patch.name) is not patch.ours:
                self.replace(patch.owner, patch.name, patch.make)

    def undo(self) -> None:
        """Restore all attributes except those that other code has replaced since."""
        while self._made:
            patch = self._made.pop()
            vars(patch.ours)[_ENDED] = True
            if vars(patch.owner).get(patch.name) is not patch.ours:
                continue
            if patch.inherited:
                delattr(patch.owner, patch.name)
            else:
                setattr(patch.owner, patch.name, _unguarded(patch.name, patch.original))


def beneath(function: Any) -> Any:
    """Return the function below all our hooks, those of a surrounding pytest run included.

    Used once a route is chosen, so that the innermost run decides.
    """
    while hasattr(function, _BENEATH):
        function = vars(function)[_BENEATH]
    return function


def _without_ended(function: Any) -> Any:
    """Return the function without ended hooks that other code has restored."""
    while hasattr(function, _ENDED):
        function = vars(function)[_BENEATH]
    return function


def _unguarded(name: str, original: Any) -> Any:
    """Return the original function if pytest-socket had replaced it by a guard.

    pytest-socket removes its guards before the fixtures end, and misses those below our hooks.
    """
    if getattr(original, "__module__", None) != "pytest_socket":
        return original
    return getattr(sys.modules["pytest_socket"], f"_true_{name}", original)
