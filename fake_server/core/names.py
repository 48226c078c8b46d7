"""The names of all operations, and what somebody may have meant by a name that is none."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase

from fake_server.core.operations import canonical


class Names:
    """Knows every operation's name; a parameter's own name does not matter in one."""

    def __init__(self, operations: Iterable[str]) -> None:
        self._operations = {canonical(name): name for name in operations}

    def knows(self, name: str) -> bool:
        """Whether this is an operation, the concrete path of one, a HEAD or OPTIONS of it.

        Or a pattern, with `*` for any text, that some operation has.
        """
        if canonical(name) in self._operations:
            return True
        if "*" in name:
            return any(matches(name, known, known) for known in self._requests())
        method, _, path = name.partition(" ")
        return " -> " not in path and any(
            (method in (known, "OPTIONS") or (method, known) == ("HEAD", "GET"))
            and re.fullmatch(re.escape(template).replace(r"\{\}", "[^/]+"), canonical(path))
            for known, template in (one.split(" ", 1) for one in self._operations)
        )

    def _requests(self) -> Iterator[str]:
        """All operations, and what HTTP has beside them: HEAD and OPTIONS."""
        for known in self._operations.values():
            method, path = known.split(" ", 1)
            yield known
            yield f"OPTIONS {path}"
            if method == "GET":
                yield f"HEAD {path}"

    def nearest(self, name: str) -> list[str]:
        """Up to three operations whose names are much like this one, the nearest first."""
        plain = {_without_ids(known): known for known in self._operations.values()}
        method, space, path = name.partition(" ")
        asked = _without_ids(f"{method.upper()}{space}{path}")
        close = difflib.get_close_matches(asked, plain, n=3, cutoff=0.5)
        return [plain[one] for one in close]

    def misspelt(self, name: str, but: str = "") -> LookupError:
        """What to raise for a name that is no operation's; `but` says what was looked at beside."""
        hint = meant(self.nearest(name))
        form = "" if " " in name else ' Write it like "GET /videos/{videoId}".'
        if "->" in name:
            hint, form = (
                "",
                " A status can be named in assert_sequence(); elsewhere ask call.status.",
            )
        return LookupError(f"{name!r} is no operation of the fake{but}.{hint}{form}")


def meant(names: list[str]) -> str:
    """A question after names that are near, nothing if none is."""
    return f" Did you mean {' or '.join(names)}?" if names else ""


def matches(pattern: str, operation: str, request: str) -> bool:
    """Whether a name speaks of a request, given its operation and its own method and path.

    The name is an operation's, or a method with a concrete path, or has a `*` for any text.
    """
    if "*" in pattern:
        return any(fnmatchcase(name, _literal(pattern)) for name in (operation, request))
    return pattern == request or canonical(pattern) == canonical(operation)


def _literal(pattern: str) -> str:
    return re.sub(r"[\[?]", r"[\g<0>]", pattern)  # of fnmatch's signs only the star means anything


def _without_ids(name: str) -> str:
    """A name that can be compared: what may be an id, or stands for one, counts as little."""
    return re.sub(r"/[A-Za-z]*\d[\w-]{7,}", "/{}", canonical(name))
