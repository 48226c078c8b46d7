"""Attributes of other modules and classes, replaced and put back."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import update_wrapper
from typing import Any, NamedTuple

_BENEATH, _ENDED = "_apivideo_beneath", "_apivideo_ended"
"""Attributes of hooks; a child process may have two copies of this module, hence by name."""


class _Patch(NamedTuple):
    owner: Any
    name: str
    original: Any
    make: Callable[[Any], Any]
    ours: Any
    inherited: bool


class Patches:
    """What has been replaced so far."""

    def __init__(self) -> None:
        self._made: list[_Patch] = []

    def replace(self, owner: Any, name: str, make: Callable[[Any], Any]) -> None:
        """Put `make(original)` in the place of a function, which it is then named like.

        Raises AttributeError if the owner has no such attribute.
        """
        original = _without_ended(getattr(owner, name))
        ours = update_wrapper(make(original), original)
        vars(ours)[_BENEATH] = original
        self._made.append(_Patch(owner, name, original, make, ours, name not in vars(owner)))
        setattr(owner, name, ours)

    def renew(self) -> None:
        """Come first again where somebody else has replaced an attribute since."""
        newest = {(id(patch.owner), patch.name): patch for patch in self._made}
        for patch in newest.values():
            if getattr(patch.owner, patch.name) is not patch.ours:
                self.replace(patch.owner, patch.name, patch.make)

    def undo(self) -> None:
        """Put everything back but what somebody else has replaced meanwhile."""
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
    """What lies under hooks of ours, were it those of a pytest around this one.

    What has been decided here goes there: the innermost decides.
    """
    while hasattr(function, _BENEATH):
        function = vars(function)[_BENEATH]
    return function


def _without_ended(function: Any) -> Any:
    """A function without hooks that somebody has put back after their end."""
    while hasattr(function, _ENDED):
        function = vars(function)[_BENEATH]
    return function


def _unguarded(name: str, original: Any) -> Any:
    """The function itself, where pytest-socket had a guard in its place.

    pytest-socket takes its guards away before the fixtures end, and does not see those under ours.
    """
    if getattr(original, "__module__", None) != "pytest_socket":
        return original
    return getattr(sys.modules["pytest_socket"], f"_true_{name}", original)
